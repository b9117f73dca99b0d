//! Reads rows of which webhooks told a part only, by their keys, in the background.

use std::time::Duration;

use crate::clock::now_ms;
use crate::output::SharedOutput;
use crate::progress::Silent;
use crate::report::StreamStatus;
use crate::runner::{ConnectedSource, Extent, IntentKeeper, RetryPolicy, RunOptions, Runner};
use crate::webhook_queue::{Intents, Queue, QueueError, RowAgain};

/// Rows that are asked for at once.
const AT_ONCE: u32 = 50;

/// How often to look for rows. Those that are told of in between are read once.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// The first wait after a reading that failed; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_secs(5);

/// The longest such wait.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// A row that failed so often is given up: it comes when it changes, or with the next sync.
const MOST_TRIES: u32 = 20;

/// Reads the rows that a queue names, until it is dropped.
pub async fn read_again(
    queue: &Queue,
    source: ConnectedSource<'_>,
    output: &SharedOutput,
    keeper: Option<&Intents>,
    time_scale: f64,
) {
    let retry = RetryPolicy {
        tries: 3,
        time_scale,
        ..RetryPolicy::default()
    };
    loop {
        match read_some(queue, source, output, keeper, &retry).await {
            Ok(true) => {}
            Ok(false) => retry.pause(BETWEEN_LOOKS).await,
            Err(error) => {
                tracing::error!("rows cannot be read again: {error}");
                retry.pause(FIRST_WAIT).await;
            }
        }
    }
}

/// Reads the rows that are due; false when there are none.
async fn read_some(
    queue: &Queue,
    source: ConnectedSource<'_>,
    output: &SharedOutput,
    keeper: Option<&Intents>,
    retry: &RetryPolicy,
) -> Result<bool, QueueError> {
    let rows = one_by_one(queue.rows_again(now_ms(), AT_ONCE)?);
    let Some(first) = rows.first() else {
        return Ok(false);
    };
    let options = RunOptions {
        extent: Extent::Keys(rows.iter().map(|row| row.key.clone()).collect()),
        retry: retry.clone(),
        ..RunOptions::default()
    };
    let descriptor = source.plugin.descriptor();
    let keeper = keeper.map(|intents| intents as &dyn IntentKeeper);
    let runner = Runner::new(&source, descriptor, &options, &Silent).keeping(keeper);
    let streams = [first.stream.clone()];
    let read = runner.run(&streams, &mut output.handle()).await;
    let (message, for_good) = match read {
        Ok(report) => match report
            .streams
            .into_iter()
            .next()
            .map(|stream| stream.status)
        {
            Some(StreamStatus::Complete) | None => {
                queue
                    .rows_read(rows, |counts, rows| counts.read_again += rows)
                    .await?;
                return Ok(true);
            }
            Some(status) => {
                let message = status.message().unwrap_or_default().to_owned();
                (message, is_for_good(&status))
            }
        },
        Err(error) => (error.to_string(), false),
    };
    let count = rows.len();
    let tries = first.tries;
    if for_good {
        tracing::info!(
            stream = streams[0],
            rows = count,
            "rows are not read again: {message}"
        );
        queue.rows_read(rows, |_, _| {}).await?;
    } else if tries >= MOST_TRIES {
        tracing::warn!(
            stream = streams[0],
            rows = count,
            "rows are given up: {message}"
        );
        queue
            .rows_read(rows, |counts, rows| counts.failed += rows)
            .await?;
    } else {
        tracing::warn!(
            stream = streams[0],
            rows = count,
            "rows are read later: {message}"
        );
        let wait = retry.scaled(wait_after(tries)).as_millis();
        let until_ms = now_ms().saturating_add(i64::try_from(wait).unwrap_or(i64::MAX));
        queue.rows_put_off(rows, until_ms).await?;
    }
    Ok(true)
}

/// What failed before is tried alone: one row must not spoil the others.
fn one_by_one(mut rows: Vec<RowAgain>) -> Vec<RowAgain> {
    let alone = rows.iter().position(|row| row.tries > 0);
    match alone {
        Some(0) => rows.truncate(1),
        Some(others) => rows.truncate(others),
        None => {}
    }
    rows
}

/// Whether another try would come to the same.
fn is_for_good(status: &StreamStatus) -> bool {
    matches!(
        status,
        StreamStatus::NotInVersion { .. }
            | StreamStatus::NotConfigured { .. }
            | StreamStatus::Unavailable { .. }
    ) || status.code() == Some("not_selectable")
}

fn wait_after(tries: u32) -> Duration {
    let factor = 2_u32.saturating_pow(tries);
    FIRST_WAIT.saturating_mul(factor).min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_some_failures_are_for_good() {
        let waits: Vec<u64> = [0, 1, 2, 9, 10, 99]
            .map(|tries| wait_after(tries).as_secs())
            .to_vec();
        assert_eq!(waits, [5, 10, 20, 2_560, 3_600, 3_600]);
        assert!(is_for_good(&StreamStatus::failed(
            "not_selectable",
            String::new()
        )));
        assert!(!is_for_good(&StreamStatus::failed(
            "server_error",
            String::new()
        )));
    }
}
