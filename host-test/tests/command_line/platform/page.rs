use super::Server;
use crate::world::{CONTROL, World};

fn html(server: &Server, path: &str) -> String {
    let answer = server.ask("GET", path, "");
    assert_eq!(answer.status, 200, "{path}");
    let policy = answer.header("content-security-policy").unwrap();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("unsafe"),
        "{policy}"
    );
    String::from_utf8(answer.body).unwrap()
}

/// A page is well formed enough that every element that is opened is closed, in order.
fn assert_nested(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    for part in page.split('<').skip(1) {
        let tag = part.split(['>', ' ']).next().unwrap_or_default();
        let inside = part.split('>').next().unwrap_or_default();
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{part}");
        } else if !tag.starts_with('!') && tag != "meta" && !inside.ends_with('/') {
            open.push(tag);
        }
    }
    assert!(open.is_empty(), "{open:?} are not closed");
}

#[test]
fn the_page_shows_what_the_server_does_and_no_text_becomes_markup() {
    let world = World::new(&["--contacts", "30", "--companies", "3"]);
    world.connect(
        "config: { region: us, api_version: \"2.11\" }\nmode: hybrid\nstreams: [contacts]\n",
    );
    let refused = format!(
        "connector: intercom\ncredentials: {{ access_token: not-it }}\nendpoint: {}\n\
         config: {{ region: us, api_version: \"2.11\" }}\nstreams: [contacts]\n",
        world.service.url
    );
    world.write("refused.yaml", refused);
    let lines = "connections:\n  - { file: connection.yaml, name: acme, tenant: \"<b>Acme</b>\" }\n  - refused.yaml\n";
    let server = Server::start(&world, lines);
    server.until_synced("acme", "complete");
    server.until_synced("refused", "failed");
    let page = html(&server, "/");
    assert_nested(&page);
    for part in [
        "acme",
        "&lt;b&gt;Acme&lt;/b&gt;",
        "<svg",
        "Records by minute",
        "Failures by minute",
        "in the last hour",
        "1 of 2 connections need attention",
        "✗</span> failing",
        "✓</span> up to date",
        "Intercom refuses the access token",
        "1 complete",
        "30 records",
        "intercom 0.1.0",
        "http-equiv=\"refresh\"",
    ] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
    assert!(!page.contains("<b>Acme") && !page.contains("<script"));
    // Whoever has to be looked at comes first.
    let rows = page.split("<tbody>").nth(1).unwrap();
    assert!(rows.find("/pages/refused") < rows.find("/pages/acme"));
    let one = html(&server, "/pages/acme");
    assert_nested(&one);
    for part in [
        "contacts",
        "complete",
        "Webhooks",
        "Runs",
        ">30<",
        "tenant &lt;b&gt;Acme",
    ] {
        assert!(one.contains(part), "{part} is missing in {one}");
    }
    assert!(html(&server, "/pages/refused").contains("Intercom refuses the access token"));
    assert_eq!(server.ask("GET", "/pages/nobody", "").status, 404);
    // It stays as it is for whoever wants to read it, and comes again as often as somebody says.
    assert!(!html(&server, "/?refresh=off").contains("http-equiv"));
    assert!(html(&server, "/pages/acme?refresh=2").contains("content=\"2\""));
    assert!(html(&server, "/?refresh=-1").contains("content=\"15\""));

    // A browser asks with a password; the API does not take one, so that no other page can make a browser ask it.
    let refused = server.ask_with("GET", "/", "", "");
    assert!(
        refused.status == 401
            && refused
                .header("www-authenticate")
                .unwrap()
                .starts_with("Basic")
    );
    let basic = format!("Basic {}", base64(&format!("me:{CONTROL}")));
    assert_eq!(server.ask_with("GET", "/", "", &basic).status, 200);
    // What it asks for by itself is not counted as somebody who guesses.
    let refused = || server.json(200, "GET", "/status", "")["refused_attempts"].clone();
    let before = refused();
    assert_eq!(
        server.ask_with("GET", "/favicon.ico", "", &basic).status,
        204
    );
    assert_eq!(refused(), before);
    assert_eq!(
        server
            .ask_with("POST", "/connections/acme/pause", "", &basic)
            .status,
        401
    );

    assert_eq!(server.process.terminate().code, Some(0));
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
