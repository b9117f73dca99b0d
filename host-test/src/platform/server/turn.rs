//! A connection's turn: one slice of its sync, and what people ask of it meanwhile.

use std::sync::Arc;

use tokio::sync::watch;

use super::{Platform, locked};
use crate::clock::now_ms;
use crate::platform::database::{Counts, DatabaseError};
use crate::platform::registry::{Found, Known};
use crate::platform::scheduler::{self, ConnectionId, Ended};
use crate::platform::slice::{Progress, SliceEnd};
use crate::progress::write_line;
use crate::runner::Slice;

/// Ends a turn however its work ends: a panic must not take a place for ever.
struct Turn {
    platform: Platform,
    connection: ConnectionId,
    ended: Ended,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let shared = &self.platform.shared;
        locked(&shared.slices).remove(&self.connection);
        let now = self.platform.now();
        self.platform
            .scheduler()
            .ended(self.connection, self.ended, now);
        shared.changed.notify_one();
    }
}

/// What became of something that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::platform) enum Asked {
    /// It will be done.
    Yes,
    /// The connection is paused.
    Paused,
    /// The connection does not read.
    NoReading,
}

impl Platform {
    /// Runs one slice.
    pub(super) async fn turn(self, slice: scheduler::Slice) {
        let mut turn = Turn {
            connection: slice.connection,
            ended: Ended::Run,
            platform: self,
        };
        let platform = turn.platform.clone();
        let shared = &platform.shared;
        let Some(known) = shared.registry.numbered(slice.connection) else {
            return;
        };
        let (stop, stopped) = watch::channel(false);
        locked(&shared.slices).insert(known.id, stop);
        let progress = match platform.progress(&known, slice) {
            Ok(progress) => progress,
            Err(error) => {
                tracing::error!(connection = known.name, "no run is begun: {error}");
                platform.note_unstored(&known, Some(format!("no run is begun: {error}")));
                return;
            }
        };
        turn.ended = platform
            .slice(&known, progress, Slice::new(shared.config.slice, stopped))
            .await;
    }

    /// What the run has done so far; a new one for the first slice.
    fn progress(&self, known: &Known, slice: scheduler::Slice) -> Result<Progress, DatabaseError> {
        let shared = &self.shared;
        if !slice.first
            && let Some(progress) = locked(&shared.runs).remove(&known.id)
        {
            return Ok(progress);
        }
        let (due, began) = (self.on_the_wall(slice.due), now_ms());
        let database = &shared.database;
        let number = database.begin_run(&known.name, slice.asked, due, began)?;
        let anew = database.begin_asked(&known.name)?;
        Ok(Progress::new(number, anew))
    }

    async fn slice(&self, known: &Arc<Known>, mut progress: Progress, slice: Slice) -> Ended {
        let shared = &self.shared;
        let SliceEnd { ended, did, end } = match self.live(known).await {
            Ok(live) => progress.read(&live, slice, shared.time_scale).await,
            Err(error) => SliceEnd::failed(Counts::default(), error.to_string()),
        };
        if let Err(error) = self.keep_anew(known, &progress, end.is_some()) {
            tracing::warn!(
                connection = known.name,
                "how far everything is read anew is not stored: {error}"
            );
        }
        let stored = shared
            .database
            .store_slice(progress.number, did, end.as_ref(), now_ms());
        if let Err(error) = &stored {
            tracing::error!(
                connection = known.name,
                "its history is not stored: {error}"
            );
        }
        let why = end.as_ref().and_then(|end| end.message.as_deref());
        let unstored = stored.err().map(|error| match why {
            Some(why) => format!("{why}; and its history is not stored: {error}"),
            None => format!("its history is not stored: {error}"),
        });
        self.note_unstored(known, unstored);
        match end {
            None => {
                locked(&shared.runs).insert(known.id, progress);
            }
            Some(end) if end.status != "complete" => {
                let why = end.message.unwrap_or_default();
                write_line(&format!("✗ {}: {}: {why}", known.name, end.status));
            }
            Some(_) => {
                tracing::info!(connection = known.name, "synced");
                self.note_recovered(known).await;
            }
        }
        ended
    }

    fn keep_anew(
        &self,
        known: &Known,
        progress: &Progress,
        over: bool,
    ) -> Result<(), DatabaseError> {
        let database = &self.shared.database;
        match progress.anew() {
            None => Ok(()),
            Some(_) if over => database.end_anew(&known.name),
            Some(begun) => database.keep_anew(&known.name, &begun),
        }
    }

    /// What could not be checked before was checked for the run: it is opened with what the check found, and what was wrong is not
    /// so any more.
    async fn note_recovered(&self, known: &Arc<Known>) {
        if known.found().problem.is_some()
            && let Err(error) = self.live(known).await
        {
            tracing::warn!(connection = known.name, "it is not opened anew: {error}");
        }
    }

    /// What the history cannot tell is said as long as the process lives.
    fn note_unstored(&self, known: &Arc<Known>, unstored: Option<String>) {
        let found = known.found();
        if found.unstored != unstored {
            let found = Found { unstored, ..found };
            self.shared.registry.set_found(known, found);
        }
    }

    /// Asks for a sync now; `full`: of everything.
    pub(in crate::platform) fn sync_now(
        &self,
        known: &Known,
        full: bool,
    ) -> Result<Asked, DatabaseError> {
        if !known.reads {
            return Ok(Asked::NoReading);
        }
        let now = self.now();
        // Nobody begins the run before it is stored what it is to do.
        let mut scheduler = self.scheduler();
        if !scheduler.may_ask(known.id) {
            return Ok(Asked::Paused);
        }
        self.shared.database.ask_sync(&known.name, full)?;
        scheduler.ask(known.id, now);
        drop(scheduler);
        self.shared.changed.notify_one();
        Ok(Asked::Yes)
    }

    /// Pauses a connection: a slice that runs ends behind its page. Webhooks are still taken.
    pub(in crate::platform) fn pause(&self, known: &Known) -> Result<(), DatabaseError> {
        self.shared.database.set_paused(&known.name, true)?;
        self.scheduler().pause(known.id);
        if let Some(stop) = locked(&self.shared.slices).get(&known.id) {
            // It may have ended just now.
            let _ = stop.send(true);
        }
        Ok(())
    }

    /// Lets a connection go on.
    pub(in crate::platform) fn resume(&self, known: &Known) -> Result<(), DatabaseError> {
        self.shared.database.set_paused(&known.name, false)?;
        let now = self.now();
        self.scheduler().resume(known.id, now);
        self.shared.changed.notify_one();
        Ok(())
    }
}
