//! Rows from a file: one JSON object a line.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::value::RawValue;

use crate::contract::connector::Row;

/// How many problems are told at once.
const TOLD: usize = 20;

/// What is wrong with the lines. Every line was looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowProblems {
    problems: Vec<String>,
    count: usize,
}

impl RowProblems {
    fn push(&mut self, line: usize, message: impl fmt::Display) {
        self.count += 1;
        if self.problems.len() < TOLD {
            self.problems.push(format!("  line {line}: {message}"));
        }
    }
}

impl fmt::Display for RowProblems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.problems.join("\n"))?;
        match self.count.saturating_sub(self.problems.len()) {
            0 => Ok(()),
            more => write!(formatter, "\n  and {more} more"),
        }
    }
}

/// Reads rows. A line is the row's document; `key` in it names the row (else its line number does), `base_updated_at_ms`
/// says when the object was read that it comes from, and neither is a part of it. A line
/// `{"key":…, "document":{…}, "base_updated_at_ms":…}` says the same with everything in its place; `status` and `failure` in
/// it, as [`super::RejectedRows`] writes them, are for people.
pub fn parse_rows(text: &[u8]) -> Result<Vec<Row>, RowProblems> {
    // What some programs put before a text to say that it is UTF-8.
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut rows = Vec::new();
    let mut problems = RowProblems::default();
    let mut keys = BTreeSet::new();
    for (line, number) in text.split(|byte| *byte == b'\n').zip(1..) {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        match parse_row(line, number) {
            Ok(row) if !keys.insert(row.key.clone()) => {
                problems.push(
                    number,
                    format_args!("the key `{}` was there before", row.key),
                );
            }
            Ok(row) => rows.push(row),
            Err(message) => problems.push(number, message),
        }
    }
    if problems.count > 0 {
        return Err(problems);
    }
    Ok(rows)
}

fn parse_row(line: &[u8], number: usize) -> Result<Row, String> {
    let mut fields: BTreeMap<String, &RawValue> =
        serde_json::from_slice(line).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => {
                "not a JSON object: rows are JSON objects, one a line".to_owned()
            }
            _ if number == 1 && !line.trim_ascii_start().starts_with(b"{") => format!(
                "not JSON (column {}): rows are JSON objects, one a line",
                error.column()
            ),
            _ => format!("not JSON (column {})", error.column()),
        })?;
    let key = match fields.remove("key") {
        None => number.to_string(),
        Some(raw) => serde_json::from_str::<String>(raw.get())
            .or_else(|_| serde_json::from_str::<i64>(raw.get()).map(|key| key.to_string()))
            .map_err(|_| "`key` should be text or a whole number".to_owned())?,
    };
    let base_updated_at_ms = match fields.remove("base_updated_at_ms") {
        None => None,
        Some(raw) => serde_json::from_str::<Option<i64>>(raw.get())
            .map_err(|_| "`base_updated_at_ms` should be a whole number".to_owned())?,
    };
    let envelope = fields
        .get("document")
        .is_some_and(|document| document.get().starts_with('{'));
    if !envelope {
        return Ok(Row {
            key,
            document: serde_json::to_vec(&fields).map_err(|error| error.to_string())?,
            attempt: 0,
            base_updated_at_ms,
        });
    }
    let document = fields
        .remove("document")
        .map(|document| document.get().as_bytes().to_vec())
        .unwrap_or_default();
    let meaningless = |name: &&String| !matches!(name.as_str(), "status" | "failure");
    match fields.keys().find(meaningless) {
        Some(other) => Err(format!("`{other}` has no meaning beside `document`")),
        None => Ok(Row {
            key,
            document,
            attempt: 0,
            base_updated_at_ms,
        }),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn text(row: &Row) -> String {
        String::from_utf8(row.document.clone()).unwrap()
    }

    #[test]
    fn a_line_is_a_row_named_by_its_number_or_its_key() {
        let rows = parse_rows(
            b"{\"email\":\"a@x\"}\n\n{\"key\":\"k\",\"email\":\"b@x\"}\r\n{\"key\":7}\n",
        )
        .unwrap();
        let keys: Vec<&str> = rows.iter().map(|row| row.key.as_str()).collect();
        assert_eq!(keys, ["1", "k", "7"]);
        // As some programs begin a text.
        let marked =
            parse_rows(b"\xef\xbb\xbf{\"base_updated_at_ms\":5,\"email\":\"a@x\"}").unwrap();
        assert_eq!(text(&marked[0]), text(&rows[0]));
        assert_eq!(marked[0].base_updated_at_ms, Some(5));
        assert_eq!(text(&rows[1]), r#"{"email":"b@x"}"#);
    }

    #[test]
    fn an_envelope_has_everything_in_its_place() {
        let rows =
            parse_rows(br#"{"key":"k","document":{"key":"mine"},"base_updated_at_ms":5}"#).unwrap();
        assert_eq!(text(&rows[0]), r#"{"key":"mine"}"#);
        assert_eq!(rows[0].base_updated_at_ms, Some(5));
    }

    #[test]
    fn every_bad_line_is_named() {
        let problems = parse_rows(b"{\"key\":\"a\"}\nnonsense\n[1]\n{\"key\":\"a\"}\n{\"key\":[]}\n{\"document\":{},\"x\":1}").unwrap_err();
        let told = problems.to_string();
        for line in [
            "line 2: not JSON",
            "line 3: not a JSON object",
            "line 4: the key `a`",
            "line 5: `key`",
            "line 6: `x`",
        ] {
            assert!(told.contains(line), "{told}");
        }
    }

    #[test]
    fn whoever_gives_a_table_or_a_list_is_told_what_rows_are() {
        for text in ["email,name\n", " [\n", "[{\"email\":\"a@x\"}]"] {
            let told = parse_rows(text.as_bytes()).unwrap_err().to_string();
            assert!(told.contains("rows are JSON objects, one a line"), "{told}");
        }
    }

    #[test]
    fn many_problems_are_counted() {
        let told = parse_rows("x\n".repeat(30).as_bytes())
            .unwrap_err()
            .to_string();
        assert!(told.ends_with("and 10 more"), "{told}");
    }
}
