//! The check of a connection: made, tried again, remembered.

use super::OpenedConnection;
use crate::alerts::{AlertKind, Event};
use crate::call::{CallError, HostError};
use crate::clock::now_ms;
use crate::contract::connector::{Authentication, AuthenticationRequest, CheckReport};
use crate::contract::state::Change;
use crate::output::{Output, OutputError};
use crate::position::{Checked, State};
use crate::runner::{RetryPolicy, reaction};
use crate::state_store::{StateLimits, StateStore};

/// What alerts call the check of a connection.
const CHECK: &str = "check";
/// How often the check of a patient connection is tried again: some seconds, unless the provider names a time.
const CHECK_TRIES: usize = 3;
/// The name space of remembered checks: no tenant is called so.
const CHECKS: &str = "host-test/checks";

/// How long a check is remembered in a state.
const CHECKED_FOR_MS: u64 = 24 * 3_600 * 1_000;

/// Why a check gave no result.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The component, or the provider through it, says no.
    #[error(transparent)]
    Call(#[from] CallError),
    /// What was found cannot be stored.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// The state is about another workspace.
    #[error(
        "the state is about the workspace {stored}, and the token is for the workspace {found}; use another state and output for it"
    )]
    OtherWorkspace {
        /// The workspace of the state.
        stored: String,
        /// The workspace of the token.
        found: String,
    },
}

impl OpenedConnection {
    /// The same, whose check is tried again when what it failed of passes: too many requests, no answer, an answer that
    /// cannot be used. For runs that would end with it.
    pub fn patient(mut self, time_scale: f64) -> OpenedConnection {
        self.patience = RetryPolicy {
            tries: CHECK_TRIES,
            time_scale,
            ..RetryPolicy::default()
        };
        self
    }

    /// Tells the observers how earlier processes ended.
    fn remember(&self, state: &State) {
        let observers = self.tenant.observers();
        observers.metrics.remember(state, &self.file.streams);
        observers.alerts.remember(state);
    }

    /// Asks the component, and the provider through it, whether everything works.
    pub async fn check(&self) -> Result<CheckReport, CallError> {
        let answer = self.ask().await;
        let message = answer.as_ref().err().map(ToString::to_string);
        self.alerts().event(match (&answer, &message) {
            (Err(error), Some(message)) => {
                Event::bad(AlertKind::Failure, CHECK, error.kind(), message)
            }
            _ => Event::good(AlertKind::Failure, CHECK),
        });
        match answer? {
            Authentication::Checked(report) => Ok(report),
            // The plugin has compared the answer with what was asked for.
            Authentication::AuthorizationUrl(_) => Err(CallError::Host {
                export: "authenticate",
                error: HostError::WrongAnswer {
                    expected: "checked",
                },
            }),
        }
    }

    async fn ask(&self) -> Result<Authentication, CallError> {
        let request = AuthenticationRequest::Check;
        let mut waits = self.patience.waits();
        loop {
            let answer = self.plugin.authenticate(&self.tenant, &request).await;
            let Err(error) = &answer else {
                return answer;
            };
            let tries = reaction(error, &self.patience).tries();
            let Some(wait) = waits.next(tries, error.retry_after()) else {
                return answer;
            };
            tracing::warn!(wait = ?wait, "checking again: {error}");
            self.patience.pause(wait).await;
        }
    }

    /// Takes the account from what is stored, or from a check that is stored then. The connection is good for reading
    /// afterwards.
    pub async fn ensure_checked(&mut self, output: &mut dyn Output) -> Result<(), CheckError> {
        self.remember(output.state());
        if let Some(checked) = stored_check(output.state(), &self.fingerprint) {
            self.tenant = self
                .tenant
                .with_checked(checked.account(), checked.prepared.clone());
            return Ok(());
        }
        let report = self.check().await?;
        self.keep_check(&report, output)
    }

    /// Stores what a check found and takes the account from it.
    pub fn keep_check(
        &mut self,
        report: &CheckReport,
        output: &mut dyn Output,
    ) -> Result<(), CheckError> {
        let found = &report.account.workspace_id;
        if let Some(stored) = &output.state().workspace_id
            && stored != found
        {
            return Err(CheckError::OtherWorkspace {
                stored: stored.clone(),
                found: found.clone(),
            });
        }
        output.keep_checked(Some(self.checked(report)))?;
        self.use_check(report);
        Ok(())
    }

    /// What is stored of a check.
    fn checked(&self, report: &CheckReport) -> Checked {
        let mapping = self.file.field_mapping.as_ref();
        let holds_secrets = mapping.is_some_and(|mapping| mapping.from_environment)
            || self.file.triggers.from_environment;
        let prepared = match holds_secrets {
            true => Vec::new(),
            false => report.prepared.clone(),
        };
        let fingerprint = self.fingerprint.clone();
        Checked::new(fingerprint, &report.account, prepared, now_ms())
    }

    /// Takes the account from a check that the state remembers for a day, or from one that is remembered there then.
    pub async fn ensure_checked_in(&mut self, state: &dyn StateStore) -> Result<(), CallError> {
        let remembered = state.get(CHECKS, &self.fingerprint, now_ms());
        let remembered = remembered.unwrap_or_default();
        let checked = remembered
            .as_deref()
            .and_then(|value| serde_json::from_slice::<Checked>(value).ok());
        if let Some(checked) = checked {
            self.tenant = self
                .tenant
                .with_checked(checked.account(), checked.prepared);
            return Ok(());
        }
        let report = self.check().await?;
        let change = Change {
            key: self.fingerprint.clone(),
            expected: remembered,
            value: serde_json::to_vec(&self.checked(&report)).ok(),
            ttl_ms: Some(CHECKED_FOR_MS),
        };
        let limits = StateLimits {
            value: usize::MAX,
            total: u64::MAX,
            keys: u64::MAX,
        };
        // Where it cannot be remembered, the next one checks again.
        let _ = state.swap_all(CHECKS, &[change], limits, now_ms());
        self.use_check(&report);
        Ok(())
    }

    /// Takes the account from a check, without storing it, and tells what the check noticed.
    pub fn use_check(&mut self, report: &CheckReport) {
        for notice in &report.notices {
            let stream = notice.stream.as_deref();
            let path = notice.path.as_deref();
            tracing::warn!(stream, kind = notice.kind, path, "{}", notice.message);
        }
        self.tenant = self
            .tenant
            .with_checked(report.account.clone(), report.prepared.clone());
    }

    /// Takes the account from what is stored, where it is still good.
    pub fn use_stored_check(&mut self, state: &State) -> bool {
        self.remember(state);
        match stored_check(state, &self.fingerprint) {
            None => false,
            Some(checked) => {
                self.tenant = self
                    .tenant
                    .with_checked(checked.account(), checked.prepared.clone());
                true
            }
        }
    }
}

fn stored_check<'a>(state: &'a State, fingerprint: &str) -> Option<&'a Checked> {
    state
        .checked
        .as_ref()
        .filter(|checked| checked.fingerprint == fingerprint)
}
