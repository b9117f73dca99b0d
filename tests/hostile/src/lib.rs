//! A component that does what a connector must not do, and versions that differ where a swap looks.
//!
//! What a call does is in its configuration (`{"do":"endless_loop"}`, see `deeds`). What `describe` says and does, and what
//! marks the answers of a version, is in the artifact itself: a test writes it over `settings`, so that one build gives every
//! version.
#![allow(missing_docs, clippy::panic, clippy::unwrap_used, clippy::expect_used)]
// Natively nothing calls it: the names of the exports do not link there.
#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code))]

mod answers;
mod deeds;
mod described;
mod memory;
mod requests;
mod settings;

#[allow(missing_docs, clippy::all)]
mod bindings {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "plugin",
        generate_all,
    });
}

use bindings::exports::integration::connector::connector::*;
use bindings::integration::connector::{http, log, state};

struct Hostile;

impl Guest for Hostile {
    fn describe() -> Descriptor {
        report_panics();
        described::descriptor()
    }

    fn authenticate(
        connection: Connection,
        request: AuthenticationRequest,
    ) -> Result<Authentication, Failure> {
        let said = deeds::perform(&connection.config)?;
        Ok(answers::authentication(&said, &connection.config, &request))
    }

    fn read_page(connection: Connection, request: PageRequest) -> Result<Page, Failure> {
        let said = deeds::perform(&connection.config)?;
        answers::page(&said, &connection.config, &request)
    }

    fn map_record(
        connection: Connection,
        stream: String,
        documents: Vec<Document>,
    ) -> Result<Vec<Result<Entry, Failure>>, Failure> {
        let said = deeds::perform(&connection.config)?;
        Ok(answers::mapped(
            &said,
            &connection.config,
            &stream,
            documents.len(),
        ))
    }

    fn verify_webhook(
        connection: Connection,
        delivery: WebhookDelivery,
    ) -> Result<Verdict, Failure> {
        let said = deeds::perform(&connection.config)?;
        Ok(answers::verdict(&said, &connection.config, &delivery))
    }

    fn write_batch(connection: Connection, batch: Batch) -> Result<Vec<Outcome>, Failure> {
        deeds::perform(&connection.config)?;
        Ok(answers::outcomes(&connection.config, &batch))
    }
}

/// A panic is a bare trap; its text reaches the host through the log.
fn report_panics() {
    #[cfg(target_arch = "wasm32")]
    std::panic::set_hook(Box::new(|panic| {
        log::write(log::Level::Error, &panic.to_string())
    }));
}

#[cfg(target_arch = "wasm32")]
bindings::export!(Hostile with_types_in bindings);
