//! Companies that a mapping takes fields of.

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
    let contact = |id: &str, companies: &[&str]| {
        let data: Vec<Value> = companies
            .iter()
            .map(|id| json!({ "type": "company", "id": id }))
            .collect();
        json!({ "type": "contact", "id": id, "companies": { "type": "list", "data": data } })
    };
    let list = json!({ "type": "list", "data": [contact("1", &["a", "b"]), contact("2", &["b"]), contact("3", &[])] });
    let request = request("contacts", Selection::All, None);
    let mut operation = ReadPage::new(mapped(which), request);
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
    assert_eq!(
        payloads(&page.unwrap()),
        [
            json!({ "id": "1", "COMPANY": "A" }),
            json!({ "id": "2" }),
            json!({ "id": "3" })
        ]
    );
    let (_, page) = read("\"newest\"", |_| answer(502, &json!({})));
    assert_eq!(page.unwrap_err().kind, FailureKind::Transient);
    let (_, page) = read("\"newest\"", |_| {
        answer(
            403,
            &json!({ "type": "error.list", "errors": [{ "code": "token_unauthorized", "message": "no" }] }),
        )
    });
    let page = page.unwrap();
    assert_eq!(page.notices[0].kind, "unavailable");
    assert_eq!(payloads(&page)[0], json!({ "id": "1" }));
}
