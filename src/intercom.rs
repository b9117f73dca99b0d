//! Intercom's API as it is: versions, the tables of streams, actions and topics, envelopes, errors, values.

pub mod actions;
pub mod attributes;
pub mod envelope;
pub mod errors;
pub mod fields;
pub mod normalize;
pub mod request;
pub mod streams;
pub mod topics;
pub mod versions;

pub use records::timestamp;
