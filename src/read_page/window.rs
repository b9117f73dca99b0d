//! The span of time that was asked for.

use crate::contract::connector::Selection;

/// The seconds that were asked for: from the first one on, up to the last one, which is not included.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    pub since: Option<i64>,
    pub until: Option<i64>,
}

impl Window {
    pub fn holds(&self, updated_at: Option<i64>) -> bool {
        // What does not say when it changed is given: a repeat is better than a loss.
        updated_at.is_none_or(|at| {
            self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at < until)
        })
    }

    /// Whether it leaves nothing out.
    pub fn is_open(&self) -> bool {
        self.since.is_none() && self.until.is_none()
    }

    /// A second counts as its first millisecond.
    pub fn of(selection: &Selection) -> Self {
        let seconds = |ms: i64| ms.saturating_add(999).div_euclid(1_000);
        match selection {
            Selection::Window(window) => Self {
                since: window.since_ms.map(seconds),
                until: window.until_ms.map(seconds),
            },
            Selection::All | Selection::Keys(_) => Self::default(),
        }
    }
}
