//! Times in JSON: Unix seconds in answers, text in the notifications of older versions.

use jiff::Timestamp;
use serde::Serialize;

use super::version::ApiVersion;

/// A time as it is written.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Moment {
    /// Unix seconds.
    Seconds(i64),
    /// ISO 8601 with milliseconds.
    Text(String),
}

/// How the times of an object are written, which depends on where it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeStyle {
    /// In an answer.
    Answer,
    /// In a notification, as text.
    NotificationText,
    /// In a notification, as Unix seconds.
    NotificationSeconds,
}

impl TimeStyle {
    /// The style of a notification about a contact, by the app's version.
    pub(crate) fn of_notification(version: ApiVersion) -> TimeStyle {
        if version >= ApiVersion::V2_13 {
            TimeStyle::NotificationSeconds
        } else {
            TimeStyle::NotificationText
        }
    }

    pub(crate) fn is_notification(self) -> bool {
        self != TimeStyle::Answer
    }

    /// A time in this style.
    pub(crate) fn moment(self, seconds: i64) -> Moment {
        match self {
            TimeStyle::Answer | TimeStyle::NotificationSeconds => Moment::Seconds(seconds),
            TimeStyle::NotificationText => Moment::Text(iso(seconds)),
        }
    }
}

/// `2023-08-15T18:49:35.000+00:00`; years beyond the calendar stay at its end.
fn iso(seconds: i64) -> String {
    timestamp(seconds)
        .strftime("%Y-%m-%dT%H:%M:%S.000+00:00")
        .to_string()
}

/// `2023-08-15T18:49:35.000Z`, as most objects of notifications have it.
pub(crate) fn zulu(seconds: i64) -> String {
    timestamp(seconds)
        .strftime("%Y-%m-%dT%H:%M:%S.000Z")
        .to_string()
}

/// A timestamp; what lies beyond the calendar becomes its end.
pub(crate) fn timestamp(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(if seconds < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_milliseconds_and_an_offset() {
        assert_eq!(iso(1_692_125_375), "2023-08-15T18:49:35.000+00:00");
    }

    #[test]
    fn no_number_is_too_large() {
        assert!(iso(i64::MAX).starts_with("9999-"));
        assert!(iso(i64::MIN).starts_with('-'));
    }
}
