use std::path::Path;

use serde_json::{Value, json};

use crate::http::send;
use crate::process::{Finished, Running, documents};
use crate::webhooks::serve;
use crate::world::{CONNECTION, World};

/// The state of a test that has to know it beforehand.
pub const STATE: &str = "a-state-of-the-test";

/// Where the token is stored.
pub const TOKEN_FILE: &str = "connection.credentials.json";

const EXCHANGE: &str = "POST /auth/eagle/token";

/// A workspace, and a connection that has an app and no token.
pub fn unauthorised(arguments: &[&str]) -> World {
    let world = World::new(arguments);
    connect(&world, "");
    world
}

/// Writes the connection anew, with further credentials.
fn connect(world: &World, credentials: &str) {
    let text = format!(
        "connector: intercom\n\
         credentials: {{ client_id: simulator-client-id, client_secret: \"${{CLIENT_SECRET}}\"{credentials} }}\n\
         endpoint: {}\n",
        world.service.url
    );
    world.write(CONNECTION, text);
}

/// Opens the authorization page as a browser does, and gives the address that the browser is sent to.
pub fn approve(world: &World, url: &str) -> String {
    let (page, query) = url.split_once('?').expect("a query");
    assert_eq!(page, "https://app.intercom.com/oauth");
    let answer = send(
        "GET",
        &format!("{}/oauth?{query}", world.service.url),
        &[],
        b"",
    );
    assert_eq!(answer.status, 302);
    answer.header("location").expect("an address").to_owned()
}

/// The address with a fresh code and the state of the test.
pub fn sent_back(world: &World) -> String {
    let url = format!("https://app.intercom.com/oauth?client_id=simulator-client-id&state={STATE}");
    approve(world, &url)
}

/// The code in an address, as it is.
pub fn code_of(address: &str) -> String {
    let (_, rest) = address.split_once("code=").expect("a code");
    let code = rest.split('&').next().expect("a code");
    code.replace("%3D", "=")
}

/// Authorises with this on standard input, and the state of the test.
pub fn paste(world: &World, text: &str) -> Finished {
    world.run_with(&["auth", "--state", STATE], text.as_bytes())
}

/// How often somebody tried to exchange a code.
fn exchanges(world: &World) -> u64 {
    let totals = &world.service.get("state")["requests_by_operation"];
    totals[EXCHANGE].as_u64().unwrap_or(0)
}

/// The stored token; nothing where none is stored.
pub fn stored(world: &World, name: &str) -> Option<String> {
    let bytes = std::fs::read(world.path(name)).ok()?;
    let document: Value = serde_json::from_slice(&bytes).expect("a document");
    Some(
        document["access_token"]
            .as_str()
            .expect("a token")
            .to_owned(),
    )
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = std::fs::metadata(path).expect("it is there");
    metadata.permissions().mode() & 0o777
}

/// Gives others the right to read a file.
fn share(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let shared = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(path, shared).expect("it is there");
}

fn open(world: &World, arguments: &[&str]) -> Running {
    let fixed = ["auth", "--connection", CONNECTION];
    let all: Vec<&str> = fixed.iter().chain(arguments).copied().collect();
    Running::open(world.command(&all))
}

#[test]
fn a_person_authorises_and_every_command_has_the_token() {
    let world = unauthorised(&[]);
    let refused = world.run(&["read", "tags"]);
    assert_eq!(refused.code, Some(64), "{refused:?}");
    assert!(refused.err.contains("host-test auth"), "{refused:?}");
    let checked = world.run(&["check"]);
    assert_eq!(checked.code, Some(2), "{checked:?}");
    assert!(checked.out.contains("host-test auth"), "{checked:?}");

    let redirect = "https://app.example.com/callback";
    let mut running = open(&world, &["--redirect-uri", redirect]);
    let url = running.line("https://app.intercom.com/oauth?");
    let url = url.trim();
    for part in [
        "client_id=simulator-client-id",
        "state=",
        "redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback",
    ] {
        assert!(url.contains(part), "{part}: {url}");
    }
    assert_eq!(exchanges(&world), 0);
    running.say(&approve(&world, url));
    let finished = running.end();
    assert_eq!(finished.code, Some(0), "{finished:?}");
    // The address is data, and so is what the check found; the rest is talk.
    let lines: Vec<&str> = finished.out.lines().collect();
    assert_eq!(lines[0], url);
    let (parts, webhooks) = lines[1..].split_at(lines.len() - 3);
    let marks = |line: &&str| {
        ["✓ ", "– ", "    → "]
            .iter()
            .any(|mark| line.starts_with(mark))
    };
    assert!(parts.iter().all(marks), "{finished:?}");
    // No webhook can have come yet.
    assert!(webhooks[0].starts_with("– webhooks"), "{finished:?}");
    assert!(finished.err.contains(TOKEN_FILE), "{finished:?}");

    assert_eq!(mode(&world.path(TOKEN_FILE)), 0o600);
    let token = stored(&world, TOKEN_FILE).expect("a token");
    assert!(!format!("{finished:?}").contains(&token));

    world.succeed(&["check"]);
    world.succeed(&["read", "tags", "--output", "jsonl:out"]);
    assert_eq!(world.lines("out/tags.jsonl").len(), 20);
    world.write("rows", "{\"email\":\"authorised@example.org\"}\n");
    world.succeed(&["write", "contacts", "--input", "rows"]);
    let (serving, url) = serve(&world);
    assert_eq!(send("HEAD", &url, &[], b"").status, 200);
    assert_eq!(serving.terminate().code, Some(0));
    // It was checked with the token, so what it writes is about that workspace.
    let state = std::fs::read_to_string(world.path("hooks/.state.json"));
    assert!(state.is_ok_and(|state| state.contains("\"simulator\"")));
}

#[test]
fn programs_get_documents() {
    let world = unauthorised(&[]);
    let mut running = open(&world, &["--json"]);
    let told: Value = serde_json::from_str(&running.line("{")).expect("a document");
    let url = told["authorization_url"].as_str().expect("an address");
    let state = told["state"].as_str().expect("a state");
    assert!(url.contains(&format!("state={state}")), "{told}");
    running.say(&approve(&world, url));
    let finished = running.end();
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let report = &documents(&finished.out)[1];
    assert_eq!(
        (&report["ok"], &report["account"]["workspace_id"]),
        (&json!(true), &json!("simulator"))
    );

    // Every authorization has a state of its own, and an end without an answer is a failure.
    let finished = world.run(&["auth", "--json"]);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    let told = documents(&finished.out);
    assert_ne!(told[0]["state"], state);
    assert_eq!(told[1]["ok"], false);
    assert!(
        told[1]["error"].to_string().contains("nothing was pasted"),
        "{told:?}"
    );
}

#[test]
fn what_is_pasted_must_have_the_state() {
    let world = unauthorised(&[]);
    let address = sent_back(&world);
    let code = code_of(&address);
    let other_state = address.replace(STATE, "another-state");
    let stateless = address.replace(&format!("&state={STATE}"), "");
    let two_codes = format!("{address}&code=x");
    let denied = "https://app.example.com/callback?error=access_denied&state=x".to_owned();
    for (pasted, word) in [
        (other_state.clone(), "nothing was exchanged"),
        (stateless, "no `state`"),
        (two_codes, "more than once"),
        (code.clone(), "no `state`"),
        (format!("{code}\nanother-state"), "nothing was exchanged"),
        (denied, "access_denied"),
        ("\n".to_owned(), "nothing was pasted"),
    ] {
        let finished = paste(&world, &format!("{pasted}\n"));
        assert_eq!(finished.code, Some(1), "{pasted}: {finished:?}");
        assert!(finished.err.contains(word), "{pasted}: {finished:?}");
        assert!(!finished.err.contains(&code), "{finished:?}");
    }
    // On the command line there is nobody to ask.
    for (arguments, exit) in [
        (vec!["auth", "--code", &address], 64),
        (vec!["auth", "--code", &other_state, "--state", STATE], 1),
        (vec!["auth", "--code", &code, "--state", STATE], 1),
        (vec!["auth", "--redirect-uri", "nowhere"], 64),
    ] {
        let finished = world.run(&arguments);
        assert_eq!(finished.code, Some(exit), "{finished:?}");
        assert!(!finished.err.contains(&code), "{finished:?}");
    }
    assert_eq!((exchanges(&world), stored(&world, TOKEN_FILE)), (0, None));
    // None of it has used the code up.
    let finished = paste(&world, &format!("{address}\n"));
    assert_eq!(finished.code, Some(0), "{finished:?}");
}

#[test]
fn a_code_alone_is_taken_with_its_state_or_when_that_is_asked_for() {
    let world = unauthorised(&[]);
    let code = code_of(&sent_back(&world));
    let finished = paste(&world, &format!("{code}\n{STATE}\n"));
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let first = stored(&world, TOKEN_FILE).expect("a token");

    let code = code_of(&sent_back(&world));
    let finished = world.run_with(&["auth", "--without-state"], code.as_bytes());
    assert_eq!(finished.code, Some(0), "{finished:?}");
    let code = code_of(&sent_back(&world));
    world.succeed(&["auth", "--without-state", "--code", &code]);
    world.succeed(&["auth", "--code", &sent_back(&world), "--state", STATE]);
    assert_eq!(exchanges(&world), 4);
    assert_ne!(stored(&world, TOKEN_FILE), Some(first));
}

#[test]
fn a_failed_exchange_says_why_and_leaves_the_stored_token() {
    let world = unauthorised(&[]);
    let address = sent_back(&world);
    assert_eq!(paste(&world, &address).code, Some(0));
    let before = stored(&world, TOKEN_FILE);
    let refused = |finished: &Finished, word: &str| {
        assert_eq!(finished.code, Some(1), "{word}: {finished:?}");
        assert!(finished.err.contains(word), "{word}: {finished:?}");
        assert!(!finished.out.contains('✓'), "{finished:?}");
        assert_eq!(stored(&world, TOKEN_FILE), before);
    };
    // Used, and made up.
    refused(&paste(&world, &address), "used once");
    let made_up = format!("?code=made-up&state={STATE}");
    refused(&paste(&world, &made_up), "credentials.client_secret");
    // Too old.
    let address = sent_back(&world);
    world.service.pass(5 * 60);
    refused(&paste(&world, &address), "status 401");
    for (kind, word) in [
        ("status-500", "status 500"),
        ("bad-gateway-html", "status 502"),
        ("not-found", "config.region"),
        ("invalid-json", "is not JSON"),
        ("empty-body", "is not JSON"),
        ("foreign-body", "no token at /token"),
        ("reset", "authorise again"),
        ("cut-body", "authorise again"),
        ("slow-10m", "in time"),
    ] {
        let fault = json!([{ "method": "POST", "path": "/auth/eagle/token", "kind": kind }]);
        world.service.post("faults", &fault);
        let address = sent_back(&world);
        // Half a minute passes in 30 milliseconds, and ten minutes do not.
        let scale = if kind == "slow-10m" { "1000" } else { "1" };
        let arguments = ["auth", "--state", STATE, "--time-scale", scale];
        refused(&world.run_with(&arguments, address.as_bytes()), word);
    }
    // The app's secret is another one.
    let text = std::fs::read_to_string(world.path(CONNECTION)).expect("the connection");
    world.write(CONNECTION, text.replace("${CLIENT_SECRET}", "another"));
    refused(
        &paste(&world, &sent_back(&world)),
        "credentials.client_secret",
    );
}

#[test]
fn an_app_has_an_id_a_secret_and_a_region() {
    let world = World::new(&[]);
    for (credentials, named, unnamed) in [
        (
            "{}",
            "credentials.client_id and credentials.client_secret",
            "?",
        ),
        (
            "{ client_id: c }",
            "add credentials.client_secret",
            "client_id",
        ),
        (
            "{ client_secret: c }",
            "add credentials.client_id",
            "client_secret",
        ),
        (
            "{ client_id: c, client_secret: c }\nconfig: { region: mars }",
            "choose one of: us, eu, au",
            "?",
        ),
    ] {
        let text = format!("connector: intercom\ncredentials: {credentials}\n");
        world.write(CONNECTION, text);
        let finished = world.run(&["auth"]);
        assert_eq!(finished.code, Some(64), "{finished:?}");
        assert!(finished.err.contains(named), "{finished:?}");
        assert!(!finished.err.contains(unnamed), "{finished:?}");
    }
}

#[test]
fn the_token_file_is_where_the_connection_says_and_its_owners_alone() {
    let world = unauthorised(&[]);
    connect(&world, ", token_file: keys/intercom/token.json");
    let finished = paste(&world, &sent_back(&world));
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(stored(&world, TOKEN_FILE).is_none());
    let name = "keys/intercom/token.json";
    assert!(stored(&world, name).is_some());
    assert_eq!(mode(&world.path(name)), 0o600);
    for directory in ["keys/intercom", "keys"] {
        assert_eq!(mode(&world.path(directory)), 0o700, "{directory}");
    }
    // Whoever could read it may have the token.
    share(&world.path(name));
    let finished = world.run(&["read", "tags"]);
    assert_eq!(finished.code, Some(64), "{finished:?}");
    assert!(finished.err.contains("chmod go="), "{finished:?}");
    let before = stored(&world, name);
    assert_eq!(paste(&world, &sent_back(&world)).code, Some(0));
    assert_eq!(mode(&world.path(name)), 0o600);
    assert_ne!(stored(&world, name), before);
    // What is no token file is not replaced, and that is said before anybody authorises.
    connect(&world, ", token_file: connection.yaml");
    let text = std::fs::read_to_string(world.path(CONNECTION)).expect("the connection");
    let finished = paste(&world, &sent_back(&world));
    assert_eq!(finished.code, Some(64), "{finished:?}");
    assert!(finished.err.contains("not a token file"), "{finished:?}");
    assert_eq!(
        std::fs::read_to_string(world.path(CONNECTION)).ok(),
        Some(text)
    );
}

#[test]
fn a_token_in_the_connection_wins_and_that_is_said() {
    let world = unauthorised(&[]);
    connect(&world, ", access_token: \"${TOKEN}\"");
    let finished = paste(&world, &sent_back(&world));
    // What was stored is checked, and is good.
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(
        finished.err.contains("access_token of its own"),
        "{finished:?}"
    );
    world.service.post("token", &json!({ "revoked": true }));
    assert_eq!(paste(&world, &sent_back(&world)).code, Some(0));
    let finished = world.run(&["check"]);
    assert_eq!(finished.code, Some(2), "{finished:?}");
    connect(&world, "");
    world.succeed(&["check"]);
}

#[test]
fn a_revoked_token_is_replaced_by_authorising_again() {
    let world = unauthorised(&[]);
    assert_eq!(paste(&world, &sent_back(&world)).code, Some(0));
    world.succeed(&["sync", "--full", "--output", "sqlite:out.db"]);
    world.service.post("token", &json!({ "revoked": true }));
    let finished = world.run(&["check"]);
    assert_eq!(finished.code, Some(2), "{finished:?}");
    assert!(
        finished.out.contains("host-test auth --connection"),
        "{finished:?}"
    );
    let finished = world.run(&["read", "tags", "--output", "sqlite:out.db"]);
    assert_eq!(finished.code, Some(1), "{finished:?}");
    assert!(
        format!("{finished:?}").contains("Authorise again"),
        "{finished:?}"
    );
    assert_eq!(paste(&world, &sent_back(&world)).code, Some(0));
    world.succeed(&["read", "tags", "--output", "sqlite:out.db"]);
    assert_eq!(world.rows("out.db", "tags"), 20);
}
