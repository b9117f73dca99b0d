//! What has to hold.

use std::collections::BTreeSet;

/// Collects what did not hold.
#[derive(Debug, Default)]
pub(super) struct Expectations {
    failures: Vec<String>,
}

impl Expectations {
    /// Notes a failure unless `holds`.
    pub(super) fn hold(&mut self, holds: bool, failure: impl FnOnce() -> String) {
        if !holds {
            self.failures.push(failure());
        }
    }

    /// Two sets of keys have to be the same.
    pub(super) fn same_keys(
        &mut self,
        what: &str,
        found: &BTreeSet<String>,
        expected: &BTreeSet<String>,
    ) {
        let missing: Vec<&String> = expected.difference(found).take(3).collect();
        let surplus: Vec<&String> = found.difference(expected).take(3).collect();
        self.hold(found == expected, || {
            format!(
                "{what}: {} keys found, {} expected; missing {missing:?}, not expected {surplus:?}",
                found.len(),
                expected.len()
            )
        });
    }

    /// What did not hold, in order.
    pub(super) fn into_failures(self) -> Vec<String> {
        self.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_named() {
        let set = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        let mut expectations = Expectations::default();
        expectations.same_keys("tags", &set(&["a", "b"]), &set(&["a", "b"]));
        expectations.same_keys("tags", &set(&["a", "x"]), &set(&["a", "b"]));
        let failures = expectations.into_failures();
        assert_eq!(failures.len(), 1);
        assert!(failures[0].contains("missing [\"b\"]") && failures[0].contains("[\"x\"]"));
    }
}
