//! Whether a version that some connections try is worse than the one that the others have.

use crate::plugin::Counted;

/// Failures below which nothing is said: one alone is chance.
const FEWEST_FAILURES: u64 = 3;

/// Calls of either version below which nothing is said about how long they compute.
const FEWEST_CALLS: u64 = 10;

/// So many times as long as the version before it may a version compute. Connections differ, and calls do: a page is a hundred
/// webhooks.
const TIMES_AS_LONG: u64 = 10;

/// What nobody minds, however quick the version before it was: a large page takes as long.
const NOT_LONG_US: u64 = 100_000;

/// What is thought of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Nothing speaks against it.
    Good,
    /// It fails more often; the text says how often, both.
    Worse(String),
}

/// Compares shares of failures. The old version is taken to have failed once more than it did, so that a new one which meets the
/// same bad hour is not blamed for it.
pub fn judge(tried: Counted, old: Counted) -> Judgement {
    let exceeds = u128::from(tried.failures) * u128::from(old.calls + 1)
        > u128::from(old.failures + 1) * u128::from(tried.calls);
    // Whoever fails always is worse, however little the old version has done.
    let always = tried.failures == tried.calls && old.failures < old.calls.max(1);
    // Nothing compares where the others do nothing; then it has to be more than half.
    let mostly = old.calls == 0 && tried.failures * 2 > tried.calls;
    if tried.failures < FEWEST_FAILURES || !(exceeds || always || mostly) {
        return judge_time(tried, old);
    }
    Judgement::Worse(format!(
        "{} of {} calls failed, of the version before it {} of {}",
        tried.failures, tried.calls, old.failures, old.calls
    ))
}

/// Compares how long a call computes.
fn judge_time(tried: Counted, old: Counted) -> Judgement {
    if tried.calls.min(old.calls) < FEWEST_CALLS {
        return Judgement::Good;
    }
    let (long, before) = (tried.computed_us / tried.calls, old.computed_us / old.calls);
    if long < NOT_LONG_US || long < before.saturating_mul(TIMES_AS_LONG) {
        return Judgement::Good;
    }
    Judgement::Worse(format!(
        "a call computes for {} ms, with the version before it for {} ms",
        long / 1_000,
        before / 1_000
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_failures_decides() {
        let counted = |failures, calls| Counted {
            calls,
            failures,
            computed_us: 0,
        };
        let is_worse = |tried, old| matches!(judge(tried, old), Judgement::Worse(_));
        assert!(is_worse(counted(3, 3), counted(0, 0)));
        assert!(is_worse(counted(3, 3), counted(0, 1_000)));
        assert!(is_worse(counted(5, 100), counted(3, 1_000)));
        assert!(is_worse(counted(4, 7), counted(0, 0)) && !is_worse(counted(4, 8), counted(0, 0)));
        assert!(!is_worse(counted(2, 2), counted(0, 1_000)));
        assert!(!is_worse(counted(0, 100), counted(0, 100)));
        // The provider fails: so does everybody.
        assert!(!is_worse(counted(50, 50), counted(500, 500)));
        assert!(!is_worse(counted(10, 100), counted(100, 1_000)));
    }

    #[test]
    fn one_that_computes_ten_times_as_long_is_worse() {
        let counted = |calls, each_us| Counted {
            calls,
            failures: 0,
            computed_us: calls * each_us,
        };
        let text = |tried, old| match judge(tried, old) {
            Judgement::Worse(text) => text,
            Judgement::Good => String::new(),
        };
        assert_eq!(
            text(counted(10, 500_000), counted(100, 2_000)),
            "a call computes for 500 ms, with the version before it for 2 ms"
        );
        // Too few, not long, or not so much longer.
        assert_eq!(text(counted(9, 500_000), counted(100, 2_000)), "");
        assert_eq!(text(counted(100, 500_000), counted(9, 2_000)), "");
        assert_eq!(text(counted(100, 99_000), counted(100, 40)), "");
        assert_eq!(text(counted(100, 500_000), counted(100, 60_000)), "");
    }
}
