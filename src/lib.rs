//! The Intercom connector: six doors of the contract in `wit/`, each one line into the module of its name.
//!
//! The core is sans-IO: every operation is a state machine of plain values (see [`operation`]) that decides which
//! requests to send and reads the answers. [`host`] performs them through the contract's imports, and is the only
//! module that touches a host. Everything therefore runs natively as well, for tests, benchmarks and fuzzing.

#![cfg_attr(not(any(test, feature = "properties")), no_std)]

extern crate alloc;
#[cfg(not(target_arch = "wasm32"))]
extern crate std;

#[cfg(target_arch = "wasm32")]
mod allocator;
pub mod authenticate;
pub mod config;
#[cfg(test)]
mod conformance;
pub mod contract;
pub mod cursor;
pub mod describe;
pub mod digest;
pub mod failure;
pub mod host;
pub mod intercom;
pub mod json;
pub mod lasting;
pub mod letters;
pub mod map_record;
pub mod mapping;
pub mod operation;
pub mod packed_text;
#[cfg(any(test, feature = "properties"))]
pub mod properties;
pub mod read_page;
pub mod schema;
pub mod triggers;
pub mod verify_webhook;
pub mod watermark;
pub mod write_batch;

pub(crate) use records::prelude;

use crate::prelude::*;
use contract::connector::{
    Authentication, AuthenticationRequest, Batch, Connection, Descriptor, Document, Entry, Failure,
    Guest, Outcome, Page, PageRequest, Verdict, WebhookDelivery,
};

/// The component behind the contract's exports.
pub struct Connector;

impl Guest for Connector {
    fn describe() -> Descriptor {
        #[cfg(target_arch = "wasm32")]
        allocator::leave_the_reserve();
        describe::descriptor()
    }

    fn authenticate(
        connection: Connection,
        request: AuthenticationRequest,
    ) -> Result<Authentication, Failure> {
        host::perform(authenticate::Authenticate::new(connection, request)).map_err(whole)
    }

    fn read_page(connection: Connection, request: PageRequest) -> Result<Page, Failure> {
        host::perform(read_page::ReadPage::new(connection, request)).map_err(whole)
    }

    fn map_record(
        connection: Connection,
        stream: String,
        documents: Vec<Document>,
    ) -> Result<Vec<Result<Entry, Failure>>, Failure> {
        let mut say = |notice: &str| contract::log::write(contract::log::Level::Warn, notice);
        let entries = map_record::map_records_saying(&connection, &stream, &documents, &mut say)
            .map_err(whole)?;
        Ok(entries
            .into_iter()
            .map(|entry| entry.map_err(whole))
            .collect())
    }

    fn verify_webhook(
        connection: Connection,
        delivery: WebhookDelivery,
    ) -> Result<Verdict, Failure> {
        verify_webhook::verify(&connection, &delivery).map_err(whole)
    }

    fn write_batch(connection: Connection, batch: Batch) -> Result<Vec<Outcome>, Failure> {
        let mut operation = write_batch::WriteBatch::new(connection, batch);
        let outcomes = host::perform(&mut operation);
        for notice in operation.notices() {
            contract::log::write(contract::log::Level::Warn, notice);
        }
        outcomes.map_err(whole)
    }
}

/// A failure at the door.
#[expect(clippy::boxed_local, reason = "inside, a failure is boxed")]
fn whole(failure: contract::types::Failure) -> Failure {
    *failure
}

// The names of the exports do not link natively.
#[cfg(target_arch = "wasm32")]
contract::export!(Connector with_types_in contract);
