//! Learns the workspaces of connections that take webhooks: on `/` a delivery is for those whose workspace it names, so a connection
//! whose workspace nobody knows gets nothing there. What was found once is stored; only what is not known is looked for.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;
use tokio::sync::watch;

use super::{Platform, locked, until};
use crate::platform::registry::Known;
use crate::platform::scheduler::ConnectionId;

/// How often to look, and at how many connections at a time: of ten thousand that nobody checked before, each in its turn.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
const AT_A_TIME: usize = 4;

/// How long to wait with one whose workspace could not be found, at first and at most.
const FIRST_WAIT: Duration = Duration::from_secs(30);
const LONGEST_WAIT: Duration = Duration::from_secs(1_800);

/// What is to be looked at, and when again.
#[derive(Default)]
pub(super) struct Lessons {
    tried: HashMap<ConnectionId, Tried>,
    /// Connections to look at whatever is known of them.
    soon: BTreeSet<ConnectionId>,
}

#[derive(Clone, Copy)]
struct Tried {
    again: Instant,
    wait: Duration,
}

impl Lessons {
    fn is_due(&self, id: ConnectionId, now: Instant) -> bool {
        let tried = self.tried.get(&id);
        tried.is_none_or(|tried| tried.again <= now)
    }

    /// Notes that somebody looks now, before it is known what comes of it: others need not look as well.
    fn begin(&mut self, id: ConnectionId, now: Instant) {
        let before = self.tried.get(&id);
        let wait = before.map_or(FIRST_WAIT, |tried| (tried.wait * 2).min(LONGEST_WAIT));
        let again = now + wait;
        self.tried.insert(id, Tried { again, wait });
    }

    fn forget(&mut self, id: ConnectionId) {
        self.tried.remove(&id);
        self.soon.remove(&id);
    }
}

impl Platform {
    /// Looks for what is not known, until the server ends.
    pub(super) async fn learn(self, stopped: watch::Receiver<bool>) {
        let learning = async {
            loop {
                tokio::time::sleep(BETWEEN_LOOKS).await;
                self.learn_workspaces(AT_A_TIME).await;
            }
        };
        tokio::select! {
            () = until(stopped) => {}
            () = learning => {}
        }
    }

    /// Looks for the workspaces of so many connections that it is time to look at.
    pub(in crate::platform) async fn learn_workspaces(&self, most: usize) {
        let shared = &self.shared;
        let now = Instant::now();
        let due: Vec<Arc<Known>> = {
            let mut lessons = locked(&shared.lessons);
            let soon = std::mem::take(&mut lessons.soon).into_iter();
            let mut due: Vec<_> = soon.filter_map(|id| shared.registry.numbered(id)).collect();
            due.extend(shared.registry.of_no_workspace(most, |known| {
                lessons.is_due(known.id, now) && due.iter().all(|one| one.id != known.id)
            }));
            for known in &due {
                lessons.begin(known.id, now);
            }
            due
        };
        join_all(due.iter().map(|known| self.look_at(known))).await;
        let mut lessons = locked(&shared.lessons);
        for known in due.iter().filter(|known| known.found().workspace.is_some()) {
            lessons.forget(known.id);
        }
    }

    /// What is found, and why nothing is, is noted by whoever opens a connection.
    async fn look_at(&self, known: &Arc<Known>) {
        let began = Instant::now();
        let Ok(live) = self.live(known).await else {
            return;
        };
        // One that is open longer was checked then, and is checked again.
        if live.unchecked.is_none() || live.opened >= began || live.checked().await.is_err() {
            return;
        }
        // It is opened anew when nobody has it.
        drop(live);
        // A failure is noted as well.
        let _ = self.live(known).await;
    }

    /// Has a connection looked at soon, whatever is known of it.
    pub(super) fn look_soon(&self, known: &Known) {
        locked(&self.shared.lessons).soon.insert(known.id);
    }

    /// A connection is gone.
    pub(super) fn forget_lessons(&self, id: ConnectionId) {
        locked(&self.shared.lessons).forget(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_cannot_be_found_is_tried_ever_more_seldom_and_never_given_up() {
        let mut lessons = Lessons::default();
        let mut now = Instant::now();
        let mut waits = Vec::new();
        for _ in 0..12 {
            assert!(lessons.is_due(1, now));
            lessons.begin(1, now);
            assert!(!lessons.is_due(1, now) && lessons.is_due(2, now));
            let wait = lessons
                .tried
                .get(&1)
                .map_or(Duration::ZERO, |tried| tried.wait);
            waits.push(wait.as_secs());
            now += wait;
        }
        assert_eq!(waits[..4], [30, 60, 120, 240]);
        assert_eq!(waits[11], 1_800);
    }
}
