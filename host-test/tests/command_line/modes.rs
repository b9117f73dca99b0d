use serde_json::json;

use crate::webhooks::{SERVE, contact, serve_into};
use crate::world::World;

const OUTPUT: &str = "sqlite:out.db";

fn world(mode: &str) -> World {
    let world = World::new(&["--contacts", "20", "--companies", "3"]);
    world.connect(&format!("mode: {mode}\nstreams: [contacts]\n"));
    world
}

/// Takes one webhook about a contact that the workspace does not have.
fn take_one(world: &World) {
    let (running, url) = serve_into(world, OUTPUT);
    world.service.post("webhook-url", &json!({ "url": url }));
    let told = json!({ "topic": "contact.user.updated", "item": contact("by-webhook") });
    let delivery = world.service.post("webhook", &told);
    assert_eq!(delivery["delivered"], true, "{delivery}");
    let finished = running.terminate();
    assert_eq!(finished.code, Some(0), "{finished:?}");
}

#[test]
fn realtime_takes_webhooks_and_no_syncs() {
    let world = world("realtime");
    let refused = world.run(&["sync", "--output", OUTPUT]);
    assert_eq!(refused.code, Some(64), "{refused:?}");
    assert!(
        refused.err.contains("`mode: realtime`") && refused.err.contains("webhook serve"),
        "{refused:?}"
    );
    take_one(&world);
    assert_eq!(world.rows("out.db", "contacts"), 1);
}

/// Where another system tells things, see `callbacks`.
#[test]
fn batch_syncs_and_takes_no_webhooks() {
    let world = world("batch");
    let refused = world.run(&SERVE);
    assert_eq!(refused.code, Some(64), "{refused:?}");
    assert!(
        refused.err.contains("`mode` realtime or hybrid"),
        "{refused:?}"
    );
    world.succeed(&["sync", "--output", OUTPUT]);
    assert_eq!(world.rows("out.db", "contacts"), 20);
}

#[test]
fn hybrid_does_both_into_one_output() {
    let world = world("hybrid");
    world.succeed(&["sync", "--output", OUTPUT]);
    take_one(&world);
    assert_eq!(world.rows("out.db", "contacts"), 21);
    world.succeed(&["sync", "--output", OUTPUT]);
    assert_eq!(world.rows("out.db", "contacts"), 21);
}
