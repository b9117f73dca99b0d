//! Any bytes as a stream's cursor.
#![no_main]

use intercom_connector::properties::cursor;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| cursor(bytes));
