//! The provider: several connections, each sending the next request when the last one is answered.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::ensure;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What came of it.
pub struct Sent {
    pub duration: Duration,
    /// How long each answer took, the quickest first.
    answers: Vec<Duration>,
}

impl Sent {
    /// The time within which a part of the answers came.
    pub fn within(&self, part: f64) -> Duration {
        let last = self.answers.len().saturating_sub(1);
        let index = (last as f64 * part).round() as usize;
        self.answers.get(index).copied().unwrap_or_default()
    }
}

/// Sends requests; every one has to be answered with 200.
pub async fn send_all(
    address: SocketAddr,
    requests: Vec<Vec<u8>>,
    senders: usize,
) -> anyhow::Result<Sent> {
    let requests = Arc::new(Mutex::new(requests.into_iter()));
    let begun = Instant::now();
    let sending: Vec<_> = (0..senders)
        .map(|_| tokio::spawn(send(address, Arc::clone(&requests))))
        .collect();
    let mut answers = Vec::new();
    for sender in sending {
        answers.extend(sender.await??);
    }
    let duration = begun.elapsed();
    answers.sort_unstable();
    Ok(Sent { duration, answers })
}

async fn send(
    address: SocketAddr,
    requests: Arc<Mutex<std::vec::IntoIter<Vec<u8>>>>,
) -> anyhow::Result<Vec<Duration>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut answers = Vec::new();
    let mut received = vec![0; 4_096];
    loop {
        let next = requests
            .lock()
            .map_err(|_| anyhow::anyhow!("a sender died"))?
            .next();
        let Some(request) = next else {
            return Ok(answers);
        };
        let begun = Instant::now();
        stream.write_all(&request).await?;
        let mut length = 0;
        // An answer here is much smaller than the buffer, and its body ends with its text.
        while !is_whole(&received[..length]) {
            let read = stream.read(&mut received[length..]).await?;
            ensure!(read > 0, "the connection was closed");
            length += read;
        }
        answers.push(begun.elapsed());
        let answer = String::from_utf8_lossy(&received[..length]);
        ensure!(answer.starts_with("HTTP/1.1 200 "), "not taken: {answer}");
    }
}

fn is_whole(received: &[u8]) -> bool {
    let text = String::from_utf8_lossy(received);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length: Option<usize> = length.and_then(|digits| digits.parse().ok());
    length.is_some_and(|length| body.len() >= length)
}
