//! A job that writes a file, one in a workspace.

use super::*;

/// A page, given these answers one after the other.
fn after(
    model: &mut Model,
    cursor: Option<Vec<u8>>,
    answers: Vec<Answer>,
) -> Result<Page, Failure> {
    model.instead = answers;
    let page = page(model, request("content_export", Selection::All, cursor));
    assert!(
        model.instead.is_empty(),
        "{} answers were not asked for",
        model.instead.len()
    );
    page
}

fn status(model: &Model, status: &str) -> Answer {
    model.ok(&json!({ "job_identifier": "j", "status": status }))
}

fn file(text: &str) -> Answer {
    Ok(Response {
        status: 200,
        headers: Vec::new(),
        body: text.as_bytes().to_vec(),
    })
}

fn model() -> Model {
    Model {
        now: NOON,
        page: 1,
        ..Model::default()
    }
}

#[test]
fn a_job_is_started_waited_for_and_read() {
    let mut model = model();
    let answers = vec![status(&model, "pending")];
    let started = after(&mut model, None, answers).unwrap();
    assert!(started.entries.is_empty() && started.retry_after_ms.is_some());
    assert_eq!(model.state.len(), 1);
    let answers = vec![status(&model, "in_progress")];
    let waiting = after(&mut model, started.next.clone(), answers).unwrap();
    assert!(waiting.retry_after_ms.is_some());
    assert_ne!(
        waiting.next, started.next,
        "a host takes what stays the same for a standstill"
    );
    let csv = "receipt_id,received_at,first_dismissal,name\n1,1719489600,,\"Ann, B\"\n2,2024-06-27 12:00:00,,\n";
    let answers = vec![status(&model, "completed"), file(csv)];
    let read = after(&mut model, waiting.next, answers).unwrap();
    assert_eq!(keys(&read.entries), ["1", "2"]);
    assert_eq!(
        String::from_utf8_lossy(&read.entries[0].payload),
        r#"{"receipt_id":"1","received_at":1719489600,"first_dismissal":null,"name":"Ann, B"}"#
    );
    assert_eq!(read.entries[1].updated_at_ms, Some(1_719_489_600_000));
    assert!(read.next.is_none() && read.checkpoint.is_some());
    assert!(
        model.state.is_empty(),
        "the next read starts a job of its own"
    );
}

#[test]
fn a_reader_that_died_leaves_its_job_to_the_next_one() {
    let mut model = model();
    let answers = vec![status(&model, "pending")];
    after(&mut model, None, answers).unwrap();
    // The position never reached the host: it begins again, and the job is there.
    let answers = vec![status(&model, "completed"), file("receipt_id\n1\n")];
    let read = after(&mut model, None, answers).unwrap();
    assert_eq!(keys(&read.entries), ["1"]);
}

#[test]
fn a_job_for_another_time_is_not_taken_up() {
    let mut model = model();
    let answers = vec![status(&model, "pending")];
    after(&mut model, None, answers).unwrap();
    model.instead = vec![model.respond(
        429,
        &json!({ "errors": [{ "code": "rate_limit_exceeded" }] }),
    )];
    let window = Selection::Window(TimeWindow {
        since_ms: Some(0),
        until_ms: None,
    });
    let page = page(&mut model, request("content_export", window, None)).unwrap();
    assert_eq!(page.notices[0].kind, "waiting");
}

#[test]
fn a_job_of_somebody_else_is_waited_for_and_then_named() {
    let mut model = model();
    let mut cursor = None;
    for _ in 0..60 {
        let answers = vec![model.respond(429, &json!({}))];
        let page = after(&mut model, cursor, answers).unwrap();
        assert_eq!(page.notices[0].kind, "waiting");
        cursor = page.next;
    }
    let answers = vec![model.respond(429, &json!({}))];
    let failure = after(&mut model, cursor, answers).unwrap_err();
    assert_eq!(failure.kind, FailureKind::RateLimited);
}

#[test]
fn a_long_file_is_given_in_pages_and_a_lost_one_is_made_again() {
    let mut model = model();
    let csv: String = (0..5_000).map(|row| format!("{row}\n")).collect();
    let csv = format!("receipt_id\n{csv}");
    let small = |cursor| PageRequest {
        max_bytes: 1 << 20,
        ..request("content_export", Selection::All, cursor)
    };
    let answers = vec![status(&model, "pending")];
    let started = after(&mut model, None, answers).unwrap();
    model.instead = vec![status(&model, "completed"), file(&csv)];
    let first = page(&mut model, small(started.next)).unwrap();
    assert_eq!(first.entries.len(), 2_048);
    model.instead = vec![model.respond(404, &json!({}))];
    let lost = page(&mut model, small(first.next)).unwrap();
    assert!(lost.restarted && lost.next.is_some() && model.state.is_empty());
}

#[test]
fn jobs_that_come_to_nothing_are_named_and_no_data_is_an_end() {
    for (state, ends) in [("no_data", true), ("failed", false), ("canceled", false)] {
        let mut model = model();
        let answers = vec![status(&model, "pending")];
        let started = after(&mut model, None, answers).unwrap();
        let answers = vec![status(&model, state)];
        let page = after(&mut model, started.next, answers);
        assert_eq!(page.is_ok(), ends, "{state}");
        assert!(model.state.is_empty());
    }
}

#[test]
fn a_garbled_file_is_asked_for_again() {
    let mut model = model();
    let answers = vec![status(&model, "pending")];
    let started = after(&mut model, None, answers).unwrap();
    let answers = vec![status(&model, "completed"), file("")];
    let failure = after(&mut model, started.next, answers).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Transient);
    assert_eq!(model.state.len(), 1, "the job is still there");
}
