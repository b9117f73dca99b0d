//! The search language: reads a query into filters, or says what is wrong with it.
//!
//! `{"field", "operator", "value"}` is a filter; `{"operator": "AND" | "OR", "value": […]}` is a group of at most 15;
//! groups nest two deep. Dates of contacts compare by calendar day in the workspace's time zone.

use serde_json::Value;

use super::errors::ApiError;
use super::search_fields::FieldKind;
use super::search_test::{DateMode, Test, test};

/// How many filters a group takes.
pub(crate) const GROUP_LIMIT: usize = 15;
/// How deep groups nest.
const DEPTH_LIMIT: usize = 2;

/// A query that was understood; `F` names a field.
#[derive(Clone, Debug)]
pub(crate) enum Query<F> {
    /// All of these hold.
    All(Vec<Query<F>>),
    /// Any of these holds.
    Any(Vec<Query<F>>),
    /// The field has a value like this.
    Field(F, Test),
}

/// Reads the `query` of a search; `field` resolves a field's name.
///
/// # Errors
/// 400 with what is wrong.
pub(crate) fn parse<F>(
    query: &Value,
    dates: &DateMode,
    field: &dyn Fn(&str) -> Option<(F, FieldKind)>,
) -> Result<Query<F>, ApiError> {
    parse_at(query, dates, field, 0)
}

fn parse_at<F>(
    query: &Value,
    dates: &DateMode,
    field: &dyn Fn(&str) -> Option<(F, FieldKind)>,
    depth: usize,
) -> Result<Query<F>, ApiError> {
    let operator = query
        .get("operator")
        .and_then(Value::as_str)
        .ok_or_else(|| invalid("operator is missing from a query"))?;
    if operator.eq_ignore_ascii_case("AND") || operator.eq_ignore_ascii_case("OR") {
        if depth == DEPTH_LIMIT {
            return Err(invalid("queries can be nested 2 levels deep at most"));
        }
        let filters = query
            .get("value")
            .and_then(Value::as_array)
            .ok_or_else(|| invalid(format!("the value of {operator} must be a list of filters")))?;
        if filters.is_empty() || filters.len() > GROUP_LIMIT {
            return Err(invalid(format!(
                "{operator} takes 1 to {GROUP_LIMIT} filters"
            )));
        }
        let filters: Result<Vec<_>, _> = filters
            .iter()
            .map(|filter| parse_at(filter, dates, field, depth + 1))
            .collect();
        return Ok(if operator.eq_ignore_ascii_case("AND") {
            Query::All(filters?)
        } else {
            Query::Any(filters?)
        });
    }
    let name = query
        .get("field")
        .and_then(Value::as_str)
        .ok_or_else(|| invalid("field is missing from a filter"))?;
    let (resolved, kind) = field(name).ok_or_else(|| invalid_field(name))?;
    let value = query
        .get("value")
        .ok_or_else(|| invalid(format!("value is missing from the filter on {name}")))?;
    Ok(Query::Field(
        resolved,
        test(name, kind, operator, value, dates)?,
    ))
}

impl<F> Query<F> {
    /// Whether an object matches; `passes` answers for one field.
    pub(crate) fn matches(&self, passes: &dyn Fn(&F, &Test) -> bool) -> bool {
        match self {
            Query::All(queries) => queries.iter().all(|query| query.matches(passes)),
            Query::Any(queries) => queries.iter().any(|query| query.matches(passes)),
            Query::Field(field, test) => passes(field, test),
        }
    }
}

/// The answer to a field that cannot be searched by.
pub(crate) fn invalid_field(name: &str) -> ApiError {
    ApiError::new(
        400,
        "invalid_field",
        format!("{name} is not a valid search field"),
    )
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::parameter_invalid(message)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use serde_json::json;

    use super::*;
    use crate::simulator::search_fields::FieldValue;

    fn days(zone: &str) -> DateMode {
        DateMode::Days(TimeZone::get(zone).unwrap())
    }

    fn field(name: &str) -> Option<(&'static str, FieldKind)> {
        match name {
            "updated_at" => Some(("updated_at", FieldKind::Date)),
            "tag_id" => Some(("tag_id", FieldKind::Membership)),
            "owner_id" => Some(("owner_id", FieldKind::Number)),
            "name" => Some(("name", FieldKind::Text)),
            _ => None,
        }
    }

    fn window(zone: &str, operator: &str, at: &str) -> (i64, i64) {
        let at: jiff::Timestamp = at.parse().unwrap();
        let query = json!({"field": "updated_at", "operator": operator, "value": at.as_second()});
        match parse(&query, &days(zone), &field).unwrap() {
            Query::Field(_, Test::Within(start, end)) => (start, end),
            other => panic!("{other:?}"),
        }
    }

    fn second(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().unwrap().as_second()
    }

    #[test]
    fn days_are_those_of_the_zone() {
        let at = "2025-06-15T05:00:00Z";
        for (zone, start, end) in [
            ("UTC", "2025-06-15T00:00:00Z", "2025-06-16T00:00:00Z"),
            (
                "America/Los_Angeles",
                "2025-06-14T07:00:00Z",
                "2025-06-15T07:00:00Z",
            ),
            (
                "Pacific/Kiritimati",
                "2025-06-14T10:00:00Z",
                "2025-06-15T10:00:00Z",
            ),
            (
                "Asia/Kathmandu",
                "2025-06-14T18:15:00Z",
                "2025-06-15T18:15:00Z",
            ),
        ] {
            assert_eq!(
                window(zone, "=", at),
                (second(start), second(end)),
                "{zone}"
            );
            assert_eq!(window(zone, ">", at), (second(end), i64::MAX), "{zone}");
            assert_eq!(window(zone, "<", at), (i64::MIN, second(start)), "{zone}");
        }
    }

    #[test]
    fn days_are_short_and_long_when_clocks_change() {
        let length = |zone, at| {
            let (start, end) = window(zone, "=", at);
            (end - start) / 3_600
        };
        assert_eq!(length("America/Los_Angeles", "2025-03-09T12:00:00Z"), 23);
        assert_eq!(length("America/Los_Angeles", "2025-11-02T12:00:00Z"), 25);
        // Here the clock goes from midnight to one: the day begins at one.
        assert_eq!(length("America/Sao_Paulo", "2018-11-04T12:00:00Z"), 23);
    }

    #[test]
    fn dates_take_three_operators_by_day_and_six_by_the_second() {
        for operator in ["!=", ">=", "<=", "IN", "NIN", "~"] {
            let query = json!({"field": "updated_at", "operator": operator, "value": 5});
            assert_eq!(
                parse(&query, &days("UTC"), &field).unwrap_err().status,
                400,
                "{operator}"
            );
        }
        for operator in ["=", "!=", ">", "<", ">=", "<="] {
            let query = json!({"field": "updated_at", "operator": operator, "value": "5"});
            assert!(
                parse(&query, &DateMode::Seconds, &field).is_ok(),
                "{operator}"
            );
        }
    }

    #[test]
    fn extreme_dates_do_no_harm() {
        for value in [i64::MIN, -1, 0, i64::MAX] {
            for operator in ["=", ">", "<"] {
                let query = json!({"field": "updated_at", "operator": operator, "value": value});
                assert!(parse(&query, &days("Asia/Tokyo"), &field).is_ok());
            }
        }
    }

    #[test]
    fn limits_of_groups() {
        let filter = json!({"field": "name", "operator": "=", "value": "x"});
        let group =
            |inner: Value, times: usize| json!({"operator": "AND", "value": vec![inner; times]});
        let parse = |query: Value| parse(&query, &days("UTC"), &field).map(|_| ());
        assert_eq!(parse(group(group(filter.clone(), 15), 15)), Ok(()));
        assert!(parse(group(filter.clone(), 16)).is_err());
        assert!(parse(group(group(group(filter.clone(), 1), 1), 1)).is_err());
        assert!(parse(group(filter, 0)).is_err());
    }

    #[test]
    fn mistakes_are_answered() {
        for (query, code) in [
            (
                json!({"field": "colour", "operator": "=", "value": 1}),
                "invalid_field",
            ),
            (
                json!({"field": "tag_id", "operator": ">", "value": "1"}),
                "parameter_invalid",
            ),
            (
                json!({"field": "owner_id", "operator": "=", "value": "x"}),
                "parameter_invalid",
            ),
            (
                json!({"field": "name", "operator": "IN", "value": "x"}),
                "parameter_invalid",
            ),
            (
                json!({"field": "name", "operator": "like", "value": "x"}),
                "parameter_invalid",
            ),
            (
                json!({"field": "name", "operator": "="}),
                "parameter_invalid",
            ),
            (json!({"operator": "AND", "value": 7}), "parameter_invalid"),
            (json!([]), "parameter_invalid"),
            (json!(null), "parameter_invalid"),
        ] {
            let error = parse(&query, &days("UTC"), &field).unwrap_err();
            assert_eq!((error.status, error.code), (400, code), "{query}");
        }
    }

    #[test]
    fn tests_of_text() {
        let passes = |operator: &str, value: Value, text: Option<&str>| {
            let query = json!({"field": "name", "operator": operator, "value": value});
            let value = text.map_or(FieldValue::Unset, FieldValue::text_of);
            parse(&query, &days("UTC"), &field)
                .unwrap()
                .matches(&|_, test| test.passes(&value))
        };
        assert!(passes("=", json!("Ada"), Some("Ada")));
        assert!(!passes("=", json!("Ada"), None));
        assert!(passes("=", json!(null), None));
        assert!(passes("!=", json!("Ada"), None));
        assert!(!passes("!=", json!(null), None));
        assert!(passes("IN", json!(["x", "Ada"]), Some("Ada")));
        assert!(passes("NIN", json!(["x"]), Some("Ada")));
        assert!(passes("~", json!("DA"), Some("Ada")));
        assert!(passes("!~", json!("x"), Some("Ada")));
        assert!(passes("^", json!("a"), Some("Ada")));
        assert!(!passes("$", json!("d"), Some("Ada")));
        assert!(passes(">", json!("Aaa"), Some("Ada")));
        assert!(!passes("<", json!("Aaa"), None));
    }
}
