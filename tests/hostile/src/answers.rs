//! Answers, with the mark of the version in them, and nonsense where that is asked for.

use crate::bindings::exports::integration::connector::connector::*;
use crate::bindings::integration::connector::types::{Change, FailureKind};
use crate::deeds::{Config, failure};
use crate::settings::{numbers, setting};

/// What marks the answers of a version.
fn mark() -> String {
    setting("answer").unwrap_or_else(|| "first".to_owned())
}

/// Which nonsense is to be answered, if any.
fn nonsense(config: &[u8]) -> Option<String> {
    Config::new(config).text("nonsense")
}

pub fn authentication(
    said: &str,
    config: &[u8],
    request: &AuthenticationRequest,
) -> Authentication {
    let checked = Authentication::Checked(CheckReport {
        account: Account {
            workspace_id: "w".to_owned(),
            name: Some(format!("{} {said}", mark())),
            region: None,
            time_zone: None,
            api_version: None,
        },
        prepared: vec![1],
        streams: Vec::new(),
        notices: Vec::new(),
    });
    let url = Authentication::AuthorizationUrl("https://example.com".to_owned());
    match (request, nonsense(config).is_some()) {
        (AuthenticationRequest::Check, false)
        | (AuthenticationRequest::AuthorizationUrl(_), true) => checked,
        _ => url,
    }
}

/// Pages of a stream of numbers: the configuration says how many rows there are (`rows`) and how many are in a page (`size`), how
/// many bytes a row has (`bytes`), and how many requests a page costs. The cursor is the format and the number of the next row.
pub fn page(said: &str, config: &[u8], request: &PageRequest) -> Result<Page, Failure> {
    let nonsense = nonsense(config);
    let config = Config::new(config);
    let rows = config.number("rows").unwrap_or(1);
    let size = config.number("size").unwrap_or(rows);
    let bytes = config.number("bytes").unwrap_or(0);
    let reads = numbers("reads").unwrap_or_else(|| vec![1]);
    let writes = numbers("writes").map_or(1, |writes| writes[0]);
    let from = match request.cursor.as_deref() {
        None | Some([]) => 0,
        Some([format, rest @ ..]) if reads.contains(format) => {
            let number = std::str::from_utf8(rest).ok();
            number.and_then(|number| number.parse().ok()).unwrap_or(0)
        }
        Some(_) => {
            return Err(Failure {
                kind: FailureKind::InvalidInput,
                ..failure("unreadable_cursor", "the cursor is of another format")
            });
        }
    };
    if numbers("fails_from").is_some_and(|failing| from >= usize::from(failing[0])) {
        return Err(failure("broken", "this version fails here"));
    }
    let to = (from + size).min(rows);
    let cursor = |number: usize| {
        let mut cursor = vec![writes];
        cursor.extend_from_slice(number.to_string().as_bytes());
        cursor
    };
    let padding = "x".repeat(bytes);
    let entries = (from..to).map(|number| {
        let answer = mark();
        entry(
            &number.to_string(),
            format!("{{\"id\":\"{number}\",\"answer\":\"{answer}\",\"said\":\"{said}\",\"padding\":\"{padding}\"}}"),
        )
    });
    let mut page = Page {
        entries: entries.collect(),
        intents: Vec::new(),
        next: (to < rows).then(|| cursor(to)),
        checkpoint: (to >= rows).then(|| cursor(to)),
        restarted: false,
        retry_after_ms: None,
        notices: Vec::new(),
        complete_snapshot: false,
    };
    match nonsense.as_deref() {
        Some("stream") => {
            page.entries = vec![Entry {
                stream: "others".to_owned(),
                ..entry("1", "{}".to_owned())
            }]
        }
        Some("key") => page.entries = vec![entry("", "{}".to_owned())],
        Some("payload") => page.entries = vec![entry("1", "no JSON".to_owned())],
        // It would be another row of the output if it were copied there.
        Some("braces") => page.entries = vec![entry("1", "{}}\n{\"key\":{}".to_owned())],
        Some("bytes") => {
            page.entries = vec![Entry {
                payload: b"{\"a\":\"\xff\"}".to_vec(),
                ..entry("1", String::new())
            }]
        }
        Some("unnamed_intent") => page.intents = vec![intent("", "{}")],
        Some("intent") => page.intents = vec![intent("1", "{\"a\":}")],
        Some("cursor") => page.next = Some(Vec::new()),
        Some("format") => page.next = Some(vec![99, 1]),
        _ => {}
    }
    Ok(page)
}

fn entry(key: &str, payload: String) -> Entry {
    Entry {
        stream: "rows".to_owned(),
        key: key.to_owned(),
        updated_at_ms: None,
        change: Change::Upsert,
        reason: None,
        successor: None,
        payload: payload.into_bytes(),
    }
}

fn intent(id: &str, record: &str) -> Intent {
    Intent {
        id: id.to_owned(),
        trigger: "trigger".to_owned(),
        source_stream: "rows".to_owned(),
        source_key: "1".to_owned(),
        action: "action".to_owned(),
        record: record.as_bytes().to_vec(),
        confirm: false,
    }
}

pub fn mapped(
    said: &str,
    config: &[u8],
    _stream: &str,
    documents: usize,
) -> Vec<Result<Entry, Failure>> {
    let answers = match nonsense(config).is_some() {
        true => documents + 1,
        false => documents,
    };
    let payload = format!("{{\"answer\":\"{}\",\"said\":\"{said}\"}}", mark());
    (0..answers)
        .map(|number| Ok(entry(&number.to_string(), payload.clone())))
        .collect()
}

pub fn verdict(said: &str, config: &[u8], delivery: &WebhookDelivery) -> Verdict {
    let id = match nonsense(config).is_some() {
        true => String::new(),
        false => String::from_utf8_lossy(&delivery.body).into_owned(),
    };
    Verdict::Accepted(AcceptedDelivery {
        entries: vec![entry(
            &id,
            format!("{{\"answer\":\"{}\",\"said\":\"{said}\"}}", mark()),
        )],
        id,
        topic: "topic".to_owned(),
        created_at_ms: None,
        intents: Vec::new(),
        read_again: Vec::new(),
        notices: Vec::new(),
    })
}

pub fn outcomes(config: &[u8], batch: &Batch) -> Vec<Outcome> {
    let rows = match nonsense(config).is_some() {
        true => &[],
        false => &batch.rows[..],
    };
    rows.iter()
        .map(|row| Outcome {
            key: row.key.clone(),
            status: OutcomeStatus::Created,
            object_id: Some(mark()),
            request_id: None,
            planned: Vec::new(),
        })
        .collect()
}
