//! Caps that a connection sets itself, besides what the provider allows: never more than so many requests of a kind in
//! any span of a length. Decided without clock, like the budget.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::TargetPattern;

/// At most so many requests of a kind in any span of this length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateCap {
    /// The requests that count: those that match one of these.
    pub targets: Vec<TargetPattern>,
    /// So many, at most. At least 1.
    pub most: u32,
    /// The length of the span.
    pub window: Duration,
}

/// Caps, and when the last requests under them were sent.
#[derive(Debug, Default)]
pub struct CapWindows(Vec<(RateCap, VecDeque<Instant>)>);

impl CapWindows {
    /// Nothing was sent yet.
    pub fn new(caps: Vec<RateCap>) -> Self {
        Self(caps.into_iter().map(|cap| (cap, VecDeque::new())).collect())
    }

    /// Counts a request that is sent now under every cap that it matches; or says when to ask again, and counts nothing.
    pub fn start(&mut self, now: Instant, method: &str, target: &str) -> Result<(), Instant> {
        let mut until = None;
        for (cap, sent) in self.matching(method, target) {
            while sent.front().is_some_and(|first| *first + cap.window <= now) {
                sent.pop_front();
            }
            let over = sent.len().checked_sub(cap.most.max(1) as usize);
            // As many as are too much have to leave the span.
            if let Some(first) = over.and_then(|over| sent.get(over)) {
                until = until.max(Some(*first + cap.window));
            }
        }
        match until {
            Some(until) => Err(until),
            None => {
                for (_, sent) in self.matching(method, target) {
                    sent.push_back(now);
                }
                Ok(())
            }
        }
    }

    /// Counts a request that was to be sent at one time at a later one.
    pub fn put_off(&mut self, from: Instant, to: Instant, method: &str, target: &str) {
        self.take_back(from, method, target);
        for (_, sent) in self.matching(method, target) {
            sent.push_back(to);
        }
    }

    /// Forgets a request that was to be sent at this time.
    pub fn take_back(&mut self, at: Instant, method: &str, target: &str) {
        for (_, sent) in self.matching(method, target) {
            if let Some(index) = sent.iter().rposition(|time| *time == at) {
                sent.remove(index);
            }
        }
    }

    fn matching(
        &mut self,
        method: &str,
        target: &str,
    ) -> impl Iterator<Item = &mut (RateCap, VecDeque<Instant>)> {
        self.0.iter_mut().filter(move |(cap, _)| {
            let mut targets = cap.targets.iter();
            targets.any(|pattern| pattern.matches(method, target))
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn cap(target: &str, most: u32, seconds: u64) -> RateCap {
        RateCap {
            targets: vec![target.parse().unwrap()],
            most,
            window: Duration::from_secs(seconds),
        }
    }

    #[test]
    fn no_span_holds_more_than_the_cap() {
        let mut caps = CapWindows::new(vec![cap("*", 3, 10)]);
        let start = Instant::now();
        let mut sent = Vec::new();
        let mut now = start;
        while sent.len() < 20 {
            match caps.start(now, "GET", "/") {
                Ok(()) => sent.push(now),
                Err(until) => {
                    assert!(until > now);
                    now = until;
                }
            }
            now += Duration::from_millis(700);
        }
        for window in sent.windows(4) {
            assert!(
                window[3] - window[0] >= Duration::from_secs(10),
                "{window:?}"
            );
        }
        // And it is made use of: three in ten seconds, or nearly.
        assert!(sent[19] - sent[0] < Duration::from_secs(75));
    }

    #[test]
    fn a_request_counts_under_every_cap_that_it_matches_or_under_none() {
        let mut caps = CapWindows::new(vec![cap("*", 2, 10), cap("POST */search", 1, 60)]);
        let now = Instant::now();
        let seconds = |count| now + Duration::from_secs(count);
        assert_eq!(caps.start(now, "POST", "/contacts/search"), Ok(()));
        assert_eq!(
            caps.start(now, "POST", "/contacts/search"),
            Err(seconds(60))
        );
        // The refused search was not counted under the first cap.
        assert_eq!(caps.start(now, "GET", "/contacts"), Ok(()));
        assert_eq!(caps.start(now, "GET", "/contacts"), Err(seconds(10)));
    }

    #[test]
    fn what_is_sent_later_counts_later_and_what_is_not_sent_not_at_all() {
        let mut caps = CapWindows::new(vec![cap("*", 1, 10)]);
        let now = Instant::now();
        let later = now + Duration::from_secs(4);
        assert_eq!(caps.start(now, "GET", "/"), Ok(()));
        caps.put_off(now, later, "GET", "/");
        assert_eq!(
            caps.start(later, "GET", "/"),
            Err(later + Duration::from_secs(10))
        );
        caps.take_back(later, "GET", "/");
        assert_eq!(caps.start(later, "GET", "/"), Ok(()));
    }
}
