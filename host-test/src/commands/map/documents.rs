//! JSON documents on standard input: one a line, or laid out over several lines.

use std::io::{self, BufRead};

/// What some programs write in front of a text.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The objects of an input, with the line at which each begins. A line that is none is given as it is; an object that is not
/// closed ends before the next line that begins one.
pub(super) struct Documents<R> {
    input: R,
    /// The lines that were read.
    line: u64,
    /// A line that was read and belongs to the next document.
    next: Option<Vec<u8>>,
}

impl<R: BufRead> Documents<R> {
    pub(super) fn new(input: R) -> Documents<R> {
        Documents {
            input,
            line: 0,
            next: None,
        }
    }

    /// The next document, and its line.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Vec<u8>)>> {
        let Some(mut document) = self.filled_line()? else {
            return Ok(None);
        };
        let begun = self.line;
        let mut open = Open::default();
        open.look(&document);
        while begins_object(&document) && open.depth > 0 {
            let Some(line) = self.any_line()? else {
                break;
            };
            if line.starts_with(b"{") {
                self.next = Some(line);
                break;
            }
            open.look(&line);
            document.extend(line);
        }
        Ok(Some((begun, document)))
    }

    /// The next line that is not empty.
    fn filled_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            match self.any_line()? {
                Some(line) if line.iter().all(u8::is_ascii_whitespace) => {}
                line => return Ok(line),
            }
        }
    }

    fn any_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        if let Some(line) = self.next.take() {
            return Ok(Some(line));
        }
        let mut line = Vec::new();
        if self.input.read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        self.line += 1;
        if self.line == 1 && line.starts_with(MARK) {
            line.drain(..MARK.len());
        }
        Ok(Some(line))
    }
}

fn begins_object(document: &[u8]) -> bool {
    document.trim_ascii_start().starts_with(b"{")
}

/// How deep in objects and lists a text ends, as far as it was looked at.
#[derive(Default)]
struct Open {
    depth: u64,
    in_text: bool,
    is_escaped: bool,
}

impl Open {
    fn look(&mut self, text: &[u8]) {
        for byte in text {
            match (self.in_text, byte) {
                _ if self.is_escaped => self.is_escaped = false,
                (true, b'\\') => self.is_escaped = true,
                (_, b'"') => self.in_text = !self.in_text,
                (false, b'{' | b'[') => self.depth += 1,
                (false, b'}' | b']') => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn all(input: &str) -> Vec<(u64, String)> {
        let mut documents = Documents::new(input.as_bytes());
        let mut all = Vec::new();
        while let Some((line, document)) = documents.next().unwrap() {
            let document = String::from_utf8(document).unwrap();
            all.push((line, document.trim_end().to_owned()));
        }
        all
    }

    fn lines(input: &str) -> Vec<u64> {
        all(input).into_iter().map(|(line, _)| line).collect()
    }

    #[test]
    fn objects_may_be_laid_out_over_lines() {
        let input =
            "\u{feff}{\n  \"a\": \"}{[\\\"\",\n  \"b\": [\n    {}\n  ]\n}\n\n{\"c\": 1}\r\n{\n}\n";
        let documents = all(input);
        assert_eq!(lines(input), [1, 8, 9]);
        assert!(
            documents[0].1.starts_with('{') && documents[0].1.ends_with("]\n}"),
            "{documents:?}"
        );
        assert_eq!(documents[1].1, r#"{"c": 1}"#);
    }

    #[test]
    fn what_is_no_object_ends_with_its_line() {
        let documents = all("[\n\"x\n{\"a\":\"cut\n{\"b\":1}\n{\"c\":\n  2");
        let texts: Vec<&str> = documents.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(
            texts,
            ["[", "\"x", "{\"a\":\"cut", "{\"b\":1}", "{\"c\":\n  2"]
        );
        assert_eq!(all(" \n\n"), []);
    }
}
