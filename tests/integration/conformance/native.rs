use intercom_connector::authenticate::Authenticate;
use intercom_connector::contract::connector::{
    Authentication, AuthenticationRequest, Batch, CheckReport, Entry, Outcome, Page, PageRequest,
    Rehearsal, Row, Selection,
};
use intercom_connector::contract::http::{Request, Response};
use intercom_connector::contract::state::Swapped;
use intercom_connector::contract::types::{Connection, Failure};
use intercom_connector::map_record;
use intercom_connector::operation::{Answer, Input, Moment, Operation, Step};
use intercom_connector::read_page::ReadPage;
use intercom_connector::write_batch::WriteBatch;
use serde_json::{Value, json};

/// Pages of a walk at most: none of these needs more.
const MOST_PAGES: usize = 20;

/// The type of the custom objects that are read.
pub const CUSTOM_OBJECT: &str = "Order";

fn connection(version: &str) -> Connection {
    let config = json!({ "api_version": version, "custom_object_types": [CUSTOM_OBJECT] });
    Connection {
        config: config.to_string().into_bytes(),
        mapping: None,
        triggers: None,
        account: None,
        prepared: None,
    }
}

/// An answer with a body.
pub fn respond(status: u16, body: &Value) -> Answer {
    Ok(Response {
        status,
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
    })
}

/// The answer to what nobody asked about.
pub fn not_found() -> Answer {
    let error = json!({ "code": "not_found", "message": "Resource Not Found" });
    respond(404, &json!({ "type": "error.list", "errors": [error] }))
}

/// The path of a request, without its query.
pub fn path(request: &Request) -> &str {
    request.target.split('?').next().unwrap_or_default()
}

/// A time after those in the examples.
const NOW: Moment = Moment {
    unix_ms: 1_800_000_000_000,
    elapsed_ms: 0,
    memory: 0,
};

fn perform<O: Operation>(
    mut operation: O,
    mut answer: impl FnMut(&Request) -> Answer,
) -> O::Output {
    let mut input = Input::Start;
    loop {
        input = match operation.step(NOW, input) {
            Step::Send(requests, _) => Input::Answers(requests.iter().map(&mut answer).collect()),
            Step::Load(_) => Input::Loaded(None),
            Step::Store(_) => Input::Stored(Some(Swapped::Done)),
            Step::Done(output) => return output,
        };
    }
}

/// Walks a stream from a position, or from the start, to its end.
pub fn walk(
    version: &str,
    stream: &str,
    selection: &Selection,
    from: Option<Vec<u8>>,
    mut answer: impl FnMut(&Request) -> Answer,
) -> Vec<Page> {
    let mut pages: Vec<Page> = Vec::new();
    let mut cursor = from;
    while pages.len() < MOST_PAGES {
        let request = PageRequest {
            stream: stream.to_owned(),
            selection: selection.clone(),
            filter: None,
            cursor,
            max_entries: 150,
            max_bytes: 8 << 20,
            time_budget_ms: 60_000,
        };
        let page = perform(ReadPage::new(connection(version), request), &mut answer);
        let page = page.unwrap_or_else(|failure| panic!("{stream}: {failure:?}"));
        cursor = page.next.clone();
        pages.push(page);
        if cursor.is_none() {
            return pages;
        }
    }
    panic!("{stream}: the walk does not end: {pages:#?}");
}

/// What `map-record` makes of documents.
pub fn map_records(
    version: &str,
    stream: &str,
    documents: &[Value],
) -> Vec<Result<Entry, Failure>> {
    let documents: Vec<Vec<u8>> = documents
        .iter()
        .map(|document| document.to_string().into_bytes())
        .collect();
    map_record::map_records(&connection(version), stream, &documents).expect("a stream")
}

/// What comes of a check whose requests for these paths are answered so, and all others not.
pub fn check(version: &str, answered: &[(&str, &Value)]) -> CheckReport {
    let operation = Authenticate::new(connection(version), AuthenticationRequest::Check);
    let checked = perform(operation, |request| {
        let answer = answered.iter().find(|(wanted, _)| *wanted == path(request));
        answer.map_or_else(not_found, |(_, body)| respond(200, body))
    });
    match checked.expect("a check") {
        Authentication::Checked(report) => report,
        other => panic!("{other:?}"),
    }
}

/// What comes of writing one contact, each request answered by `answer`.
pub fn write(version: &str, document: &Value, answer: impl FnMut(&Request) -> Answer) -> Outcome {
    let batch = Batch {
        action: "contacts".to_owned(),
        mode: None,
        id: "batch".to_owned(),
        rows: vec![Row {
            key: "row".to_owned(),
            document: document.to_string().into_bytes(),
            attempt: 0,
            base_updated_at_ms: None,
        }],
        time_budget_ms: 60_000,
        rehearsal: Rehearsal::Off,
    };
    let outcomes = perform(WriteBatch::new(connection(version), batch), answer);
    outcomes.expect("outcomes").remove(0)
}
