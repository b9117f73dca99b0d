use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::http::send;
use crate::webhooks::{notification, serve, signature};
use crate::world::{CLIENT_SECRET, World};

/// Intercom waits for an answer for five seconds.
const PROVIDERS_PATIENCE: Duration = Duration::from_secs(5);

/// So many send slowly: more bytes are announced than there is room for.
const SLOW: usize = 100;

/// Who sends slowly takes nothing from others, and is cut off.
#[test]
fn slow_senders_are_cut_off_and_others_are_answered_in_time_meanwhile() {
    let world = World::new(&["--contacts", "3", "--companies", "3"]);
    let (running, url) = serve(&world);
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let head = "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4000000\r\n";
    let mut slow: Vec<TcpStream> = (0..SLOW)
        .map(|number| {
            let mut stream = TcpStream::connect(address).expect("a connection");
            // One half never comes to the end of the head, the other never to that of the body.
            let end = if number % 2 == 0 { "" } else { "\r\n" };
            stream.write_all(format!("{head}{end}").as_bytes()).unwrap();
            stream
                .set_read_timeout(Some(Duration::from_millis(1)))
                .unwrap();
            stream
        })
        .collect();
    let began = Instant::now();
    let mut taken = 0;
    let mut cut_off = 0;
    while !slow.is_empty() {
        assert!(
            began.elapsed() < Duration::from_secs(90),
            "{} are still listened to",
            slow.len()
        );
        slow.retain_mut(|stream| {
            let sent = stream.write_all(b"x");
            let mut heard = [0; 200];
            let over = match stream.read(&mut heard) {
                Ok(0) => true,
                // Whoever has a head hears why.
                Ok(count) => heard[..count].starts_with(b"HTTP/1.1 408"),
                Err(error) => !matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ),
            };
            let over = over || sent.is_err();
            cut_off += usize::from(over);
            !over
        });
        let item = json!({ "type": "contact", "id": format!("c{taken}") });
        let body = notification(&format!("n{taken}"), "contact.deleted", &item);
        let signature = signature(&body, CLIENT_SECRET);
        let asked = Instant::now();
        let answer = send("POST", &url, &[("x-hub-signature", &signature)], &body);
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(asked.elapsed() < PROVIDERS_PATIENCE);
        taken += 1;
    }
    assert_eq!(cut_off, SLOW);
    assert!(taken >= 5, "{taken}");
    let finished = running.terminate();
    assert!(
        finished.err.contains(&format!("{taken} accepted")),
        "{finished:?}"
    );
    assert_eq!(world.lines("hooks/contacts.jsonl").len(), taken);
}
