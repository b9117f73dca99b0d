//! Filters of a stream's own: only rows whose field has a value, or that are not older than a time.

use crate::contract::types::{Failure, Problem};
use crate::failure::{nearest, not_valid, problem};
use crate::intercom::streams::Stream;
use crate::intercom::timestamp;
use crate::json::{self, Member, Object};
use crate::mapping::path::value_at;
use crate::prelude::*;

/// The filter that every stream with a cursor field has: the time from which on rows are wanted.
const SINCE: &str = "since";

/// What rows have to be like.
#[derive(Debug, Default)]
pub struct Filter {
    /// Paths in the canonical record, with the text that has to stand there.
    equal: Vec<(&'static str, String)>,
    /// From which second on.
    pub since: Option<i64>,
}

impl Filter {
    /// Reads a filter, an object of the stream's filters by name.
    ///
    /// # Errors
    /// `invalid_filter`, with every problem.
    pub fn of(stream: &Stream, document: Option<&[u8]>) -> Result<Self, Failure> {
        let mut filter = Self::default();
        let mut problems = Vec::new();
        match document.map_or_else(|| Ok(Object::default()), json::parse) {
            Ok(members) => {
                for (name, value) in &members.0 {
                    filter.add(stream, name, value, &mut problems);
                }
            }
            Err(reason) => problems.push(problem(
                "filter",
                "json",
                format!("expected a JSON object; {reason}"),
            )),
        }
        if problems.is_empty() {
            Ok(filter)
        } else {
            Err(not_valid("invalid_filter", "the filter", problems))
        }
    }

    fn add(&mut self, stream: &Stream, name: &str, value: &Member, problems: &mut Vec<Problem>) {
        let path = format!("filter.{name}");
        let known = stream.filters.iter().find(|(known, _)| *known == name);
        match (known, value) {
            (Some((_, field)), Member::Text(text)) => self.equal.push((field, text.clone())),
            (Some(_), _) => problems.push(problem(path, "type", "expected text")),
            (None, value) if name == SINCE && stream.cursor_field.is_some() => {
                let written = match value {
                    Member::Number(number) => (*number).to_owned(),
                    Member::Text(text) => json::quoted(text),
                    _ => String::new(),
                };
                match timestamp::parse(&written) {
                    Ok(Some(since)) => self.since = Some(since),
                    _ => problems.push(problem(
                        path,
                        "type",
                        "expected a time: Unix seconds, or ISO 8601",
                    )),
                }
            }
            (None, _) => {
                let since = stream.cursor_field.map(|_| SINCE);
                let names = || stream.filters.iter().map(|(name, _)| *name).chain(since);
                let all = names().collect::<Vec<_>>().joined(", ");
                let hint = nearest(name, names())
                    .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                problems.push(Problem {
                    expected: Some(all),
                    ..problem(
                        path,
                        "unknown_filter",
                        format!("stream `{}` has no such filter{hint}", stream.name),
                    )
                });
            }
        }
    }

    /// Whether it lets every row through. The time is the window's matter.
    pub fn is_open(&self) -> bool {
        self.equal.is_empty()
    }

    /// Whether a canonical record is wanted.
    pub fn holds(&self, record: &str) -> bool {
        if self.is_open() {
            return true;
        }
        self.equal
            .iter()
            .all(|(path, wanted)| value_at(record, path) == Some(json::quoted(wanted).as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intercom::streams::find;

    #[test]
    fn rows_are_compared_by_their_canonical_form() {
        let tickets = find("tickets").unwrap();
        let filter = Filter::of(
            tickets,
            Some(br#"{"state":"resolved","since":"2024-06-27T12:52:57Z"}"#),
        )
        .unwrap();
        let resolved = r#"{"ticket_state":{"id":"1","category":"resolved"}}"#;
        assert_eq!(filter.since, Some(1_719_492_777));
        assert!(filter.holds(resolved));
        assert!(!filter.holds(r#"{"ticket_state":{"category":"submitted"}}"#));
        assert!(!filter.holds("{}") && Filter::default().holds("{}"));
    }

    #[test]
    fn every_problem_of_a_filter_is_named() {
        let contacts = find("contacts").unwrap();
        let failure = Filter::of(
            contacts,
            Some(br#"{"rolle":"user","role":1,"since":"soon"}"#),
        )
        .unwrap_err();
        let codes: Vec<&str> = failure
            .problems
            .iter()
            .map(|one| one.code.as_str())
            .collect();
        assert_eq!(codes, ["unknown_filter", "type", "type"]);
        assert!(
            failure.message.contains("did you mean `role`"),
            "{}",
            failure.message
        );
        assert_eq!(
            Filter::of(contacts, Some(b"[]")).unwrap_err().code,
            "invalid_filter"
        );
        let none = Filter::of(find("admins").unwrap(), Some(br#"{"since":1}"#));
        assert_eq!(none.unwrap_err().problems[0].code, "unknown_filter");
    }
}
