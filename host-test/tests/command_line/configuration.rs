use crate::world::{CONNECTION, World};

/// Runs a check of this file and gives what it says; the file must be refused before anything is sent.
fn refused(world: &World, text: &str) -> String {
    let before = world.service.requests();
    world.write(CONNECTION, text);
    let finished = world.run(&["check"]);
    assert_eq!(finished.code, Some(64), "{finished:?}");
    assert_eq!(world.service.requests(), before);
    finished.err
}

#[test]
fn all_problems_come_at_once_with_their_places() {
    let world = World::new(&[]);
    let told = refused(
        &world,
        "connector: intercom\ncredentials: { acces_token: x }\nstrems: [contacts]\nmode: live\ndirection: 5\n",
    );
    for place in [
        "credentials.acces_token",
        "did you mean access_token?",
        "strems",
        "did you mean streams?",
        "mode (line 4)",
        "batch, realtime, hybrid",
        "direction (line 5)",
    ] {
        assert!(told.contains(place), "{place}: {told}");
    }
}

#[test]
fn what_is_no_yaml_is_said_with_its_line() {
    let world = World::new(&[]);
    let told = refused(
        &world,
        "connector: intercom\nconfig: { region: us\nmode: batch\n",
    );
    assert!(told.contains("line"), "{told}");
    assert!(told.contains(CONNECTION), "{told}");
}

#[test]
fn an_unset_variable_is_named() {
    let world = World::new(&[]);
    let told = refused(
        &world,
        "connector: intercom\ncredentials: { access_token: \"${NO_SUCH_VARIABLE}\" }\n",
    );
    assert!(told.contains("NO_SUCH_VARIABLE"), "{told}");
    assert!(told.contains("credentials.access_token"), "{told}");
}

#[test]
fn a_version_without_quotes_is_refused_with_the_reason() {
    let world = World::new(&[]);
    let told = refused(
        &world,
        "connector: intercom\nconfig: { api_version: 2.10 }\n",
    );
    assert!(told.contains("config.api_version"), "{told}");
    assert!(
        told.contains("2.10 for 2.1") && told.contains("quotes"),
        "{told}"
    );
}

#[test]
fn the_endpoint_of_a_foreign_host_needs_encryption() {
    let world = World::new(&[]);
    let told = refused(
        &world,
        "connector: intercom\nendpoint: http://example.com\n",
    );
    assert!(
        told.contains("endpoint") && told.contains("https"),
        "{told}"
    );
}

#[test]
fn what_the_component_refuses_is_told_with_all_places() {
    let world = World::new(&[]);
    world.connect(
        "config: { region: mars, api_version: \"9.9\" }\nfield_mapping: { email: E, name: E }\n",
    );
    let before = world.service.requests();
    let finished = world.run(&["read", "tags"]);
    assert_eq!(finished.code, Some(64), "{finished:?}");
    for place in ["config.region", "config.api_version", "field_mapping.name"] {
        assert!(finished.err.contains(place), "{place}: {finished:?}");
    }
    assert_eq!(world.service.requests(), before);
}

/// The second form, as its users write it.
fn nested(world: &World, enabled: bool) -> String {
    format!(
        "connectors:\n  intercom:\n    enabled: {enabled}\n    access_token: \"${{TOKEN}}\"\n    api_version: \"2.11\"\n    \
         endpoint: {}\n    sync: {{ contacts: true, companies: false, tags: true, orders: true }}\n    \
         direction: intercom_to_brevo\n    lists: {{ all_users: 35 }}\n    log_webhooks: true\n",
        world.service.url
    )
}

#[test]
fn the_second_form_reads_its_streams_and_names_what_it_leaves_out() {
    let world = World::new(&[]);
    world.write(CONNECTION, nested(&world, true));
    let finished = world.run(&["sync", "--output", "jsonl:out", "--json"]);
    // There are no orders: the others are complete.
    assert_eq!(finished.code, Some(3), "{finished:?}");
    // The list chooses the mapping.
    assert!(!finished.err.contains("lists.all_users"), "{finished:?}");
    let report = finished.document();
    assert_eq!(report["streams"]["orders"]["status"], "unavailable");
    // Leads without an address cannot be contacts there: they are counted.
    assert_eq!(world.lines("out/contacts.jsonl").len(), 240);
    assert_eq!(report["streams"]["contacts"]["notices"]["skipped"], 20);
    assert_eq!(world.lines("out/tags.jsonl").len(), 20);
    assert!(!world.path("out/companies.jsonl").exists());
    // Its direction is reading: it does not write.
    world.write("rows", "{\"email\":\"a@example.org\"}\n");
    let finished = world.run(&["write", "contacts", "--input", "rows"]);
    assert_eq!(finished.code, Some(64));
    assert!(finished.err.contains("direction"), "{finished:?}");
}

#[test]
fn a_connection_that_is_switched_off_does_nothing_and_says_so() {
    let world = World::new(&[]);
    let text = nested(&world, false);
    let told = refused(&world, &text);
    assert!(told.contains("switched off"), "{told}");
}

/// The names of requests are the component's; anything else goes by method and path.
#[test]
fn requests_are_capped_by_name_or_by_path() {
    let world = World::new(&["--contacts", "3"]);
    world.connect(
        "rate: { preset: premium, reserve: 20%, search_per_second: 5, scroll_per_minute: 60, \
         events_per_second: 10, caps: { \"GET /tags*\": 100/10s } }\n",
    );
    world.succeed(&["read", "contacts", "tags"]);
    let before = world.service.requests();
    world.connect("rate: { serch_per_second: 5, nothing_per_minute: 1 }\n");
    let finished = world.run(&["read", "contacts"]);
    assert_eq!(finished.code, Some(64), "{finished:?}");
    for part in [
        "rate.serch_per_second",
        "did you mean search?",
        "rate.nothing_per_minute",
    ] {
        assert!(finished.err.contains(part), "{part}: {finished:?}");
    }
    world.connect("rate: { preset: gold, reserve: all, search_per_hour: 5 }\n");
    let finished = world.run(&["read", "contacts"]);
    assert_eq!(finished.code, Some(64), "{finished:?}");
    for part in [
        "3 problems",
        "rate.preset",
        "rate.reserve",
        "rate.search_per_hour",
    ] {
        assert!(finished.err.contains(part), "{part}: {finished:?}");
    }
    assert_eq!(world.service.requests(), before);
}

/// A cap holds: so many requests in ten seconds, and the next ones wait.
#[test]
fn a_cap_is_kept() {
    let world = World::new(&["--contacts", "3", "--companies", "1"]);
    let read = |streams: &[&str]| {
        let started = std::time::Instant::now();
        let arguments = [&["read"][..], streams, &["--output", "sqlite:out.db"]].concat();
        world.succeed(&arguments);
        started.elapsed()
    };
    // What the check found is stored: each of these streams is one request from now on.
    read(&["tags"]);
    world.connect(
        "config: { region: us, api_version: \"2.11\" }\nrate: { requests_per_10_seconds: 3 }\n",
    );
    let span = std::time::Duration::from_secs(10);
    assert!(read(&["admins", "teams", "tags"]) < span);
    assert!(read(&["admins", "teams", "tags", "segments"]) >= span);
}
