use serde_json::json;

use crate::world::World;

#[test]
fn documents_on_standard_input_become_entries() {
    let world = World::new(&[]);
    world.connect("field_mapping: { email: EMAIL, name: FULLNAME }\n");
    let before = world.service.requests();
    let first = json!({ "type": "contact", "id": "1", "email": "a@example.org", "name": "A", "updated_at": 1_700_000_000 });
    let input = format!("{first}\n\n{{\"id\":\n{{\"id\":\"2\",\"name\":null}}\n");
    let finished = world.run_with(&["map", "contacts"], input.as_bytes());
    assert_eq!(finished.code, Some(3), "{finished:?}");
    // The number is the line's own, blank ones counted.
    assert!(finished.err.contains("line 3"), "{finished:?}");
    let entries = finished.documents();
    assert_eq!(entries.len(), 2);
    assert_eq!(
        entries[0],
        json!({
            "stream": "contacts", "key": "1", "updated_at_ms": 1_700_000_000_000_i64, "change": "upsert",
            "data": { "EMAIL": "a@example.org", "FULLNAME": "A" },
        })
    );
    assert_eq!(entries[1]["key"], "2");
    // It is pure: nothing is asked of the service.
    assert_eq!(world.service.requests(), before);
}

#[test]
fn a_document_may_be_laid_out_over_several_lines() {
    let world = World::new(&[]);
    world.connect("field_mapping: { email: EMAIL }\n");
    let one = json!({ "id": "1", "email": "a@example.org", "tags": { "data": [{ "id": "}{" }] } });
    let input = format!("{one:#}\n{{\"id\":\"2\"}}\n{{\n  \"id\": null\n}}\n");
    let finished = world.run_with(&["map", "contacts"], input.as_bytes());
    assert_eq!(finished.code, Some(3), "{finished:?}");
    let entries = finished.documents();
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0]["data"], json!({ "EMAIL": "a@example.org" }));
    let line = input.lines().count() - 2;
    assert!(
        finished.err.contains(&format!("line {line}:")),
        "{finished:?}"
    );
}

#[test]
fn every_problem_of_a_mapping_is_told_once() {
    let world = World::new(&[]);
    world.connect("field_mapping: { emial: EMAIL, nmae: NAME }\n");
    let finished = world.run_with(&["map", "contacts"], b"{}\n");
    assert_eq!(finished.code, Some(64), "{finished:?}");
    for place in ["field_mapping.emial", "field_mapping.nmae"] {
        assert_eq!(finished.err.matches(place).count(), 1, "{finished:?}");
    }
}

#[test]
fn a_stream_that_is_not_there_is_said() {
    let world = World::new(&[]);
    let finished = world.run_with(&["map", "contact"], b"{}\n");
    assert_eq!(finished.code, Some(64));
    assert!(
        finished.err.contains("did you mean contacts?"),
        "{finished:?}"
    );
}

#[test]
fn a_preset_is_chosen_in_the_file_and_what_its_rules_did_is_explained() {
    let world = World::new(&[]);
    world.connect("mapping: { preset: brevo-contact, lists: { all_users: 35 }, country: IE }\n");
    let user =
        json!({ "id": "1", "role": "user", "email": "Ada@Example.org", "phone": "087 123 4567" });
    let lead = json!({ "id": "2", "role": "lead", "email": null });
    let input = format!("{user}\n{lead}\n");
    let finished = world.run_with(&["map", "contacts"], input.as_bytes());
    // The lead cannot be a contact there without an address.
    assert_eq!(finished.code, Some(3), "{finished:?}");
    assert!(
        finished.err.contains("line 2") && finished.err.contains("email"),
        "{finished:?}"
    );
    assert_eq!(
        finished.documents()[0]["data"],
        json!({ "email": "ada@example.org", "attributes": { "SMS": "+353871234567", "ROLE": "user" }, "listIds": [35] })
    );
    let finished = world.run_with(&["map", "contacts", "--explain"], input.as_bytes());
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let rules = finished.documents()[0]["data"]["rules"].clone();
    assert_eq!(
        rules[0],
        json!({ "to": "email", "from": ["email"], "took": "\"***@*******.***\"", "gave": "\"***@*******.***\"", "steps": [
            { "step": "trim", "gave": "\"***@*******.***\"" }, { "step": "lower", "gave": "\"***@*******.***\"" }
        ] })
    );
    assert!(!finished.out.to_lowercase().contains("ada"), "{finished:?}");
    world.connect("mapping: brevo-contacts\n");
    let finished = world.run_with(&["map", "contacts"], input.as_bytes());
    assert!(
        finished.err.contains("did you mean brevo-contact?"),
        "{finished:?}"
    );
}

#[test]
fn what_is_compiled_of_a_secret_is_not_stored() {
    let world = World::new(&[]);
    let rule = |salt: &str| {
        format!(
            "mapping: {{ contacts: [{{ from: email, to: EMAIL, pipeline: [{{ hash: \"{salt}\" }}] }}] }}\n"
        )
    };
    let prepared = |output: &str| {
        let finished = world.run(&["read", "contacts", "--output", output]);
        assert_eq!(finished.code, Some(0), "{finished:?}");
        let folder = output.trim_start_matches("jsonl:");
        let state =
            std::fs::read_to_string(world.path(folder).join(".state.json")).expect("a state");
        let state: serde_json::Value = serde_json::from_str(&state).expect("JSON");
        let read = &world.lines(&format!("{folder}/contacts.jsonl"))[0]["data"]["EMAIL"];
        let hashed = read.as_str().expect("a hash").to_owned();
        let kept = state["state"]["checked"]["prepared"].as_str();
        (kept.expect("what was prepared").to_owned(), hashed)
    };
    world.connect(&rule("grain"));
    let (kept, open) = prepared("jsonl:open");
    assert!(!kept.is_empty());
    world.connect(&rule("${CLIENT_SECRET}"));
    let (kept, hidden) = prepared("jsonl:hidden");
    assert_eq!(kept, "");
    assert_ne!(open, hidden);
    // The next run takes the stored check and maps as the first one did.
    world.service.post("mutate", &json!({ "contacts": 1 }));
    let (kept, _) = prepared("jsonl:hidden");
    assert_eq!(kept, "");
}

#[test]
fn files_that_records_name_are_copied_where_it_is_asked_for() {
    let world = World::new(&[]);
    let lines = "mapping: ticket\nattachments: { copy_to: files }\n";
    world.connect(lines);
    // Any document of the simulator is a file, and what is not there is none.
    let file = |path: &str| json!({ "url": format!("{}{path}", world.service.url), "name": "a file.json", "content_type": "application/json" });
    let conversation = json!({
        "type": "conversation", "id": "1", "updated_at": 1_700_000_000,
        "source": { "type": "email", "body": "x", "attachments": [file("/_simulator/state"), file("/_simulator/nowhere")] },
    });
    let input = conversation.to_string();
    let finished = world.run_with(&["map", "conversations", "--attachments"], input.as_bytes());
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let ticket = &finished.document()["data"];
    let copied = ticket["attachments"][0]["url"].as_str().expect("a URL");
    assert!(
        copied.starts_with("file:///") && copied.ends_with("-a-file.json"),
        "{ticket}"
    );
    let copies: Vec<_> = std::fs::read_dir(world.path("files")).unwrap().collect();
    assert_eq!(copies.len(), 1);
    let failed = &ticket["attachments"][1];
    assert_eq!(failed["url"], file("/_simulator/nowhere")["url"]);
    assert!(
        failed["error"]
            .as_str()
            .unwrap()
            .starts_with("not copied: the answer was 4"),
        "{failed}"
    );

    world.connect("mapping: ticket\n");
    let finished = world.run_with(&["map", "conversations", "--attachments"], input.as_bytes());
    assert_eq!(finished.code, Some(64));
    assert!(finished.err.contains("copy_to"), "{finished:?}");
}
