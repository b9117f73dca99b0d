//! Everything that is said to Intercom, against Intercom's own OpenAPI files; without `INTERCOM_OPENAPI_DIR` nothing is
//! checked, and the first check says so. The worlds of all tests check what they record; here is what that needs.

/// Examples of answers to checks and writes.
mod answered;
/// What it answers for the smaller kinds of objects, and for content exports.
mod catalogue;
/// The list of contradictions between examples and schemas is current.
mod contradictions;
/// What is written into conversations, messages and tickets.
mod desk_writes;
/// What becomes of the items in an example.
mod entries;
/// Every example of an answer decodes.
mod examples;
/// What is said when the component says everything; exceptions are needed.
mod exchanges;
/// Operations of the component without a sandbox, with answers that are given.
mod native;
/// Everything that the simulator tells of.
mod notifications;
/// The operations of the API that the component uses.
mod operations;
/// Examples of answers that hold rows.
mod sample;
/// The component says everything that it can say.
mod saying;
/// Everything that the simulator answers.
mod simulator;
/// Everything that can be written into it.
mod writes;
