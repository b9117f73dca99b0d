//! A call that ended becomes a ticket with what is known of it.

use serde_json::{Value, json};

use crate::process::until;
use crate::receiver::Receiver;
use crate::webhooks::{SERVE, listening};
use crate::world::World;

const VERSION: &str = "2.14";

#[test]
fn a_call_becomes_a_ticket_with_its_duration_and_what_was_said() {
    let world = World::new(&["--contacts", "20", "--companies", "3", "--calls", "12"]);
    let receiver = Receiver::start();
    world.connect(&format!(
        "config: {{ region: us, api_version: \"{VERSION}\" }}\nintents: {{ output: \"{}\" }}\n\
         triggers: {{ call: {{ on: call.ended, action: ticket, mapping: {{ preset: ticket, mask: phone }} }} }}\n",
        receiver.url
    ));
    let calls = world.service.ask_in(VERSION, "/calls?per_page=12");
    let mut calls = calls["data"].as_array().expect("calls").iter();
    let told = |call: &&Value| call["transcription_url"].is_string() && call["ended_at"].is_i64();
    let call = calls.find(told).expect("one that was written down");
    assert_eq!(
        call["duration"],
        Value::Null,
        "nobody says how long it took"
    );
    let id = call["id"].as_str().expect("an id");

    let running = world.start(&SERVE);
    let url = listening(&running);
    world.service.post("webhook-url", &json!({ "url": url }));
    // The delivery knows neither its end nor what was said.
    let mut item = call.clone();
    item["ended_at"] = Value::Null;
    let delivery = json!({ "topic": "call.ended", "item": item });
    assert_eq!(world.service.post("webhook", &delivery)["status"], 200);
    until(|| receiver.count() == 1);
    assert_eq!(running.terminate().code, Some(0));

    let came = receiver.came().remove(0);
    assert_eq!(came.body["key"], *id);
    let ticket = &came.body["record"];
    let seconds = |name: &str| call[name].as_i64().expect("a second");
    let told = &ticket["call"];
    assert_eq!(
        told["duration"],
        seconds("ended_at") - seconds("initiated_at")
    );
    assert_eq!(told["direction"], call["direction"]);
    assert_eq!(told["recording_url"], call["recording_url"]);
    let transcript = told["transcript"].as_str().expect("what was said");
    assert!(transcript.contains("Thank you"), "{transcript}");
    let phone = call["phone"].as_str().expect("a number");
    assert!(!ticket.to_string().contains(phone), "{ticket}");
    let conversation = call["conversation_id"].as_str().expect("its conversation");
    assert_eq!(ticket["external_id"], *conversation);
    let link = ticket["link"].as_str().expect("a link");
    assert!(link.ends_with(conversation), "{link}");
}
