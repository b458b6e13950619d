//! The headers every API answer carries, and the key's own limits in the words official clients read.

use crate::domain::ids::CallId;
use crate::http::json::answer;
use actix_web::HttpResponseBuilder;
use chrono::{SecondsFormat, TimeDelta};

/// Limit, admissions left, milliseconds until the window is full again.
pub type Window = (i32, i32, u64);

/// Adds request id, the rules of cache, transport and sniffing, and the window where the key was asked.
pub fn own_headers(response: &mut HttpResponseBuilder, request: CallId, window: Option<Window>) {
    let id = request.request_id();
    response
        .insert_header(("request-id", id.as_str()))
        .insert_header(("x-request-id", id.as_str()))
        .insert_header(("cache-control", "no-store"))
        .insert_header(answer::TRANSPORT)
        .insert_header(("x-content-type-options", "nosniff"));
    if let Some((limit, remaining, full_in_ms)) = window {
        response
            .insert_header(("anthropic-ratelimit-requests-limit", limit))
            .insert_header(("anthropic-ratelimit-requests-remaining", remaining))
            .insert_header(("anthropic-ratelimit-requests-reset", reset_at(request, full_in_ms)));
    }
}

/// The instant the window is full again, RFC 3339. Counted from the request's own time, which its id carries.
fn reset_at(request: CallId, full_in_ms: u64) -> String {
    let (seconds, nanos) = request.0.get_timestamp().map_or((0, 0), |t| t.to_unix());
    let start = chrono::DateTime::from_timestamp(i64::try_from(seconds).unwrap_or(0), nanos).unwrap_or_default();
    let reset = start + TimeDelta::milliseconds(i64::try_from(full_in_ms).unwrap_or(0));
    reset.to_rfc3339_opts(SecondsFormat::Secs, true)
}
