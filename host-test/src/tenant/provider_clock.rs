//! The provider's clock, as its answers tell it: what it says of when something changed is told by that one.

use std::sync::atomic::{AtomicI64, Ordering};

use http::HeaderMap;
use http::header::DATE;

use crate::clock::now_ms;

/// How far the provider's clock is from this machine's.
#[derive(Debug, Default)]
pub(crate) struct ProviderClock {
    ahead_ms: AtomicI64,
}

impl ProviderClock {
    /// Takes the time from the headers of an answer that just came in.
    pub(crate) fn hear(&self, headers: &HeaderMap) {
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        let Some(Ok(date)) = date.map(httpdate::parse_http_date) else {
            return;
        };
        let Ok(since) = date.duration_since(std::time::UNIX_EPOCH) else {
            return;
        };
        let told_ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        // The header has whole seconds: clocks that agree are told apart by less than one.
        let ahead_ms = match told_ms.saturating_sub(now_ms()) {
            -999..=0 => 0,
            ahead_ms => ahead_ms.saturating_add(500),
        };
        self.ahead_ms.store(ahead_ms, Ordering::Relaxed);
    }

    /// How far it is ahead, in milliseconds.
    pub(crate) fn ahead_ms(&self) -> i64 {
        self.ahead_ms.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn the_clock_is_what_the_last_answer_says() {
        let clock = ProviderClock::default();
        let hear = |date: SystemTime| {
            let mut headers = HeaderMap::new();
            let text = httpdate::fmt_http_date(date);
            headers.insert(DATE, text.parse().unwrap());
            clock.hear(&headers);
            clock.ahead_ms()
        };
        assert_eq!(clock.ahead_ms(), 0);
        let ahead = hear(SystemTime::now() + Duration::from_secs(90));
        assert!((89_000..=91_000).contains(&ahead), "{ahead}");
        let mut garbled = HeaderMap::new();
        garbled.insert(DATE, "yesterday".parse().unwrap());
        clock.hear(&garbled);
        assert_eq!(clock.ahead_ms(), ahead);
        assert!((-1_500..=500).contains(&hear(SystemTime::now())));
    }
}
