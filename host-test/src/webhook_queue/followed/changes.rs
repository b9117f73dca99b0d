//! What changed of a row that is followed, until somebody looks at it.

use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

use super::super::own_writes::{self, Origin, Trace};

/// Changes that nobody has looked at. One of somebody else stays one, whatever this host writes beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Changes {
    /// Those of others, counted: what comes during a look is told from what the look saw.
    foreign: u64,
    /// Those that hang on a write that is not over.
    unclear: Vec<Trace>,
}

impl Changes {
    /// Adds one; what this host wrote itself is none.
    pub(super) fn add(&mut self, origin: Origin, trace: &Trace) {
        match origin {
            Origin::Own => {}
            Origin::Foreign => self.foreign += 1,
            Origin::Unclear(_) if self.unclear.contains(trace) => {}
            Origin::Unclear(_) => self.unclear.push(trace.clone()),
        }
    }

    /// Whose they are: somebody else's when one of them is.
    pub(super) fn origin(&self, transaction: &Transaction<'_>) -> rusqlite::Result<Origin> {
        if self.foreign > 0 {
            return Ok(Origin::Foreign);
        }
        let mut all = Origin::Own;
        for trace in &self.unclear {
            match own_writes::origin(transaction, trace)? {
                Origin::Own => {}
                Origin::Foreign => return Ok(Origin::Foreign),
                unclear => all = unclear,
            }
        }
        Ok(all)
    }

    /// Those that came after a look began.
    pub(super) fn since(mut self, seen: &Changes) -> Changes {
        self.foreign = self.foreign.saturating_sub(seen.foreign);
        self.unclear.retain(|trace| !seen.unclear.contains(trace));
        self
    }

    /// As they are stored; nothing where there are none.
    pub(super) fn to_text(&self) -> Option<String> {
        (*self != Changes::default()).then(|| serde_json::json!(self).to_string())
    }

    /// Those that are stored. Before changes were counted there was one at most, and nothing when it was somebody else's.
    pub(super) fn of_text(text: Option<&str>, is_due: bool) -> Changes {
        if !is_due {
            return Changes::default();
        }
        let text = text.unwrap_or_default();
        let known = serde_json::from_str(text).ok();
        known.unwrap_or_else(|| match Trace::of_text(text) {
            Some(trace) => Changes {
                foreign: 0,
                unclear: vec![trace],
            },
            None => Changes {
                foreign: 1,
                unclear: Vec::new(),
            },
        })
    }
}
