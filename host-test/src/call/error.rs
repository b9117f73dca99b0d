//! Why a call gave no result.

use std::fmt;
use std::time::Duration;

use wasmtime::Trap;

use super::{CallContext, Failure as NoResult};
use crate::contract::types::{Failure, Problem};
use crate::guest_text::clean;
use crate::limits::Limit;
use crate::writer::kind_name;

/// Bytes of a trap's message that are kept.
const MESSAGE_BYTES: usize = 1024;

/// Why a call gave no result. Its `Display` form is for people.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The component's own answer: it did its work and says no.
    #[error("{}", FailureText(.0))]
    Failure(Failure),
    /// The component broke off. That is a defect of the component; the call had no result, the next one has a fresh instance.
    #[error("the component broke off in `{export}`: {message}{}", LogText(.guest_log))]
    Trapped {
        /// The exported function.
        export: &'static str,
        /// What the sandbox says.
        message: String,
        /// The last lines that the component logged in this call, a panic's text among them; at most 4 KiB.
        guest_log: String,
    },
    /// The component did not end in time and was ended.
    #[error("the component did not end `{export}` within {allowed:?} and was ended{}", LogText(.guest_log))]
    TimedOut {
        /// The exported function.
        export: &'static str,
        /// How long it might have taken; it was given some grace on top.
        allowed: Duration,
        /// The last lines that the component logged in this call.
        guest_log: String,
    },
    /// The call wanted more than it may have.
    #[error("`{export}` reached its limit of {allowed} {limit}{}", LogText(.guest_log))]
    LimitReached {
        /// The exported function.
        export: &'static str,
        /// Which limit.
        limit: Limit,
        /// How much of it there is.
        allowed: u64,
        /// The last lines that the component logged in this call.
        guest_log: String,
    },
    /// The host could not do its part.
    #[error("`{export}` could not be called: {error}")]
    Host {
        /// The exported function.
        export: &'static str,
        /// Why.
        #[source]
        error: HostError,
    },
}

/// Why the host could not do its part.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// There was no place for an instance.
    #[error("no instance could be made: {0}")]
    NoInstance(String),
    /// The component answered with another case than it was asked for.
    #[error("it was asked for {expected} and answered with something else")]
    WrongAnswer {
        /// What was asked for.
        expected: &'static str,
    },
    /// The component's answer breaks the contract.
    #[error("its answer makes no sense: {what}")]
    Nonsense {
        /// What is wrong with it, without what it holds.
        what: String,
    },
    /// The component gave another number of results than it was given documents or rows.
    #[error("it was given {given} items and answered with {answered} results")]
    WrongCount {
        /// Items given.
        given: usize,
        /// Results answered.
        answered: usize,
    },
}

impl CallError {
    /// Its kind for programs: the contract's word for a failure, else what stopped the call.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Failure(failure) => kind_name(failure.kind),
            Self::Trapped { .. } => "trapped",
            Self::TimedOut { .. } => "timed-out",
            Self::LimitReached { .. } => "limit-reached",
            Self::Host { .. } => "host",
        }
    }

    /// When it makes sense to try again, where the component said so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Failure(failure) => failure.retry_after_ms.map(Duration::from_millis),
            _ => None,
        }
    }
}

/// Says why a guest was stopped.
pub(super) fn explain(context: &CallContext, failure: NoResult, allowed: Duration) -> CallError {
    let export = context.export;
    let guest_log = context.log.tail();
    let error = match failure {
        NoResult::OutOfTime => {
            return CallError::TimedOut {
                export,
                allowed,
                guest_log,
            };
        }
        NoResult::Stopped(error) => error,
    };
    if let Some((limit, allowed)) = context.limiter.refused {
        return CallError::LimitReached {
            export,
            limit,
            allowed,
            guest_log,
        };
    }
    if let Some(Trap::Interrupt) = error.downcast_ref::<Trap>() {
        return CallError::TimedOut {
            export,
            allowed,
            guest_log,
        };
    }
    let message = clean(&error.root_cause().to_string(), MESSAGE_BYTES);
    // The error's type is private to the engine; its words are the only mark.
    if message.starts_with("too much data is being copied between the host and the guest") {
        let allowed = context.transfer;
        return CallError::LimitReached {
            export,
            limit: Limit::Transfer,
            allowed,
            guest_log,
        };
    }
    if error.is::<wasmtime::PoolConcurrencyLimitError>() {
        return CallError::Host {
            export,
            error: HostError::NoInstance(message),
        };
    }
    CallError::Trapped {
        export,
        message,
        guest_log,
    }
}

/// The lines of a guest below an error, or nothing.
struct LogText<'a>(&'a str);

impl fmt::Display for LogText<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        formatter.write_str("\nits last lines:")?;
        self.0
            .lines()
            .try_for_each(|line| write!(formatter, "\n  {line}"))
    }
}

/// A failure of the component, for people.
struct FailureText<'a>(&'a Failure);

impl fmt::Display for FailureText<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failure = self.0;
        write!(formatter, "{} ({})", headline(failure), failure.code)?;
        if let Some(wait) = failure.retry_after_ms {
            write!(
                formatter,
                "; try again in {:?}",
                Duration::from_millis(wait)
            )?;
        }
        if failure.maybe_applied {
            formatter.write_str("; the provider may have applied it")?;
        }
        if let Some(id) = &failure.request_id {
            write!(formatter, "; request {id}")?;
        }
        for problem in &failure.problems {
            let path = if problem.path.is_empty() {
                "(all of it)"
            } else {
                &problem.path
            };
            write!(formatter, "\n  {path}: {}", problem.message)?;
            if let Some(found) = &problem.found {
                write!(formatter, " Found: {found}.")?;
            }
            if let Some(expected) = &problem.expected {
                write!(formatter, " Expected: {expected}.")?;
            }
        }
        Ok(())
    }
}

/// What a failure says before it names its problems, which are listed below it.
fn headline(failure: &Failure) -> &str {
    let message = failure.message.as_str();
    let first = failure.problems.first();
    let at = first.and_then(|first| message.find(&place_and_message(first)));
    match at.and_then(|at| message.get(..at)) {
        Some(before) if !before.is_empty() => before.trim_end_matches([' ', ':']),
        _ => message,
    }
}

/// A problem as messages of failures name it.
fn place_and_message(problem: &Problem) -> String {
    match problem.path.as_str() {
        "" => problem.message.clone(),
        path => format!("{path}: {}", problem.message),
    }
}

/// What a failure says in one line: its message, and the problems that it does not name.
pub(crate) fn in_one_line(failure: &Failure) -> String {
    let mut text = failure.message.clone();
    for problem in &failure.problems {
        let told = place_and_message(problem);
        if !text.contains(&told) {
            text.push_str("; ");
            text.push_str(&told);
        }
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::contract::log::{Host, Level};
    use crate::contract::types::FailureKind;
    use crate::tenant::Tenant;
    use crate::tenant::sample::{context, descriptor, http, options};

    fn stopped(error: wasmtime::Error) -> NoResult {
        NoResult::Stopped(error)
    }

    #[tokio::test]
    async fn a_trap_carries_what_the_guest_said_last() {
        let tenant = Tenant::new(&descriptor(), &http(), options()).unwrap();
        let mut context = context(&tenant, Duration::from_secs(1));
        for number in 0..2_000 {
            context.write(Level::Info, format!("line {number} ä")).await;
        }
        context
            .write(
                Level::Error,
                "panicked at src/lib.rs:1:\nno such field".into(),
            )
            .await;
        let trap = wasmtime::Error::from(Trap::UnreachableCodeReached);
        let error = explain(&context, stopped(trap), Duration::from_secs(1));
        let CallError::Trapped {
            export,
            message,
            guest_log,
        } = &error
        else {
            unreachable!("{error}")
        };
        assert_eq!(*export, "read-page");
        assert!(message.contains("unreachable"), "{message}");
        assert!(
            guest_log.ends_with("panicked at src/lib.rs:1: ⏎ no such field"),
            "{guest_log}"
        );
        assert!(guest_log.len() <= 4 * 1024);
        assert!(error.to_string().contains("no such field"));
    }

    #[tokio::test]
    async fn an_interrupt_and_a_timeout_are_the_same() {
        let tenant = Tenant::new(&descriptor(), &http(), options()).unwrap();
        let context = context(&tenant, Duration::from_secs(1));
        let allowed = Duration::from_secs(7);
        for end in [stopped(Trap::Interrupt.into()), NoResult::OutOfTime] {
            let error = explain(&context, end, allowed);
            assert!(matches!(error, CallError::TimedOut { .. }), "{error}");
            assert!(error.to_string().contains("7s"), "{error}");
        }
    }

    #[test]
    fn a_failure_says_everything_to_people() {
        let failure = Failure {
            kind: FailureKind::InvalidInput,
            code: "config".into(),
            message: "The configuration is wrong.".into(),
            retry_after_ms: Some(1_500),
            maybe_applied: false,
            request_id: Some("r-1".into()),
            problems: vec![Problem {
                path: "config.region".into(),
                code: "unknown".into(),
                message: "There is no such region.".into(),
                found: Some("moon".into()),
                expected: Some("us, eu or au".into()),
            }],
        };
        let error = CallError::Failure(failure);
        assert_eq!(error.retry_after(), Some(Duration::from_millis(1_500)));
        assert_eq!(
            error.to_string(),
            "The configuration is wrong. (config); try again in 1.5s; request r-1\n  \
             config.region: There is no such region. Found: moon. Expected: us, eu or au."
        );
    }
}
