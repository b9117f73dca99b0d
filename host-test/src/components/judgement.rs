//! Whether a version that some connections try is worse than the one that the others have.

use crate::plugin::Counted;

/// Failures below which nothing is said: one alone is chance.
const FEWEST_FAILURES: u64 = 3;

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
    if tried.failures < FEWEST_FAILURES || !(exceeds || always) {
        return Judgement::Good;
    }
    Judgement::Worse(format!(
        "{} of {} calls failed, of the version before it {} of {}",
        tried.failures, tried.calls, old.failures, old.calls
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_of_failures_decides() {
        let counted = |failures, calls| Counted { calls, failures };
        let is_worse = |tried, old| matches!(judge(tried, old), Judgement::Worse(_));
        assert!(is_worse(counted(3, 3), counted(0, 0)));
        assert!(is_worse(counted(3, 3), counted(0, 1_000)));
        assert!(is_worse(counted(5, 100), counted(3, 1_000)));
        assert!(!is_worse(counted(2, 2), counted(0, 1_000)));
        assert!(!is_worse(counted(0, 100), counted(0, 100)));
        // The provider fails: so does everybody.
        assert!(!is_worse(counted(50, 50), counted(500, 500)));
        assert!(!is_worse(counted(10, 100), counted(100, 1_000)));
    }
}
