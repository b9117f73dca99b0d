//! What a check found, for people and for programs.

use std::fmt;

use serde_json::{Value, json};

/// One thing that was looked at.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) what: String,
    pub(super) verdict: Verdict,
    pub(super) message: String,
    /// What to do about it.
    pub(super) remedy: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Good,
    /// Not good, and nobody asked for it.
    Aside,
    Bad,
}

impl Finding {
    pub(super) fn good(what: impl Into<String>, message: impl Into<String>) -> Finding {
        Finding {
            what: what.into(),
            verdict: Verdict::Good,
            message: message.into(),
            remedy: None,
        }
    }

    pub(super) fn aside(
        what: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        Finding {
            verdict: Verdict::Aside,
            remedy: Some(remedy.into()),
            ..Finding::good(what, message)
        }
    }

    pub(super) fn bad(
        what: impl Into<String>,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Finding {
        Finding {
            verdict: Verdict::Bad,
            ..Finding::aside(what, message, remedy)
        }
    }

    pub(super) fn to_json(&self) -> Value {
        json!({
            "what": self.what,
            "ok": self.verdict != Verdict::Bad,
            "good": self.verdict == Verdict::Good,
            "message": self.message,
            "remedy": self.remedy,
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.verdict {
            Verdict::Good => '✓',
            Verdict::Aside => '–',
            Verdict::Bad => '✗',
        };
        write!(formatter, "{mark} {}: {}", self.what, self.message)?;
        match &self.remedy {
            Some(remedy) => write!(formatter, "\n    → {remedy}"),
            None => Ok(()),
        }
    }
}
