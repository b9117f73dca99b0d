//! Takes deliveries out of the queue and puts them into the output, several at a time: whatever changes the same row stays
//! in its order.

mod lanes;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use self::lanes::lanes;
use crate::output::{Delivered, Delivery, OutputError, SharedOutput};
use crate::webhook_queue::{Done, Queue, QueuedDelivery};

/// Deliveries that an output is given at once, and that each worker is given at most.
const AT_ONCE: usize = 256;

/// Bytes of entries that are in memory on their way, softly.
const BYTES_AT_ONCE: usize = 16 * 1024 * 1024;

/// How long to wait for news of a queue that is empty; a process that ends is noticed so late.
const IDLE: Duration = Duration::from_millis(200);

/// The first wait after an output failed; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// The longest such wait.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Where deliveries go. What takes its time should take several at a time.
pub trait Sink: Send + Sync {
    /// Stores deliveries, all or none of them, and waits until the disk has them. One that was stored before adds nothing.
    fn deliver(&self, deliveries: &[Delivery<'_>]) -> Result<Vec<Delivered>, OutputError>;
}

impl Sink for SharedOutput {
    fn deliver(&self, deliveries: &[Delivery<'_>]) -> Result<Vec<Delivered>, OutputError> {
        self.with(|output| output.deliver(deliveries))
    }
}

/// Workers between a queue and a sink, in threads of their own.
pub struct Workers {
    thread: Option<JoinHandle<()>>,
    stopping: Arc<AtomicBool>,
    ending: Arc<AtomicBool>,
}

impl Workers {
    /// Starts them: `count` at a time, at least one.
    pub fn start(queue: Queue, sink: Arc<dyn Sink>, count: usize) -> Workers {
        let stopping = Arc::new(AtomicBool::new(false));
        let ending = Arc::new(AtomicBool::new(false));
        let work = Work {
            queue,
            sink,
            count: count.max(1),
            stopping: Arc::clone(&stopping),
            ending: Arc::clone(&ending),
        };
        Workers {
            thread: Some(std::thread::spawn(move || work.run())),
            stopping,
            ending,
        }
    }

    /// Ends them when the queue is empty, or after so long: what is left waits in the queue.
    pub fn finish(mut self, longest: Duration) {
        self.ending.store(true, Relaxed);
        let until = Instant::now() + longest;
        while let Some(thread) = &self.thread
            && !thread.is_finished()
            && Instant::now() < until
        {
            std::thread::sleep(Duration::from_millis(2));
        }
        self.join();
    }

    fn join(&mut self) {
        self.stopping.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was told where it happened.
            let _ = thread.join();
        }
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.join();
    }
}

struct Work {
    queue: Queue,
    sink: Arc<dyn Sink>,
    count: usize,
    /// At once.
    stopping: Arc<AtomicBool>,
    /// When the queue is empty.
    ending: Arc<AtomicBool>,
}

impl Work {
    fn run(&self) {
        let mut after = 0;
        while !self.stopping.load(Relaxed) {
            // Asked before the look at the queue: what comes in between is not missed.
            let transaction = self.queue.transaction();
            let most = u32::try_from(AT_ONCE * self.count).unwrap_or(u32::MAX);
            let deliveries = match self.queue.next(after, most, BYTES_AT_ONCE) {
                Ok(deliveries) => deliveries,
                Err(error) => {
                    tracing::error!("the queue cannot be read: {error}");
                    std::thread::sleep(FIRST_WAIT);
                    continue;
                }
            };
            match deliveries.last() {
                Some(last) => after = last.number,
                None if self.ending.load(Relaxed) => return,
                None => {
                    self.queue.wait(transaction, IDLE);
                    continue;
                }
            }
            self.spread(&deliveries);
        }
    }

    /// Gives each worker what no other one has to wait for, and waits for all.
    fn spread(&self, deliveries: &[QueuedDelivery]) {
        let lanes = lanes(deliveries, self.count);
        if let [lane] = lanes.as_slice() {
            return self.drain(deliveries, lane);
        }
        std::thread::scope(|scope| {
            for lane in &lanes {
                scope.spawn(|| self.drain(deliveries, lane));
            }
        });
    }

    fn drain(&self, deliveries: &[QueuedDelivery], lane: &[usize]) {
        for part in lane.chunks(AT_ONCE) {
            let part: Vec<&QueuedDelivery> = part.iter().map(|index| &deliveries[*index]).collect();
            let Some(done) = self.deliver(&part) else {
                // It is still in the queue.
                return;
            };
            if let Err(error) = self.queue.done(done) {
                tracing::error!(
                    "what is stored stays in the queue, and is known when it comes again: {error}"
                );
            }
        }
    }

    /// Delivers until it is done; `None` when the process ends before.
    fn deliver(&self, part: &[&QueuedDelivery]) -> Option<Done> {
        let mut wait = FIRST_WAIT;
        loop {
            let error = match self.try_deliver(part) {
                Ok(done) => return Some(done),
                Err(error) => error,
            };
            if error.is_of_the_entries() {
                return self.one_by_one(part, &error);
            }
            tracing::error!("webhooks cannot be put into the output, trying again: {error}");
            let until = Instant::now() + wait;
            while Instant::now() < until {
                if self.stopping.load(Relaxed) {
                    return None;
                }
                std::thread::sleep(FIRST_WAIT.min(wait));
            }
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    /// One of them is at fault: the others must not wait for it.
    fn one_by_one(&self, part: &[&QueuedDelivery], error: &OutputError) -> Option<Done> {
        if let [delivery] = part {
            tracing::error!(topic = delivery.topic, "a webhook is of no use: {error}");
            let mut done = Done::default();
            done.unusable(delivery, error.to_string());
            return Some(done);
        }
        let mut all = Done::default();
        for delivery in part {
            all.append(self.deliver(&[*delivery])?);
        }
        Some(all)
    }

    fn try_deliver(&self, part: &[&QueuedDelivery]) -> Result<Done, OutputError> {
        let deliveries: Vec<Delivery<'_>> =
            part.iter().map(|delivery| delivery.to_deliver()).collect();
        let delivered = self.sink.deliver(&deliveries)?;
        let mut done = Done::default();
        for (delivery, told) in part.iter().zip(delivered) {
            done.stored(delivery);
            done.stale += told.stale;
            done.unclear.extend(told.unclear);
        }
        Ok(done)
    }
}

#[cfg(test)]
mod tests;
