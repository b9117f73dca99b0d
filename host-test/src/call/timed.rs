//! How long a future works, without its waiting.

use std::future::poll_fn;
use std::pin::pin;
use std::time::{Duration, Instant};

/// Runs a future and adds up the time in which it was polled. The time between two polls is somebody else's.
pub(crate) async fn timed<F: Future>(future: F) -> (F::Output, Duration) {
    let mut future = pin!(future);
    let mut spent = Duration::ZERO;
    let output = poll_fn(|context| {
        let start = Instant::now();
        let polled = future.as_mut().poll(context);
        spent += start.elapsed();
        polled
    })
    .await;
    (output, spent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn waiting_does_not_count() {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let waited = Duration::from_millis(400);
        let other = std::thread::spawn(move || {
            std::thread::sleep(waited);
            sender.send(7)
        });
        let (received, spent) = timed(receiver).await;
        assert_eq!(received, Ok(7));
        assert!(spent < waited, "{spent:?}");
        assert!(other.join().is_ok());
        let (number, _) = timed(async { 3 }).await;
        assert_eq!(number, 3);
    }
}
