//! A component, checked and ready for calls.

mod exports;
mod imports;

use std::sync::Arc;
use std::time::Instant;

use tracing::Instrument as _;
use tracing::field::Empty;
use wasmtime::component::{
    Component, ComponentNamedList, HasSelf, InstancePre, Lift, Linker, Lower,
};

use crate::call::{Call, CallContext, CallError, HostError, Purpose};
use crate::capabilities::clocks;
use crate::compiled_cache::sha256_of;
use crate::contract::connector::{
    Authentication, AuthenticationRequest, Batch, Descriptor, Outcome, Page, PageRequest, Verdict,
    WebhookDelivery,
};
use crate::contract::types::{Entry, Failure};
use crate::contract::{self, GuestBindings};
use crate::engine::Engine;
use crate::metrics::{self, Looked};
use crate::tenant::Tenant;
pub(crate) use exports::Export;
use exports::Exports;
use imports::Import;

/// Bytes of a component. Compiling takes time and memory with its size.
const COMPONENT_BYTES: usize = 64 * 1024 * 1024;

/// Why a component is not taken.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// It is too large.
    #[error("the component has {size} bytes, {COMPONENT_BYTES} are allowed")]
    TooLarge {
        /// Its bytes.
        size: usize,
    },
    /// It is no component, or a broken one.
    #[error("this is no component that can be compiled: {0:#}")]
    Compile(wasmtime::Error),
    /// It wants more than a connector gets.
    #[error(
        "the component imports what no connector gets: {}. It may import integration:connector/\
         {{types,http,state,log}}@{v} and wasi:clocks/{{wall-clock,monotonic-clock}}@0.2; \
         build it for wasm32-unknown-unknown", .names.join(", "), v = contract::VERSION
    )]
    ForeignImports {
        /// What it imports beyond that.
        names: Vec<String>,
    },
    /// It speaks another version of the contract.
    #[error(
        "the component was built for version {found} of integration:connector, this host speaks \
         {}; build it against this host's wit directory",
        contract::VERSION
    )]
    OtherVersion {
        /// The version for which it was built.
        found: String,
    },
    /// It lacks functions of the contract, or they have other types.
    #[error("the component does not keep the contract integration:connector@{v}: {0:#}", v = contract::VERSION)]
    OtherShape(wasmtime::Error),
    /// It cannot say what it is.
    #[error("the component cannot describe itself: {0}")]
    Describe(#[source] CallError),
    /// The process is ending.
    #[error("the component was not compiled: {0}")]
    Interrupted(#[source] tokio::task::JoinError),
}

/// A component: linked once, described once, callable for any tenant. Cheap to clone. Every call runs in an instance of its
/// own, so that nothing of one call is there in the next.
#[derive(Clone)]
pub struct Plugin {
    shared: Arc<Shared>,
}

/// A store and an instance that nothing was called in. They hold a place among the concurrent calls until they are dropped.
#[must_use = "dropping it is a part of what an instance costs"]
pub struct Uncalled {
    _call: Call,
}

struct Shared {
    engine: Engine,
    pre: InstancePre<CallContext>,
    exports: Exports,
    descriptor: Descriptor,
    version: Arc<str>,
    sha256: String,
    size: usize,
    imports: Vec<String>,
}

impl Plugin {
    /// Compiles a component (or finds it compiled), checks what it imports and exports, and lets it describe itself with
    /// every import denied.
    pub async fn load(engine: &Engine, bytes: &[u8]) -> Result<Self, LoadError> {
        let size = bytes.len();
        if size > COMPONENT_BYTES {
            return Err(LoadError::TooLarge { size });
        }
        let sha256 = sha256_of(bytes);
        let component = compile(engine, bytes.to_vec(), sha256.clone()).await?;
        let (imports, pre) = link(engine, &component)?;
        let exports = Exports::find(&component).map_err(LoadError::OtherShape)?;

        let unknown: Arc<str> = Arc::from("");
        let purpose = pure(exports.describe, &unknown);
        let mut call = Call::begin(engine, &pre, purpose)
            .await
            .map_err(LoadError::Describe)?;
        // Each call looks at the type of its own function; here all are looked at, so that nothing is found out too late.
        GuestBindings::new(&mut call.store, &call.instance).map_err(LoadError::OtherShape)?;
        let descriptor: Descriptor = call
            .run(exports.describe, ())
            .await
            .map_err(LoadError::Describe)?;
        let version = Arc::from(descriptor.version.as_str());
        let engine = engine.clone();
        let shared = Shared {
            engine,
            pre,
            exports,
            descriptor,
            version,
            sha256,
            size,
            imports,
        };
        let shared = Arc::new(shared);
        watch_over(&shared);
        Ok(Self { shared })
    }

    /// What the component says that it is.
    pub fn descriptor(&self) -> &Descriptor {
        &self.shared.descriptor
    }

    /// The SHA-256 of its bytes, in hexadecimal digits.
    pub fn sha256(&self) -> &str {
        &self.shared.sha256
    }

    /// Its size in bytes.
    pub fn size(&self) -> usize {
        self.shared.size
    }

    /// The names of everything that it imports, in its order.
    pub fn imports(&self) -> &[String] {
        &self.shared.imports
    }

    /// Calls `describe` again, in a fresh instance with every import denied: the smallest call that there is.
    pub async fn describe(&self) -> Result<Descriptor, CallError> {
        let export = self.shared.exports.describe;
        let purpose = pure(export, &self.shared.version);
        let call = Call::begin(&self.shared.engine, &self.shared.pre, purpose).await?;
        call.run(export, ()).await
    }

    /// Makes the store and the instance of a call and calls nothing: what every call costs before it begins. Its end costs
    /// something too, and comes when the value is dropped.
    pub async fn instantiate(&self, tenant: &Tenant) -> Result<Uncalled, CallError> {
        let call = self.begin(tenant, "none", "", None).await?;
        Ok(Uncalled { _call: call })
    }

    /// Makes an authorization URL, or checks the connection.
    pub async fn authenticate(
        &self,
        tenant: &Tenant,
        request: &AuthenticationRequest,
    ) -> Result<Authentication, CallError> {
        let export = self.shared.exports.authenticate;
        let parameters = (tenant.connection(), request);
        let answer = self.call(tenant, export, "", None, parameters).await?;
        let expected = match (request, &answer) {
            (AuthenticationRequest::AuthorizationUrl(_), Authentication::AuthorizationUrl(_))
            | (AuthenticationRequest::Check, Authentication::Checked(_)) => return Ok(answer),
            (AuthenticationRequest::AuthorizationUrl(_), _) => "an authorization URL",
            (AuthenticationRequest::Check, _) => "a check",
        };
        Err(CallError::Host {
            export: export.name,
            error: HostError::WrongAnswer { expected },
        })
    }

    /// Reads the next page of a scan.
    pub async fn read_page(
        &self,
        tenant: &Tenant,
        request: &PageRequest,
    ) -> Result<Page, CallError> {
        let export = self.shared.exports.read_page;
        let budget = Some(request.time_budget_ms);
        let parameters = (tenant.connection(), request);
        self.call(tenant, export, &request.stream, budget, parameters)
            .await
    }

    /// Turns raw documents of a stream into entries: one result for each document, in order.
    pub async fn map_record(
        &self,
        tenant: &Tenant,
        stream: &str,
        documents: &[Vec<u8>],
    ) -> Result<Vec<Result<Entry, Failure>>, CallError> {
        let export = self.shared.exports.map_record;
        let parameters = (tenant.connection(), stream, documents);
        let results: Vec<_> = self.call(tenant, export, stream, None, parameters).await?;
        check_count(export, documents.len(), results.len())?;
        Ok(results)
    }

    /// Decides whether a webhook is genuine and what it says.
    pub async fn verify_webhook(
        &self,
        tenant: &Tenant,
        delivery: &WebhookDelivery,
    ) -> Result<Verdict, CallError> {
        let export = self.shared.exports.verify_webhook;
        let parameters = (tenant.connection(), delivery);
        self.call(tenant, export, "", None, parameters).await
    }

    /// Writes rows: one outcome for each row, in order.
    pub async fn write_batch(
        &self,
        tenant: &Tenant,
        batch: &Batch,
    ) -> Result<Vec<Outcome>, CallError> {
        let export = self.shared.exports.write_batch;
        let budget = Some(batch.time_budget_ms);
        let parameters = (tenant.connection(), batch);
        let outcomes: Vec<_> = self
            .call(tenant, export, &batch.action, budget, parameters)
            .await?;
        check_count(export, batch.rows.len(), outcomes.len())?;
        Ok(outcomes)
    }

    /// Calls a function that gives something or a failure.
    async fn call<P, R>(
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
        let observers = &tenant.shared.observers;
        let begun = Instant::now();
        let span = tracing::info_span!(
            "call",
            connection = observers.name(),
            call = export.name,
            stream = subject,
            version = &*self.shared.version,
            failure = Empty,
            otel.status_code = Empty,
        );
        let called = async {
            let call = self
                .begin(tenant, export.name, subject, time_budget_ms)
                .await?;
            call.run(export, parameters)
                .await?
                .map_err(CallError::Failure)
        };
        let answer: Result<R, CallError> = called.instrument(span.clone()).await;
        let failure = answer.as_ref().err();
        if let Some(failure) = failure {
            span.record("failure", failure.kind());
            span.record("otel.status_code", "ERROR");
        }
        let duration = begun.elapsed();
        observers.metrics.call(export.name, duration, failure);
        answer
    }

    async fn begin(
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
            version: &self.shared.version,
        };
        Call::begin(&self.shared.engine, &self.shared.pre, purpose).await
    }
}

/// Shows which component is loaded, as long as it is.
fn watch_over(plugin: &Arc<Shared>) {
    let plugin = Arc::downgrade(plugin);
    metrics::watch(move |readings| {
        let Some(plugin) = plugin.upgrade() else {
            return false;
        };
        let labels = [
            ("name", plugin.descriptor.name.as_str()),
            ("version", &*plugin.version),
        ];
        readings.set(Looked::Component, &labels, 1.0);
        true
    });
}

/// A call for nobody, with every import denied.
fn pure(export: Export, version: &Arc<str>) -> Purpose<'_> {
    Purpose {
        export: export.name,
        subject: "",
        tenant: None,
        time_budget_ms: None,
        version,
    }
}

/// Compiling takes long and needs a thread for itself.
async fn compile(engine: &Engine, bytes: Vec<u8>, sha256: String) -> Result<Component, LoadError> {
    let engine = engine.clone();
    let compiled = tokio::task::spawn_blocking(move || {
        engine
            .cache()
            .load_or_compile(engine.wasmtime(), &bytes, &sha256)
    });
    compiled
        .await
        .map_err(LoadError::Interrupted)?
        .map_err(LoadError::Compile)
}

/// Checks imports and exports and ties the imports to the capabilities.
fn link(
    engine: &Engine,
    component: &Component,
) -> Result<(Vec<String>, InstancePre<CallContext>), LoadError> {
    let component_type = component.component_type();
    let exports = component_type.exports(engine.wasmtime());
    for (name, _) in exports {
        imports::check_version(name).map_err(|found| LoadError::OtherVersion { found })?;
    }
    let names: Vec<String> = component_type
        .imports(engine.wasmtime())
        .map(|(name, _)| name.to_owned())
        .collect();
    let mut foreign = Vec::new();
    let mut linker = Linker::<CallContext>::new(engine.wasmtime());
    GuestBindings::add_to_linker::<_, HasSelf<CallContext>>(&mut linker, |context| context)
        .map_err(LoadError::OtherShape)?;
    for name in &names {
        imports::check_version(name).map_err(|found| LoadError::OtherVersion { found })?;
        match imports::classify(name) {
            Some(Import::Contract) => {}
            Some(Import::Clock(clock)) => {
                clocks::add_to_linker(&mut linker, clock, name).map_err(LoadError::OtherShape)?;
            }
            None => foreign.push(name.clone()),
        }
    }
    if !foreign.is_empty() {
        return Err(LoadError::ForeignImports { names: foreign });
    }
    let pre = linker
        .instantiate_pre(component)
        .map_err(LoadError::OtherShape)?;
    Ok((names, pre))
}

fn check_count(export: Export, given: usize, answered: usize) -> Result<(), CallError> {
    if given == answered {
        return Ok(());
    }
    let error = HostError::WrongCount { given, answered };
    Err(CallError::Host {
        export: export.name,
        error,
    })
}

#[cfg(test)]
mod guest_memory;
#[cfg(test)]
mod tests;
