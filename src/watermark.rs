//! How far a stream has been read by its cursor field, exactly: a high-water mark, and fingerprints of what was seen
//! near it.
//!
//! Rows become visible up to [`LAG_SECONDS`] after they changed, so a scan looks again at that much before the mark,
//! and the fingerprints say which of the rows there were given already.

use crate::prelude::*;
use core::fmt;
use core::str::FromStr;

use sha1::{Digest, Sha1};

use crate::json::{Member, Unexpected, Value};

/// How late a changed row may become visible, in seconds.
pub const LAG_SECONDS: i64 = 15 * 60;

/// Fingerprints kept, at most. Rows beyond it may be given again; none is lost.
pub const MOST_FINGERPRINTS: usize = 8_192;

/// Eight bytes that stand for a row in a second.
pub type Fingerprint = u64;

/// See the module's documentation.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watermark {
    /// The latest change seen, in Unix seconds; never later than the start of the scan by the server's clock, since rows
    /// changed before it may still be invisible.
    high: Option<i64>,
    /// Fingerprints with the second of the change, in order.
    recent: Vec<(i64, Fingerprint)>,
    /// Whether fingerprints had to be dropped.
    overflowed: bool,
}

impl Watermark {
    /// From which second on a scan has to look again; absent when nothing was seen yet.
    pub fn floor(&self) -> Option<i64> {
        self.high.map(|high| high.saturating_sub(LAG_SECONDS))
    }

    /// Whether more rows changed near the mark than fingerprints are kept.
    pub fn overflowed(&self) -> bool {
        self.overflowed
    }

    /// Whether a row in the state of this second was given already.
    pub fn contains(&self, updated_at: i64, key: &str, payload: &[u8]) -> bool {
        let from = self
            .recent
            .partition_point(|(second, _)| *second < updated_at);
        let same = || {
            self.recent[from..]
                .iter()
                .take_while(|(second, _)| *second == updated_at)
                .map(|(_, seen)| *seen)
        };
        if same().next().is_none() {
            return false;
        }
        let (settled, content) = (fingerprint(key, None), fingerprint(key, Some(payload)));
        same().any(|seen| seen == settled || seen == content)
    }

    /// Notes a row that was given. `scan_started` is the server's time at the scan's start; `answered` the server's time
    /// of the answer that held the row.
    ///
    /// While the second of a change is not over, the row may change in it again, so its fingerprint covers the content.
    pub fn note(
        &mut self,
        updated_at: i64,
        key: &str,
        payload: &[u8],
        scan_started: i64,
        answered: i64,
    ) {
        let high = updated_at
            .min(scan_started)
            .max(self.high.unwrap_or(i64::MIN));
        let floor = high.saturating_sub(LAG_SECONDS);
        if self.high != Some(high) {
            self.high = Some(high);
            let settled = self.recent.partition_point(|(second, _)| *second < floor);
            self.recent.drain(..settled);
        }
        if updated_at < floor {
            return;
        }
        let content = (updated_at >= answered.saturating_sub(1)).then_some(payload);
        let noted = (updated_at, fingerprint(key, content));
        if let Err(at) = self.recent.binary_search(&noted) {
            self.recent.insert(at, noted);
        }
        // The oldest go first: they are the least likely to come again.
        while self.recent.len() > MOST_FINGERPRINTS {
            self.overflowed = true;
            self.recent.remove(0);
        }
    }
}

/// The fingerprint of a key, or of a key with its content.
pub fn fingerprint(key: &str, content: Option<&[u8]>) -> Fingerprint {
    let mut hash = Sha1::new();
    hash.update(key.as_bytes());
    if let Some(content) = content {
        hash.update([0]);
        hash.update(content);
    }
    hash.finalize()
        .iter()
        .take(8)
        .fold(0, |value, byte| (value << 8) | u64::from(*byte))
}

/// `<high>[!]` and for every second `;<second>:` with sixteen hexadecimal digits a fingerprint; `-` for no mark.
impl fmt::Display for Watermark {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self.high {
            Some(high) => write!(formatter, "{high}")?,
            None => formatter.write_str("-")?,
        }
        if self.overflowed {
            formatter.write_str("!")?;
        }
        let mut last = None;
        for (second, seen) in &self.recent {
            if last != Some(*second) {
                write!(formatter, ";{second}:")?;
                last = Some(*second);
            }
            write!(formatter, "{seen:016x}")?;
        }
        Ok(())
    }
}

impl Value<'_> for Watermark {
    fn read(member: Member) -> Result<Self, Unexpected> {
        String::read(member)?
            .parse()
            .map_err(|Damaged| Unexpected::here("a watermark"))
    }
}

/// What is no written watermark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged;

impl FromStr for Watermark {
    type Err = Damaged;

    fn from_str(text: &str) -> Result<Self, Damaged> {
        let mut parts = text.split(';');
        let mark = parts.next().unwrap_or_default();
        let overflowed = mark.ends_with('!');
        let high = match mark.trim_end_matches('!') {
            "-" => None,
            digits => Some(digits.parse().map_err(|_| Damaged)?),
        };
        let mut recent: Vec<(i64, Fingerprint)> = Vec::new();
        for part in parts {
            let (second, digits) = part.split_once(':').ok_or(Damaged)?;
            let second = second.parse().map_err(|_| Damaged)?;
            if digits.is_empty()
                || digits.len() % 16 != 0
                || !digits.bytes().all(|digit| digit.is_ascii_hexdigit())
            {
                return Err(Damaged);
            }
            for at in (0..digits.len()).step_by(16) {
                let seen = u64::from_str_radix(&digits[at..at + 16], 16).map_err(|_| Damaged)?;
                if recent.last().is_some_and(|last| *last >= (second, seen)) {
                    return Err(Damaged);
                }
                recent.push((second, seen));
            }
        }
        Ok(Self {
            high,
            recent,
            overflowed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_the_latest_change_but_never_after_the_scan_began() {
        let mut mark = Watermark::default();
        assert_eq!(mark.floor(), None);
        mark.note(1_000, "a", b"", 5_000, 5_000);
        assert_eq!(mark.floor(), Some(1_000 - LAG_SECONDS));
        mark.note(9_000, "b", b"", 5_000, 9_500);
        assert_eq!(mark.floor(), Some(5_000 - LAG_SECONDS));
        assert!(
            mark.contains(9_000, "b", b"")
                && !mark.contains(9_001, "b", b"")
                && !mark.contains(9_000, "c", b"")
        );
    }

    #[test]
    fn what_lies_before_the_lag_is_forgotten() {
        let mut mark = Watermark::default();
        mark.note(1_000, "a", b"", 99_999, 99_999);
        mark.note(1_000 + LAG_SECONDS, "b", b"", 99_999, 99_999);
        assert!(mark.contains(1_000, "a", b""));
        mark.note(1_001 + LAG_SECONDS, "c", b"", 99_999, 99_999);
        assert!(!mark.contains(1_000, "a", b""));
    }

    #[test]
    fn a_second_change_within_the_running_second_is_seen() {
        let mut mark = Watermark::default();
        mark.note(5_000, "a", b"first", 5_000, 5_000);
        assert!(mark.contains(5_000, "a", b"first"));
        assert!(!mark.contains(5_000, "a", b"second"));
        mark.note(4_500, "b", b"first", 5_000, 5_000);
        assert!(mark.contains(4_500, "b", b"whatever"));
    }

    #[test]
    fn beyond_the_cap_the_oldest_are_given_again() {
        let mut mark = Watermark::default();
        for index in 0..=MOST_FINGERPRINTS {
            mark.note(
                5_000 + i64::from(index > 0),
                &index.to_string(),
                b"",
                9_000,
                9_000,
            );
        }
        assert!(mark.overflowed());
        assert!(!mark.contains(5_000, "0", b"") && mark.contains(5_001, "1", b""));
        assert_eq!(mark.recent.len(), MOST_FINGERPRINTS);
    }

    #[test]
    fn it_is_written_and_read_again() {
        let mut mark = Watermark::default();
        assert_eq!("-".parse(), Ok(mark.clone()));
        for (at, key) in [(-5, "a"), (-5, "b"), (-4, "a")] {
            mark.note(at, key, b"", 100, 100);
        }
        mark.overflowed = true;
        assert_eq!(mark.to_string().parse(), Ok(mark));
        for damaged in [
            "",
            "x",
            "5;",
            "5;6",
            "5;6:",
            "5;6:0",
            "5;6:000000000000000g",
            "5;6:00000000000000€",
            "5;6:00000000000000020000000000000001",
        ] {
            assert_eq!(damaged.parse::<Watermark>(), Err(Damaged), "{damaged}");
        }
    }
}
