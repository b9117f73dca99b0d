//! Holding back: from a chosen request on, nothing is answered until the hold is released. A client can be looked at, or
//! ended, exactly there; a poll of the request count would come too late.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use tokio::sync::watch;

/// From which request on to hold back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// The first request without an answer, counted from 1 since the hold was set.
    pub request: u64,
    /// Whether that request is applied before it is held back. Later ones never are; a request whose client goes away
    /// meanwhile is forgotten.
    #[serde(default)]
    pub applied: bool,
}

/// The hold in force, and who waits for its end.
#[derive(Debug, Default)]
pub(crate) struct HoldPoint {
    setting: Mutex<Setting>,
    releases: watch::Sender<u64>,
    waiting: AtomicU64,
}

#[derive(Debug, Default)]
struct Setting {
    hold: Option<Hold>,
    arrived: u64,
}

/// What a request has to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Nothing.
    Free,
    /// The release after so many, before it is applied.
    BeforeWork(u64),
    /// The release after so many, before it is answered.
    BeforeAnswer(u64),
}

impl HoldPoint {
    /// Sets a hold; the one before is released.
    pub(crate) fn set(&self, hold: Option<Hold>) {
        *self.setting.lock().unwrap_or_else(PoisonError::into_inner) = Setting { hold, arrived: 0 };
        self.releases.send_modify(|count| *count += 1);
    }

    /// Counts a request.
    pub(crate) fn arrive(&self) -> Turn {
        let mut setting = self.setting.lock().unwrap_or_else(PoisonError::into_inner);
        setting.arrived += 1;
        let released = *self.releases.borrow();
        match setting.hold {
            Some(hold) if hold.applied && setting.arrived == hold.request => {
                Turn::BeforeAnswer(released)
            }
            Some(hold) if setting.arrived >= hold.request => Turn::BeforeWork(released),
            _ => Turn::Free,
        }
    }

    /// Waits for the release after `released`.
    pub(crate) async fn wait(&self, released: u64) {
        let _counted = Waiting::new(&self.waiting);
        let mut releases = self.releases.subscribe();
        // The sender lives as long as `self`.
        drop(releases.wait_for(|count| *count > released).await);
    }

    /// How many requests are held back.
    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::SeqCst)
    }
}

/// One request that waits; given up with its connection, it is not counted any more.
struct Waiting<'a>(&'a AtomicU64);

impl Waiting<'_> {
    fn new(count: &AtomicU64) -> Waiting<'_> {
        count.fetch_add(1, Ordering::SeqCst);
        Waiting(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_from_where_the_hold_was_set() {
        let point = HoldPoint::default();
        assert_eq!(point.arrive(), Turn::Free);
        point.set(Some(Hold {
            request: 2,
            applied: true,
        }));
        let turns: Vec<_> = (0..3).map(|_| point.arrive()).collect();
        assert_eq!(
            turns,
            [Turn::Free, Turn::BeforeAnswer(1), Turn::BeforeWork(1)]
        );
        point.set(None);
        assert_eq!(point.arrive(), Turn::Free);
    }

    #[tokio::test]
    async fn a_release_that_comes_before_the_wait_is_not_missed() {
        let point = HoldPoint::default();
        point.set(Some(Hold {
            request: 1,
            applied: false,
        }));
        let Turn::BeforeWork(released) = point.arrive() else {
            unreachable!("the first request is held back");
        };
        {
            let waiting = point.wait(released);
            tokio::pin!(waiting);
            assert!(futures::poll!(waiting.as_mut()).is_pending());
            assert_eq!(point.waiting(), 1);
        }
        assert_eq!(point.waiting(), 0);
        point.set(None);
        point.wait(released).await;
    }
}
