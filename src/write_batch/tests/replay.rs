//! What must not be done twice is done once, wherever the process dies.

use proptest::prelude::*;

use super::workspace::{Workspace, of};
use super::*;

/// A kind of batch: its action and mode, a row with a text, and how often the text is in the workspace.
struct Kind {
    action: &'static str,
    mode: &'static str,
    row: fn(&Scene, &str) -> Value,
    count: fn(&Workspace, &Scene, &str) -> usize,
}

struct Scene {
    contact: String,
    conversation: String,
}

fn texts<'a>(values: impl Iterator<Item = &'a Value>, text: &str) -> usize {
    let marked = format!("<p>{text}</p>");
    values
        .filter(|value| **value == text || **value == marked)
        .count()
}

fn parts(workspace: &Workspace, scene: &Scene, text: &str) -> usize {
    let parts = workspace.parts(&scene.conversation);
    texts(parts.iter().map(|part| &part["body"]), text)
}

const KINDS: &[Kind] = &[
    Kind {
        action: "contact_notes",
        mode: "create",
        row: |scene, text| json!({ "contact_id": scene.contact, "body": text, "admin_id": "7" }),
        count: |workspace, _, text| {
            texts(workspace.notes.iter().map(|(_, note)| &note["body"]), text)
        },
    },
    Kind {
        action: "conversation_parts",
        mode: "note",
        row: |scene, text| json!({ "conversation_id": scene.conversation, "body": text, "admin_id": 7 }),
        count: parts,
    },
    Kind {
        action: "conversation_parts",
        mode: "contact",
        row: |scene, text| json!({ "conversation_id": scene.conversation, "body": text, "email": "a@x.y" }),
        count: parts,
    },
    Kind {
        action: "conversations",
        mode: "close",
        row: |scene, text| json!({ "conversation_id": scene.conversation, "body": text, "admin_id": "7" }),
        count: parts,
    },
    Kind {
        action: "conversations",
        mode: "create",
        row: |_, text| json!({ "external_id": "a", "body": text }),
        count: |workspace, _, text| {
            texts(
                workspace
                    .conversations
                    .iter()
                    .map(|one| &one["source"]["body"]),
                text,
            )
        },
    },
    Kind {
        action: "tickets",
        mode: "create",
        row: |_, text| json!({ "external_id": "a", "ticket_type": "bug", "ticket_attributes": { "_default_title_": text } }),
        count: |workspace, _, text| {
            texts(
                workspace
                    .tickets
                    .iter()
                    .map(|one| &one["ticket_attributes"]["_default_title_"]),
                text,
            )
        },
    },
    Kind {
        action: "articles",
        mode: "create",
        row: |_, text| json!({ "title": text, "author_id": 7 }),
        count: |workspace, _, text| texts(workspace.articles.iter().map(|one| &one["title"]), text),
    },
    Kind {
        action: "contacts",
        mode: "insert",
        row: |_, text| json!({ "email": format!("{text}@lead.x"), "role": "lead" }),
        count: |workspace, _, text| {
            let email = format!("{text}@lead.x");
            workspace
                .contacts
                .iter()
                .filter(|one| one["email"] == *email)
                .count()
        },
    },
];

/// Gives a batch again until no row is put off. Time passes in between.
fn finish(workspace: &mut Workspace, batch: &Batch) -> Vec<Outcome> {
    for _ in 0..40 {
        let outcomes = workspace.write(batch.clone());
        let deferred = |outcome: &Outcome| matches!(outcome.status, OutcomeStatus::Deferred(_));
        if !outcomes.iter().any(deferred) {
            return outcomes;
        }
        workspace.now_ms += 60_000;
    }
    panic!("rows are put off for ever");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_batch_that_is_given_again_is_done_exactly_once(
        kind in 0..KINDS.len(),
        chosen in prop::collection::vec(0_u8..3, 1..6),
        deaths in prop::collection::vec(0_usize..14, 0..4),
        lag_s in prop::sample::select(vec![0_i64, 100]),
        limits in prop::sample::select(vec![0_usize, 2, 3]),
    ) {
        let kind = &KINDS[kind];
        let mut workspace = Workspace { lag_ms: lag_s * 1_000, limits, ..Workspace::new() };
        let scene = Scene {
            contact: workspace.contact(json!({ "external_id": "a", "email": "a@x.y", "role": "user" })),
            conversation: workspace.conversation(),
        };
        // Leads of one address are found by it; of the others several may say the same.
        let distinct = kind.action == "contacts";
        let names: Vec<String> = chosen
            .iter()
            .enumerate()
            .map(|(index, text)| if distinct { format!("t{index}") } else { format!("t{text}") })
            .collect();
        let rows: Vec<Value> = names.iter().map(|text| (kind.row)(&scene, text)).collect();
        let batch = of(kind.action, kind.mode, "b", &rows);
        for dies in deaths {
            workspace.run(batch.clone(), Some(dies));
            workspace.now_ms += 1_000;
        }
        let outcomes = finish(&mut workspace, &batch);
        for (text, outcome) in names.iter().zip(&outcomes) {
            let fine = matches!(outcome.status, OutcomeStatus::Created | OutcomeStatus::Updated);
            prop_assert!(fine, "{outcome:?}");
            let expected = names.iter().filter(|other| *other == text).count();
            prop_assert_eq!((kind.count)(&workspace, &scene, text), expected, "{} {}", kind.action, text);
        }
        // Each row has its own.
        let mut ids: Vec<&String> = outcomes.iter().filter_map(|one| one.object_id.as_ref()).collect();
        ids.sort_unstable();
        ids.dedup();
        prop_assert_eq!(ids.len(), outcomes.len());
        let sent = workspace.requests.len();
        prop_assert_eq!(workspace.write(batch), outcomes);
        prop_assert_eq!(workspace.requests.len() - sent, 0);
    }
}

#[test]
fn a_message_whose_fate_is_unknown_is_not_sent_again() {
    for dies in 0..6 {
        let mut workspace = Workspace::new();
        let contact = workspace.contact(json!({ "email": "a@x.y" }));
        let row = json!({ "contact_id": contact, "from_admin_id": 7, "body": "Hello" });
        let batch = of("messages", "send", "b", &[row]);
        let first = workspace.run(batch.clone(), Some(dies));
        let outcomes = workspace.write(batch);
        assert!(workspace.messages.len() <= 1);
        let sent = words(&outcomes)[0].clone();
        match first {
            Some(_) => assert_eq!(sent, "created"),
            None => assert!(
                sent == "created" || sent == "failed outcome_unknown",
                "{sent}"
            ),
        }
    }
}

#[test]
fn a_lead_is_merged_and_a_conversation_converted_once() {
    for dies in 0..8 {
        let mut workspace = Workspace::new();
        let lead = workspace.contact(json!({ "email": "a@x.y", "role": "lead" }));
        let user = workspace.contact(json!({ "email": "a@x.y", "role": "user" }));
        let row = json!({ "from_email": "a@x.y", "into_email": "A@x.y" });
        let merge = of("contacts", "merge", "b", &[row]);
        workspace.run(merge.clone(), Some(dies));
        if !workspace.gone.contains_key(&lead) || dies > 3 {
            // What the search finds no more cannot be looked up by it.
            let outcomes = workspace.write(merge);
            assert!(!outcomes.is_empty());
        }
        let by_id = json!({ "from_id": lead, "into_id": user });
        let again = of("contacts", "merge", "c", &[by_id]);
        workspace.run(again.clone(), Some(dies));
        workspace.write(again);
        assert_eq!(workspace.gone.get(&lead), Some(&Some(user)));

        let conversation = workspace.conversation();
        let row = json!({ "conversation_id": conversation, "ticket_type_id": "5", "ticket_attributes": { "_default_title_": "T" } });
        let convert = of("conversations", "convert", "b", &[row]);
        workspace.run(convert.clone(), Some(dies));
        let outcomes = workspace.write(convert);
        assert_eq!(words(&outcomes), ["created"], "{dies}: {outcomes:?}");
    }
}

/// Whatever one of them has sent, the other one leaves alone, also when it learns of it after a round of its own.
#[test]
fn two_calls_that_write_one_batch_at_once_write_each_row_once() {
    for pattern in 0_u32..200 {
        let mut workspace = Workspace::new();
        let rows: Vec<Value> = (0..130)
            .map(|_| workspace.contact(json!({})))
            .map(|contact| json!({ "contact_id": contact, "body": "Hi", "admin_id": "7" }))
            .collect();
        let batch = of("contact_notes", "create", "b", &rows);
        let mut calls = [(); 2].map(|()| {
            let mut call = workspace.operation(batch.clone());
            let step = call.step(Moment::default(), Input::Start);
            (call, Some(step))
        });
        let mut ended: Vec<Vec<Outcome>> = Vec::new();
        let mut seed = pattern;
        // What both have loaded is the same; who goes on next is any of them.
        for turn in 0..10_000 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let who = if turn < 2 { turn } else { (seed >> 16) % 2 };
            let (call, step) = &mut calls[who as usize];
            let Some(now) = step.take() else { continue };
            workspace.now_ms += 10;
            let moment = Moment {
                // Clocks are coarse.
                unix_ms: workspace.now_ms / 500 * 500,
                ..Moment::default()
            };
            match workspace.turn(now) {
                Ok(input) => *step = Some(call.step(moment, input)),
                Err(outcomes) => ended.push(outcomes.unwrap()),
            }
        }
        assert_eq!(ended.len(), 2);
        assert_eq!(workspace.notes.len(), rows.len(), "{pattern}");
        for (one, other) in ended[0].iter().zip(&ended[1]) {
            let both = words(&[one.clone(), other.clone()]);
            assert!(both.contains(&"created".to_owned()), "{both:?}");
        }
        let again = workspace.write(batch);
        assert_eq!(words(&again), vec!["created"; rows.len()], "{pattern}");
        assert_eq!(workspace.notes.len(), rows.len());
    }
}

/// Each of them has its own note, also when the answer to one is lost, one is refused, or the process dies.
#[test]
fn what_goes_to_all_of_several_is_done_once_for_each_of_them() {
    let limits = (0..5).flat_map(|loses| [0, 2, 3, 4].map(|limits| (loses, limits)));
    let cases = limits.flat_map(|(loses, limits)| (0..16).map(move |dies| (loses, limits, dies)));
    for (loses, limits, dies) in cases {
        let mut workspace = Workspace {
            config: json!({ "write": { "several": "all" } }),
            loses,
            limits,
            ..Workspace::new()
        };
        let rows = ["a@x.y", "b@x.y"].map(|email| {
            for _ in 0..3 {
                workspace.contact(json!({ "email": email, "role": "lead" }));
            }
            json!({ "email": email, "body": "Hi", "admin_id": "7" })
        });
        let batch = of("contact_notes", "create", "b", &rows);
        workspace.run(batch.clone(), Some(dies));
        workspace.now_ms += 1_000;
        let outcomes = finish(&mut workspace, &batch);
        let case = format!("{loses} {limits} {dies}");
        assert_eq!(words(&outcomes), ["created"; 2], "{case}");
        let mut whose: Vec<&String> = workspace.notes.iter().map(|(whose, _)| whose).collect();
        whose.sort_unstable();
        whose.dedup();
        assert_eq!((whose.len(), workspace.notes.len()), (6, 6), "{case}");
    }
}

/// Two leads of one address are two, and the search does not find the first one for a while.
#[test]
fn a_lead_whose_answer_was_lost_comes_again_when_it_can_be_found() {
    for (role, wait) in [("lead", Some(900_000)), ("user", None)] {
        let mut workspace = Workspace {
            lag_ms: 600_000,
            loses: 1,
            ..Workspace::new()
        };
        let row = json!({ "email": "a@x.y", "role": role });
        let batch = of("contacts", "upsert", "b", &[row]);
        let outcomes = workspace.write(batch.clone());
        let OutcomeStatus::Deferred(failure) = &outcomes[0].status else {
            panic!("{outcomes:?}");
        };
        assert!(failure.maybe_applied);
        assert_eq!(failure.retry_after_ms, wait);
        workspace.now_ms += wait.unwrap_or(1_000) as i64;
        let outcomes = workspace.write(batch);
        assert_eq!(
            outcomes[0].object_id.as_deref(),
            workspace.contacts[0]["id"].as_str()
        );
        assert_eq!(workspace.contacts.len(), 1);
    }
}

/// Memory of a call is never given back: the call ends before there is none left, and the next one goes on.
#[test]
fn a_call_ends_before_its_memory_does_and_the_next_one_goes_on() {
    for full in [0, 60 << 20] {
        let mut workspace = Workspace {
            leaks: 1 << 20,
            ..Workspace::new()
        };
        let rows: Vec<Value> = (0..200)
            .map(|_| workspace.contact(json!({})))
            .map(|contact| json!({ "contact_id": contact, "body": "Hi", "admin_id": "7" }))
            .collect();
        let batch = of("contact_notes", "create", "b", &rows);
        let mut calls = 0;
        loop {
            calls += 1;
            workspace.memory = full;
            let outcomes = words(&workspace.write(batch.clone()));
            let open = |word: &&String| *word != "created";
            assert!(
                outcomes
                    .iter()
                    .filter(open)
                    .all(|word| word == "deferred time_budget")
            );
            if !outcomes.iter().any(|word| word != "created") {
                break;
            }
        }
        assert_eq!(workspace.notes.len(), 200);
        // A first round of twenty goes out in any case.
        assert_eq!(calls, if full == 0 { 2 } else { 10 });
    }
}

#[test]
fn rounds_are_small_where_answers_are_large() {
    let mut workspace = Workspace::new();
    let rows: Vec<Value> = (0..100)
        .map(|_| workspace.conversation())
        .map(|id| json!({ "conversation_id": id, "body": "Hi", "admin_id": "7" }))
        .collect();
    for conversation in &mut workspace.conversations {
        conversation["source"]["body"] = "x".repeat(400_000).into();
    }
    let mut operation = workspace.operation(of("conversation_parts", "note", "b", &rows));
    let mut step = operation.step(Moment::default(), Input::Start);
    let mut rounds = Vec::new();
    let outcomes = loop {
        if let Step::Send(requests, _) = &step {
            rounds.push(requests.len());
        }
        match workspace.turn(step) {
            Ok(input) => step = operation.step(Moment::default(), input),
            Err(outcomes) => break outcomes.unwrap(),
        }
    };
    assert_eq!(words(&outcomes), ["created"; 100]);
    assert_eq!(rounds, [20, 10, 10, 10, 10, 10, 10, 10, 10]);
}

#[test]
fn nothing_that_could_be_done_twice_is_sent_without_a_journal() {
    let mut workspace = Workspace {
        stateless: true,
        ..Workspace::new()
    };
    let contact = workspace.contact(json!({ "email": "a@x.y" }));
    let row = json!({ "contact_id": contact, "body": "Hi" });
    let outcomes = workspace.write(of(
        "contact_notes",
        "create",
        "b",
        std::slice::from_ref(&row),
    ));
    assert_eq!(words(&outcomes), ["deferred journal_unavailable"]);
    assert!(workspace.notes.is_empty());
    workspace.stateless = false;
    let outcomes = workspace.write(of("contact_notes", "create", "b", &[row]));
    assert_eq!(
        (words(&outcomes), workspace.notes.len()),
        (vec!["created".to_owned()], 1)
    );
}
