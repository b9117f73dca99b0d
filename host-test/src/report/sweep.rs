//! What a sweep did.

use serde_json::{Value, json};

/// What a search for rows that are gone did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SweepReport {
    /// Every row of the output was looked for.
    Done {
        /// Rows that the output had.
        held: u64,
        /// Of those, the ones that the walk did not give.
        missed: u64,
        /// Of those, the ones that the provider says are gone.
        deleted: u64,
    },
    /// The stream cannot be swept.
    LeftOut {
        /// Why.
        reason: String,
    },
}

impl SweepReport {
    /// For programs.
    pub(super) fn to_json(&self) -> Value {
        match self {
            SweepReport::Done {
                held,
                missed,
                deleted,
            } => json!({"done": true, "held": held, "missed": missed, "deleted": deleted}),
            SweepReport::LeftOut { reason } => json!({"done": false, "reason": reason}),
        }
    }
}
