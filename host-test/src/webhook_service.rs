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
