//! Failures: the one place where the component's errors become the contract's.

use crate::contract::types::{Failure, FailureKind, Problem, WholeFailure};
use crate::prelude::*;

/// A failure of a kind, with a stable code and a message for people.
pub fn failure(kind: FailureKind, code: &str, message: impl Into<String>) -> Failure {
    Box::new(WholeFailure {
        kind,
        code: code.to_owned(),
        message: message.into(),
        retry_after_ms: None,
        maybe_applied: false,
        request_id: None,
        problems: Vec::new(),
    })
}

/// A failure of the caller's input, with every problem found in it.
pub fn invalid_input(code: &str, message: impl Into<String>, problems: Vec<Problem>) -> Failure {
    Box::new(WholeFailure {
        problems,
        ..*failure(FailureKind::InvalidInput, code, message)
    })
}

/// A failure of the caller's input whose message lists every problem: `<subject> is not valid: <path>: <message>; …`.
pub fn not_valid(code: &str, subject: &str, problems: Vec<Problem>) -> Failure {
    let places: Vec<String> = problems
        .iter()
        .map(|one| match one.path.as_str() {
            "" => one.message.clone(),
            path => format!("{path}: {}", one.message),
        })
        .collect();
    let message = format!("{subject} is not valid: {}", places.joined("; "));
    invalid_input(code, message, problems)
}

/// A problem at a place in an input.
pub fn problem(path: impl Into<String>, code: &str, message: impl Into<String>) -> Problem {
    Problem {
        path: path.into(),
        code: code.to_owned(),
        message: message.into(),
        found: None,
        expected: None,
    }
}

/// The name most like `found`, if one is near enough to be what was meant.
pub fn nearest<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest_of(found, &mut known.into_iter())
}

/// The same, once in the component for all kinds of names.
fn nearest_of<'a>(found: &str, known: &mut dyn Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .filter(|_| found.len() <= 64)
        .map(|name| (distance(&found.to_ascii_lowercase(), name), name))
        .min()
        .filter(|(distance, name)| *distance <= (name.len() / 3).max(2) && *distance < found.len())
        .map(|(_, name)| name)
}

/// How many letters have to come, go or change to make one text of the other.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (1..=other.len()).collect();
    for (place, letter) in one.bytes().enumerate() {
        let (mut diagonal, mut left) = (place, place + 1);
        for (cell, byte) in row.iter_mut().zip(other.bytes()) {
            let changed = diagonal + usize::from(byte != letter);
            diagonal = *cell;
            left = changed.min(left + 1).min(diagonal + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(one.len())
}

/// That a name is not known, with those that are and the one that was meant.
pub fn unknown(path: String, code: &str, message: &str, found: &str, known: &[&str]) -> Problem {
    let hint = nearest(found, known.iter().copied())
        .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    Problem {
        found: Some(found.chars().take(60).collect()),
        expected: Some(known.joined(", ")),
        ..problem(path, code, format!("{message}{hint}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_come_go_or_change_are_counted() {
        for (one, other, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("flaw", "lawn", 2),
            ("abcd", "abcd", 0),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
        }
    }

    #[test]
    fn the_nearest_name_is_suggested_only_when_it_is_near() {
        let known = ["contacts", "companies", "admins"];
        assert_eq!(nearest("contact", known), Some("contacts"));
        assert_eq!(nearest("Admin", known), Some("admins"));
        assert_eq!(nearest("invoices", known), None);
        assert_eq!(nearest(&"x".repeat(10_000), known), None);
    }
}
