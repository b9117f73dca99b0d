//! The company scroll: one at a time for the whole workspace, dropped when idle for a minute.

use super::clock::as_milliseconds;
use super::errors::ApiError;
use std::time::Duration;

/// How long a scroll may be idle; the time scale divides it.
pub(crate) const IDLE: Duration = Duration::from_secs(60);

/// The scroll of a workspace, if one is open.
#[derive(Debug, Default)]
pub(crate) struct Scroll {
    open: Option<Open>,
    opened: u64,
}

#[derive(Clone, Debug)]
struct Open {
    parameter: String,
    /// Number of the next company to look at.
    next: u64,
    /// Companies from here on were created after the scroll was opened.
    end: u64,
    used_at: i64,
}

/// Which companies a call may show: from `next` to before `end`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) parameter: String,
    pub(crate) next: u64,
    pub(crate) end: u64,
}

impl Scroll {
    /// A call at `now` (milliseconds): opens a scroll over the companies before `end`, or goes on with the one that
    /// `parameter` names. `fresh` makes the parameter of a new scroll from how many there were before.
    ///
    /// # Errors
    /// 400 when another scroll is open, 404 when the parameter is unknown, expired or at its end.
    pub(crate) fn step(
        &mut self,
        parameter: Option<&str>,
        now: i64,
        idle: Duration,
        end: u64,
        fresh: impl FnOnce(u64) -> String,
    ) -> Result<Step, ApiError> {
        let expired = |open: &Open| now.saturating_sub(open.used_at) > as_milliseconds(idle);
        if self.open.as_ref().is_some_and(expired) {
            self.open = None;
        }
        let open = match (parameter, &mut self.open) {
            (None, Some(_)) => {
                return Err(exists());
            }
            (None, empty @ None) => {
                self.opened += 1;
                empty.insert(Open {
                    parameter: fresh(self.opened),
                    next: 0,
                    end,
                    used_at: now,
                })
            }
            (Some(parameter), Some(open)) if open.parameter == parameter => open,
            (Some(_), _) => return Err(not_found()),
        };
        open.used_at = now;
        Ok(Step {
            parameter: open.parameter.clone(),
            next: open.next,
            end: open.end,
        })
    }

    /// After a step was answered: the number to go on from, or none when the answer was empty, which ends the scroll.
    pub(crate) fn answered(&mut self, next: Option<u64>) {
        match (next, &mut self.open) {
            (Some(next), Some(open)) => open.next = next,
            _ => self.open = None,
        }
    }

    /// Drops the open scroll.
    pub(crate) fn drop_open(&mut self) {
        self.open = None;
    }
}

/// The answer to who opens a scroll while another is open.
pub(crate) fn exists() -> ApiError {
    ApiError::new(
        400,
        "scroll_exists",
        "scroll already exists for this workspace",
    )
}

/// The answer to a scroll parameter that leads nowhere.
pub(crate) fn not_found() -> ApiError {
    ApiError::new(404, "not_found", "scroll parameter not found")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(scroll: &mut Scroll, parameter: Option<&str>, now: i64) -> Result<Step, ApiError> {
        scroll.step(parameter, now, IDLE, 10, |number| {
            format!("scroll-{number}")
        })
    }

    #[test]
    fn only_one_is_open() {
        let mut scroll = Scroll::default();
        let first = step(&mut scroll, None, 0).unwrap();
        assert_eq!((first.next, first.end), (0, 10));
        assert_eq!(
            step(&mut scroll, None, 1).unwrap_err().code,
            "scroll_exists"
        );
        assert_eq!(step(&mut scroll, Some("other"), 1).unwrap_err().status, 404);
        scroll.answered(Some(5));
        assert_eq!(step(&mut scroll, Some("scroll-1"), 2).unwrap().next, 5);
    }

    #[test]
    fn an_empty_answer_ends_it() {
        let mut scroll = Scroll::default();
        step(&mut scroll, None, 0).unwrap();
        scroll.answered(None);
        assert_eq!(
            step(&mut scroll, Some("scroll-1"), 1).unwrap_err().status,
            404
        );
        assert_eq!(step(&mut scroll, None, 1).unwrap().parameter, "scroll-2");
    }

    #[test]
    fn idleness_expires_it_and_use_keeps_it() {
        let mut scroll = Scroll::default();
        step(&mut scroll, None, 0).unwrap();
        assert!(step(&mut scroll, Some("scroll-1"), 60_000).is_ok());
        assert!(step(&mut scroll, Some("scroll-1"), 120_000).is_ok());
        assert_eq!(
            step(&mut scroll, Some("scroll-1"), 180_001)
                .unwrap_err()
                .status,
            404
        );
        assert!(step(&mut scroll, None, 180_002).is_ok());
    }
}
