//! Intercom's own OpenAPI files, as a judge of what is sent to Intercom and of what the simulator answers.
//!
//! This crate is for tests. [`documents`] finds the files in the directory that `INTERCOM_OPENAPI_DIR` names; without that
//! variable every check says so once and passes. A [`Recording`] is a file to which the simulator appends its exchanges, and
//! which is judged when it is dropped: a test whose requests do not conform fails by itself.
//!
//! Where the files contradict themselves or each other, two tables rule: [`EXCEPTIONS`], written by hand with a reason for
//! each row, and the [`contradictions`] between Intercom's own examples and schemas, which are found anew by every run.
// A check that cannot be made is a failed test.
#![allow(clippy::expect_used, clippy::panic)]

mod component;
pub mod contradictions;
mod document;
pub mod documents;
mod examples;
mod exceptions;
mod exchange;
mod operation;
mod parameters;
mod recording;
mod request;
mod response;
mod schema;
mod validation;
mod violation;

pub use document::Document;
pub use examples::Example;
pub use exceptions::{ANY, EXCEPTIONS, Exception};
pub use exchange::Exchange;
pub use operation::Operation;
pub use recording::Recording;
pub use request::{Request, assert_own_request, assert_request};
pub use violation::Violation;
