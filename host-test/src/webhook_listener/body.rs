//! Bodies: read whole or not at all.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use futures::StreamExt as _;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::contract::connector::WebhookDelivery;
use crate::contract::types::Header;

/// How long a sender may take with the head of a request, and with its body. Intercom gives up after five seconds itself.
pub(super) const REQUEST_TIME: Duration = Duration::from_secs(10);

/// Bytes beyond the largest body that are still read.
const THROWN_AWAY: usize = 16 * 1024 * 1024;

/// Reads a whole body of at most `limit` bytes, in the time that a sender has. Of a larger one a good deal more is read and
/// thrown away: a sender that is still sending when the connection is closed never sees why.
///
/// Room for it, in KiB, is taken as it comes, and not as it is announced: who announces much and sends little takes
/// nothing from others. Gives the room that it takes.
///
/// # Errors
/// The status to answer with: 429 when there is no room.
pub(crate) async fn read(
    body: Body,
    limit: usize,
    room: &Semaphore,
) -> Result<(Vec<u8>, SemaphorePermit<'_>), StatusCode> {
    let read = tokio::time::timeout(REQUEST_TIME, read_parts(body, limit, room));
    read.await.unwrap_or(Err(StatusCode::REQUEST_TIMEOUT))
}

async fn read_parts(
    body: Body,
    limit: usize,
    room: &Semaphore,
) -> Result<(Vec<u8>, SemaphorePermit<'_>), StatusCode> {
    let no_room = |_| StatusCode::TOO_MANY_REQUESTS;
    let mut taken = room.try_acquire().map_err(no_room)?;
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
            let more = (length / 1_024 + 1).saturating_sub(taken.num_permits());
            let more = u32::try_from(more).unwrap_or(u32::MAX);
            taken.merge(room.try_acquire_many(more).map_err(no_room)?);
            received.extend_from_slice(&part);
        }
    }
    match length <= limit {
        true => Ok((received, taken)),
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
        let room = Semaphore::new(4);
        let read = async |body: Body| {
            let read = read(body, 4, &room).await;
            read.map(|(bytes, _)| bytes)
        };
        assert_eq!(read(Body::from("1234")).await.unwrap(), b"1234");
        let refused = read(Body::from("12345")).await;
        assert_eq!(refused, Err(StatusCode::PAYLOAD_TOO_LARGE));
        let parts = futures::stream::iter([Ok("12"), Err(std::io::Error::other("cut"))]);
        let cut = read(Body::from_stream(parts)).await;
        assert_eq!(cut, Err(StatusCode::BAD_REQUEST));
        assert_eq!(room.available_permits(), 4);
    }

    #[tokio::test]
    async fn a_body_takes_the_room_that_it_needs_while_it_is_there() {
        let room = Semaphore::new(4);
        let large = vec![b' '; 2_500];
        let held = read(Body::from(large.clone()), 10_000, &room).await;
        assert_eq!(room.available_permits(), 1);
        let refused = read(Body::from(large.clone()), 10_000, &room).await;
        assert_eq!(refused.unwrap_err(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(room.available_permits(), 1);
        drop(held);
        assert!(read(Body::from(large), 10_000, &room).await.is_ok());
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
