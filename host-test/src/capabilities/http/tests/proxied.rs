use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::thread::JoinHandle;

use super::*;
use crate::http_client::{HttpClient, HttpOptions};

/// What a proxy heard: the head that it was sent, and the first bytes in the tunnel.
type Heard = (Vec<String>, Vec<u8>);

/// A proxy that opens a tunnel, or does not, hears what is said in it first, and ends it.
fn proxy(answer: &'static str) -> (String, JoinHandle<Heard>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://me:pass%40word@{}", listener.local_addr().unwrap());
    let hearing = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(&stream);
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            match line.trim_end() {
                "" => break,
                line => head.push(line.to_ascii_lowercase()),
            }
        }
        (&stream).write_all(answer.as_bytes()).unwrap();
        let mut tunnel = vec![0; 512];
        let read = reader.read(&mut tunnel).unwrap_or(0);
        tunnel.truncate(read);
        (head, tunnel)
    });
    (url, hearing)
}

async fn send_through(url: &str) -> Result<Response, Error> {
    let http = HttpClient::new(HttpOptions {
        proxy: Some(url.into()),
        ..HttpOptions::default()
    });
    let tenant = Tenant::new(&descriptor(), &http.unwrap(), options()).unwrap();
    let mut context = context(&tenant, LONG);
    context.send(get("/contacts?q=secret-query")).await
}

/// `me:pass@word`.
const CREDENTIAL: &str = "proxy-authorization: basic bwu6cgfzc0b3b3jk";

#[tokio::test]
async fn an_encrypted_endpoint_is_reached_by_a_tunnel_through_the_proxy() {
    let (url, hearing) = proxy("HTTP/1.1 200 Connection established\r\n\r\n");
    let answer = send_through(&url).await;
    let (head, tunnel) = hearing.join().unwrap();
    assert_eq!(head[0], "connect api.example.com:443 http/1.1");
    assert!(head.iter().any(|line| line == CREDENTIAL), "{head:?}");
    // The credential of the provider goes through the tunnel, encrypted.
    assert!(!head.iter().any(|line| line.starts_with("authorization")));
    assert_eq!(tunnel.first(), Some(&0x16), "a TLS handshake begins");
    let error = answer.unwrap_err();
    assert!(!error.request_sent);
    let place = url.split('@').nth(1).unwrap();
    let said = format!("no connection through the proxy {place}: ");
    assert!(error.message.starts_with(&said), "{}", error.message);
}

#[tokio::test]
async fn a_proxy_that_opens_no_tunnel_is_no_connection_and_its_password_is_not_told() {
    let (url, hearing) = proxy(
        "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    );
    let answer = send_through(&url).await;
    hearing.join().unwrap();
    let error = answer.unwrap_err();
    assert_eq!(
        (error.kind, error.request_sent),
        (ErrorKind::Unreachable, false)
    );
    let place = url.split('@').nth(1).unwrap();
    let said = format!("the proxy {place} opens no tunnel: ");
    assert!(error.message.starts_with(&said), "{}", error.message);
    assert!(!error.message.contains("word"), "{}", error.message);
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named() {
    let error = send_through("http://me:pass%40word@127.0.0.1:9").await;
    let message = error.unwrap_err().message;
    let said = "the proxy 127.0.0.1:9 cannot be reached: ";
    assert!(message.starts_with(said), "{message}");
}
