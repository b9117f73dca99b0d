//! Counts requests against the faults in force.

use std::sync::{Mutex, PoisonError};

use super::faults::{Fault, FaultKind};

/// The faults in force, each with the number of requests that matched it so far.
#[derive(Debug, Default)]
pub(crate) struct FaultPlan(Mutex<Vec<(Fault, u64)>>);

impl FaultPlan {
    /// Replaces the faults; counting starts anew.
    pub(crate) fn set(&self, faults: Vec<Fault>) {
        let faults = faults.into_iter().map(|fault| (fault, 0)).collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = faults;
    }

    /// Counts a request. Every fault that matches counts it; the first that hits decides what happens.
    pub(crate) fn take(&self, method: &str, path: &str) -> Option<FaultKind> {
        let mut plan = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut hit = None;
        for (fault, seen) in plan.iter_mut() {
            if fault.matches(method, path) {
                *seen += 1;
                if hit.is_none() && fault.hits(*seen) {
                    hit = Some(fault.kind.clone());
                }
            }
        }
        hit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_counts_for_itself() {
        let plan = FaultPlan::default();
        plan.set(vec![
            "GET /contacts first=2 kind=reset".parse().unwrap(),
            "/contacts* first=3 kind=empty-body".parse().unwrap(),
        ]);
        let hits: Vec<_> = (0..4).map(|_| plan.take("GET", "/contacts")).collect();
        assert_eq!(
            hits,
            [
                None,
                Some(FaultKind::Reset),
                Some(FaultKind::EmptyBody),
                None
            ]
        );
    }
}
