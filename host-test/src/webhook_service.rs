//! What is behind the door for one connection: a queue, the output, and the workers between them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::output::{Output, SharedOutput};
use crate::webhook_queue::{OrderedOutput, Queue, QueueError, QueueOptions, WebhookCounts};
use crate::webhook_workers::Workers;

/// How long the output may take, at the end, with what waits for it. The rest waits in the queue for the next start.
const LAST_WAIT: Duration = Duration::from_secs(20);

/// A queue that is drained into an output.
pub struct WebhookService {
    queue: Queue,
    output: SharedOutput,
    workers: Workers,
}

impl WebhookService {
    /// Opens the queue (in memory of this process without a path) and begins to drain it, several deliveries at a time.
    /// Changes that are older than `window` need not be told from newer ones: deliveries of them are not taken.
    pub fn start(
        output: Box<dyn Output>,
        path: Option<&Path>,
        options: QueueOptions,
        window: Duration,
        workers: usize,
    ) -> Result<WebhookService, QueueError> {
        let queue = Queue::open(path, options)?;
        let output = SharedOutput::new(OrderedOutput::before(output, &queue, window)?);
        let sink = Arc::new(output.handle());
        Ok(WebhookService {
            workers: Workers::start(queue.clone(), sink, workers),
            output,
            queue,
        })
    }

    /// Where deliveries go.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// The output, for others who write into it.
    pub fn output(&self) -> SharedOutput {
        self.output.handle()
    }

    /// Waits until the output has what is in the queue, within reason; says what was counted.
    pub fn finish(self) -> WebhookCounts {
        self.workers.finish(LAST_WAIT);
        self.queue.counts()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::contract::types::{Change, Entry};
    use crate::output::{Delivery, JsonLines, OutputTarget, Sqlite};
    use crate::webhook_queue::Received;

    fn received(key: &str) -> Received {
        Received {
            id: format!("id-{key}"),
            topic: "topic".to_owned(),
            received_at_ms: crate::clock::now_ms(),
            entries: vec![Entry {
                stream: "contacts".to_owned(),
                key: key.to_owned(),
                updated_at_ms: None,
                change: Change::Upsert,
                reason: None,
                successor: None,
                payload: b"{}".to_vec(),
            }],
            ..Received::default()
        }
    }

    /// The process died when the output had a delivery and the queue did not know it yet.
    #[tokio::test]
    async fn what_the_output_has_already_is_not_stored_again() {
        for lines in [true, false] {
            let directory = written::Folder::new();
            let queue_path = directory.path().join("queue");
            let open = || -> Box<dyn Output> {
                if lines {
                    let state = OutputTarget::state_in_directory(directory.path());
                    return Box::new(JsonLines::open(directory.path(), &state).unwrap());
                }
                Box::new(Sqlite::open(&directory.path().join("out.db")).unwrap())
            };
            let options = QueueOptions::default();
            let queue = Queue::open(Some(&queue_path), options).unwrap();
            for key in ["a", "b", "c"] {
                queue.take(received(key)).await.unwrap();
            }
            let first = queue.next(0, 2, 1_000).unwrap();
            let deliveries: Vec<Delivery<'_>> =
                first.iter().map(|delivery| delivery.to_deliver()).collect();
            assert!(
                open()
                    .deliver(&deliveries)
                    .unwrap()
                    .iter()
                    .all(|told| told.new)
            );
            drop(queue);

            let window = options.remember;
            let service = WebhookService::start(open(), Some(&queue_path), options, window, 2);
            let service = service.unwrap();
            let finished = tokio::task::spawn_blocking(|| service.finish());
            assert_eq!(finished.await.unwrap().stale, 0);
            let output = open();
            let keys = output.live_keys("contacts").unwrap().unwrap();
            assert_eq!(keys.len(), 3);
            if lines {
                let path = directory.path().join("contacts.jsonl");
                let text = std::fs::read_to_string(path).unwrap();
                assert_eq!(text.lines().count(), 3);
            }
        }
    }
}
