//! Bodies: read whole or not at all.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use futures::StreamExt as _;

use crate::contract::connector::WebhookDelivery;
use crate::contract::types::Header;

/// How long a sender may take with its body.
const BODY_TIME: Duration = Duration::from_secs(20);

/// Bytes beyond the largest body that are still read.
const THROWN_AWAY: usize = 16 * 1024 * 1024;

/// Reads a whole body of at most `limit` bytes, in the time that a sender has. Of a larger one a good deal more is read and
/// thrown away: a sender that is still sending when the connection is closed never sees why.
pub(super) async fn read(body: Body, limit: usize) -> Result<Vec<u8>, StatusCode> {
    let read = tokio::time::timeout(BODY_TIME, read_parts(body, limit));
    read.await.unwrap_or(Err(StatusCode::REQUEST_TIMEOUT))
}

async fn read_parts(body: Body, limit: usize) -> Result<Vec<u8>, StatusCode> {
    let mut received = Vec::new();
    let mut length = 0_usize;
    let mut parts = body.into_data_stream();
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| StatusCode::BAD_REQUEST)?;
        length = length.saturating_add(part.len());
        if length > limit.saturating_add(THROWN_AWAY) {
            break;
        }
        if length <= limit {
            received.extend_from_slice(&part);
        }
    }
    match length <= limit {
        true => Ok(received),
        false => Err(StatusCode::PAYLOAD_TOO_LARGE),
    }
}

/// A delivery as the component takes it, but without secrets.
pub(super) fn delivery(headers: &HeaderMap, body: Vec<u8>, received_at_ms: i64) -> WebhookDelivery {
    let headers = headers.iter().map(|(name, value)| Header {
        name: name.as_str().to_owned(),
        value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
    });
    WebhookDelivery {
        headers: headers.collect(),
        body,
        secrets: Vec::new(),
        received_at_ms,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_is_read_whole_or_refused() {
        assert_eq!(read(Body::from("1234"), 4).await.unwrap(), b"1234");
        let refused = read(Body::from("12345"), 4).await;
        assert_eq!(refused, Err(StatusCode::PAYLOAD_TOO_LARGE));
        let parts = futures::stream::iter([Ok("12"), Err(std::io::Error::other("cut"))]);
        let cut = read(Body::from_stream(parts), 4).await;
        assert_eq!(cut, Err(StatusCode::BAD_REQUEST));
    }

    #[test]
    fn headers_keep_their_order_and_repetition() {
        let mut headers = HeaderMap::new();
        headers.append("x-a", "1".parse().unwrap());
        headers.append("x-a", "2".parse().unwrap());
        let values: Vec<String> = delivery(&headers, Vec::new(), 0)
            .headers
            .into_iter()
            .map(|header| header.value)
            .collect();
        assert_eq!(values, ["1", "2"]);
    }
}
