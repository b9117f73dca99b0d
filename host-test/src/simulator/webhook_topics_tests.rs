//! What is told of which change, and in which form.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::catalogue::CatalogueKind;
use super::desk::Desk;
use super::testing::{Bench, Receiver, reply};
use super::topics::{Subject, TOPICS};
use super::version::ApiVersion;
use super::{Happening, NewPart, Options, WebhookOptions};

async fn subscribed(receiver: &Receiver, webhooks: WebhookOptions) -> Bench {
    let bench = Bench::start(Options {
        time_scale: 600.0,
        webhook_url: Some(receiver.url.clone()),
        webhooks,
        ..Options::default()
    });
    bench.await
}

fn in_version(version: &str) -> WebhookOptions {
    WebhookOptions {
        version: ApiVersion::parse(version).unwrap(),
        ..WebhookOptions::default()
    }
}

/// Everything that was told, once all of it came.
async fn told(bench: &Bench, receiver: &Receiver) -> Vec<(String, Value)> {
    for _ in 0..500 {
        if bench.workspace().pending_webhooks() == 0 {
            let bodies = receiver.bodies().into_iter();
            return bodies
                .map(|body| {
                    let topic = body["topic"].as_str().unwrap().to_owned();
                    (topic, body["data"]["item"].clone())
                })
                .collect();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{:?}", bench.workspace().webhook_deliveries());
}

/// The item that was told under a topic.
fn item<'a>(told: &'a [(String, Value)], topic: &str) -> &'a Value {
    let found = told.iter().find(|(name, _)| name == topic);
    let names: BTreeSet<_> = told.iter().map(|(name, _)| name).collect();
    &found
        .unwrap_or_else(|| panic!("{topic} is none of {names:?}"))
        .1
}

fn happening(document: Value) -> Happening {
    serde_json::from_value(document).unwrap()
}

#[tokio::test]
async fn every_topic_has_an_item_in_every_version() {
    let bench = Bench::start(Options::default()).await;
    let workspace = bench.workspace();
    let state = workspace.read();
    let contact = state.contacts.current().live(0).unwrap();
    let merged = state.contacts.current().live(1).unwrap();
    let company = state.companies.company(0).unwrap();
    let conversation = state.conversations.current().live(3).unwrap();
    let ticket = state.tickets.current().live(0).unwrap();
    let mut events = (0..100).flat_map(|number| state.events.of(&workspace.generator, number));
    let event = events.next();
    let facts = json!({"content": "series", "id": "7", "content_id": 1, "stat": "receipt", "resource_id": "1"});
    for version in ["2.11", "2.12", "2.13", "2.14", "2.15", "2.16"] {
        let version = ApiVersion::parse(version).unwrap();
        let desk = Desk::new(workspace, &state, version);
        for topic in TOPICS {
            let kind = match topic.name.split('.').next() {
                Some("article") => CatalogueKind::Articles,
                Some("call") => CatalogueKind::Calls,
                _ => CatalogueKind::ActivityLogs,
            };
            let object = state.catalogue.shelf(kind).item(0).unwrap();
            let subject = Subject {
                contact: Some(&contact),
                merged: Some(&merged),
                company: Some(&company),
                conversation: Some(&conversation),
                ticket: Some(&ticket),
                part: Some(0),
                tag: state.tags.keys().next().copied(),
                subscription: Some(135),
                event: event.as_ref(),
                admin: Some(0),
                object: Some((kind, &object)),
                facts: Some(&facts),
            };
            let item = (topic.item)(desk, subject);
            assert!(item.is_some_and(|item| item.is_object()), "{}", topic.name);
            assert_eq!(
                (topic.item)(desk, Subject::default()).is_some(),
                topic.name == "ping"
            );
        }
    }
}

#[tokio::test]
async fn a_contact_is_told_of_in_the_form_of_the_version() {
    for (version, is_text) in [
        ("2.11", true),
        ("2.12", true),
        ("2.13", false),
        ("2.16", false),
    ] {
        let receiver = Receiver::start(200, &[]).await;
        let bench = subscribed(&receiver, in_version(version)).await;
        let fields = json!({"email": "n@example.com", "avatar": "https://example.com/n.png"});
        bench.workspace().create_contact(fields).unwrap();
        let told = told(&bench, &receiver).await;
        let item = item(&told, "contact.user.created");
        for name in ["created_at", "updated_at"] {
            assert_eq!(item[name].is_string(), is_text, "{version}: {item}");
            assert_eq!(item[name].is_i64(), !is_text, "{version}: {item}");
        }
        assert_eq!(item["avatar"], "https://example.com/n.png");
        assert_eq!(
            (&item["sms_consent"], &item["unsubscribed_from_sms"]),
            (&json!(false), &json!(false))
        );
    }
}

#[tokio::test]
async fn what_becomes_of_a_contact_is_told_beside_the_change() {
    let receiver = Receiver::start(200, &[]).await;
    let bench = subscribed(&receiver, WebhookOptions::default()).await;
    let workspace = bench.workspace();
    let lead = workspace.create_contact(json!({"role": "lead"})).unwrap();
    for patch in [
        json!({"email": "lead@example.com"}),
        json!({"role": "user", "external_id": "signed-up"}),
        json!({"email": "user@example.com"}),
        json!({"unsubscribed_from_emails": true}),
        json!({"unsubscribed_from_emails": false}),
    ] {
        workspace.touch_contact(&lead, patch).unwrap();
    }
    let tag = workspace.tags()[0]["id"].clone();
    let tags = format!("/contacts/{lead}/tags");
    bench.post(&tags, &json!({"id": tag})).await;
    bench
        .delete(&format!("{tags}/{}", tag.as_str().unwrap()))
        .await;
    let company = workspace.company_ids().next().unwrap();
    let companies = format!("/contacts/{lead}/companies");
    bench.post(&companies, &json!({"id": company})).await;
    bench.delete(&format!("{companies}/{company}")).await;
    // The first type is on for everybody, the second one is off.
    let subscriptions = format!("/contacts/{lead}/subscriptions");
    bench
        .post(
            &subscriptions,
            &json!({"id": "135", "consent_type": "opt_out"}),
        )
        .await;
    bench.delete(&format!("{subscriptions}/135")).await;
    workspace
        .add_event(&lead, "called", None, Map::new(), false)
        .unwrap();
    workspace.delete_company(&company).unwrap();
    let told = told(&bench, &receiver).await;
    let item = |topic: &str| item(&told, topic);
    assert_eq!(item("contact.lead.created")["id"], lead.as_str());
    assert_eq!(
        item("contact.lead.added_email")["email"],
        "lead@example.com"
    );
    assert_eq!(item("contact.lead.signed_up")["role"], "user");
    assert_eq!(item("contact.email.updated")["email"], "user@example.com");
    let consent = item("contact.unsubscribed");
    assert_eq!(
        (&consent["type"], &consent["contact"]["id"]),
        (&json!("contact_unsubscribe"), &json!(lead))
    );
    assert_eq!(item("contact.subscribed")["type"], "contact_subscribe");
    let tagged = item("contact.user.tag.created");
    assert_eq!(
        (
            &tagged["type"],
            &tagged["tag"]["id"],
            &tagged["contact"]["id"]
        ),
        (&json!("contact_tag"), &tag, &json!(lead))
    );
    assert_eq!(
        item("contact.user.tag.deleted")["contact"]["tags"]["total_count"],
        0
    );
    for topic in ["company.contact.attached", "company.contact.detached"] {
        let both = item(topic);
        assert_eq!(
            (&both["company"]["id"], &both["contact"]["id"]),
            (&json!(company), &json!(lead))
        );
        assert!(both["company"]["tag_ids"].is_array() && both["company"]["created_at"].is_string());
    }
    for (topic, kind) in [
        ("granular.unsubscribe", "granular_unsubscribe"),
        ("granular.subscribe", "granular_subscribe"),
    ] {
        let granular = item(topic);
        assert_eq!(granular["type"], kind);
        assert_eq!(granular["subscription_types"]["data"][0]["id"], "135");
    }
    let event = item("event.created");
    assert_eq!(
        (
            &event["type"],
            &event["event_name"],
            &event["intercom_user_id"]
        ),
        (&json!("event"), &json!("called"), &json!(lead))
    );
    assert_eq!(
        item("company.deleted"),
        &json!({"id": company, "type": "company", "deleted": true})
    );
}

#[tokio::test]
async fn what_happens_without_a_request_is_told() {
    let receiver = Receiver::start(200, &[]).await;
    let bench = subscribed(&receiver, in_version("2.14")).await;
    let workspace = bench.workspace();
    let contact = workspace.contact_ids().next().unwrap();
    let company = workspace.company_ids().next().unwrap();
    let conversation = workspace.conversation_ids().nth(1).unwrap();
    let ticket = workspace.ticket_ids().next().unwrap();
    let admin = workspace.happen(&Happening::AdminAdded).unwrap().unwrap();
    assert_eq!(workspace.admins().len(), 6);
    for document in [
        json!({"happening": "admin_away", "admin": admin, "away": true, "reason": "Lunch"}),
        json!({"happening": "admin_logged_in", "admin": admin}),
        json!({"happening": "admin_logged_out", "admin": admin}),
        json!({"happening": "admin_removed", "admin": admin}),
        json!({"happening": "visitor_signed_up", "contact": {"email": "visitor@example.com"}}),
        json!({"happening": "content_stat", "content": "series", "stat": "receipt", "contact": contact, "company": company}),
        json!({"happening": "job_completed", "job": "20", "ticket": ticket}),
        json!({"happening": "conversation_read", "conversation": conversation}),
        json!({"happening": "conversation_rated", "conversation": conversation, "rating": 4}),
        json!({"happening": "conversation_priority", "conversation": conversation, "priority": "high"}),
        json!({"happening": "ticket_rated", "ticket": ticket}),
        json!({"happening": "ping"}),
    ] {
        workspace.happen(&happening(document)).unwrap();
    }
    assert_eq!(workspace.admins().len(), 5);
    for kind in [CatalogueKind::Articles, CatalogueKind::Calls] {
        let id = workspace.create_catalogue_object(kind);
        workspace.touch_catalogue_object(kind, &id).unwrap();
        if kind == CatalogueKind::Articles {
            for published in [true, false, true, false] {
                workspace.publish_article(&id, published).unwrap();
            }
        }
        workspace.delete_catalogue_object(kind, &id).unwrap();
    }
    workspace.create_catalogue_object(CatalogueKind::ActivityLogs);
    let told = told(&bench, &receiver).await;
    let item = |topic: &str| item(&told, topic);
    for topic in [
        "admin.added_to_workspace",
        "admin.removed_from_workspace",
        "admin.logged_in",
        "admin.logged_out",
    ] {
        assert_eq!(item(topic)["id"].to_string(), admin, "{topic}");
    }
    let away = item("admin.away_mode_updated");
    assert_eq!(
        (&away["away_mode_enabled"], &away["away_status_reason"]),
        (&json!(true), &json!("Lunch"))
    );
    let activity = item("admin.activity_log_event.created");
    assert_eq!(activity["type"], "admin_activity_log_event");
    let visitor = item("visitor.signed_up");
    assert_eq!(
        (&visitor["type"], &visitor["email"]),
        (&json!("user"), &json!("visitor@example.com"))
    );
    let stat = item("content_stat.series");
    assert_eq!(
        (
            &stat["type"],
            &stat["content_stat"]["stat_type"],
            &stat["contact"]["id"],
            &stat["company"]["id"]
        ),
        (
            &json!("content_stat.series"),
            &json!("receipt"),
            &json!(contact),
            &json!(company)
        )
    );
    let job = item("job.completed");
    assert_eq!(
        (&job["status"], &job["resource_id"]),
        (&json!("success"), &json!(ticket))
    );
    assert_eq!(item("conversation.read")["read"], true);
    assert_eq!(
        item("conversation.rating.added")["conversation_rating"]["rating"],
        4
    );
    assert_eq!(
        item("conversation.priority.updated")["priority"],
        "priority"
    );
    assert_eq!(item("ticket.rating.provided")["id"], ticket.as_str());
    for topic in [
        "article.created",
        "article.updated",
        "article.published",
        "article.unpublished",
        "article.deleted",
    ] {
        let article = item(topic);
        assert!(
            article["updated_at"].as_str().unwrap().ends_with('Z'),
            "{article}"
        );
    }
    assert_eq!(item("article.published")["state"], "published");
    assert_eq!(item("article.unpublished")["state"], "draft");
    assert_eq!(item("call.started")["ended_at"], Value::Null);
    for topic in [
        "call.ended",
        "call.transcription_available",
        "call.recording_available",
    ] {
        assert_eq!(item(topic)["type"], "call", "{topic}");
    }
    assert_eq!(item("ping")["type"], "ping");
    let without_id: BTreeSet<String> = receiver
        .bodies()
        .iter()
        .filter(|body| body["id"].is_null())
        .map(|body| body["topic"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        without_id,
        BTreeSet::from(["conversation.read".to_owned(), "ping".to_owned()])
    );
}

#[tokio::test]
async fn texts_are_plain_from_2_15_on_and_an_ended_conversation_closes_its_ticket() {
    for version in ["2.14", "2.15"] {
        let receiver = Receiver::start(200, &[]).await;
        let bench = subscribed(&receiver, in_version(version)).await;
        let workspace = bench.workspace();
        let is_newer = version == "2.15";
        // Conversation 3 is the one that the first ticket belongs to.
        let conversation = workspace.conversation_ids().find(|id| {
            let conversation = workspace.conversation(id).unwrap();
            conversation["linked_objects"]["total_count"] == 1
        });
        let conversation = conversation.unwrap();
        let say = |part: &NewPart| {
            workspace
                .add_conversation_part(&conversation, part)
                .unwrap()
        };
        say(&NewPart::of_type("open"));
        let part = say(&NewPart::comment("<p>Hello <b>you</b></p>"));
        say(&NewPart::of_type("snoozed"));
        say(&NewPart::of_type("open"));
        say(&NewPart::of_type("close"));
        let tickets: Vec<String> = workspace.ticket_ids().collect();
        let open = |id: &&String| workspace.ticket(id).unwrap()["open"] == true;
        let ticket = tickets.iter().skip(1).find(open).unwrap();
        workspace.resolve_ticket(ticket).unwrap();
        let told = told(&bench, &receiver).await;
        let replied = item(&told, "conversation.admin.replied");
        let parts = &replied["conversation_parts"];
        assert_eq!(
            (&parts["total_count"], &parts["conversation_parts"][0]["id"]),
            (&json!(1), &json!(part))
        );
        let body = if is_newer {
            "Hello you"
        } else {
            "<p>Hello <b>you</b></p>"
        };
        assert_eq!(parts["conversation_parts"][0]["body"], body);
        let statistics = &replied["statistics"];
        assert!(
            statistics["last_admin_reply_at"]
                .as_str()
                .unwrap()
                .ends_with('Z')
        );
        assert!(replied["updated_at"].is_i64() && replied["teammates"]["admins"].is_array());
        assert_eq!(item(&told, "conversation.admin.unsnoozed")["state"], "open");
        assert_eq!(
            item(&told, "conversation.admin.snoozed")["state"],
            "snoozed"
        );
        let state = item(&told, "ticket.state.updated");
        assert_eq!(
            (
                &state["type"],
                &state["ticket"]["id"],
                &state["ticket_part"]["part_type"]
            ),
            (
                &json!("ticket_ticket_part"),
                &json!(ticket),
                &json!("ticket_state_updated_by_admin")
            )
        );
        let closed = item(&told, "ticket.closed");
        if is_newer {
            assert_eq!(item(&told, "ticket.resolved")["id"], ticket.as_str());
            assert_eq!(
                (&closed["type"], &closed["id"], &closed["ticket"]["type"]),
                (
                    &json!("conversation"),
                    &json!(conversation),
                    &json!("ticket")
                )
            );
        } else {
            assert_eq!(
                (&closed["type"], &closed["id"]),
                (&json!("ticket"), &json!(ticket))
            );
        }
    }
}

#[tokio::test]
async fn the_control_door_makes_things_happen_disturbs_and_shows() {
    let receiver = Receiver::start(200, &[]).await;
    let bench = subscribed(&receiver, WebhookOptions::default()).await;
    let say = async |what: &str, document: Value| {
        let request = bench.bare_request(Method::POST, &format!("/_simulator/{what}"));
        reply(request.body(document.to_string())).await
    };
    let see = async |what: &str| {
        let request = bench.bare_request(Method::GET, &format!("/_simulator/{what}"));
        reply(request).await
    };
    let added = say("happen", json!({"happening": "admin_added"})).await;
    let id = added.body["id"].as_str().unwrap();
    let admins = see("documents/admins").await.body;
    let ids = admins["data"].as_array().unwrap().iter();
    assert!(ids.map(|admin| &admin["id"]).any(|found| found == id));
    let disturbance = say("webhook-disturbance", json!({"lost": 100})).await;
    assert_eq!(
        disturbance.body,
        json!({"lost": 100, "doubled": 0, "reordered": 0})
    );
    say("happen", json!({"happening": "ping"})).await;
    let told = told(&bench, &receiver).await;
    assert_eq!(told.len(), 1, "{told:?}");
    let summary = see("webhooks").await.body;
    assert_eq!(
        (
            &summary["sent"],
            &summary["pending"],
            &summary["disturbance"]["lost"]
        ),
        (&json!(2), &json!(0), &json!(100))
    );
    let page = see("documents/contacts?limit=3&skip=2&version=2.16")
        .await
        .body;
    assert_eq!(
        (page["data"].as_array().unwrap().len(), &page["next"]),
        (3, &json!(5))
    );
    let parts = see("documents/conversation_parts").await.body;
    assert!(parts["data"][0]["conversation_id"].is_string());
    for (what, document) in [
        ("happen", json!({"happening": "rain"})),
        (
            "happen",
            json!({"happening": "admin_removed", "admin": "1"}),
        ),
        ("webhook-disturbance", json!({"lost": 5, "found": 5})),
    ] {
        assert_eq!(say(what, document).await.status, 400, "{what}");
    }
    for what in ["documents/galaxies", "documents/contacts?version=9"] {
        assert_eq!(see(what).await.status, 400, "{what}");
    }
}

#[tokio::test]
async fn older_names_are_sent_when_asked_for() {
    let receiver = Receiver::start(200, &[]).await;
    let options = WebhookOptions {
        old_names: true,
        ..WebhookOptions::default()
    };
    let bench = subscribed(&receiver, options).await;
    let workspace = bench.workspace();
    let id = workspace
        .create_contact(json!({"email": "old@example.com"}))
        .unwrap();
    workspace
        .touch_contact(&id, json!({"name": "Old"}))
        .unwrap();
    workspace.delete_contact(&id).unwrap();
    let told = told(&bench, &receiver).await;
    let names: BTreeSet<_> = told.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        BTreeSet::from(["user.created", "contact.user.updated", "user.deleted"])
    );
}
