//! The limits as people set and see them: one row each.

use std::time::Duration;

use super::CallLimits;

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Milliseconds.
    Time,
    /// Things.
    Count,
}

/// One limit.
pub struct LimitSetting {
    /// Its name in a connection's `limits`.
    pub name: &'static str,
    /// What it counts.
    pub unit: Unit,
    /// For what it holds: `call`, `host call`, `request` or `connection`.
    pub per: &'static str,
    /// What it is about, for people.
    pub meaning: &'static str,
    /// The least that can be set.
    pub least: u64,
    /// The most that can be set.
    pub most: u64,
    get: fn(&CallLimits) -> u64,
    set: fn(&mut CallLimits, u64),
}

impl LimitSetting {
    /// Its value, in bytes, milliseconds or things.
    pub fn value(&self, limits: &CallLimits) -> u64 {
        (self.get)(limits)
    }

    /// Sets it. Values beyond its bounds are brought within them.
    pub fn set(&self, limits: &mut CallLimits, value: u64) {
        (self.set)(limits, value.clamp(self.least, self.most));
    }

    /// A value as people write it, and as `limits` takes it.
    pub fn written(&self, value: u64) -> String {
        match self.unit {
            Unit::Count => value.to_string(),
            Unit::Bytes => scaled(
                value,
                &[("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)],
                "B",
            ),
            Unit::Time => scaled(
                value,
                &[("h", 3_600_000), ("m", 60_000), ("s", 1_000)],
                "ms",
            ),
        }
    }

    /// Reads what [`LimitSetting::written`] gives, and anything like it.
    pub fn read(&self, text: &str) -> Option<u64> {
        let text = text.trim();
        let units: &[(&str, u64)] = match self.unit {
            Unit::Count => &[("", 1)],
            Unit::Bytes => &[
                ("GiB", 1 << 30),
                ("MiB", 1 << 20),
                ("KiB", 1 << 10),
                ("GB", 1_000_000_000),
                ("MB", 1_000_000),
                ("kB", 1_000),
                ("B", 1),
                ("", 1),
            ],
            Unit::Time => &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)],
        };
        let mut units = units.iter();
        let value = units.find_map(|(unit, factor)| {
            let number = text.strip_suffix(unit)?.trim_end();
            number.parse::<u64>().ok()?.checked_mul(*factor)
        })?;
        (self.least..=self.most).contains(&value).then_some(value)
    }
}

/// A number in the largest unit that divides it.
fn scaled(value: u64, units: &[(&str, u64)], smallest: &str) -> String {
    let mut units = units.iter();
    match units.find(|(_, size)| value >= *size && value.is_multiple_of(*size)) {
        Some((unit, size)) => format!("{} {unit}", value / size),
        None => format!("{value} {smallest}"),
    }
}

/// What a field of the limits is made of.
trait Field {
    fn number(&self) -> u64;
    fn of(number: u64) -> Self;
}

impl Field for usize {
    fn number(&self) -> u64 {
        *self as u64
    }
    fn of(number: u64) -> usize {
        usize::try_from(number).unwrap_or(usize::MAX)
    }
}

impl Field for u64 {
    fn number(&self) -> u64 {
        *self
    }
    fn of(number: u64) -> u64 {
        number
    }
}

impl Field for Duration {
    fn number(&self) -> u64 {
        u64::try_from(self.as_millis()).unwrap_or(u64::MAX)
    }
    fn of(number: u64) -> Duration {
        Duration::from_millis(number)
    }
}

macro_rules! row {
    ($name:literal, $unit:ident, $per:literal, $least:expr, $most:expr, $field:ident, $meaning:literal) => {
        LimitSetting {
            name: $name,
            unit: Unit::$unit,
            per: $per,
            meaning: $meaning,
            least: $least,
            most: $most,
            get: |limits| limits.$field.number(),
            set: |limits, value| limits.$field = Field::of(value),
        }
    };
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const HOUR: u64 = 3_600_000;

/// Every limit that a connection can set.
pub const SETTINGS: &[LimitSetting] = &[
    row!(
        "call_time",
        Time,
        "call",
        1,
        HOUR,
        call_time,
        "the longest that a call may take; a shorter budget in the request rules"
    ),
    row!(
        "grace",
        Time,
        "call",
        0,
        HOUR,
        grace,
        "how long a call that does not end in time may still work"
    ),
    row!(
        "queue_time",
        Time,
        "call",
        0,
        HOUR,
        queue_time,
        "how long a call waits for its turn"
    ),
    row!(
        "memory",
        Bytes,
        "call",
        64 * KIB,
        256 * MIB,
        guest_memory,
        "linear memory, all memories of the call together"
    ),
    row!(
        "table_elements",
        Count,
        "call",
        1,
        crate::engine::TABLE_ELEMENTS,
        table_elements,
        "elements of a table"
    ),
    row!(
        "handles",
        Count,
        "call",
        0,
        1_000_000,
        handles,
        "handles of resources"
    ),
    row!(
        "transfer",
        Bytes,
        "host call",
        64 * KIB,
        4 * GIB,
        transfer,
        "what a host call takes out of the component, and what a call may give as its result"
    ),
    row!(
        "requests",
        Count,
        "call",
        1,
        10_000_000,
        requests,
        "HTTP requests"
    ),
    row!(
        "requests_in_flight",
        Count,
        "host call",
        1,
        1_000,
        requests_in_flight,
        "HTTP requests at the same time"
    ),
    row!(
        "request_bytes",
        Bytes,
        "request",
        0,
        GIB,
        request_body,
        "the body of a request"
    ),
    row!(
        "response_bytes",
        Bytes,
        "host call",
        KIB,
        GIB,
        response_body,
        "the bodies of all answers, decoded; half of `memory` where that is less"
    ),
    row!(
        "response_bytes_per_call",
        Bytes,
        "call",
        KIB,
        1_024 * GIB,
        call_response_bytes,
        "the bodies of all answers of a call, decoded"
    ),
    row!(
        "request_time",
        Time,
        "request",
        1,
        HOUR,
        request_time,
        "how long to wait for an answer where the request does not say"
    ),
    row!(
        "longest_request_time",
        Time,
        "request",
        1,
        HOUR,
        longest_request_time,
        "the longest that a request may ask to wait"
    ),
    row!(
        "log_lines",
        Count,
        "call",
        0,
        10_000_000,
        log_lines,
        "lines that are logged; further ones are dropped"
    ),
    row!(
        "log_bytes",
        Bytes,
        "call",
        0,
        GIB,
        log_bytes,
        "bytes that are logged; further lines are dropped"
    ),
    row!(
        "concurrent_calls",
        Count,
        "connection",
        1,
        10_000,
        concurrent_calls,
        "calls at the same time"
    ),
    row!(
        "log_bytes_per_minute",
        Bytes,
        "connection",
        0,
        GIB,
        log_bytes_per_minute,
        "bytes that are logged within a minute; further lines are dropped"
    ),
    row!(
        "state_keys",
        Count,
        "connection",
        0,
        100_000_000,
        state_keys,
        "values in the state"
    ),
    row!(
        "state_bytes",
        Bytes,
        "connection",
        0,
        1_024 * GIB,
        state_total,
        "keys and values of the state together"
    ),
    row!(
        "state_value_bytes",
        Bytes,
        "connection",
        0,
        GIB,
        state_value,
        "one value of the state"
    ),
];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_within_its_bounds_and_reads_as_it_is_written() {
        let defaults = CallLimits::default();
        for setting in SETTINGS {
            let value = setting.value(&defaults);
            let written = setting.written(value);
            assert_eq!(
                setting.read(&written),
                Some(value),
                "{}: {written}",
                setting.name
            );
            let mut limits = defaults.clone();
            setting.set(&mut limits, setting.most);
            assert_eq!(setting.value(&limits), setting.most, "{}", setting.name);
            assert_eq!(
                setting.read(&setting.written(setting.most)),
                Some(setting.most)
            );
        }
    }

    #[test]
    fn sizes_and_times_are_read_as_people_write_them() {
        let named = |name| {
            SETTINGS
                .iter()
                .find(|setting| setting.name == name)
                .unwrap()
        };
        let memory = named("memory");
        assert_eq!(memory.read("32 MiB"), Some(32 << 20));
        assert_eq!(memory.read("32MB"), Some(32_000_000));
        assert_eq!(memory.read("1048576"), Some(1 << 20));
        for bad in ["", "MiB", "1 TB", "-1 MiB", "1.5 MiB", "1 GiB", "1 B"] {
            assert_eq!(memory.read(bad), None, "{bad}");
        }
        let time = named("call_time");
        assert_eq!(time.read("90s"), Some(90_000));
        assert_eq!(time.read("2 m"), Some(120_000));
        assert_eq!(time.read("250ms"), Some(250));
        assert_eq!(time.read("90"), None);
    }
}
