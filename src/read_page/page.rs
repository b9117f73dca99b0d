//! Pages and notices in the making.

use crate::contract::connector::Page;
use crate::contract::types::Notice;
use crate::intercom::streams::Stream;
use crate::prelude::*;

/// A page without anything.
pub fn empty_page() -> Page {
    Page {
        entries: Vec::new(),
        intents: Vec::new(),
        next: None,
        checkpoint: None,
        restarted: false,
        retry_after_ms: None,
        notices: Vec::new(),
        complete_snapshot: false,
    }
}

/// A notice about a stream.
pub fn notice(kind: &str, stream: &Stream, message: impl Into<String>) -> Notice {
    Notice {
        kind: kind.to_owned(),
        message: message.into(),
        stream: Some(stream.name.to_owned()),
        key: None,
        path: None,
        document: None,
    }
}

/// What is said when a watermark had to forget some of what it saw.
pub fn repeat(stream: &Stream) -> Notice {
    let message =
        "more rows changed within a short time than can be remembered: some will be given again";
    notice("repeat", stream, message)
}
