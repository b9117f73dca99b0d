use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::world::{CLIENT_SECRET, CONNECTION, World};

/// The lines of the heads that a proxy was sent.
type Heads = Arc<Mutex<Vec<Vec<String>>>>;

/// A proxy that forwards requests to plain http, each over a connection of its own; ends with the process.
fn forwarding() -> (String, Heads) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let heads = Heads::default();
    let heard = Arc::clone(&heads);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let heard = Arc::clone(&heard);
            std::thread::spawn(move || forward(stream, &heard));
        }
    });
    (address, heads)
}

fn forward(stream: TcpStream, heard: &Heads) -> Option<()> {
    let mut reader = BufReader::new(&stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    heard.lock().ok()?.push(head.clone());
    let (method, rest) = head[0].split_once(' ')?;
    let url = rest.split(' ').next()?.strip_prefix("http://")?;
    let (address, path) = url.split_once('/')?;
    let mut further = format!("{method} /{path} HTTP/1.1\r\nconnection: close\r\n");
    let mut length = 0;
    for line in &head[1..] {
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if !lower.starts_with("proxy-") && !lower.starts_with("connection:") {
            further.push_str(&format!("{line}\r\n"));
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut service = TcpStream::connect(address).ok()?;
    service
        .write_all(format!("{further}\r\n").as_bytes())
        .ok()?;
    service.write_all(&body).ok()?;
    let mut answer = Vec::new();
    service.read_to_end(&mut answer).ok()?;
    (&stream).write_all(&answer).ok()
}

#[test]
fn everything_that_is_asked_goes_through_the_connections_proxy() {
    let world = World::new(&["--contacts", "20", "--companies", "3"]);
    let (address, heads) = forwarding();
    // The password is one of the secrets that nothing may tell.
    world.connect(&format!(
        "config: {{ region: us, api_version: \"2.11\" }}\nstreams: [contacts, tags]\n\
         proxy: \"http://me:${{CLIENT_SECRET}}@{address}\"\n"
    ));
    world.succeed(&["sync", "--output", "jsonl:out", "--log", "debug"]);
    assert_eq!(world.lines("out/contacts.jsonl").len(), 20);
    let heads = heads.lock().expect("nobody panicked");
    let endpoint = format!("GET {}/", world.service.url);
    assert!(heads.iter().any(|head| head[0].starts_with(&endpoint)));
    let credential = STANDARD.encode(format!("me:{CLIENT_SECRET}"));
    for head in &*heads {
        let mut lines = head.iter().map(|line| line.to_ascii_lowercase());
        let told = lines.find(|line| line.starts_with("proxy-authorization: basic "));
        let expected = format!("Proxy-Authorization: Basic {credential}").to_ascii_lowercase();
        assert_eq!(told, Some(expected));
    }
}

/// A proxy that lets nobody through; gives whom it was asked for.
fn closed() -> (String, Heads) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    let heads = Heads::default();
    let heard = Arc::clone(&heads);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut first = String::new();
            if BufReader::new(&stream).read_line(&mut first).is_ok() {
                heard
                    .lock()
                    .expect("nobody panicked")
                    .push(vec![first.trim_end().to_owned()]);
                let _ =
                    (&stream).write_all(b"HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\n\r\n");
            }
        }
    });
    (address, heads)
}

/// A person's data is deleted where it is kept: nothing is asked in another region.
#[test]
fn deletions_go_to_the_region_of_the_connection_and_nowhere_else() {
    let world = World::new(&[]);
    world.write(
        "rows",
        "{\"key\":\"a\",\"email\":\"ada@example.org\"}\n{\"key\":\"b\",\"id\":\"5ba682d23d7cf92bef87bfd4\"}\n",
    );
    for (region, host) in [
        ("us", "api.intercom.io"),
        ("eu", "api.eu.intercom.io"),
        ("au", "api.au.intercom.io"),
    ] {
        let (address, heads) = closed();
        world.write(
            CONNECTION,
            format!(
                "connector: intercom\ncredentials: {{ access_token: \"${{TOKEN}}\" }}\n\
                 config: {{ region: {region}, api_version: \"2.11\" }}\nproxy: \"http://{address}\"\n"
            ),
        );
        let arguments = [
            "write",
            "contacts",
            "--mode",
            "delete",
            "--input",
            "rows",
            "--tries",
            "1",
            "--time-scale",
            "100",
        ];
        let refused = world.run(&arguments);
        assert_ne!(refused.code, Some(0), "{refused:?}");
        let heads = heads.lock().expect("nobody panicked");
        let asked = format!("CONNECT {host}:443 HTTP/1.1");
        assert!(!heads.is_empty(), "{region}: {refused:?}");
        for head in &*heads {
            assert_eq!(head[0], asked, "{region}");
        }
    }
}

#[test]
fn a_proxy_that_is_not_there_is_named() {
    let world = World::new(&[]);
    world.connect("config: { region: us, api_version: \"2.11\" }\nproxy: \"http://me:${TOKEN}@127.0.0.1:9\"\n");
    let refused = world.run(&["check"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    let said = "the proxy 127.0.0.1:9 cannot be reached: ";
    assert!(refused.out.contains(said), "{refused:?}");
    assert!(
        refused.out.contains("and `endpoint` and `proxy`"),
        "{refused:?}"
    );
}
