//! What a filter asks of a value: operators, and how the values of each kind of field compare.

use std::cmp::Ordering;

use jiff::tz::TimeZone;
use serde_json::Value;

use super::errors::ApiError;
use super::moment::timestamp;
use super::search_fields::{FieldKind, FieldValue};

/// What is asked of a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Test {
    /// Equals one of these; `Value::Null` asks for a value that is not set.
    OneOf(Vec<Value>),
    /// Equals none of these.
    NoneOf(Vec<Value>),
    /// Greater.
    Above(Value),
    /// Less.
    Below(Value),
    /// Greater or equal.
    AtLeast(Value),
    /// Less or equal.
    AtMost(Value),
    /// A time from (inclusive) to (exclusive), in Unix seconds.
    Within(i64, i64),
    /// A time outside of that.
    Without(i64, i64),
    /// Contains the text, in any case.
    Contains(String),
    /// Does not.
    Lacks(String),
    /// Begins with it.
    Begins(String),
    /// Ends with it.
    Ends(String),
}

/// How dates compare.
#[derive(Clone, Debug)]
pub(crate) enum DateMode {
    /// By calendar day in this zone.
    Days(TimeZone),
    /// By the second.
    Seconds,
}

/// Reads what a filter asks of the field `name`.
///
/// # Errors
/// 400 when the field does not take the operator or the value.
pub(crate) fn test(
    name: &str,
    kind: FieldKind,
    operator: &str,
    value: &Value,
    dates: &DateMode,
) -> Result<Test, ApiError> {
    let unsupported = || {
        ApiError::parameter_invalid(format!(
            "the operator {operator} is not supported for {name}"
        ))
    };
    let text = || {
        value.as_str().map(str::to_lowercase).ok_or_else(|| {
            ApiError::parameter_invalid(format!("the value of {name} must be a text"))
        })
    };
    if value.is_null() && kind == FieldKind::Date {
        // A date that is not set is asked for as with any other field.
        return match operator {
            "=" => Ok(Test::OneOf(vec![Value::Null])),
            "!=" => Ok(Test::NoneOf(vec![Value::Null])),
            _ => Err(unsupported()),
        };
    }
    match (kind, operator) {
        // A list of seconds is a shortcut for several; there is none for days.
        (FieldKind::Date, "IN") if matches!(dates, DateMode::Seconds) => {
            Ok(Test::OneOf(list(name, FieldKind::Number, value)?))
        }
        (FieldKind::Date, "NIN") if matches!(dates, DateMode::Seconds) => {
            Ok(Test::NoneOf(list(name, FieldKind::Number, value)?))
        }
        (FieldKind::Date, _) => date_test(name, operator, value, dates),
        (FieldKind::Membership, "=") => Ok(Test::OneOf(vec![scalar(name, kind, value)?])),
        (FieldKind::Membership, "!=") => Ok(Test::NoneOf(vec![scalar(name, kind, value)?])),
        (FieldKind::Membership, _) => Err(unsupported()),
        (_, "=") => Ok(Test::OneOf(vec![scalar(name, kind, value)?])),
        (_, "!=") => Ok(Test::NoneOf(vec![scalar(name, kind, value)?])),
        (_, "IN") => Ok(Test::OneOf(list(name, kind, value)?)),
        (_, "NIN") => Ok(Test::NoneOf(list(name, kind, value)?)),
        (FieldKind::Boolean, _) => Err(unsupported()),
        (_, ">") => Ok(Test::Above(scalar(name, kind, value)?)),
        (_, "<") => Ok(Test::Below(scalar(name, kind, value)?)),
        (FieldKind::Number, ">=") => Ok(Test::AtLeast(scalar(name, kind, value)?)),
        (FieldKind::Number, "<=") => Ok(Test::AtMost(scalar(name, kind, value)?)),
        (FieldKind::Number, _) => Err(unsupported()),
        (_, "~") => Ok(Test::Contains(text()?)),
        (_, "!~") => Ok(Test::Lacks(text()?)),
        (_, "^") => Ok(Test::Begins(text()?)),
        (_, "$") => Ok(Test::Ends(text()?)),
        _ => Err(unsupported()),
    }
}

fn date_test(
    name: &str,
    operator: &str,
    value: &Value,
    dates: &DateMode,
) -> Result<Test, ApiError> {
    let seconds = whole_number(value).ok_or_else(|| {
        ApiError::parameter_invalid(format!("the value of {name} must be a Unix timestamp"))
    })?;
    let (start, end) = match dates {
        DateMode::Days(zone) => day(seconds, zone),
        DateMode::Seconds => (seconds, seconds.saturating_add(1)),
    };
    match (operator, dates) {
        ("=", _) => Ok(Test::Within(start, end)),
        (">", _) => Ok(Test::Within(end, i64::MAX)),
        ("<", _) => Ok(Test::Within(i64::MIN, start)),
        (">=", DateMode::Seconds) => Ok(Test::Within(start, i64::MAX)),
        ("<=", DateMode::Seconds) => Ok(Test::Within(i64::MIN, end)),
        ("!=", DateMode::Seconds) => Ok(Test::Without(start, end)),
        _ => Err(ApiError::parameter_invalid(format!(
            "the operator {operator} is not supported for the date field {name}"
        ))),
    }
}

/// The calendar day in which a moment lies: its first second, and the first second of the next day. Days are 23 or
/// 25 hours long when clocks change.
fn day(seconds: i64, zone: &TimeZone) -> (i64, i64) {
    let zoned = timestamp(seconds).to_zoned_datetime(zone.clone());
    let start = zoned
        .start_of_day()
        .map_or(i64::MIN, |start| start.timestamp().as_second());
    let end = zoned
        .tomorrow()
        .and_then(|tomorrow| tomorrow.start_of_day())
        .map_or(i64::MAX, |end| end.timestamp().as_second());
    (start, end)
}

fn list(name: &str, kind: FieldKind, value: &Value) -> Result<Vec<Value>, ApiError> {
    value
        .as_array()
        .ok_or_else(|| ApiError::parameter_invalid(format!("the value of {name} must be a list")))?
        .iter()
        .map(|value| scalar(name, kind, value))
        .collect()
}

/// A value of the kind the field has; numbers and booleans may come as text.
fn scalar(name: &str, kind: FieldKind, value: &Value) -> Result<Value, ApiError> {
    let converted = match (kind, value) {
        (_, Value::Null) => Some(Value::Null),
        (FieldKind::Number, Value::Number(_)) => Some(value.clone()),
        (FieldKind::Number, Value::String(text)) => {
            let number = text.parse::<i64>().map(Value::from);
            number
                .or_else(|_| text.parse::<f64>().map(Value::from))
                .ok()
        }
        (FieldKind::Boolean, Value::Bool(_)) => Some(value.clone()),
        (FieldKind::Boolean, Value::String(text)) => text.parse::<bool>().ok().map(Value::from),
        (FieldKind::Text | FieldKind::Membership, Value::String(_)) => Some(value.clone()),
        (FieldKind::Text | FieldKind::Membership, Value::Number(number)) => {
            Some(Value::String(number.to_string()))
        }
        _ => None,
    };
    converted.ok_or_else(|| {
        ApiError::parameter_invalid(format!("{value} is not a valid value for {name}"))
    })
}

/// A whole number, also as text or as a float without a fraction.
pub(crate) fn whole_number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            let float = number.as_f64()?;
            (float.fract() == 0.0 && float.abs() < 9e15).then_some(float as i64)
        }),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

impl Test {
    /// Whether a value passes.
    pub(crate) fn passes(&self, value: &FieldValue<'_>) -> bool {
        match self {
            Test::OneOf(wanted) => wanted.iter().any(|wanted| value.equals(wanted)),
            Test::NoneOf(unwanted) => !unwanted.iter().any(|unwanted| value.equals(unwanted)),
            Test::Above(limit) => value.compare(limit) == Some(Ordering::Greater),
            Test::Below(limit) => value.compare(limit) == Some(Ordering::Less),
            Test::AtLeast(limit) => value.compare(limit).is_some_and(Ordering::is_ge),
            Test::AtMost(limit) => value.compare(limit).is_some_and(Ordering::is_le),
            Test::Within(start, end) => value
                .number()
                .is_some_and(|time| *start <= time && time < *end),
            Test::Without(start, end) => value
                .number()
                .is_none_or(|time| time < *start || *end <= time),
            Test::Contains(part) => value
                .text()
                .is_some_and(|text| text.to_lowercase().contains(part)),
            Test::Lacks(part) => value
                .text()
                .is_none_or(|text| !text.to_lowercase().contains(part)),
            Test::Begins(part) => value
                .text()
                .is_some_and(|text| text.to_lowercase().starts_with(part)),
            Test::Ends(part) => value
                .text()
                .is_some_and(|text| text.to_lowercase().ends_with(part)),
        }
    }
}
