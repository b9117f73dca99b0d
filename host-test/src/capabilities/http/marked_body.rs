//! A request body that tells whether it was begun.
//!
//! The client asks for a body's first bytes before it writes anything of the request to the connection (over HTTP/2: before
//! the part that makes the request whole). A body that was never asked for is a request that the provider cannot have acted
//! upon, which decides whether a write may be repeated.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// Tells whether the body was begun.
pub(super) struct Mark(Arc<AtomicBool>);

impl Mark {
    /// Whether the client has asked for the body.
    pub(super) fn is_begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A body of known length, and its mark.
pub(super) fn marked(bytes: Bytes) -> (reqwest::Body, Mark) {
    let begun = Arc::new(AtomicBool::new(false));
    let body = MarkedBody {
        bytes: Some(bytes),
        begun: Arc::clone(&begun),
    };
    (reqwest::Body::wrap(body), Mark(begun))
}

struct MarkedBody {
    bytes: Option<Bytes>,
    begun: Arc<AtomicBool>,
}

impl Body for MarkedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.begun.store(true, Ordering::Release);
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    /// Never, while it was not asked for: an empty body would else be sent without a question.
    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
