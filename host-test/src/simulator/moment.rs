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

/// `2023-08-15T18:49:35.016+00:00`; years beyond the calendar stay at its end.
fn iso(seconds: i64) -> String {
    written(seconds, milliseconds(seconds), "+00:00")
}

/// `2023-08-15T18:49:35.016Z`, as most objects of notifications have it.
pub(crate) fn zulu(seconds: i64) -> String {
    written(seconds, milliseconds(seconds), "Z")
}

/// `2023-08-15T18:49:35.000+00:00`, as answers have it that give times as text.
pub(crate) fn whole(seconds: i64) -> String {
    written(seconds, 0, "+00:00")
}

/// Answers give whole seconds and notifications the milliseconds too: of one change they say two times.
fn milliseconds(seconds: i64) -> i64 {
    seconds.wrapping_mul(7_919).rem_euclid(1_000)
}

fn written(seconds: i64, milliseconds: i64, zone: &str) -> String {
    let second = timestamp(seconds).strftime("%Y-%m-%dT%H:%M:%S");
    format!("{second}.{milliseconds:03}{zone}")
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
        assert_eq!(iso(1_692_125_375), "2023-08-15T18:49:35.625+00:00");
        assert_eq!(zulu(1_692_125_376), "2023-08-15T18:49:36.544Z");
        assert_eq!(whole(1_692_125_375), "2023-08-15T18:49:35.000+00:00");
    }

    #[test]
    fn no_number_is_too_large() {
        assert!(iso(i64::MAX).starts_with("9999-"));
        assert!(iso(i64::MIN).starts_with('-'));
    }
}
