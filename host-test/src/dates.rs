//! Dates as people write them, in the time zone of the workspace.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Why a date or a time zone cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// None of the three ways of writing a date.
    #[error(
        "`{found}` is not a date: write YYYY-MM-DD, MM/DD/YYYY or RFC 3339 such as 2024-01-31T09:30:00Z"
    )]
    Unknown {
        /// What was written.
        found: String,
    },
    /// Written as a date, and no such day exists.
    #[error("`{found}` is not a day of the calendar: {reason}")]
    NoSuchDay {
        /// What was written.
        found: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The time zone is not in the IANA database.
    #[error("`{found}` is not an IANA time zone such as Europe/Paris")]
    UnknownTimeZone {
        /// The name.
        found: String,
    },
}

/// The time zone of a workspace by its IANA name; UTC when the provider names none.
pub fn time_zone(name: Option<&str>) -> Result<TimeZone, DateError> {
    match name {
        None | Some("") => Ok(TimeZone::UTC),
        Some(name) => TimeZone::get(name).map_err(|_| DateError::UnknownTimeZone {
            found: name.to_owned(),
        }),
    }
}

/// Reads a date as milliseconds since 1970-01-01T00:00:00Z. A day alone is its first moment in `zone` (not always
/// midnight: some zones skip it once a year); a time without an offset is that time in `zone`.
pub fn parse(text: &str, zone: &TimeZone) -> Result<i64, DateError> {
    let text = text.trim();
    let no_such_day = |error: jiff::Error| DateError::NoSuchDay {
        found: text.to_owned(),
        reason: error.to_string(),
    };
    let date = if let Some((year, month, day)) = numbers(text, '-', [4, 2, 2]) {
        Date::new(year, narrow(month), narrow(day)).map_err(no_such_day)?
    } else if let Some((month, day, year)) = numbers(text, '/', [2, 2, 4]) {
        Date::new(year, narrow(month), narrow(day)).map_err(no_such_day)?
    } else if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment.as_millisecond());
    } else if text.contains(['T', 't', ' ']) && text.parse::<DateTime>().is_ok() {
        return text
            .parse::<DateTime>()
            .and_then(|local| local.to_zoned_datetime(zone.clone()))
            .map(|zoned| zoned.timestamp().as_millisecond())
            .map_err(no_such_day);
    } else {
        return Err(DateError::Unknown {
            found: text.to_owned(),
        });
    };
    date.to_zoned_datetime(zone.clone())
        .map(|zoned| zoned.timestamp().as_millisecond())
        .map_err(no_such_day)
}

/// A moment as people read it, in `zone`.
pub fn display(milliseconds: i64, zone: &TimeZone) -> String {
    match Timestamp::from_millisecond(milliseconds) {
        Ok(moment) => moment
            .to_zoned_datetime(zone.clone())
            .strftime("%Y-%m-%d %H:%M:%S %Z")
            .to_string(),
        Err(_) => format!("{milliseconds} ms"),
    }
}

/// Three runs of digits of at most these lengths (a year has exactly four).
fn numbers(text: &str, separator: char, widths: [usize; 3]) -> Option<(i16, i16, i16)> {
    let mut parts = text.split(separator);
    let mut read = |width: usize| -> Option<i16> {
        let part = parts.next()?;
        let fits = match width {
            4 => part.len() == 4,
            _ => (1..=width).contains(&part.len()),
        };
        (fits && part.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| part.parse().ok())
            .flatten()
    };
    let found = (read(widths[0])?, read(widths[1])?, read(widths[2])?);
    parts.next().is_none().then_some(found)
}

/// At most two digits, so it always fits.
fn narrow(number: i16) -> i8 {
    i8::try_from(number).unwrap_or(i8::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn utc(text: &str) -> Result<i64, DateError> {
        parse(text, &TimeZone::UTC)
    }

    #[test]
    fn the_three_ways_mean_the_same_moment() {
        let expected = 1_706_659_200_000;
        for text in [
            "2024-01-31",
            "01/31/2024",
            "1/31/2024",
            "2024-01-31T00:00:00Z",
        ] {
            assert_eq!(utc(text), Ok(expected), "{text}");
        }
        assert_eq!(utc("2024-01-31T02:00:00+02:00"), Ok(expected));
    }

    #[test]
    fn a_day_begins_in_the_zone_of_the_workspace() {
        let zone = time_zone(Some("America/Los_Angeles")).unwrap();
        assert_eq!(
            parse("2024-01-31", &zone),
            Ok(1_706_659_200_000 + 8 * 3_600_000)
        );
        let summer = parse("07/01/2024", &zone).unwrap();
        assert_eq!(summer, utc("2024-07-01").unwrap() + 7 * 3_600_000);
        assert_eq!(
            parse("2024-01-31T09:30", &zone),
            utc("2024-01-31T17:30:00Z")
        );
    }

    #[test]
    fn a_day_without_midnight_begins_at_its_first_moment() {
        let zone = time_zone(Some("America/Sao_Paulo")).unwrap();
        assert_eq!(parse("2018-11-04", &zone), utc("2018-11-04T03:00:00Z"));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "yesterday",
            "2024-1",
            "31/12",
            "24-01-31",
            "2024/01/31",
            "1706659200",
        ] {
            assert!(
                matches!(utc(text), Err(DateError::Unknown { .. })),
                "{text}"
            );
        }
        for text in ["2024-02-30", "13/01/2024", "2023-02-29"] {
            assert!(
                matches!(utc(text), Err(DateError::NoSuchDay { .. })),
                "{text}"
            );
        }
    }

    #[test]
    fn time_zones_are_iana_names() {
        assert_eq!(time_zone(None), Ok(TimeZone::UTC));
        assert!(time_zone(Some("Mars/Olympus")).is_err());
    }
}
