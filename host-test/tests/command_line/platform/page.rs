use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{CONTROL, Server};
use crate::world::World;

/// Browsers that can take a picture without a screen.
const BROWSERS: &[&str] = &[
    "chromium",
    "chromium-browser",
    "google-chrome",
    "chrome",
    "headless_shell",
];

fn html(server: &Server, path: &str) -> String {
    let answer = server.ask("GET", path, "");
    assert_eq!(answer.status, 200, "{path}");
    assert!(
        answer
            .header("content-security-policy")
            .unwrap()
            .contains("default-src 'none'")
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
        "records by minute",
        "intercom",
        "✗",
        "✓",
        "in the last hour",
    ] {
        assert!(page.contains(part), "{part} is missing in {page}");
    }
    assert!(!page.contains("<b>Acme") && !page.contains("<script"));
    // Whoever has to be looked at comes first.
    let rows = page.split("<tbody>").nth(1).unwrap();
    assert!(rows.find("/pages/refused") < rows.find("/pages/acme"));
    let one = html(&server, "/pages/acme");
    assert_nested(&one);
    for part in ["contacts", "complete", "Webhooks", "Runs", "30"] {
        assert!(one.contains(part), "{part} is missing in {one}");
    }
    assert_eq!(server.ask("GET", "/pages/nobody", "").status, 404);

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
    assert_eq!(
        server
            .ask_with("POST", "/connections/acme/pause", "", &basic)
            .status,
        401
    );

    if let Some(browser) = browser() {
        picture(&browser, &world, &page);
    }
    assert_eq!(server.process.terminate().code, Some(0));
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// A browser of this machine: on the path, or where Playwright keeps its own.
fn browser() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path)
        .flat_map(|folder| BROWSERS.iter().map(move |name| folder.join(name)));
    let home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
    let kept = std::fs::read_dir(home.join(".cache/ms-playwright"));
    let kept = kept.into_iter().flatten().flatten().flat_map(|entry| {
        [
            "chrome-linux/chrome",
            "chrome-linux/headless_shell",
            "chrome-linux64/chrome",
        ]
        .map(|name| entry.path().join(name))
    });
    on_path.chain(kept).find(|path| path.is_file())
}

/// Lets a browser draw the page, and looks at whether anything but paper is on the picture.
fn picture(browser: &Path, world: &World, page: &str) {
    world.write("page.html", page);
    let picture = world.path("page.png");
    let screenshot = format!("--screenshot={}", picture.display());
    let profile = format!("--user-data-dir={}", world.path("profile").display());
    let page = format!("file://{}", world.path("page.html").display());
    let drawn = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--window-size=1200,900",
        ])
        .args([&screenshot, &profile, &page])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(
        drawn.is_ok_and(|status| status.success()),
        "{} draws nothing",
        browser.display()
    );
    // An empty page of this size is a few kilobytes.
    let bytes = std::fs::metadata(&picture).expect("a picture").len();
    assert!(bytes > 20_000, "{bytes} bytes of picture");
    if let Some(kept) = std::env::var_os("PLATFORM_PAGE_PICTURE") {
        std::fs::copy(&picture, kept).expect("the picture is kept");
    }
}
