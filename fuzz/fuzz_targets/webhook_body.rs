//! Any bytes as the body of a delivery, and as the item in an envelope of any topic.
#![no_main]

use intercom_connector::properties::{webhook_body, webhook_item};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    webhook_body(bytes);
    webhook_item(bytes);
});
