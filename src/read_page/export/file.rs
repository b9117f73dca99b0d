//! The file of an export: comma-separated values, mostly packed by gzip. Each row becomes an object of texts.

use crate::prelude::*;
use csv_core::{ReadFieldResult, Reader};

use crate::json::quoted;

/// Bytes that a file may have when it is unpacked.
const MOST_BYTES: usize = 32 << 20;

/// Rows of a file.
#[derive(Debug, PartialEq)]
pub struct Rows {
    /// A JSON object each.
    pub records: Vec<Vec<u8>>,
    /// Whether there are more behind them.
    pub more: bool,
}

/// So many rows of a file, from one on. A file without the columns of the key is another one, and no file without rows.
///
/// # Errors
/// What is wrong with the file.
pub fn rows(file: &[u8], key: &[&str], from: usize, most: usize) -> Result<Rows, String> {
    let unpacked;
    let text = match file {
        [0x1f, 0x8b, ..] => {
            unpacked = gunzip(file)?;
            &unpacked
        }
        _ => file,
    };
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    let mut table = Table::default();
    read(text, |field, last| table.take(field, last, from, most))?;
    if let Some(missing) = key.iter().find(|name| !table.names.contains(&quoted(name))) {
        return Err(format!("it has no column {missing}"));
    }
    Ok(Rows {
        records: table.records,
        more: table.rows > from + most,
    })
}

/// The table in the making.
#[derive(Default)]
struct Table {
    names: Vec<String>,
    named: bool,
    column: usize,
    record: String,
    records: Vec<Vec<u8>>,
    /// Rows so far, without the one of the names.
    rows: usize,
}

impl Table {
    fn take(&mut self, field: &str, last: bool, from: usize, most: usize) {
        if !self.named {
            // Some programs put a mark before the first name.
            self.names
                .push(quoted(field.trim_start_matches('\u{feff}')));
            self.named = last;
            return;
        }
        let wanted = (from..from + most).contains(&self.rows);
        if wanted && let Some(name) = self.names.get(self.column) {
            self.record
                .push(if self.record.is_empty() { '{' } else { ',' });
            self.record.push_str(name);
            self.record.push(':');
            match field {
                "" => self.record.push_str("null"),
                text => self.record.push_str(&quoted(text)),
            }
        }
        self.column += 1;
        if last {
            if wanted {
                self.record.push('}');
                self.records
                    .push(core::mem::take(&mut self.record).into_bytes());
            }
            self.column = 0;
            self.rows += 1;
        }
    }
}

/// Gives every field, and whether it is the last one of its row.
fn read(mut text: &[u8], mut each: impl FnMut(&str, bool)) -> Result<(), String> {
    let mut reader = Reader::new();
    let mut field = vec![0; 4_096];
    let mut filled = 0;
    loop {
        let (result, taken, written) = reader.read_field(text, &mut field[filled..]);
        text = &text[taken..];
        filled += written;
        match result {
            ReadFieldResult::InputEmpty => {}
            ReadFieldResult::OutputFull => field.resize(field.len() * 2, 0),
            ReadFieldResult::Field { record_end } => {
                let text =
                    str::from_utf8(&field[..filled]).map_err(|_| "it is not UTF-8".to_owned())?;
                each(text, record_end);
                filled = 0;
            }
            ReadFieldResult::End => return Ok(()),
        }
    }
}

/// Unpacks a file (RFC 1952). Its checksum is left alone: the connection has one of its own.
fn gunzip(file: &[u8]) -> Result<Vec<u8>, String> {
    let damaged = || "it is packed in a form that is not known".to_owned();
    let header = file.first_chunk::<10>().ok_or_else(damaged)?;
    let [_, _, 8, flags, ..] = *header else {
        return Err(damaged());
    };
    let mut rest = &file[10..];
    if flags & 0b0_0100 != 0 {
        let length = rest.first_chunk::<2>().ok_or_else(damaged)?;
        let end = 2 + usize::from(u16::from_le_bytes(*length));
        rest = rest.get(end..).ok_or_else(damaged)?;
    }
    // The name of the file, then a comment, each up to a zero.
    for flag in [0b0_1000, 0b1_0000] {
        if flags & flag != 0 {
            let zero = rest
                .iter()
                .position(|byte| *byte == 0)
                .ok_or_else(damaged)?;
            rest = &rest[zero + 1..];
        }
    }
    if flags & 0b0_0010 != 0 {
        rest = rest.get(2..).ok_or_else(damaged)?;
    }
    miniz_oxide::inflate::decompress_to_vec_with_limit(rest, MOST_BYTES).map_err(
        |error| match error.status {
            miniz_oxide::inflate::TINFLStatus::HasMoreOutput => {
                "it is too large; read a shorter time at once".to_owned()
            }
            _ => "it is damaged".to_owned(),
        },
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn records(rows: &Rows) -> Vec<&str> {
        rows.records
            .iter()
            .map(|record| str::from_utf8(record).unwrap())
            .collect()
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut file = vec![0x1f, 0x8b, 8, 0b0_1000, 0, 0, 0, 0, 0, 3, b'a', 0];
        file.extend(miniz_oxide::deflate::compress_to_vec(text, 6));
        file.extend([0; 8]);
        file
    }

    #[test]
    fn rows_become_objects_of_texts() {
        let text = "\u{feff}receipt_id,name\r\n1,\"a, \"\"b\"\"\nc\"\r\n2,\r\n3,d";
        for file in [text.as_bytes().to_vec(), packed(text.as_bytes())] {
            let all = rows(&file, &["receipt_id"], 0, 10).unwrap();
            assert_eq!(
                records(&all),
                [
                    r#"{"receipt_id":"1","name":"a, \"b\"\nc"}"#,
                    r#"{"receipt_id":"2","name":null}"#,
                    r#"{"receipt_id":"3","name":"d"}"#
                ]
            );
            assert!(!all.more);
            let some = rows(&file, &["receipt_id"], 1, 1).unwrap();
            assert_eq!(records(&some), [r#"{"receipt_id":"2","name":null}"#]);
            assert!(some.more);
        }
    }

    #[test]
    fn long_fields_are_read_whole() {
        let long = "x".repeat(100_000);
        let all = rows(format!("a\n{long}\n").as_bytes(), &["a"], 0, 1).unwrap();
        assert_eq!(all.records[0].len(), r#"{"a":""}"#.len() + long.len());
    }

    #[test]
    fn a_file_without_rows_has_columns_nevertheless() {
        let none = rows(b"a,b\n", &["a"], 0, 1).unwrap();
        assert_eq!((records(&none), none.more), (vec![], false));
    }

    #[test]
    fn damage_has_a_reason() {
        for file in [
            &b""[..],
            b"\x1f\x8b",
            b"\x1f\x8b\x08\x08abcdefg",
            b"a\n\xff\n",
            b"{}",
            b"<!DOCTYPE html>\n<p>a</p>\n",
        ] {
            assert!(rows(file, &["a"], 0, 1).is_err(), "{file:?}");
        }
        let mut cut = packed(b"a,b\n1,2\n");
        cut.truncate(15);
        assert!(rows(&cut, &["a"], 0, 1).is_err());
    }

    proptest! {
        #[test]
        fn no_file_is_a_crash(file in prop::collection::vec(any::<u8>(), 0..200), packed in any::<bool>()) {
            let mut file = file;
            if packed {
                file.splice(0..0, [0x1f, 0x8b, 8]);
            }
            let _ = rows(&file, &["a"], 0, 3);
        }
    }
}
