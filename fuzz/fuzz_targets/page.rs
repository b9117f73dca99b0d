//! Any bytes as the answer to a stream's requests.
#![no_main]

use intercom_connector::properties::page;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| page(bytes));
