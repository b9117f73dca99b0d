//! Rows that Intercom's jobs write together, in the Preview version.

use super::workspace::{Workspace, of};
use super::*;

fn workspace() -> Workspace {
    Workspace {
        config: json!({ "api_version": "Preview" }),
        job_ms: 5_000,
        ..Workspace::new()
    }
}

fn user(index: usize) -> Value {
    json!({ "external_id": format!("u{index}"), "role": "user", "name": "N" })
}

fn users(count: usize) -> Vec<Value> {
    (0..count).map(user).collect()
}

/// The paths of the writes.
fn written(workspace: &Workspace) -> Vec<&str> {
    let writes = workspace
        .requests
        .iter()
        .filter(|(method, target)| *method != Method::Get && !target.ends_with("/search"));
    writes.map(|(_, target)| target.as_str()).collect()
}

/// Gives a batch again, after the time that it asks for, until no row is put off.
fn finish(workspace: &mut Workspace, batch: &Batch) -> Vec<Outcome> {
    for _ in 0..20 {
        let outcomes = workspace.write(batch.clone());
        let wait = |outcome: &Outcome| match &outcome.status {
            OutcomeStatus::Deferred(failure) => failure.retry_after_ms,
            _ => None,
        };
        match outcomes.iter().filter_map(wait).max() {
            None => return outcomes,
            Some(wait) => workspace.now_ms += i64::try_from(wait).unwrap(),
        }
    }
    panic!("rows are put off for ever");
}

#[test]
fn rows_go_out_in_jobs_of_a_hundred_and_come_back_with_their_outcomes() {
    let mut workspace = workspace();
    let known = workspace.contact(json!({ "external_id": "u3", "role": "user" }));
    let mut rows = users(230);
    rows.push(json!({ "email": "lead@x.y", "role": "lead" }));
    rows.push(json!({ "external_id": "null", "phone": null }));
    let batch = of("contacts", "upsert", "b", &rows);
    let first = workspace.write(batch.clone());
    assert_eq!(
        words(&first)[..2],
        ["deferred job_running", "deferred job_running"]
    );
    // What a job cannot take, or could do twice, goes alone: a lead, and a null.
    let mut paths = written(&workspace);
    paths.sort_unstable();
    assert_eq!(
        paths,
        [
            "/contacts",
            "/contacts",
            "/contacts/bulk",
            "/contacts/bulk",
            "/contacts/bulk",
            "/contacts/bulk"
        ]
    );
    let sizes: Vec<usize> = workspace.jobs.iter().map(|job| job.items.len()).collect();
    assert_eq!(sizes, [100, 1, 100, 29]);
    assert_eq!(workspace.jobs[1].items[0]["id"], known.as_str());
    assert!(workspace.jobs[1].items[0].get("role").is_none());
    assert!(workspace.jobs[0].items[0].get("id").is_none());

    let outcomes = finish(&mut workspace, &batch);
    let said = words(&outcomes);
    assert_eq!(said[3], "updated");
    assert_eq!(outcomes[3].object_id.as_deref(), Some(known.as_str()));
    let created = said.iter().filter(|word| *word == "created").count();
    assert_eq!((created, said.len()), (231, 232));
    // Their ids are found behind the job.
    assert!(outcomes.iter().all(|outcome| outcome.object_id.is_some()));
    assert_eq!((workspace.contacts.len(), workspace.jobs.len()), (232, 4));
    let sent = workspace.requests.len();
    assert_eq!(workspace.write(batch), outcomes);
    assert_eq!(workspace.requests.len(), sent);
}

#[test]
fn companies_and_deletions_go_out_in_jobs_too() {
    let mut workspace = workspace();
    let rows = ["a", "b"].map(|key| json!({ "company_id": key, "name": "C" }));
    let outcomes = finish(&mut workspace, &of("companies", "upsert", "b", &rows));
    assert_eq!(words(&outcomes), ["updated", "updated"]);
    assert_eq!(written(&workspace), ["/companies/bulk"]);
    assert_eq!(workspace.companies.len(), 2);

    workspace.requests.clear();
    let ids = [1, 2].map(|_| workspace.contact(json!({ "role": "user" })));
    let rows = ids.map(|id| json!({ "id": id }));
    let batch = of("contacts", "delete", "b", &rows);
    let outcomes = finish(&mut workspace, &batch);
    let deleted = |one: &Outcome| one.status == OutcomeStatus::Deleted;
    assert!(outcomes.iter().all(deleted), "{outcomes:?}");
    assert_eq!(written(&workspace), ["/contacts/bulk/delete"]);
    assert!(workspace.contacts.is_empty());
}

#[test]
fn a_job_that_did_not_write_everything_is_looked_into_row_by_row() {
    for end in [None, Some("failed"), Some("completed_with_errors")] {
        let mut workspace = workspace();
        let late = workspace.contact(json!({ "external_id": "u1", "role": "user" }));
        workspace.contacts[0]["created_at"] = json!(workspace.now_ms / 1_000);
        workspace.lag_ms = 60_000;
        workspace.job_ends = end;
        let mut rows = users(3);
        rows[2]["name"] = "refused".into();
        let batch = of("contacts", "upsert", "b", &rows);
        assert_eq!(
            words(&workspace.write(batch.clone()))[0],
            "deferred job_running"
        );
        workspace.now_ms += 6_000;
        if end.is_some() {
            workspace.work_off();
        }
        let outcomes = workspace.write(batch);
        // What the job has made is not found by the search yet; Intercom says where it is.
        assert_eq!(
            words(&outcomes),
            ["created", "created", "created"],
            "{end:?}"
        );
        assert_eq!(outcomes[1].object_id.as_deref(), Some(late.as_str()));
        assert_eq!((workspace.contacts.len(), workspace.jobs.len()), (3, 1));
    }
}

#[test]
fn whoever_dies_no_second_job_is_started_for_the_same_rows() {
    let mut alone = 0;
    for dies in 0..12 {
        let mut workspace = workspace();
        let rows = users(4);
        let batch = of("contacts", "upsert", "b", &rows);
        workspace.run(batch.clone(), Some(dies));
        workspace.now_ms += 1_000;
        let outcomes = finish(&mut workspace, &batch);
        workspace.work_off();
        assert!(workspace.jobs.len() <= 1, "{dies}");
        assert_eq!(workspace.contacts.len(), 4, "{dies}");
        assert_eq!(words(&outcomes), ["created"; 4], "{dies}");
        alone += usize::from(written(&workspace).contains(&"/contacts"));
    }
    assert!(alone > 0, "once the job's id is lost");
}

#[test]
fn a_job_that_does_not_end_is_named_and_given_up() {
    let mut workspace = workspace();
    workspace.job_ends = Some("running");
    let batch = of("contacts", "upsert", "b", &users(2));
    let mut waits = Vec::new();
    let end = loop {
        let outcome = workspace.write(batch.clone()).remove(0);
        match outcome.status {
            OutcomeStatus::Deferred(failure) => {
                assert!(failure.message.contains("job_0"), "{failure:?}");
                waits.push(failure.retry_after_ms.unwrap());
                workspace.now_ms += i64::try_from(*waits.last().unwrap()).unwrap();
            }
            other => break other,
        }
    };
    assert_eq!((waits[0], waits[waits.len() - 1]), (2_000, 120_000));
    match end {
        OutcomeStatus::Failed(failure) => {
            assert_eq!(failure.code, "job_endless");
            assert!(failure.message.contains("job_0") && failure.maybe_applied);
        }
        other => panic!("{other:?}"),
    }
    // Given again under its id, it is asked after: no second one is started.
    workspace.job_ends = None;
    assert_eq!(words(&workspace.write(batch)), ["created", "created"]);
    assert_eq!(workspace.jobs.len(), 1);
}

#[test]
fn rows_about_one_contact_keep_their_order() {
    let mut workspace = workspace();
    let mut rows = users(3);
    rows.push(json!({ "external_id": "u1", "name": "Later" }));
    let batch = of("contacts", "upsert", "b", &rows);
    assert_eq!(
        words(&workspace.write(batch.clone())),
        ["deferred job_running"; 4]
    );
    assert_eq!(written(&workspace), ["/contacts/bulk"]);
    let outcomes = finish(&mut workspace, &batch);
    assert_eq!(words(&outcomes)[3], "updated");
    let is = |one: &&Value| one["external_id"] == "u1";
    assert_eq!(workspace.contacts.iter().find(is).unwrap()["name"], "Later");
}

#[test]
fn a_job_that_is_not_started_costs_no_row() {
    let mut workspace = workspace();
    workspace.refuses = Some((429, "rate_limit_exceeded"));
    let batch = of("contacts", "upsert", "b", &users(2));
    let outcomes = workspace.write(batch.clone());
    assert_eq!(words(&outcomes), ["deferred rate_limit_exceeded"; 2]);
    workspace.refuses = None;
    assert_eq!(words(&finish(&mut workspace, &batch)), ["created"; 2]);
    assert_eq!(written(&workspace), ["/contacts/bulk"; 2]);
}

#[test]
fn a_rehearsal_shows_the_jobs_and_other_versions_have_none() {
    let mut workspace = workspace();
    workspace.contact(json!({ "external_id": "u0", "role": "user" }));
    let rehearse = |workspace: &mut Workspace, rows: &[Value]| {
        workspace.write(Batch {
            rehearsal: Rehearsal::ReadsOnly,
            ..of("contacts", "upsert", "b", rows)
        })
    };
    let planned = |outcomes: &[Outcome]| -> Vec<String> {
        let requests = outcomes.iter().flat_map(|outcome| &outcome.planned);
        requests.map(|request| request.target.clone()).collect()
    };
    let outcomes = rehearse(&mut workspace, &users(2));
    assert_eq!(
        words(&outcomes),
        [
            "skipped would update, in a job with other rows",
            "skipped would create, in a job with other rows"
        ]
    );
    assert_eq!(planned(&outcomes), ["/contacts/bulk", "/contacts/bulk"]);
    let body: Value =
        serde_json::from_slice(outcomes[1].planned[0].body.as_ref().unwrap()).unwrap();
    assert_eq!(body, json!({ "contacts": [user(1)] }));
    // One row needs no job.
    assert_eq!(planned(&rehearse(&mut workspace, &users(1))).len(), 1);
    assert!(!planned(&rehearse(&mut workspace, &users(1)))[0].contains("bulk"));
    workspace.config = json!({ "api_version": "2.16" });
    let outcomes = rehearse(&mut workspace, &users(2));
    assert!(planned(&outcomes).iter().all(|path| !path.contains("bulk")));
    assert!(workspace.jobs.is_empty());
}
