//! What mappings take and records do not hold: companies of contacts, transcripts of calls.

use super::*;

fn mapped(which: &str) -> Connection {
    let mapping = format!(
        r#"{{"contacts":{{"company":{which},"nulls":false,"rules":[{{"from":"id","to":"id"}},{{"from":"company.name","to":"COMPANY"}}]}}}}"#
    );
    Connection {
        mapping: Some(mapping.into_bytes()),
        ..connection()
    }
}

fn answer(status: u16, body: &Value) -> Answer {
    Ok(Response {
        status,
        headers: Vec::new(),
        body: body.to_string().into_bytes(),
    })
}

/// Reads two contacts, and answers what is asked about companies.
fn read(which: &str, company: impl Fn(&str) -> Answer) -> (Vec<String>, Result<Page, Failure>) {
    read_with(mapped(which), company)
}

fn read_with(
    connection: Connection,
    company: impl Fn(&str) -> Answer,
) -> (Vec<String>, Result<Page, Failure>) {
    let contact = |id: &str, companies: &[&str]| {
        let data: Vec<Value> = companies
            .iter()
            .map(|id| json!({ "type": "company", "id": id }))
            .collect();
        json!({ "type": "contact", "id": id, "companies": { "type": "list", "data": data } })
    };
    let list = json!({ "type": "list", "data": [contact("1", &["a", "b"]), contact("2", &["b"]), contact("3", &[])] });
    let request = request("contacts", Selection::All, None);
    let mut operation = ReadPage::new(connection, request);
    let moment = Moment::default();
    let Step::Send(asked, _) = operation.step(moment, Input::Start) else {
        panic!("nothing was asked")
    };
    assert!(
        asked[0].target.contains("per_page=25"),
        "{}",
        asked[0].target
    );
    let step = operation.step(moment, Input::Answers(vec![answer(200, &list)]));
    let Step::Send(asked, _) = step else {
        panic!("no company was asked for: {step:?}")
    };
    let ids: Vec<String> = asked
        .iter()
        .map(|request| request.target.trim_start_matches("/companies/").to_owned())
        .collect();
    let answers = ids.iter().map(|id| company(id)).collect();
    match operation.step(moment, Input::Answers(answers)) {
        Step::Done(page) => (ids, page),
        step => panic!("not done: {step:?}"),
    }
}

fn known(id: &str) -> Answer {
    let at = if id == "a" { 5 } else { 9 };
    answer(
        200,
        &json!({ "type": "company", "id": id, "name": id.to_uppercase(), "created_at": at }),
    )
}

fn payloads(page: &Page) -> Vec<Value> {
    let entries = page.entries.iter();
    entries
        .map(|entry| serde_json::from_slice(&entry.payload).unwrap())
        .collect()
}

#[test]
fn the_company_that_the_mapping_means_is_read_before_contacts_are_mapped() {
    for (which, asked, first) in [
        ("\"newest\"", &["a", "b"][..], json!("B")),
        ("\"first\"", &["a", "b"], json!("A")),
        (r#"{"named":"A"}"#, &["a", "b"], json!("A")),
    ] {
        let (ids, page) = read(which, known);
        assert_eq!(ids, asked);
        let second = match which.contains("named") {
            true => json!({ "id": "2" }),
            false => json!({ "id": "2", "COMPANY": "B" }),
        };
        assert_eq!(
            payloads(&page.unwrap()),
            [
                json!({ "id": "1", "COMPANY": first }),
                second,
                json!({ "id": "3" })
            ]
        );
    }
}

#[test]
fn a_company_that_is_gone_is_none_and_one_that_cannot_be_read_fails_the_page() {
    let (_, page) = read("\"newest\"", |id| match id {
        "b" => answer(404, &json!({ "type": "error.list", "errors": [] })),
        id => known(id),
    });
    let page = page.unwrap();
    assert_eq!(
        payloads(&page),
        [
            json!({ "id": "1", "COMPANY": "A" }),
            json!({ "id": "2" }),
            json!({ "id": "3" })
        ]
    );
    let said: Vec<_> = page
        .notices
        .iter()
        .map(|notice| (notice.kind.as_str(), notice.path.as_deref()))
        .collect();
    assert_eq!(said, [("unavailable", Some("/companies/b"))]);
    let (_, page) = read("\"newest\"", |_| answer(502, &json!({})));
    assert_eq!(page.unwrap_err().kind, FailureKind::Transient);
    let (_, page) = read("\"newest\"", |_| {
        answer(
            403,
            &json!({ "type": "error.list", "errors": [{ "code": "token_unauthorized", "message": "no" }] }),
        )
    });
    let page = page.unwrap();
    // It is the credential that lacks something, which is said once.
    assert_eq!(page.notices.len(), 1);
    assert_eq!(page.notices[0].kind, "unavailable");
    assert_eq!(payloads(&page)[0], json!({ "id": "1" }));
}

/// A contact shows ten of its companies; which one is meant may be among the others.
#[test]
fn of_a_contact_that_shows_some_of_its_companies_all_are_read() {
    for (which, asked, expected) in [
        (
            "\"newest\"",
            &[
                "/contacts/1/companies?per_page=50&page=1",
                "/contacts/1/companies?per_page=50&page=2",
            ][..],
            "C59",
        ),
        (
            r#"{"named":"C55"}"#,
            &[
                "/contacts/1/companies?per_page=50&page=1",
                "/contacts/1/companies?per_page=50&page=2",
            ],
            "C55",
        ),
        ("\"first\"", &["/companies/0"], "C0"),
    ] {
        let shown: Vec<Value> = (0..10)
            .map(|id| json!({ "type": "company", "id": id.to_string() }))
            .collect();
        let contact = json!({ "type": "contact", "id": "1",
            "companies": { "type": "list", "data": shown, "total_count": 60, "has_more": true } });
        let request = request("contacts", Selection::Keys(vec!["1".to_owned()]), None);
        let mut operation = ReadPage::new(mapped(which), request);
        let moment = Moment::default();
        let Step::Send(..) = operation.step(moment, Input::Start) else {
            panic!("nothing was asked")
        };
        let step = operation.step(moment, Input::Answers(vec![answer(200, &contact)]));
        let Step::Send(requests, _) = step else {
            panic!("no company was asked for: {step:?}")
        };
        let targets: Vec<&str> = requests.iter().map(|asked| asked.target.as_str()).collect();
        assert_eq!(targets, asked);
        let company = |id: i64| json!({ "type": "company", "id": id.to_string(), "name": format!("C{id}"), "created_at": id });
        let list = |ids: std::ops::Range<i64>| {
            answer(
                200,
                &json!({ "type": "list", "data": ids.map(company).collect::<Vec<_>>(), "total_count": 60 }),
            )
        };
        let answers = match targets.len() {
            1 => vec![answer(200, &company(0))],
            _ => vec![list(0..50), list(50..60)],
        };
        let Step::Done(page) = operation.step(moment, Input::Answers(answers)) else {
            panic!("not done")
        };
        assert_eq!(
            payloads(&page.unwrap()),
            [json!({ "id": "1", "COMPANY": expected })]
        );
    }
}

#[test]
fn a_company_is_read_for_the_mapping_of_a_trigger_too() {
    let triggers = json!({
        "welcome": { "stream": "contacts", "action": "welcome", "mapping": { "company": "first", "rules": [
            { "from": "id", "to": "id" }, { "from": "company.name", "to": "COMPANY", "required": true },
        ] } },
    });
    let connection = Connection {
        triggers: Some(triggers.to_string().into_bytes()),
        ..connection()
    };
    let (ids, page) = read_with(connection, known);
    // The first one of each contact is all that is asked for.
    assert_eq!(ids, ["a", "b"]);
    let page = page.unwrap();
    let records: Vec<Value> = page
        .intents
        .iter()
        .map(|intent| serde_json::from_slice(&intent.record).unwrap())
        .collect();
    // The third contact has none, and lacks what the trigger requires.
    assert_eq!(
        records,
        [
            json!({ "id": "1", "COMPANY": "A" }),
            json!({ "id": "2", "COMPANY": "B" })
        ]
    );
    assert_eq!(page.entries.len(), 3);
}

#[test]
fn the_transcript_of_a_call_is_read_where_a_mapping_takes_it() {
    let connection = Connection {
        config: br#"{"api_version":"2.14"}"#.to_vec(),
        mapping: Some(br#"{"preset":"ticket"}"#.to_vec()),
        ..connection()
    };
    let call = |id: &str, url: Value| json!({ "type": "call", "id": id, "conversation_id": "9", "transcription_url": url });
    let list = json!({ "type": "list", "pages": { "type": "pages", "page": 1, "per_page": 25, "total_pages": 1 },
        "data": [call("1", json!("https://api.intercom.io/calls/1/transcript")), call("2", Value::Null),
            call("3", json!("https://api.intercom.io/calls/3/transcript"))] });
    let mut operation = ReadPage::new(connection, request("calls", Selection::All, None));
    let moment = Moment::default();
    assert!(matches!(
        operation.step(moment, Input::Start),
        Step::Send(..)
    ));
    let step = operation.step(moment, Input::Answers(vec![answer(200, &list)]));
    let Step::Send(asked, _) = step else {
        panic!("no transcript was asked for: {step:?}")
    };
    let targets: Vec<&str> = asked.iter().map(|request| &*request.target).collect();
    assert_eq!(targets, ["/calls/1/transcript", "/calls/3/transcript"]);
    let text = Ok(Response {
        status: 200,
        headers: Vec::new(),
        body: b"Agent: \"Hello\"\nCustomer: Hi".to_vec(),
    });
    let gone = answer(404, &json!({ "type": "error.list", "errors": [] }));
    let Step::Done(page) = operation.step(moment, Input::Answers(vec![text, gone])) else {
        panic!("not done")
    };
    let calls = payloads(&page.unwrap());
    assert_eq!(
        calls[0]["call"],
        json!({ "id": "1", "transcription_url": "https://api.intercom.io/calls/1/transcript",
            "transcript": "Agent: \"Hello\"\nCustomer: Hi" })
    );
    assert_eq!(calls[1]["call"], json!({ "id": "2" }));
    assert!(calls[2]["call"].get("transcript").is_none());
}
