//! Contacts that were written within the hour, and are not searched for.

use super::*;

fn row(name: &str) -> Value {
    json!({ "external_id": "ada", "name": name })
}

/// Writes a batch; gives its outcomes and how many searches it made.
fn write(model: &mut Model, id: &str, rows: &[Value]) -> (Vec<String>, usize) {
    write_as(model, id, "upsert", rows)
}

fn write_as(model: &mut Model, id: &str, mode: &str, rows: &[Value]) -> (Vec<String>, usize) {
    let before = searches(model);
    let mut batch = batch(id, rows);
    batch.mode = Some(mode.into());
    let outcomes = model.write(batch).unwrap();
    (words(&outcomes), searches(model) - before)
}

fn searches(model: &Model) -> usize {
    let searches = model.requests.iter();
    searches
        .filter(|(_, target)| target == "/contacts/search")
        .count()
}

fn found(words: &[&str], searches: usize) -> (Vec<String>, usize) {
    let words = words.iter().map(|word| (*word).to_owned());
    (words.collect(), searches)
}

/// A model in which the contact `a` was written.
fn model() -> Model {
    let mut model = Model::default();
    model.add("a", json!({ "external_id": "ada" }));
    assert_eq!(write(&mut model, "0", &[row("A")]), found(&["updated"], 1));
    model
}

#[test]
fn what_was_created_found_or_in_conflict_is_not_searched_for_again() {
    let mut model = Model::default();
    model.add("a", json!({ "external_id": "ada" }));
    model.add("late", json!({ "email": "late@x.y" }));
    model.unindexed.push("late".into());
    let rows = [
        row("A"),
        json!({ "email": "Late@x.y", "name": "L" }),
        json!({ "email": "new@x.y", "external_id": "new" }),
    ];
    let all = ["updated", "updated", "created"];
    assert_eq!(write(&mut model, "1", &rows), found(&all, 1));
    let again = ["updated"; 3];
    assert_eq!(write(&mut model, "2", &rows), found(&again, 0));
    assert_eq!(write_as(&mut model, "3", "update", &rows), found(&again, 0));
    // What it is remembered by is not said, so that the answer shows whether it is still so.
    let said = model.bodies.last().unwrap();
    assert_eq!(said, &json!({ "email": "new@x.y" }));
    assert_eq!(model.contacts.len(), 3);
    let keys: Vec<&String> = model.state.keys().collect();
    assert!(keys.iter().all(|key| !key.contains("ada")), "{keys:?}");
    let values = model.state.values();
    for value in values.map(|value| String::from_utf8_lossy(value)) {
        assert!(!value.contains("x.y") && !value.contains("ada"), "{value}");
    }
}

#[test]
fn the_hour_ends_with_the_last_answer_that_showed_the_contact() {
    let mut model = model();
    for (minute, searches) in [(50, 0), (100, 0), (161, 1)] {
        model.unix_ms = minute * 60_000;
        let id = minute.to_string();
        assert_eq!(write(&mut model, &id, &[row("B")]).1, searches, "{minute}");
    }
}

#[test]
fn one_that_is_gone_is_searched_for_and_created_or_refused() {
    for status in [404, 410] {
        let mut model = model();
        model.contacts.clear();
        model.instead = vec![error(status, "not_found", "No")];
        assert_eq!(write(&mut model, "1", &[row("B")]), found(&["created"], 1));
        assert_eq!(model.contacts.len(), 1);
    }
    let mut model = model();
    model.contacts.clear();
    let update = write_as(&mut model, "1", "update", &[row("B")]);
    assert_eq!(update, found(&["failed contact_not_found"], 1));
}

#[test]
fn one_that_was_merged_is_not_followed_but_searched_for() {
    let mut model = model();
    model.contacts.clear();
    model.add("b", json!({ "external_id": "bob" }));
    model.add("c", json!({ "external_id": "ada" }));
    let mut merged = error(410, "gone", "Merged");
    if let Ok(response) = &mut merged {
        response.headers.push(Header {
            name: "Link".into(),
            value: "</contacts/b>; rel=\"canonical\"".into(),
        });
    }
    model.instead = vec![merged];
    assert_eq!(write(&mut model, "1", &[row("C")]), found(&["updated"], 1));
    assert_eq!(model.contacts["c"]["name"], "C");
    assert_eq!(model.contacts["b"]["name"], Value::Null);
}

#[test]
fn one_in_the_archive_comes_back() {
    let mut model = model();
    let archived = model.contacts.remove("a").unwrap();
    model.archived.insert("a".into(), archived);
    assert_eq!(write(&mut model, "1", &[row("B")]), found(&["updated"], 1));
    assert_eq!(model.contacts["a"]["name"], "B");
}

#[test]
fn one_whose_name_another_contact_has_is_searched_for() {
    let mut model = model();
    model.contacts.get_mut("a").unwrap()["external_id"] = json!("else");
    model.add("b", json!({ "external_id": "ada" }));
    model.instead = vec![error(409, "conflict", "taken")];
    assert_eq!(write(&mut model, "1", &[row("B")]), found(&["updated"], 1));
    assert_eq!(model.contacts["b"]["name"], "B");
    assert_eq!(model.contacts["a"]["name"], "A");
}

#[test]
fn one_that_got_another_name_upstream_keeps_it_and_the_row_says_so() {
    let mut model = model();
    model.contacts.get_mut("a").unwrap()["external_id"] = json!("else");
    let outcomes = model.write(batch("1", &[row("B")])).unwrap();
    assert_eq!(words(&outcomes), ["failed identity_moved"]);
    assert_eq!(outcomes[0].object_id.as_deref(), Some("a"));
    assert_eq!(model.contacts["a"]["external_id"], "else");
    assert_eq!(write(&mut model, "2", &[row("B")]), found(&["created"], 1));
}

#[test]
fn what_this_connection_writes_to_a_contact_makes_its_other_names_unsafe() {
    let mut model = model();
    let by_email = json!({ "email": "old@x.y", "name": "B" });
    write(&mut model, "1", std::slice::from_ref(&by_email));
    let id = model.contacts.keys().last().unwrap().clone();
    model.unix_ms = 5_000;
    let moved = json!({ "id": id, "email": "new@x.y" });
    assert_eq!(write(&mut model, "2", &[moved]), found(&["updated"], 0));
    let again = write(&mut model, "3", &[by_email]);
    assert_eq!(again, found(&["created"], 1));
    assert_eq!(model.contacts[&id]["email"], "new@x.y");
}

#[test]
fn what_was_deleted_here_is_forgotten_and_deletions_always_search() {
    let mut model = model();
    model
        .contacts
        .insert("b".into(), json!({ "id": "b", "external_id": "ada" }));
    model.contacts.remove("a");
    model.instead = vec![respond(200, &json!({ "id": "b", "deleted": true }))];
    let delete = [json!({ "external_id": "ada" })];
    let deleted = write_as(&mut model, "1", "delete", &delete);
    assert_eq!(deleted, found(&["OutcomeStatus::Deleted"], 1));
    let of_contacts = |(key, _): &(&String, &Vec<u8>)| key.starts_with("written/");
    assert_eq!(model.state.iter().filter(of_contacts).count(), 1);
    model.contacts.clear();
    assert_eq!(write(&mut model, "2", &[row("B")]), found(&["created"], 1));
}

#[test]
fn of_several_contacts_none_is_remembered_and_other_policies_search() {
    let row = [json!({ "email": "same@x.y", "name": "N" })];
    let mut model = Model::default();
    model.add("a", json!({ "email": "same@x.y", "updated_at": 1 }));
    model.add("b", json!({ "email": "same@x.y", "updated_at": 2 }));
    for id in ["1", "2"] {
        assert_eq!(write(&mut model, id, &row), found(&["updated"], 1));
    }
    model.contacts.remove("b");
    for write_config in [
        json!({ "several": "oldest" }),
        json!({ "several": "fail" }),
        json!({ "several": "all" }),
        json!({ "identities": "search" }),
    ] {
        model.config = json!({ "write": write_config });
        for id in ["3", "4"] {
            let id = format!("{write_config}{id}");
            assert_eq!(write(&mut model, &id, &row), found(&["updated"], 1));
        }
    }
    model.config = Value::Null;
    write(&mut model, "5", &row);
    assert_eq!(write(&mut model, "6", &row), found(&["updated"], 0));
}

#[test]
fn a_row_with_the_time_of_its_copy_is_searched_for() {
    let mut model = model();
    model.contacts.get_mut("a").unwrap()["updated_at"] = json!(200);
    let mut batch = batch("1", &[row("B")]);
    batch.rows[0].base_updated_at_ms = Some(100_000);
    let outcomes = model.write(batch).unwrap();
    assert_eq!(words(&outcomes), ["failed changed_upstream"]);
}
