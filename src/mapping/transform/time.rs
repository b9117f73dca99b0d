//! Times: Unix seconds and ISO 8601.

use super::{Item, Odd, Pass, argument, each};
use crate::intercom::timestamp;
use crate::prelude::*;

const DAY: i64 = 86_400;

/// The last second of the year 9999, and the first of the year 0: beyond them ISO 8601 has other forms.
const RANGE: core::ops::Range<i64> = -62_167_219_200..253_402_300_800;

/// A time as ISO 8601 in UTC, to the second or only its day.
pub fn iso_date<'a>(arguments: &[String], item: Item<'a>, _: &mut Pass) -> Result<Item<'a>, Odd> {
    let Some(seconds) = seconds(&item)? else {
        return Ok(Item::NULL);
    };
    let (year, month, day) = civil(seconds.div_euclid(DAY));
    let second = seconds.rem_euclid(DAY);
    let mut text = *b"0000-00-00T00:00:00Z";
    for (at, number) in [
        (0, year / 100),
        (2, year % 100),
        (5, month),
        (8, day),
        (11, second / 3_600),
        (14, second / 60 % 60),
        (17, second % 60),
    ] {
        text[at] += (number / 10) as u8;
        text[at + 1] += (number % 10) as u8;
    }
    let length = if argument(arguments, 0) == "day" {
        10
    } else {
        text.len()
    };
    let text = str::from_utf8(&text[..length]).unwrap_or_default();
    Ok(Item::text(text.to_owned()))
}

/// A time as Unix seconds.
pub fn epoch<'a>(arguments: &[String], item: Item<'a>, _: &mut Pass) -> Result<Item<'a>, Odd> {
    Ok(match seconds(&item)? {
        None => Item::NULL,
        Some(seconds) if argument(arguments, 0) == "day" => {
            Item::json((seconds - seconds.rem_euclid(DAY)).to_string())
        }
        Some(seconds) => Item::json(seconds.to_string()),
    })
}

/// The seconds from the first of two times to the second.
pub fn elapsed<'a>(_: &[String], item: Item<'a>, _: &mut Pass) -> Result<Item<'a>, Odd> {
    let mut times = Vec::new();
    each(&item.written(), |json| {
        times.extend(timestamp::parse(json).ok().flatten());
    });
    Ok(match times.as_slice() {
        [start, end] if start <= end => Item::json((end - start).to_string()),
        _ => Item::NULL,
    })
}

fn seconds(item: &Item) -> Result<Option<i64>, Odd> {
    let read = match item {
        // A day alone begins at midnight.
        Item::Text(text) if text.trim().len() == 10 && text.matches('-').count() == 2 => {
            timestamp::parse(&["\"", text.trim(), "T00:00:00Z\""].joined(""))
        }
        item => timestamp::parse(&item.written()),
    };
    match read.map_err(|_| Odd)? {
        Some(seconds) if !RANGE.contains(&seconds) => Err(Odd),
        seconds => Ok(seconds),
    }
}

/// The day of the Gregorian calendar that is so many days after 1 January 1970. Years are counted from March on here, so
/// that the day that leap years add is their last.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}
