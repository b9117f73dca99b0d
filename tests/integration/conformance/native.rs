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

fn connection() -> Connection {
    Connection {
        config: b"{}".to_vec(),
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
fn not_found() -> Answer {
    let error = json!({ "code": "not_found", "message": "Resource Not Found" });
    respond(404, &json!({ "type": "error.list", "errors": [error] }))
}

fn perform<O: Operation>(
    mut operation: O,
    mut answer: impl FnMut(&Request) -> Answer,
) -> O::Output {
    let mut input = Input::Start;
    loop {
        input = match operation.step(Moment::default(), input) {
            Step::Send(requests, _) => Input::Answers(requests.iter().map(&mut answer).collect()),
            Step::Load(_) => Input::Loaded(None),
            Step::Store(_) => Input::Stored(Some(Swapped::Done)),
            Step::Done(output) => return output,
        };
    }
}

/// The page that comes of one answer; its one request is for this path.
pub fn read_page(stream: &str, selection: Selection, path: &str, body: &Value) -> Page {
    let request = PageRequest {
        stream: stream.to_owned(),
        selection,
        filter: None,
        cursor: None,
        max_entries: 150,
        max_bytes: 8 << 20,
        time_budget_ms: 60_000,
    };
    let page = perform(ReadPage::new(connection(), request), |request| {
        assert_eq!(request.target.split('?').next(), Some(path));
        respond(200, body)
    });
    page.expect("a page")
}

/// What `map-record` makes of documents.
pub fn map_records(stream: &str, documents: &[&Value]) -> Vec<Result<Entry, Failure>> {
    let documents: Vec<Vec<u8>> = documents
        .iter()
        .map(|document| document.to_string().into_bytes())
        .collect();
    map_record::map_records(&connection(), stream, &documents).expect("a stream")
}

/// What comes of a check whose requests for this path are answered so, and all others not.
pub fn check(answered: &[(&str, &Value)]) -> CheckReport {
    let operation = Authenticate::new(connection(), AuthenticationRequest::Check);
    let checked = perform(operation, |request| {
        let path = request.target.split('?').next().unwrap_or_default();
        let answer = answered.iter().find(|(wanted, _)| *wanted == path);
        answer.map_or_else(not_found, |(_, body)| respond(200, body))
    });
    match checked.expect("a check") {
        Authentication::Checked(report) => report,
        other => panic!("{other:?}"),
    }
}

/// What comes of writing one contact, each request answered by `answer`.
pub fn write(document: &Value, answer: impl FnMut(&Request) -> Answer) -> Outcome {
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
    let outcomes = perform(WriteBatch::new(connection(), batch), answer);
    outcomes.expect("outcomes").remove(0)
}
