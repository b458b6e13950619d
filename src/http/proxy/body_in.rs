//! Reads a request body: bounded in size, in speed, and in what all bodies together may take.

use crate::domain::ids::CallId;
use crate::http::error::ApiError;
use actix_web::HttpRequest;
use actix_web::http::header;
use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// What one request body may take (`limits.body_…`).
#[derive(Clone, Copy, Debug)]
pub struct BodyRules {
    /// Largest body.
    pub bytes: usize,
    /// How long it may be slow; after that, it must have come at `bytes_per_s` beyond it.
    pub grace: Duration,
    /// More than 0.
    pub bytes_per_s: u64,
}

/// Bytes that all request bodies together may hold in memory.
#[derive(Clone)]
pub struct BodyBudget {
    left: Arc<AtomicUsize>,
}

/// A body with its share of the budget, given back on drop.
pub struct HeldBody {
    pub bytes: Bytes,
    budget: BodyBudget,
    taken: usize,
}

impl BodyBudget {
    pub fn new(bytes: usize) -> Self {
        BodyBudget { left: Arc::new(AtomicUsize::new(bytes)) }
    }

    fn take(&self, bytes: usize) -> bool {
        self.left.fetch_update(Ordering::AcqRel, Ordering::Acquire, |left| left.checked_sub(bytes)).is_ok()
    }

    fn hold(&self) -> HeldBody {
        HeldBody { bytes: Bytes::new(), budget: self.clone(), taken: 0 }
    }
}

impl HeldBody {
    fn grow(&mut self, bytes: usize, request: CallId) -> Result<(), ApiError> {
        if !self.budget.take(bytes) {
            return Err(ApiError::try_again(2, request));
        }
        self.taken += bytes;
        Ok(())
    }
}

impl Drop for HeldBody {
    fn drop(&mut self) {
        self.budget.left.fetch_add(self.taken, Ordering::AcqRel);
    }
}

/// Reads the body of a JSON request.
///
/// # Errors
/// 415 for a compressed or non-JSON body, 413 over `rules.bytes` (from the length alone where it is said), 408 for one
/// that comes too slowly, 503 where all bodies together take too much.
pub async fn read(
    http: &HttpRequest,
    mut payload: Payload,
    budget: &BodyBudget,
    rules: BodyRules,
    request: CallId,
) -> Result<HeldBody, ApiError> {
    refuse_encoding(http, request)?;
    let length = http.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|l| l > rules.bytes) {
        return Err(ApiError::body_too_large(rules.bytes, request));
    }
    let mut held = budget.hold();
    let start = Instant::now();
    let mut whole = BytesMut::new();
    while let Some(part) = next_part(&mut payload, start + rules.time_for(whole.len()), request).await? {
        if whole.len() + part.len() > rules.bytes {
            return Err(ApiError::body_too_large(rules.bytes, request));
        }
        held.grow(part.len(), request)?;
        if whole.is_empty() && length == Some(part.len()) {
            // The usual case: one part is the whole body, and nothing is copied.
            held.bytes = part;
            return Ok(held);
        }
        whole.extend_from_slice(&part);
    }
    held.bytes = whole.freeze();
    Ok(held)
}

impl BodyRules {
    /// How long it may take until more than `so_far` bytes are there: what has come buys time beyond the grace.
    fn time_for(&self, so_far: usize) -> Duration {
        self.grace + Duration::from_secs(so_far as u64 / self.bytes_per_s)
    }
}

async fn next_part(payload: &mut Payload, until: Instant, request: CallId) -> Result<Option<Bytes>, ApiError> {
    match tokio::time::timeout_at(until, payload.next()).await {
        Err(_elapsed) => Err(ApiError::slow_body(request)),
        Ok(None) => Ok(None),
        Ok(Some(Ok(part))) => Ok(Some(part)),
        Ok(Some(Err(_broken))) => Err(ApiError::bad_request("The request body ended early. Send it again.", request)),
    }
}

fn refuse_encoding(http: &HttpRequest, request: CallId) -> Result<(), ApiError> {
    let text = |name| http.headers().get(name).map(|v| v.to_str().unwrap_or("?").trim().to_ascii_lowercase());
    let identity = text(header::CONTENT_ENCODING).is_none_or(|e| e == "identity");
    let json =
        text(header::CONTENT_TYPE).is_none_or(|t| t.split(';').next().is_some_and(|t| t.trim() == "application/json"));
    if identity && json { Ok(()) } else { Err(ApiError::unsupported_encoding(request)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::StatusCode;
    use actix_web::test::TestRequest;
    use actix_web::{FromRequest, dev};
    use futures_util::stream;
    use uuid::Uuid;

    async fn read_parts(budget: &BodyBudget, count: usize) -> Result<HeldBody, StatusCode> {
        let http = TestRequest::post().to_http_request();
        let parts = stream::iter((0..count).map(|_| Ok(Bytes::from_static(&[b' '; 1_000]))));
        let mut parts: dev::Payload = dev::Payload::Stream { payload: Box::pin(parts) };
        let payload = Payload::from_request(&http, &mut parts).await.expect("a payload");
        let rules = BodyRules { bytes: 1_000_000, grace: Duration::from_secs(60), bytes_per_s: 1 };
        read(&http, payload, budget, rules, CallId(Uuid::nil())).await.map_err(|error| error.status)
    }

    #[test]
    fn j04_what_has_come_buys_a_body_time_beyond_its_grace() {
        let rules = BodyRules { bytes: 1_000_000, grace: Duration::from_secs(10), bytes_per_s: 1_000 };
        let seconds: Vec<u64> = [0, 999, 1_000, 50_000].map(|so_far| rules.time_for(so_far).as_secs()).into();
        assert_eq!(seconds, [10, 10, 11, 60]);
    }

    #[actix_web::test]
    async fn bodies_that_together_take_too_much_are_refused_and_give_back_what_they_took() {
        let budget = BodyBudget::new(5_000);
        let held = read_parts(&budget, 3).await.map_err(|status| panic!("{status}")).expect("a body");
        assert_eq!(held.bytes.len(), 3_000);
        assert_eq!(read_parts(&budget, 3).await.err(), Some(StatusCode::SERVICE_UNAVAILABLE));
        drop(held);
        assert_eq!(read_parts(&budget, 5).await.map(|held| held.bytes.len()).ok(), Some(5_000));
        assert_eq!(budget.left.load(Ordering::Acquire), 5_000);
    }
}
