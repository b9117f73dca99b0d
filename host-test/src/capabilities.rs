//! What a component can do beyond computing: the imports of the contract, and the clocks of WASI.
//!
//! Every capability acts for the tenant of the call. While a component is asked to describe itself there is no tenant, and
//! every capability refuses.

pub(crate) mod clocks;
pub(crate) mod http;
pub(crate) mod log;
pub(crate) mod state;

/// The interface has types only: there is nothing to do.
impl crate::contract::types::Host for crate::call::CallContext {}
