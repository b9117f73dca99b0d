//! A component, checked and ready for calls.

mod answers;
mod code;
mod exports;
mod imports;
mod slot;
mod tally;

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::{Component, HasSelf, InstancePre, Linker};

use crate::call::{Call, CallContext, CallError, HostError};
use crate::capabilities::clocks;
use crate::compiled_cache::sha256_of;
use crate::contract::connector::{
    Authentication, AuthenticationRequest, Batch, Descriptor, Outcome, Page, PageRequest, Verdict,
    WebhookDelivery,
};
use crate::contract::types::{Entry, Failure};
use crate::contract::{self, GuestBindings};
use crate::engine::Engine;
use crate::tenant::Tenant;
use code::Code;
pub use code::Described;
pub(crate) use exports::Export;
use exports::Exports;
use imports::Import;
pub use slot::Retired;
use slot::Slot;
pub use tally::Counted;
pub(crate) use tally::Tally;

/// Bytes of a component. Compiling takes time and memory with its size.
pub const COMPONENT_BYTES: usize = 64 * 1024 * 1024;

/// How long a component may take to describe itself: it computes nothing and waits for nothing.
pub(crate) const DESCRIBE_TIME: Duration = Duration::from_secs(2);

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
    /// What it says that it is cannot be shown to people, or used as a name.
    #[error("what the component says that it is is not taken: {0}")]
    Misdescribed(String),
    /// The process is ending.
    #[error("the component was not compiled: {0}")]
    Interrupted(#[source] tokio::task::JoinError),
}

/// A component: linked once, described once, callable for any tenant. Every call runs in an instance of its own, so that
/// nothing of one call is there in the next.
///
/// It is a handle, cheap to clone. Calls take the code that is in the handle's slot when they begin; clones share the slot, and
/// another version can be put there while calls run ([`Plugin::swap`]). What the handle says about the component is that of
/// the version with which it was made ([`Plugin::renewed`] gives one that says the other).
#[derive(Clone)]
pub struct Plugin {
    described: Arc<Described>,
    slot: Arc<Slot>,
}

/// A store and an instance that nothing was called in. They hold a place among the concurrent calls until they are dropped.
#[must_use = "dropping it is a part of what an instance costs"]
pub struct Uncalled {
    _call: Call,
    _code: Arc<Code>,
}

impl Plugin {
    /// Compiles a component (or finds it compiled), checks what it imports and exports, and lets it describe itself with
    /// every import denied.
    pub async fn load(engine: &Engine, bytes: &[u8]) -> Result<Self, LoadError> {
        let size = bytes.len();
        if size > COMPONENT_BYTES {
            return Err(LoadError::TooLarge { size });
        }
        Self::load_known(engine, bytes.to_vec(), sha256_of(bytes)).await
    }

    /// The same of bytes whose hash is known.
    pub(crate) async fn load_known(
        engine: &Engine,
        bytes: Vec<u8>,
        sha256: String,
    ) -> Result<Self, LoadError> {
        let size = bytes.len();
        let component = compile(engine, bytes, sha256.clone()).await?;
        let (imports, pre) = link(engine, &component)?;
        let exports = Exports::find(&component).map_err(LoadError::OtherShape)?;

        let unknown: Arc<str> = Arc::from("");
        let mut call = Call::begin(engine, &pre, code::pure(exports.describe, &unknown))
            .await
            .map_err(LoadError::Describe)?;
        // Each call looks at the type of its own function; here all are looked at, so that nothing is found out too late.
        GuestBindings::new(&mut call.store, &call.instance).map_err(LoadError::OtherShape)?;
        let descriptor: Descriptor = call
            .run(exports.describe, ())
            .await
            .map_err(LoadError::Describe)?;
        answers::descriptor(&descriptor).map_err(LoadError::Misdescribed)?;
        let described = Described {
            descriptor,
            sha256,
            size,
            imports,
        };
        let code = Arc::new(Code::new(engine.clone(), pre, exports, described));
        code::watch_over(&code);
        Ok(Self::around(code))
    }

    /// A handle with a slot of its own.
    fn around(code: Arc<Code>) -> Self {
        Self {
            described: Arc::clone(&code.described),
            slot: Arc::new(Slot::new(code)),
        }
    }

    /// The version that calls take now, in a slot of its own: what is put into one of the two changes nothing in the other.
    pub fn apart(&self) -> Self {
        Self::around(self.slot.current())
    }

    /// Puts the version that is in another handle's slot into this one. Calls in flight, here and in all clones, end with the
    /// version that they began with; the next call takes the new one.
    pub fn swap(&self, next: &Plugin) -> Retired {
        Retired::new(&self.slot.put(next.slot.current()))
    }

    /// The same slot, described as what is in it now.
    pub fn renewed(&self) -> Self {
        Self {
            described: Arc::clone(&self.slot.current().described),
            slot: Arc::clone(&self.slot),
        }
    }

    /// Whether what the handle says is about the version that calls take now.
    pub fn is_current(&self) -> bool {
        Arc::ptr_eq(&self.described, &self.slot.current().described)
    }

    /// What the calls that the version in the slot was taken for came to, for all slots that it is in.
    pub fn counted(&self) -> Counted {
        self.slot.current().tally.counted()
    }

    /// The version in the slot, without keeping it there.
    pub fn watch(&self) -> Retired {
        Retired::new(&self.slot.current())
    }

    /// What the component says that it is.
    pub fn descriptor(&self) -> &Descriptor {
        &self.described.descriptor
    }

    /// The SHA-256 of its bytes, in hexadecimal digits.
    pub fn sha256(&self) -> &str {
        &self.described.sha256
    }

    /// Its size in bytes.
    pub fn size(&self) -> usize {
        self.described.size
    }

    /// The names of everything that it imports, in its order.
    pub fn imports(&self) -> &[String] {
        &self.described.imports
    }

    /// Calls `describe` again, in a fresh instance with every import denied: the smallest call that there is.
    pub async fn describe(&self) -> Result<Descriptor, CallError> {
        self.slot.current().describe().await
    }

    /// Makes the store and the instance of a call and calls nothing: what every call costs before it begins. Its end costs
    /// something too, and comes when the value is dropped.
    pub async fn instantiate(&self, tenant: &Tenant) -> Result<Uncalled, CallError> {
        let code = self.slot.current();
        let call = code.begin(tenant, "none", "", None).await?;
        Ok(Uncalled {
            _call: call,
            _code: code,
        })
    }

    /// Makes an authorization URL, or checks the connection.
    pub async fn authenticate(
        &self,
        tenant: &Tenant,
        request: &AuthenticationRequest,
    ) -> Result<Authentication, CallError> {
        let code = self.slot.current();
        let export = code.exports.authenticate;
        let connection = code.connection(tenant);
        let parameters = (&*connection, request);
        let answer = code.call(tenant, export, "", None, parameters).await?;
        let expected = match (request, &answer) {
            (AuthenticationRequest::AuthorizationUrl(_), Authentication::AuthorizationUrl(_))
            | (AuthenticationRequest::Check, Authentication::Checked(_)) => return Ok(answer),
            (AuthenticationRequest::AuthorizationUrl(_), _) => "an authorization URL",
            (AuthenticationRequest::Check, _) => "a check",
        };
        Err(code.wrong(export, HostError::WrongAnswer { expected }))
    }

    /// Reads the next page of a scan.
    pub async fn read_page(
        &self,
        tenant: &Tenant,
        request: &PageRequest,
    ) -> Result<Page, CallError> {
        let code = self.slot.current();
        let connection = code.connection(tenant);
        let budget = Some(request.time_budget_ms);
        let parameters = (&*connection, request);
        let export = code.exports.read_page;
        let page = code
            .call(tenant, export, &request.stream, budget, parameters)
            .await?;
        code.check(export, answers::page(code.descriptor(), &page))?;
        Ok(page)
    }

    /// Turns raw documents of a stream into entries: one result for each document, in order.
    pub async fn map_record(
        &self,
        tenant: &Tenant,
        stream: &str,
        documents: &[Vec<u8>],
    ) -> Result<Vec<Result<Entry, Failure>>, CallError> {
        let code = self.slot.current();
        let export = code.exports.map_record;
        let connection = code.connection(tenant);
        let parameters = (&*connection, stream, documents);
        let results: Vec<Result<Entry, Failure>> =
            code.call(tenant, export, stream, None, parameters).await?;
        code.check_count(export, documents.len(), results.len())?;
        let entries = results.iter().flatten();
        code.check(export, answers::entries(code.descriptor(), entries))?;
        Ok(results)
    }

    /// Decides whether a webhook is genuine and what it says.
    pub async fn verify_webhook(
        &self,
        tenant: &Tenant,
        delivery: &WebhookDelivery,
    ) -> Result<Verdict, CallError> {
        let code = self.slot.current();
        let export = code.exports.verify_webhook;
        let connection = code.connection(tenant);
        let parameters = (&*connection, delivery);
        let verdict = code.call(tenant, export, "", None, parameters).await?;
        code.check(export, answers::verdict(code.descriptor(), &verdict))?;
        Ok(verdict)
    }

    /// Writes rows: one outcome for each row, in order.
    pub async fn write_batch(
        &self,
        tenant: &Tenant,
        batch: &Batch,
    ) -> Result<Vec<Outcome>, CallError> {
        let code = self.slot.current();
        let export = code.exports.write_batch;
        let mut connection = code.connection(tenant);
        if connection.mapping.is_some() && !tenant.maps_writes() {
            let plain = connection.to_mut();
            plain.mapping = None;
            plain.prepared = None;
        }
        let budget = Some(batch.time_budget_ms);
        let parameters = (&*connection, batch);
        let outcomes: Vec<_> = code
            .call(tenant, export, &batch.action, budget, parameters)
            .await?;
        code.check_count(export, batch.rows.len(), outcomes.len())?;
        code.check(export, answers::outcomes(batch, &outcomes))?;
        Ok(outcomes)
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

#[cfg(test)]
mod guest_memory;
#[cfg(test)]
mod tests;
