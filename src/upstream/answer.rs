//! Reads answers that are read whole: buffered messages, and the short bodies of refusals. All bounded.

use crate::domain::usage::Meter;
use crate::upstream::client::UpstreamSettings;
use crate::upstream::headers;
use awc::ClientResponse;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use std::sync::Arc;
use tokio::time::Instant;

/// The most that is read of a refusal or a count.
const SHORT_LIMIT: usize = 1024 * 1024;

/// A whole answer with what its meter read.
pub struct Buffered {
    pub body: Bytes,
    pub meter: Meter,
}

/// Why a 200 is no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unreadable {
    Encoded,
    TooLarge,
    Cut,
    Late,
    NoMessage,
}

/// True for a stream we can meter: an event stream that is not compressed.
pub fn is_event_stream(response: &ClientResponse) -> bool {
    let kind = headers::text(response.headers(), "content-type").unwrap_or_default();
    kind.starts_with("text/event-stream") && !is_encoded(response)
}

/// Reads a buffered answer whole; its model is `requested` where it names none.
///
/// # Errors
/// `Unreadable`: nothing of it may be billed or forwarded.
pub async fn read_whole(
    response: &mut ClientResponse,
    limit: usize,
    settings: &UpstreamSettings,
    requested: Arc<str>,
) -> Result<Buffered, Unreadable> {
    if is_encoded(response) {
        return Err(Unreadable::Encoded);
    }
    let body = read(response, limit, settings).await?;
    let meter = Meter::read_buffered(&body, requested).map_err(|_| Unreadable::NoMessage)?;
    Ok(Buffered { body, meter })
}

/// Reads a short answer whole.
///
/// # Errors
/// `Unreadable`: what came of it means nothing.
pub async fn read_short(response: &mut ClientResponse, settings: &UpstreamSettings) -> Result<Bytes, Unreadable> {
    if is_encoded(response) {
        return Err(Unreadable::Encoded);
    }
    read(response, SHORT_LIMIT, settings).await
}

/// Reads what a refusal says, nothing where that cannot be read.
pub async fn read_refusal(response: &mut ClientResponse, settings: &UpstreamSettings) -> Bytes {
    read_short(response, settings).await.unwrap_or_default()
}

async fn read(response: &mut ClientResponse, limit: usize, settings: &UpstreamSettings) -> Result<Bytes, Unreadable> {
    let declared = headers::text(response.headers(), "content-length").and_then(|l| l.parse::<usize>().ok());
    let deadline = Instant::now() + settings.total;
    let mut whole = BytesMut::new();
    let mut first: Option<Bytes> = None;
    loop {
        let limit_at = deadline.min(Instant::now() + settings.idle);
        let part = tokio::time::timeout_at(limit_at, response.next()).await.map_err(|_| Unreadable::Late)?;
        let Some(part) = part else { break };
        let part = part.map_err(|_| Unreadable::Cut)?;
        if whole.len() + first.as_ref().map_or(0, Bytes::len) + part.len() > limit {
            return Err(Unreadable::TooLarge);
        }
        // The usual answer is one part: it is passed on without a copy.
        match first.take() {
            None if whole.is_empty() => first = Some(part),
            kept => {
                whole.extend_from_slice(&kept.unwrap_or_default());
                whole.extend_from_slice(&part);
            }
        }
    }
    let body = first.unwrap_or_else(|| whole.freeze());
    // A connection that closes early reads like an end.
    if declared.is_some_and(|length| length != body.len()) { Err(Unreadable::Cut) } else { Ok(body) }
}

fn is_encoded(response: &ClientResponse) -> bool {
    headers::text(response.headers(), "content-encoding").is_some_and(|e| !e.eq_ignore_ascii_case("identity"))
}
