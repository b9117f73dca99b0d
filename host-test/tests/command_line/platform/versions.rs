use serde_json::{Value, json};

use super::{CONTROL, Server, connect, document};
use crate::http::send;
use crate::process::{component, finish, until};
use crate::world::World;

/// Another build of the same component: a custom section more.
fn other_build() -> Vec<u8> {
    let mut bytes = std::fs::read(component()).unwrap();
    bytes.extend([0, 6, 5, b'b', b'u', b'i', b'l', b'd']);
    bytes
}

/// Adds a build through the control API; gives its hash.
fn add(server: &Server, bytes: &[u8]) -> String {
    let authorization = format!("Bearer {CONTROL}");
    let headers = [("authorization", authorization.as_str())];
    let url = format!("{}/components", server.control);
    let answer = send("POST", &url, &headers, bytes);
    let text = String::from_utf8(answer.body).unwrap();
    assert_eq!(answer.status, 200, "{text}");
    let added: Value = serde_json::from_str(&text).unwrap();
    added["sha256"].as_str().unwrap().to_owned()
}

fn activate(server: &Server, status: u16, asked: &Value) -> Value {
    server.json(status, "POST", "/components/activate", &asked.to_string())
}

/// Whose next call takes a version.
fn runs(server: &Server, sha256: &str) -> Value {
    let document = server.json(200, "GET", "/components", "");
    let running = document["running"].as_array().unwrap().clone();
    let mut versions = running.into_iter();
    let found = versions.find(|version| version["sha256"] == sha256);
    found.map_or(Value::Null, |version| version["connections"].clone())
}

#[test]
fn versions_are_put_in_place_while_the_server_runs_and_only_where_they_can_go_on() {
    let world = World::new(&["--contacts", "5", "--companies", "3"]);
    connect(&world, "mode: batch\nstreams: [contacts]\n");
    let lines = "schedule: { every: 1h }\nconnections:\n\
         - { file: connection.yaml, name: one, output: jsonl }\n\
         - { file: connection.yaml, name: two }\n";
    let server = Server::start(&world, lines);
    for name in ["one", "two"] {
        server.until_synced(name, "complete");
    }
    let first = add(&server, &std::fs::read(component()).unwrap());
    let second = add(&server, &other_build());
    activate(&server, 200, &json!({"version": first}));
    assert_eq!(runs(&server, &first), json!(["one", "two"]));
    let swapped = activate(
        &server,
        200,
        &json!({"version": second, "connection": "two"}),
    );
    assert_eq!(swapped["swapped"][0]["connection"], "two");
    assert_eq!(runs(&server, &second), json!(["two"]));
    server.json(
        200,
        "POST",
        "/components/rollback",
        r#"{"connection":"two"}"#,
    );
    assert_eq!(runs(&server, &first), json!(["one", "two"]));

    // Every refusal is a document.
    for (status, asked, said) in [
        (
            404,
            json!({"version": "9.9.9"}),
            "there is no version `9.9.9`",
        ),
        (400, json!({"versoin": "9.9.9"}), "versoin"),
        (409, json!({"version": "0.1.0"}), "means several versions"),
        (422, json!({"version": second, "canary": 100}), "1 to 99"),
    ] {
        let refused = activate(&server, status, &asked);
        let text = refused["error"].as_str().unwrap();
        assert!(text.contains(said), "{asked}: {text}");
    }

    // A position that another version left, in a format of its own.
    let path = "data/connections/one/records/.state.json";
    let mut state: Value =
        serde_json::from_slice(&std::fs::read(world.path(path)).unwrap()).unwrap();
    let stream = &mut state["state"]["streams"]["contacts"];
    stream["sequence"] = json!(1_000);
    stream["positions"]["55"] =
        json!({"checkpoint": {"text": "7!"}, "selection": "all", "format": 55, "sequence": 1_000});
    world.write(path, state.to_string());
    let refused = activate(&server, 409, &json!({"version": second}));
    let text = refused["error"].as_str().unwrap();
    let said = "does not read cursors of format 55, in which one (contacts) is stored";
    assert!(text.contains(said), "{text}");
    assert_eq!(runs(&server, &second), json!([]));
    // A name that nobody has is a slip.
    let nobody = activate(
        &server,
        404,
        &json!({"version": second, "connection": "tow"}),
    );
    assert!(
        nobody["error"]
            .as_str()
            .unwrap()
            .contains("did you mean two?"),
        "{nobody}"
    );
    let same = activate(&server, 409, &json!({"version": first, "canary": 10}));
    assert!(
        same["error"]
            .as_str()
            .unwrap()
            .contains("a canary tries another version"),
        "{same}"
    );
    // Whoever has none of it is not held up, and on the command line the same holds.
    activate(
        &server,
        200,
        &json!({"version": second, "connection": "two"}),
    );
    let mut command = world.command(&["component", "activate", &second]);
    command.env("HOST_TEST_COMPONENTS", world.path("data/components"));
    let refused = finish(command, b"");
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains(said), "{}", refused.err);

    // A connection that comes later takes what is active, and syncs with it.
    server.json(
        201,
        "POST",
        "/connections",
        &document(&world, "three").to_string(),
    );
    server.until_synced("three", "complete");
    until(|| runs(&server, &first) == json!(["one", "three"]));

    // A version of another connector is kept, and is nothing for this server.
    let hostile = host_test::artifact::build_package("hostile", "tests/hostile");
    let other = add(&server, &hostile.expect("the hostile component builds"));
    let refused = activate(&server, 409, &json!({"version": other}));
    let text = refused["error"].as_str().unwrap();
    assert!(
        text.contains("is another connector than intercom"),
        "{text}"
    );
    assert_eq!(server.process.terminate().code, Some(0));
}

/// What only the version has read from which somebody goes back is begun anew, and both are told: who goes back, and who looks at
/// the runs.
#[test]
fn what_only_a_version_has_read_that_was_taken_back_is_read_anew_and_said() {
    let world = World::new(&["--contacts", "5", "--companies", "3"]);
    connect(&world, "mode: batch\nstreams: [contacts, companies]\n");
    let lines = "schedule: { every: 1h }\nconnections:\n\
         - { file: connection.yaml, name: one, output: jsonl }\n";
    let server = Server::start(&world, lines);
    server.until_synced("one", "complete");
    let first = add(&server, &std::fs::read(component()).unwrap());
    let second = add(&server, &other_build());
    for version in [&first, &second] {
        activate(&server, 200, &json!({"version": version}));
    }
    assert_eq!(server.process.terminate().code, Some(0));

    // The second one wrote another format, and has read one of the streams.
    let change = |path: &str, change: &dyn Fn(&mut Value)| {
        let mut document: Value =
            serde_json::from_slice(&std::fs::read(world.path(path)).unwrap()).unwrap();
        change(&mut document);
        world.write(path, document.to_string());
    };
    change("data/components/manifest.json", &|manifest| {
        let versions = manifest["versions"].as_array_mut().unwrap();
        for version in versions
            .iter_mut()
            .filter(|one| one["sha256"] == second.as_str())
        {
            version["formats"]["cursor"] = json!({"reads": [55], "writes": 55});
        }
    });
    change("data/connections/one/records/.state.json", &|state| {
        state["state"]["streams"]["contacts"]["positions"] = json!({"55": {
            "checkpoint": {"text": "7!"}, "selection": "all", "format": 55, "sequence": 1_000
        }});
    });

    let server = Server::again(&world);
    let back = server.json(200, "POST", "/components/rollback", "");
    assert_eq!(back["active"]["sha256"], first.as_str());
    let told = "it reads anew what only versions have read that were taken back: one (contacts)";
    assert_eq!(back["lost"], json!([told]));
    let runs = || server.json(200, "GET", "/connections/one/runs", "");
    server.json(202, "POST", "/connections/one/sync", "");
    let mut last = Value::Null;
    until(|| {
        last = runs()["runs"][0].clone();
        last["asked"] == true && last["status"] == "complete"
    });
    let streams = &last["streams"];
    assert_eq!(
        streams["contacts"]["notices"],
        json!({"read_anew": 1}),
        "{last}"
    );
    assert_eq!(streams["contacts"]["records"], 5);
    assert_eq!(streams["companies"]["notices"], json!({}));
    let ended = server.process.terminate();
    assert_eq!(ended.code, Some(0));
    // It was begun with another component than the one that was active then.
    let active = format!("! intercom 0.1.0 ({}) is active in ", &second[..12]);
    let said = ended.err.lines().any(|line| {
        line.starts_with(&active) && line.contains("and runs instead of the component that")
    });
    assert!(said, "{}", ended.err);

    // The command line says the same, whether a server runs or not.
    change("data/connections/one/records/.state.json", &|state| {
        state["state"]["streams"]["contacts"]["positions"] = json!({"55": {
            "checkpoint": {"text": "7!"}, "selection": "all", "format": 55, "sequence": 1_000
        }});
    });
    for sha256 in [&second, &first] {
        let mut command = world.command(&["component", "rollback"]);
        command.env("HOST_TEST_COMPONENTS", world.path("data/components"));
        let back = finish(command, b"");
        assert_eq!(back.code, Some(0), "{back:?}");
        assert!(back.out.contains(&sha256[..12]), "{}", back.out);
        let told = back.out.contains(&format!("! {told}"));
        assert_eq!(told, *sha256 == first, "{}", back.out);
    }
}

/// The component that a server was started with is a version as any other: it gives its memory back, one can go back to it, and
/// another one is compared with it.
#[test]
fn the_component_that_was_named_gives_way_and_can_be_gone_back_to() {
    let world = World::new(&["--contacts", "5", "--companies", "3"]);
    connect(&world, "mode: batch\nstreams: [contacts]\n");
    let lines = "schedule: { every: 1h }\nconnections:\n- { file: connection.yaml, name: one }\n\
                 - { file: connection.yaml, name: two }\n";
    let server = Server::start(&world, lines);
    for name in ["one", "two"] {
        server.until_synced(name, "complete");
    }
    let second = add(&server, &other_build());
    let versions = || server.json(200, "GET", "/components", "")["versions"].clone();
    let first = versions()[0]["sha256"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    // A share so small that nobody is in it is one all the same.
    activate(&server, 200, &json!({"version": second, "canary": 1}));
    let tried = runs(&server, &second).as_array().map_or(0, Vec::len);
    assert_eq!(tried, 1);
    server.json(200, "POST", "/components/rollback", "");
    assert_eq!(runs(&server, &first), json!(["one", "two"]));

    activate(&server, 200, &json!({"version": second}));
    until(|| {
        let document = server.json(200, "GET", "/components", "");
        let running = document["running"].as_array().unwrap().clone();
        let mut old = running
            .iter()
            .filter(|version| version["sha256"] == first.as_str());
        old.all(|version| version["drained"] == true)
    });
    let back = server.json(200, "POST", "/components/rollback", "");
    assert_eq!(back["active"]["sha256"], first.as_str());
    assert_eq!(runs(&server, &first), json!(["one", "two"]));
    assert_eq!(server.process.terminate().code, Some(0));
}
