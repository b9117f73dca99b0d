//! What becomes of a row is handed on behind what was handed on first, also when that is tried again.

use serde_json::json;

use crate::process::{finish, until};
use crate::receiver::Receiver;
use crate::webhooks::{SERVE, listening};
use crate::world::World;

#[test]
fn what_is_said_later_is_handed_on_after_what_is_tried_again() {
    let (world, ids) = World::with_conversations();
    let receiver = Receiver::start();
    world.connect(&format!(
        "config: {{ region: us, api_version: \"2.11\" }}\nstreams: [conversations]\n\
         intents: {{ output: \"{}\" }}\n\
         triggers: {{ refund: {{ on: conversation.user.replied, when: {{ keyword: refund }}, action: ticket }} }}\n",
        receiver.url
    ));
    let running = world.start(&[&SERVE[..], &["--time-scale", "20"]].concat());
    let url = listening(&running);
    world.service.post("webhook-url", &json!({ "url": url }));
    receiver.answers(500, None);
    world.says(&ids[0], "I want a refund");
    until(|| receiver.count() >= 1);
    world.says(&ids[0], "It is the blue one");
    let intents = |state: &str| {
        let arguments = ["intents", "list", "--json", "--output", "jsonl:hooks"];
        let all = [&arguments[..], &["--status", state]].concat();
        let listed = finish(world.command(&all), b"").document();
        listed["intents"].as_array().expect("a list").len()
    };
    until(|| intents("pending") + intents("running") == 2);
    let tried = receiver.count();
    until(|| receiver.count() > tried);
    receiver.answers(202, None);
    until(|| intents("done") == 2);
    let seen = receiver.seen().into_iter();
    let seen: Vec<bool> = seen.map(|one| one.body["follow_up"] == true).collect();
    let news = seen.iter().filter(|follows| **follows).count();
    assert_eq!((news, seen.last()), (1, Some(&true)), "{seen:?}");
    assert_eq!(running.terminate().code, Some(0));
}
