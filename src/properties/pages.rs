//! What holds for every answer, and for every cursor.

use super::{assert_entry, connection};
use crate::contract::connector::{Page, PageRequest, Selection};
use crate::contract::http::Response;
use crate::contract::state::Swapped;
use crate::contract::types::{Failure, Header};
use crate::cursor;
use crate::intercom::streams::{STREAMS, Stream};
use crate::operation::{Input, Moment, Operation, Step};
use crate::read_page::ReadPage;

/// Steps that a call may take; each takes a second of its minute.
const MOST_STEPS: u64 = 120;

/// Pages that are read one after the other.
const MOST_PAGES: usize = 4;

/// Reads a page while every request is answered with the same body, and the state holds it as well.
fn read(
    stream: &Stream,
    selection: Selection,
    cursor: Option<Vec<u8>>,
    status: u16,
    body: &[u8],
) -> Result<Page, Failure> {
    let request = PageRequest {
        stream: stream.name.to_owned(),
        selection,
        filter: None,
        cursor,
        max_entries: 10,
        max_bytes: 1 << 20,
        time_budget_ms: 60_000,
    };
    let response = Response {
        status,
        headers: vec![Header {
            name: "date".to_owned(),
            value: "Thu, 27 Jun 2024 12:52:57 GMT".to_owned(),
        }],
        body: body.to_vec(),
    };
    let mut operation = ReadPage::new(connection(), request);
    let mut input = Input::Start;
    for second in 0..MOST_STEPS {
        let moment = Moment {
            unix_ms: 1_719_492_777_000,
            elapsed_ms: second * 1_000,
            memory: 0,
        };
        input = match operation.step(moment, input) {
            Step::Send(requests, _) => {
                Input::Answers(requests.iter().map(|_| Ok(response.clone())).collect())
            }
            Step::Load(_) => Input::Loaded(Some(body.to_vec())),
            Step::Store(_) => Input::Stored(Some(Swapped::Done)),
            Step::Done(page) => return page,
        };
    }
    panic!("a page of {} never ends", stream.name)
}

/// Any answer to a stream's requests, with the cursors that the answers before it gave: the first byte chooses the stream,
/// the second the answer's status and whether rows are read by their keys.
pub fn page(input: &[u8]) {
    let [choice, kind, body @ ..] = input else {
        return;
    };
    let stream = &STREAMS[usize::from(*choice) % STREAMS.len()];
    let status = [200, 200, 200, 404, 410, 429, 500, 401][usize::from(*kind >> 1) % 8];
    let selection = match kind % 2 {
        0 => Selection::All,
        _ => Selection::Keys(vec!["1".to_owned(), "a/b".to_owned()]),
    };
    let mut cursor = None;
    for _ in 0..MOST_PAGES {
        let Ok(page) = read(stream, selection.clone(), cursor, status, body) else {
            return;
        };
        assert_page(stream, &page);
        cursor = match page.next.or(page.checkpoint) {
            None => return,
            next => next,
        };
    }
}

/// Any bytes as a stream's cursor: the first byte chooses the stream.
pub fn cursor(input: &[u8]) {
    let Some((choice, bytes)) = input.split_first() else {
        return;
    };
    let stream = &STREAMS[usize::from(*choice) % STREAMS.len()];
    if let Ok(position) = cursor::decode(stream.name, bytes) {
        let written = cursor::encode(stream.name, &position);
        assert_eq!(
            cursor::decode(stream.name, &written).as_ref(),
            Ok(&position)
        );
    }
    let list = br#"{"type":"list","data":[],"contacts":[],"conversations":[],"tickets":[]}"#;
    for body in [&list[..], b""] {
        if let Ok(page) = read(stream, Selection::All, Some(bytes.to_vec()), 200, body) {
            assert_page(stream, &page);
        }
    }
}

fn assert_page(stream: &Stream, page: &Page) {
    for entry in &page.entries {
        let known = entry.stream == stream.name || Some(&*entry.stream) == stream.parent;
        assert!(known, "{}: {}", stream.name, entry.stream);
        assert_entry(entry);
    }
    for cursor in page.next.iter().chain(&page.checkpoint) {
        let read = cursor::decode(stream.name, cursor);
        assert!(
            read.is_ok(),
            "{} cannot read its own cursor: {read:?}",
            stream.name
        );
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Texts out of which answers and cursors are made.
    fn words() -> impl Strategy<Value = String> {
        let word = prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "null",
            "0",
            "7",
            "\"\"",
            "\"1\"",
            "\"id\":",
            "\"data\":[",
            "\"pages\":{",
            "\"next\":",
            "\"starting_after\":",
            "\"conversations\":[",
            "\"contacts\":[",
            "\"total_count\":",
            "\"updated_at\":",
            "\"scroll_param\":",
            "\"conversation_parts\":{",
            "\"created_at\":1",
            "{\"id\":\"1\",\"updated_at\":1719492777}",
            "1",
            "Mark",
            "\"list\":",
            "\"seen\":",
        ]);
        prop::collection::vec(word, 0..30).prop_map(|words| words.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 800, ..ProptestConfig::default() })]

        #[test]
        fn no_answer_is_a_crash(choice in any::<u8>(), kind in any::<u8>(), words in words(), bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            page(&[&[choice, kind], words.as_bytes()].concat());
            page(&[&[choice, kind], bytes.as_slice()].concat());
        }

        #[test]
        fn no_cursor_is_a_crash(choice in any::<u8>(), words in words(), bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            cursor(&[&[choice, cursor::FORMAT], words.as_bytes()].concat());
            cursor(&[&[choice], bytes.as_slice()].concat());
        }

        /// A cursor that was damaged.
        #[test]
        fn no_damaged_cursor_is_a_crash(choice in 0..STREAMS.len() as u8, place in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let stream = &STREAMS[usize::from(choice)];
            let list = br#"{"data":[{"id":"1","type":"x","updated_at":1719492777}],"pages":{"next":{"starting_after":"x"}},"scroll_param":"s"}"#;
            if let Ok(page) = read(stream, Selection::All, None, 200, list) {
                for given in page.next.iter().chain(&page.checkpoint) {
                    let mut bytes = given.clone();
                    let at = place.index(bytes.len());
                    bytes[at] = byte;
                    cursor(&[&[choice], bytes.as_slice()].concat());
                }
            }
        }
    }
}
