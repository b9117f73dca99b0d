//! Any bytes as a mapping, a zero byte, and a record.
#![no_main]

use intercom_connector::properties::mapping;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| mapping(bytes));
