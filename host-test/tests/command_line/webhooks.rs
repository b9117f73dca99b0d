use std::sync::OnceLock;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha1::Sha1;

use crate::http::send;
use crate::process::Running;
use crate::world::{CLIENT_SECRET, World};

pub fn signature(body: &[u8], secret: &str) -> String {
    let mut code = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("any key will do");
    code.update(body);
    let digits: String = code
        .finalize()
        .into_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha1={digits}")
}

/// When notifications are made, in seconds since 1970: the same in all of them, and not too long ago to be taken.
pub fn made_at() -> i64 {
    static MADE_AT: OnceLock<i64> = OnceLock::new();
    *MADE_AT.get_or_init(|| host_test::clock::now_ms() / 1_000)
}

pub fn notification(id: &str, topic: &str, item: &Value) -> Vec<u8> {
    json!({
        "type": "notification_event", "app_id": "simulator", "id": id, "topic": topic, "created_at": made_at(),
        "data": { "type": "notification_event_data", "item": item },
    })
    .to_string()
    .into_bytes()
}

/// A contact with everything by which it is known to be whole.
pub fn contact(id: &str) -> Value {
    json!({
        "type": "contact", "id": id, "name": "By webhook", "updated_at": "2024-01-02T03:04:05.000+00:00",
        "role": "user", "workspace_id": "simulator", "location": {},
    })
}

#[test]
fn one_delivery_from_files_is_verified() {
    let world = World::new(&[]);
    let body = notification("n1", "contact.user.updated", &contact("c1"));
    world.write("body", &body);
    world.write(
        "headers",
        format!("X-Hub-Signature: {}\n", signature(&body, CLIENT_SECRET)),
    );
    let arguments = ["webhook", "verify", "--body", "body"];
    let with = |more: &[&str]| -> Vec<String> {
        let all = arguments.iter().chain(more);
        all.map(|argument| (*argument).to_owned()).collect()
    };
    let run = |more: &[&str]| {
        let all = with(more);
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        world.run(&all)
    };
    let good = run(&["--headers-file", "headers"]);
    assert_eq!(good.code, Some(0), "{good:?}");
    let verdict = good.document();
    assert_eq!(
        (&verdict["verdict"], &verdict["id"]),
        (&json!("accepted"), &json!("n1"))
    );
    assert_eq!(verdict["entries"][0]["key"], "c1");
    assert_eq!(verdict["entries"][0]["data"]["updated_at"], 1_704_164_645);

    world.connect("webhooks: { topics: [contact.created, \"company.*\"] }\n");
    let verdict = run(&["--headers-file", "headers"]).document();
    assert_eq!(verdict["verdict"], "ignored");
    assert!(verdict["reason"].to_string().contains("webhooks.topics"));

    let forged = format!("X-Hub-Signature: {}", signature(&body, "another secret"));
    let upper = signature(&body, CLIENT_SECRET).to_uppercase();
    let upper = format!("X-Hub-Signature: {upper}");
    for (headers, code) in [
        (vec![], "unsigned"),
        (vec!["--header", forged.as_str()], "bad_signature"),
        (
            vec!["--header", "X-Hub-Signature: sha1=00"],
            "bad_signature",
        ),
    ] {
        let bad = run(&headers);
        assert_eq!(bad.code, Some(1), "{bad:?}");
        let verdict = bad.document();
        assert_eq!(
            (&verdict["verdict"], &verdict["code"]),
            (&json!("rejected"), &json!(code))
        );
    }
    // The same digits in capitals: whatever the verdict, it is one.
    let capitals = run(&["--header", &upper]);
    assert!(matches!(capitals.code, Some(0 | 1)), "{capitals:?}");
    capitals.document();
}

/// How to take webhooks.
pub const SERVE: [&str; 6] = [
    "webhook",
    "serve",
    "--listen",
    "127.0.0.1:0",
    "--output",
    "jsonl:hooks",
];

/// Starts taking webhooks; gives the URL too.
pub fn serve(world: &World) -> (Running, String) {
    serve_into(world, "jsonl:hooks")
}

/// The same into another output.
pub fn serve_into(world: &World, output: &str) -> (Running, String) {
    let mut arguments = SERVE;
    arguments[5] = output;
    let running = world.start(&arguments);
    let url = listening(&running);
    (running, url)
}

/// Where webhooks are taken, once they are.
pub fn listening(running: &Running) -> String {
    let line = running.line("webhooks on ");
    let url = line
        .split_whitespace()
        .find(|word| word.starts_with("http://"));
    url.expect("its URL").to_owned()
}

#[test]
fn deliveries_are_taken_once_and_only_when_genuine() {
    let world = World::new(&[]);
    let (running, url) = serve(&world);
    // The provider asks first whether anybody is there.
    assert_eq!(send("HEAD", &url, &[], b"").status, 200);

    // A delivery of the simulator.
    world.service.post("webhook-url", &json!({ "url": url }));
    let asked = json!({ "topic": "contact.user.updated", "item": contact("c1") });
    let delivered = world.service.post("webhook", &asked);
    assert_eq!(
        (&delivered["delivered"], &delivered["status"]),
        (&json!(true), &json!(200))
    );

    let body = notification(
        "n2",
        "contact.deleted",
        &json!({ "type": "contact", "id": "c2", "deleted": true }),
    );
    let signed = signature(&body, CLIENT_SECRET);
    let deliver = |signature: &str, body: &[u8]| {
        let headers = [
            ("content-type", "application/json"),
            ("x-hub-signature", signature),
        ];
        send("POST", &url, &headers, body).status
    };
    assert_eq!(deliver(&signed, &body), 200);
    assert_eq!(deliver(&signed, &body), 200);
    // Changed on its way, signed by somebody else, not signed, garbled, empty.
    let changed = String::from_utf8_lossy(&body)
        .replace("c2", "c3")
        .into_bytes();
    assert_eq!(deliver(&signed, &changed), 401);
    assert_eq!(deliver(&signature(&body, "guess"), &body), 401);
    assert_eq!(send("POST", &url, &[], &body).status, 401);
    assert_eq!(deliver(&signed, b""), 401);
    assert_eq!(deliver(&signature(b"{", CLIENT_SECRET), b"{"), 400);
    let large = vec![b' '; 10 << 20];
    assert_eq!(deliver(&signature(&large, CLIENT_SECRET), &large), 413);
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)).into_bytes();
    assert_eq!(deliver(&signature(&deep, CLIENT_SECRET), &deep), 400);
    // And goes on taking what is genuine.
    let other = notification("n3", "galaxy.created", &json!({}));
    assert_eq!(deliver(&signature(&other, CLIENT_SECRET), &other), 200);

    let finished = running.terminate();
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(
        finished.err.contains("2 accepted, 1 known, 1 ignored"),
        "{finished:?}"
    );
    let stored: Vec<(String, String)> = world
        .lines("hooks/contacts.jsonl")
        .iter()
        .map(|line| (line["key"].to_string(), line["change"].to_string()))
        .collect();
    let expected = [("\"c1\"", "\"upsert\""), ("\"c2\"", "\"delete\"")];
    assert_eq!(
        stored,
        expected.map(|(key, change)| (key.to_owned(), change.to_owned()))
    );

    // What was delivered before the service was started again is known to it.
    let (running, again) = serve(&world);
    let headers = [("x-hub-signature", signed.as_str())];
    assert_eq!(send("POST", &again, &headers, &body).status, 200);
    running.terminate();
    assert_eq!(world.lines("hooks/contacts.jsonl").len(), 2);
}

#[test]
fn without_a_secret_there_is_nothing_to_verify_with() {
    let world = World::new(&[]);
    let text = format!(
        "connector: intercom\ncredentials: {{ access_token: \"${{TOKEN}}\" }}\nendpoint: {}\n",
        world.service.url
    );
    world.write(crate::world::CONNECTION, text);
    let finished = world.run(&["webhook", "serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(finished.code, Some(64));
    assert!(finished.err.contains("client secret"), "{finished:?}");
}
