use crate::process::{Running, finish};
use crate::world::World;

/// Two processes, two connections, two outputs: one workspace, in which one may scroll at a time.
#[test]
fn the_second_process_waits_for_the_first_and_says_for_whom() {
    let world = World::new(&[]);
    let connection = std::fs::read(world.path("connection.yaml")).expect("a connection");
    world.write("second.yaml", connection);
    let read = |connection: &str, output: &str| {
        let mut command = world.command(&["read", "companies", "--connection"]);
        command.args([connection, "--output", output]);
        command
    };
    // Both are checked, so that nothing is asked before the walk.
    for (connection, output) in [
        ("connection.yaml", "sqlite:one.db"),
        ("second.yaml", "sqlite:two.db"),
    ] {
        let mut command = world.command(&["read", "tags", "--connection"]);
        command.args([connection, "--output", output]);
        assert_eq!(finish(command, b"").code, Some(0));
    }
    world.service.hold(2, false);
    let mut first = Running::start(read("connection.yaml", "sqlite:one.db"), b"");
    assert!(world.until_held_back(&mut first));
    let second = Running::start(read("second.yaml", "sqlite:two.db"), b"");
    let line = second.line("… companies: waiting for the connection connection-");
    assert!(line.contains(&format!("process {}", first.id())), "{line}");
    world.service.release();
    for (running, database) in [(first, "one.db"), (second, "two.db")] {
        let finished = running.end();
        assert_eq!(finished.code, Some(0), "{finished:?}");
        assert_eq!(world.rows(database, "companies"), 130);
    }
}
