//! How far streams are behind, of connections that were not opened since the start: whoever is stuck, or paused, is never opened, and
//! it is they whom an alarm is for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::{Platform, locked};
use crate::clock::now_ms;
use crate::metrics::{self, Looked};
use crate::platform::folder::Folder;
use crate::platform::registry::Known;
use crate::platform::status::state_of;
use crate::position::State;

/// Up to when streams are read, in milliseconds since 1970, by connection and stream.
type ReadUntil = BTreeMap<String, BTreeMap<String, i64>>;

/// What outputs remembered when the server began, or a connection was added. What a sync finds out counts before it.
pub(super) struct StoredLags {
    read_until: Arc<Mutex<ReadUntil>>,
}

impl StoredLags {
    /// None yet; they are among the metrics as long as this is there.
    pub(super) fn shown() -> StoredLags {
        let read_until = Arc::new(Mutex::new(ReadUntil::new()));
        let shown = Arc::downgrade(&read_until);
        metrics::watch(move |readings| {
            let Some(read_until) = shown.upgrade() else {
                return false;
            };
            let now = now_ms();
            for (connection, streams) in &*locked(&read_until) {
                for (stream, until) in streams {
                    let labels = [("connection", &**connection), ("stream", stream)];
                    let seconds = now.saturating_sub(*until).max(0) as f64 / 1_000.0;
                    readings.set_unless_known(Looked::StreamLag, &labels, seconds);
                }
            }
            true
        });
        StoredLags { read_until }
    }

    pub(super) fn forget(&self, connection: &str) {
        locked(&self.read_until).remove(connection);
    }
}

/// Up to when these streams (none: all) are read. One whose last run failed is read at least as far as the last run of the
/// connection that was complete.
fn read_until(
    state: &State,
    streams: &[String],
    complete_at_ms: Option<i64>,
) -> BTreeMap<String, i64> {
    let read = state.streams.iter();
    read.filter(|(stream, _)| streams.is_empty() || streams.contains(stream))
        .filter_map(|(stream, known)| {
            let last = known.last.as_ref()?;
            let until = match last.status.as_str() {
                "complete" => Some(last.ended_at_ms),
                _ => complete_at_ms,
            };
            Some((stream.clone(), until?))
        })
        .collect()
}

impl Platform {
    /// Shows how far all connections are behind.
    pub(super) async fn show_lags(&self) {
        for known in self.shared.registry.all() {
            self.show_lag(&known).await;
        }
    }

    /// Shows how far a connection is behind, as its output says.
    pub(super) async fn show_lag(&self, known: &Arc<Known>) {
        let (platform, known) = (self.clone(), Arc::clone(known));
        // A panic was told where it happened.
        let _ = tokio::task::spawn_blocking(move || platform.look_at_lag(&known)).await;
    }

    fn look_at_lag(&self, known: &Known) {
        let shared = &self.shared;
        let folder = Folder::of(&shared.data, &known.name);
        // One that never synced has nothing, and there may be thousands of them.
        let Some(state) = state_of(&folder, &folder.output(&known.output)) else {
            return;
        };
        // What nobody can read was about the streams that are there.
        let file = self.file_of(known, &folder).ok();
        let streams = file.map_or_else(Vec::new, |file| file.streams);
        let complete_at_ms = shared.database.stored(&known.name);
        let complete_at_ms = complete_at_ms.ok().and_then(|stored| stored.complete_at_ms);
        let read_until = read_until(&state, &streams, complete_at_ms);
        if !read_until.is_empty() && shared.registry.numbered(known.id).is_some() {
            locked(&shared.lags.read_until).insert(known.name.clone(), read_until);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::position::LastRun;

    fn state() -> State {
        let mut state = State::default();
        for (stream, status) in [
            ("contacts", "complete"),
            ("companies", "failed"),
            ("tags", "complete"),
        ] {
            state.stream_mut(stream).last = Some(LastRun {
                ended_at_ms: 5_000,
                status: status.to_owned(),
                message: None,
                records: 1,
                notices: BTreeMap::new(),
            });
        }
        state
    }

    #[test]
    fn a_stream_is_as_far_behind_as_what_is_stored_says() {
        let streams = ["contacts".to_owned(), "companies".to_owned()];
        let read = |complete| {
            read_until(&state(), &streams, complete)
                .into_iter()
                .collect::<Vec<_>>()
        };
        // What is read no more has none; one that failed since the beginning has never been read.
        assert_eq!(read(None), [("contacts".to_owned(), 5_000)]);
        assert_eq!(
            read(Some(1_000)),
            [
                ("companies".to_owned(), 1_000),
                ("contacts".to_owned(), 5_000)
            ]
        );
        assert_eq!(read_until(&state(), &[], None).len(), 2);
    }
}
