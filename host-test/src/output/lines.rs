//! Entries as lines of JSON.

use std::io::{self, IoSlice, Write};

use crate::contract::types::{Change, Entry};

/// Appends one line for each entry. The payload's bytes are copied as they are; a line break between its tokens (the
/// only place where JSON has one) becomes a blank.
pub fn encode_entries<'a>(entries: impl IntoIterator<Item = &'a Entry>, buffer: &mut Vec<u8>) {
    for entry in entries {
        head(entry, buffer);
        payload(&entry.payload, buffer);
        buffer.extend_from_slice(LINE_END);
    }
}

/// What stands behind a payload.
const LINE_END: &[u8] = b"}\n";

/// Everything of a line before its payload.
fn head(entry: &Entry, buffer: &mut Vec<u8>) {
    buffer.extend_from_slice(b"{\"stream\":");
    text(&entry.stream, buffer);
    buffer.extend_from_slice(b",\"key\":");
    text(&entry.key, buffer);
    if let Some(updated_at_ms) = entry.updated_at_ms {
        buffer.extend_from_slice(b",\"updated_at_ms\":");
        number(updated_at_ms, buffer);
    }
    buffer.extend_from_slice(match entry.change {
        Change::Upsert => b",\"change\":\"upsert\"".as_slice(),
        Change::Patch => b",\"change\":\"patch\"",
        Change::Delete => b",\"change\":\"delete\"",
    });
    if let Some(reason) = &entry.reason {
        buffer.extend_from_slice(b",\"reason\":");
        text(reason, buffer);
    }
    if let Some(successor) = &entry.successor {
        buffer.extend_from_slice(b",\"successor\":");
        text(successor, buffer);
    }
    buffer.extend_from_slice(b",\"data\":");
}

/// Lines in which the payloads stay where they are: what [`encode_entries`] gives, without the copy of the payloads,
/// which are most of it.
#[derive(Default)]
pub(super) struct GatheredLines {
    /// What stands between the payloads, one behind the other.
    frames: Vec<u8>,
    /// Where each frame ends; the last one is behind the last payload.
    ends: Vec<usize>,
    /// Payloads that had to be changed, all lines with them; then there are no frames.
    copied: Vec<u8>,
}

impl GatheredLines {
    /// Prepares the lines of these entries, in place of what was prepared before.
    pub(super) fn prepare(&mut self, entries: &[&Entry]) {
        self.frames.clear();
        self.ends.clear();
        self.copied.clear();
        let breaks = |entry: &&Entry| {
            entry.payload.is_empty() || memchr::memchr2(b'\n', b'\r', &entry.payload).is_some()
        };
        if entries.iter().any(breaks) {
            return encode_entries(entries.iter().copied(), &mut self.copied);
        }
        for (index, entry) in entries.iter().enumerate() {
            if index > 0 {
                self.frames.extend_from_slice(LINE_END);
            }
            head(entry, &mut self.frames);
            self.ends.push(self.frames.len());
        }
        if !entries.is_empty() {
            self.frames.extend_from_slice(LINE_END);
            self.ends.push(self.frames.len());
        }
    }

    /// Writes the lines of the entries that they were prepared for, with as few calls as the system allows. Gives the
    /// number of bytes.
    pub(super) fn write(&self, entries: &[&Entry], writer: &mut impl Write) -> io::Result<u64> {
        if !self.copied.is_empty() {
            writer.write_all(&self.copied)?;
            return Ok(self.copied.len() as u64);
        }
        let mut slices = Vec::with_capacity(self.ends.len() + entries.len());
        let mut start = 0;
        let mut length = 0_u64;
        for (index, end) in self.ends.iter().enumerate() {
            slices.push(IoSlice::new(&self.frames[start..*end]));
            start = *end;
            if let Some(entry) = entries.get(index) {
                slices.push(IoSlice::new(&entry.payload));
                length += entry.payload.len() as u64;
            }
        }
        length += start as u64;
        let mut rest = slices.as_mut_slice();
        while !rest.is_empty() {
            match writer.write_vectored(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => IoSlice::advance_slices(&mut rest, written),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(length)
    }
}

/// The bytes that [`encode_entries`] needs at most, nearly: names that need escapes may take more.
pub(super) fn encoded_size<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> usize {
    const FRAME: usize = 128;
    entries
        .into_iter()
        .map(|entry| entry.payload.len() + entry.key.len() + entry.stream.len() + FRAME)
        .sum()
}

fn payload(bytes: &[u8], buffer: &mut Vec<u8>) {
    if bytes.is_empty() {
        buffer.extend_from_slice(b"null");
        return;
    }
    let start = buffer.len();
    buffer.extend_from_slice(bytes);
    let copied = &mut buffer[start..];
    let mut from = 0;
    while let Some(found) = memchr::memchr2(b'\n', b'\r', &copied[from..]) {
        copied[from + found] = b' ';
        from += found + 1;
    }
}

fn number(value: i64, buffer: &mut Vec<u8>) {
    // Writing an integer into memory cannot fail.
    let _ = serde_json::to_writer(buffer, &value);
}

fn text(value: &str, buffer: &mut Vec<u8>) {
    // Writing a string into memory cannot fail.
    let _ = serde_json::to_writer(buffer, value);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::output::json_lines::tests::entry;

    fn lines(entries: &[Entry]) -> String {
        let mut buffer = Vec::new();
        encode_entries(entries, &mut buffer);
        String::from_utf8(buffer).unwrap()
    }

    #[test]
    fn a_line_has_the_declared_fields_in_order() {
        assert_eq!(
            lines(&[entry("contacts", "7", r#"{"id":"7"}"#)]),
            "{\"stream\":\"contacts\",\"key\":\"7\",\"updated_at_ms\":1000,\"change\":\"upsert\",\"data\":{\"id\":\"7\"}}\n"
        );
    }

    #[test]
    fn what_is_there_only_sometimes_is_left_out() {
        let mut gone = entry("contacts", "a\"b\n", "{}");
        gone.change = Change::Delete;
        gone.reason = Some("merged".to_owned());
        gone.successor = Some("8".to_owned());
        gone.updated_at_ms = None;
        let line = lines(&[gone]);
        assert_eq!(line.lines().count(), 1);
        assert_eq!(
            serde_json::from_str::<Value>(&line).unwrap(),
            json!({"stream": "contacts", "key": "a\"b\n", "change": "delete", "reason": "merged", "successor": "8", "data": {}})
        );
    }

    #[test]
    fn a_payload_of_several_lines_becomes_one_of_the_same_meaning() {
        let pretty = "{\n  \"a\": \"x\\ny\",\r\n  \"b\": [1,\n2]\n}";
        let line = lines(&[entry("tags", "1", pretty)]);
        assert_eq!(line.matches('\n').count(), 1);
        assert_eq!(
            serde_json::from_str::<Value>(&line).unwrap()["data"],
            serde_json::from_str::<Value>(pretty).unwrap()
        );
    }

    #[test]
    fn payload_bytes_are_not_rewritten() {
        let odd = r#"{"n":1.50e+2,"u":"\u00e9","big":123456789012345678901234567890}"#;
        assert!(lines(&[entry("contacts", "1", odd)]).contains(odd));
    }

    /// Takes a few bytes at a time.
    struct Slow(Vec<u8>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(7);
            self.0.extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn gathered_lines_are_the_same_lines() {
        let plain = [
            entry("tags", "1", r#"{"a":1}"#),
            entry("tags", "2", r#"{"b":"x"}"#),
        ];
        let broken = [entry("tags", "1", r#"{"a":1}"#), entry("tags", "2", "{\n}")];
        let none: [Entry; 0] = [];
        let mut gathered = GatheredLines::default();
        for entries in [&plain[..], &broken, &none, &plain[..1]] {
            let references: Vec<&Entry> = entries.iter().collect();
            let mut written = Slow(Vec::new());
            gathered.prepare(&references);
            let length = gathered.write(&references, &mut written).unwrap();
            assert_eq!(String::from_utf8(written.0).unwrap(), lines(entries));
            assert_eq!(length, lines(entries).len() as u64);
        }
    }
}
