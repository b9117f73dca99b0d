//! One version of a component, ready to run.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use tracing::Instrument as _;
use tracing::field::Empty;
use wasmtime::component::{ComponentNamedList, InstancePre, Lift, Lower};

use super::exports::{Export, Exports};
use super::tally::Tally;
use crate::call::{Call, CallContext, CallError, HostError, Purpose};
use crate::contract::connector::Descriptor;
use crate::contract::types::{Connection, Failure};
use crate::engine::Engine;
use crate::metrics::{self, Looked};
use crate::tenant::Tenant;

/// What is known of a version without its code.
#[derive(Debug)]
pub struct Described {
    /// What it says that it is.
    pub descriptor: Descriptor,
    /// The SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// Its bytes.
    pub size: usize,
    /// What it imports.
    pub imports: Vec<String>,
}

/// A version's code. Whoever makes a call holds it until the call is over; when nobody does, its memory is given back.
pub(super) struct Code {
    engine: Engine,
    pre: InstancePre<CallContext>,
    pub(super) exports: Exports,
    pub(super) described: Arc<Described>,
    version: Arc<str>,
    pub(super) tally: Arc<Tally>,
}

impl Code {
    pub(super) fn new(
        engine: Engine,
        pre: InstancePre<CallContext>,
        exports: Exports,
        described: Described,
    ) -> Self {
        Self {
            engine,
            pre,
            exports,
            version: Arc::from(described.descriptor.version.as_str()),
            described: Arc::new(described),
            tally: Arc::default(),
        }
    }

    /// The connection as this version can read it: what another version compiled, in a format that this one does not know, it
    /// compiles anew.
    pub(super) fn connection<'a>(&self, tenant: &'a Tenant) -> Cow<'a, Connection> {
        let connection = tenant.connection();
        let reads = &self.descriptor().prepared_formats.reads;
        match &connection.prepared {
            Some(prepared)
                if !prepared
                    .first()
                    .is_some_and(|format| reads.contains(format)) =>
            {
                Cow::Owned(Connection {
                    prepared: None,
                    ..connection.clone()
                })
            }
            _ => Cow::Borrowed(connection),
        }
    }

    /// Calls a function that gives something or a failure.
    pub(super) async fn call<P, R>(
        &self,
        tenant: &Tenant,
        export: Export,
        subject: &str,
        time_budget_ms: Option<u64>,
        parameters: P,
    ) -> Result<R, CallError>
    where
        P: ComponentNamedList + Lower,
        R: 'static,
        (Result<R, Failure>,): ComponentNamedList + Lift,
    {
        let observers = tenant.observers();
        let begun = Instant::now();
        let span = tracing::info_span!(
            "call",
            connection = observers.name(),
            call = export.name,
            stream = subject,
            version = &*self.version,
            failure = Empty,
            otel.status_code = Empty,
        );
        let answer = async {
            let call = self
                .begin(tenant, export.name, subject, time_budget_ms)
                .await?;
            call.run(export, parameters)
                .await?
                .map_err(CallError::Failure)
        };
        let answer: Result<R, CallError> = answer.instrument(span.clone()).await;
        let failure = answer.as_ref().err();
        if let Some(failure) = failure {
            span.record("failure", failure.kind());
            span.record("otel.status_code", "ERROR");
        }
        let duration = begun.elapsed();
        observers.metrics.call(export.name, duration, failure);
        self.tally.count(failure);
        answer
    }

    pub(super) async fn begin(
        &self,
        tenant: &Tenant,
        export: &'static str,
        subject: &str,
        time_budget_ms: Option<u64>,
    ) -> Result<Call, CallError> {
        let purpose = Purpose {
            export,
            subject,
            tenant: Some(&tenant.shared),
            time_budget_ms,
            version: &self.version,
            tally: Some(&self.tally),
        };
        Call::begin(&self.engine, &self.pre, purpose).await
    }

    pub(super) fn descriptor(&self) -> &Descriptor {
        &self.described.descriptor
    }

    pub(super) async fn describe(&self) -> Result<Descriptor, CallError> {
        let export = self.exports.describe;
        let call = Call::begin(&self.engine, &self.pre, pure(export, &self.version)).await?;
        call.run(export, ()).await
    }

    /// An answer that does not fit its question.
    pub(super) fn wrong(&self, export: Export, error: HostError) -> CallError {
        self.tally.count_wrong();
        CallError::Host {
            export: export.name,
            error,
        }
    }

    /// An error when an answer makes no sense.
    pub(super) fn check(
        &self,
        export: Export,
        checked: Result<(), String>,
    ) -> Result<(), CallError> {
        checked.map_err(|what| self.wrong(export, HostError::Nonsense { what }))
    }

    pub(super) fn check_count(
        &self,
        export: Export,
        given: usize,
        answered: usize,
    ) -> Result<(), CallError> {
        match given == answered {
            true => Ok(()),
            false => Err(self.wrong(export, HostError::WrongCount { given, answered })),
        }
    }
}

/// Shows which component is loaded, as long as anybody has it.
pub(super) fn watch_over(code: &Arc<Code>) {
    let code = Arc::downgrade(code);
    metrics::watch(move |readings| {
        let Some(code) = code.upgrade() else {
            return false;
        };
        let labels = [
            ("name", code.described.descriptor.name.as_str()),
            ("version", &*code.version),
        ];
        readings.set(Looked::Component, &labels, 1.0);
        true
    });
}

/// A call for nobody, with every import denied.
pub(super) fn pure(export: Export, version: &Arc<str>) -> Purpose<'_> {
    Purpose {
        export: export.name,
        subject: "",
        tenant: None,
        time_budget_ms: None,
        version,
        tally: None,
    }
}
