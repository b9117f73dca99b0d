//! A URL that gets notifications: whether it may get one now is a function of what it answered before.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::watch;

use super::options::Options;

/// So many errors one after the other are too many.
const MOST_ERRORS: u32 = 1_000;

/// How long the service waits for what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waits {
    /// Before a failed delivery is tried once more, and at least when there is too much.
    pub(crate) retry: Duration,
    /// At most when there is too much; what is later than that is dropped.
    pub(crate) latest: Duration,
    /// In which too many errors have to come, and how long nothing is sent then.
    pub(crate) pause: Duration,
    /// After errors for so long, and nothing else, nothing is sent any more.
    pub(crate) suspension: Duration,
}

impl Waits {
    /// The documented ones, shortened by the time scale.
    pub(crate) fn of(options: &Options) -> Waits {
        let minutes = |minutes: u64| options.scaled(Duration::from_secs(60 * minutes));
        Waits {
            retry: minutes(1),
            latest: minutes(120),
            pause: minutes(15),
            suspension: minutes(7 * 24 * 60),
        }
    }
}

/// Whether a notification may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Permission {
    Now,
    /// Not before then: the receiver said that it was too much.
    At(Instant),
    /// Never: it is too late for it, or nothing is sent to this receiver now.
    Never,
}

/// What a receiver's answers led to.
#[derive(Debug, Default)]
pub(crate) struct Conduct {
    /// Errors one after the other, and when the first of them came.
    errors: Option<(u32, Instant)>,
    /// Since when there was nothing but errors.
    failing_since: Option<Instant>,
    paused_until: Option<Instant>,
    throttled_until: Option<Instant>,
    throttle: Option<Duration>,
}

impl Conduct {
    /// Whether a notification that was created at `created` may be sent at `now`.
    pub(crate) fn permission(&self, waits: Waits, created: Instant, now: Instant) -> Permission {
        if self.paused_until.is_some_and(|until| now < until) {
            return Permission::Never;
        }
        match self.throttled_until.filter(|until| now < *until) {
            Some(until) if until.duration_since(created) > waits.latest => Permission::Never,
            Some(until) => Permission::At(until),
            None if now.duration_since(created) > waits.latest => Permission::Never,
            None => Permission::Now,
        }
    }

    /// Takes note of an answer; of none when there was none in time. False when there were errors for too long.
    pub(crate) fn answered(&mut self, waits: Waits, status: Option<u16>, now: Instant) -> bool {
        if status.is_some_and(|status| (200..300).contains(&status)) {
            (self.errors, self.throttle, self.failing_since) = (None, None, None);
            return true;
        }
        let failing_since = *self.failing_since.get_or_insert(now);
        if status == Some(429) && self.throttled_until.is_none_or(|until| now >= until) {
            let throttle = self.throttle.map_or(waits.retry, |before| before * 2);
            let throttle = throttle.min(waits.latest);
            self.throttle = Some(throttle);
            self.throttled_until = Some(now + throttle);
        }
        self.errors = match self.errors {
            Some((errors, first)) if now.duration_since(first) <= waits.pause => {
                Some((errors + 1, first))
            }
            _ => Some((1, now)),
        };
        if self.errors.is_some_and(|(errors, _)| errors > MOST_ERRORS) {
            self.paused_until = Some(now + waits.pause);
            self.errors = None;
        }
        now.duration_since(failing_since) <= waits.suspension
    }
}

/// A URL that gets notifications.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) url: String,
    standing: watch::Sender<Standing>,
    conduct: Mutex<Conduct>,
}

/// What becomes of notifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Standing {
    /// Its validation is under way.
    Pending,
    Active,
    /// It failed its validation, or said that it is gone.
    Disabled,
    /// It failed for so long that it is not tried any more.
    Suspended,
}

impl Subscription {
    pub(crate) fn pending(url: String) -> Subscription {
        Subscription {
            url,
            standing: watch::Sender::new(Standing::Pending),
            conduct: Mutex::default(),
        }
    }

    /// It answered its validation, or did not.
    pub(crate) fn settle(&self, active: bool) {
        let standing = if active {
            Standing::Active
        } else {
            Standing::Disabled
        };
        self.standing.send_replace(standing);
    }

    /// What becomes of notifications to it.
    pub(crate) fn standing(&self) -> Standing {
        *self.standing.borrow()
    }

    /// Waits for the validation; whether the URL takes notifications.
    pub(crate) async fn is_active(&self) -> bool {
        let mut standing = self.standing.subscribe();
        let settled = standing
            .wait_for(|standing| *standing != Standing::Pending)
            .await;
        settled.is_ok_and(|standing| *standing == Standing::Active)
    }

    /// Waits until a notification that was created at `created` may be sent; false when it never may.
    pub(crate) async fn permits(&self, waits: Waits, created: Instant) -> bool {
        loop {
            if !self.is_active().await {
                return false;
            }
            match self.permission(waits, created) {
                Permission::Now => return true,
                Permission::Never => return false,
                Permission::At(until) => tokio::time::sleep_until(until.into()).await,
            }
        }
    }

    /// Whether such a notification may be sent at this moment.
    pub(crate) fn permits_now(&self, waits: Waits, created: Instant) -> bool {
        let active = self.standing() == Standing::Active;
        active && self.permission(waits, created) == Permission::Now
    }

    fn permission(&self, waits: Waits, created: Instant) -> Permission {
        self.conduct(|conduct| conduct.permission(waits, created, Instant::now()))
    }

    /// Takes note of an answer.
    pub(crate) fn answered(&self, waits: Waits, status: Option<u16>) {
        if status == Some(410) {
            self.settle(false);
        }
        let bearable = self.conduct(|conduct| conduct.answered(waits, status, Instant::now()));
        if !bearable {
            self.standing.send_replace(Standing::Suspended);
        }
    }

    fn conduct<T>(&self, act: impl FnOnce(&mut Conduct) -> T) -> T {
        act(&mut self.conduct.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn waits() -> Waits {
        Waits::of(&Options::default())
    }

    #[test]
    fn too_many_requests_put_off_everything_longer_each_time() {
        let (mut conduct, start) = (Conduct::default(), Instant::now());
        let mut now = start;
        for minutes in [1, 2, 4, 8, 16, 32, 64, 120, 120] {
            conduct.answered(waits(), Some(429), now);
            // One that was under way at the same time changes nothing.
            conduct.answered(waits(), Some(429), now);
            let until = now + minutes * MINUTE;
            assert_eq!(conduct.permission(waits(), now, now), Permission::At(until));
            now = until;
            assert_eq!(conduct.permission(waits(), now, now), Permission::Now);
        }
        // What was created at the beginning is much too late by now.
        assert_eq!(conduct.permission(waits(), start, now), Permission::Never);
        conduct.answered(waits(), Some(200), now);
        conduct.answered(waits(), Some(429), now);
        let next = conduct.permission(waits(), now, now);
        assert_eq!(next, Permission::At(now + MINUTE));
        // Whoever would have to wait for more than two hours is not kept.
        let earlier = now - 2 * 60 * MINUTE;
        assert_eq!(conduct.permission(waits(), earlier, now), Permission::Never);
    }

    #[test]
    fn a_thousand_errors_in_a_quarter_of_an_hour_are_borne_and_no_more() {
        let (mut conduct, now) = (Conduct::default(), Instant::now() + MINUTE);
        for _ in 0..1_000 {
            conduct.answered(waits(), Some(500), now);
        }
        assert_eq!(conduct.permission(waits(), now, now), Permission::Now);
        conduct.answered(waits(), None, now);
        assert_eq!(conduct.permission(waits(), now, now), Permission::Never);
        let later = now + 15 * MINUTE;
        assert_eq!(conduct.permission(waits(), later, later), Permission::Now);
    }

    #[test]
    fn a_week_of_nothing_but_errors_is_the_end() {
        let day = 24 * 60 * MINUTE;
        let (mut conduct, start) = (Conduct::default(), Instant::now());
        let mut fails = |status, days: u32| conduct.answered(waits(), status, start + days * day);
        assert!(fails(None, 0) && fails(Some(500), 6));
        // Anything taken begins another week.
        assert!(fails(Some(200), 6));
        assert!(fails(Some(500), 7) && fails(Some(500), 14));
        assert!(!fails(Some(500), 15));
    }

    #[test]
    fn errors_count_when_they_come_one_after_the_other_and_soon() {
        let start = Instant::now();
        let fail = |conduct: &mut Conduct, count: u32, now: Instant| {
            for _ in 0..count {
                conduct.answered(waits(), Some(500), now);
            }
        };
        let mut interrupted = Conduct::default();
        fail(&mut interrupted, 900, start);
        interrupted.answered(waits(), Some(204), start);
        fail(&mut interrupted, 900, start);
        assert_eq!(
            interrupted.permission(waits(), start, start),
            Permission::Now
        );
        let (mut slow, later) = (Conduct::default(), start + 16 * MINUTE);
        fail(&mut slow, 900, start);
        fail(&mut slow, 900, later);
        assert_eq!(slow.permission(waits(), later, later), Permission::Now);
    }
}
