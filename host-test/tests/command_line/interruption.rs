use crate::stored::{Sink, line_count};
use crate::world::{World, keys};

/// Ends a read of contacts when its n-th request is out.
fn end_at(world: &World, request: u64, output: &str) {
    world.service.hold(request, false);
    let mut running = world.start(&arguments(output));
    assert!(world.until_held_back(&mut running));
    assert_eq!(running.kill().code, None);
    crate::process::until(|| world.service.held_back() == 0);
    world.service.release();
}

/// Has the connection checked, so that what comes next is pages alone; gives the number of requests so far.
fn check(world: &World, output: &str) -> u64 {
    world.succeed(&["read", "tags", "--output", output]);
    world.service.requests()
}

fn arguments(output: &str) -> [&str; 6] {
    ["read", "contacts", "--page-rows", "20", "--output", output]
}

#[test]
fn no_page_that_was_stored_is_asked_for_again() {
    for sink in [Sink::Files, Sink::Database] {
        let world = World::new(&[]);
        let checked = check(&world, sink.argument());
        for request in [3, 6, 3] {
            end_at(&world, request, sink.argument());
        }
        world.succeed(&arguments(sink.argument()));
        // Thirteen pages and a search; what was out when the read ended was not looked at.
        assert_eq!(world.service.requests() - checked, 14);
        assert_eq!(sink.rows(&world, "contacts").len(), 260);
    }
}

/// What lies behind the committed length of a file belongs to a process that died before its commit.
#[test]
fn half_a_line_at_the_end_of_a_file_is_cut_off() {
    let world = World::new(&[]);
    check(&world, "jsonl:out");
    end_at(&world, 3, "jsonl:out");
    let path = world.path("out/contacts.jsonl");
    let mut text = std::fs::read(&path).expect("the first pages");
    text.extend_from_slice(b"{\"stream\":\"contacts\",\"key\":\"half");
    std::fs::write(&path, text).expect("half a line");
    world.succeed(&arguments("jsonl:out"));
    let contacts = world.lines("out/contacts.jsonl");
    assert_eq!(line_count(&world, "contacts"), 260);
    assert_eq!(keys(&contacts).len(), 260);
}
