//! An upstream's refusal on its way to the client: relayed where it is the client's matter, replaced where it is ours.
//!
//! Claude Code keys on texts such as `prompt is too long`, so the client's own mistakes keep the provider's words. What
//! concerns our account there never crosses: the client would be told to log in at, or to pay, the provider.

use crate::actors::call::LiveCall;
use crate::domain::ending::Ending;
use crate::domain::ids::CallId;
use crate::http::error::ApiError;
use crate::http::limits;
use crate::http::proxy::blame::{self, Blame};
use crate::http::proxy::state::ProxyState;
use crate::upstream::{answer, headers, settle};
use actix_web::HttpResponse;
use awc::ClientResponse;
use secrecy::ExposeSecret;
use serde_json::Value;

/// Marks of provider identities that no client should read.
const IDENTITIES: [&str; 2] = ["org-", "org_"];

/// Ends a refused call, unbilled, and makes its answer.
///
/// # Errors
/// `ApiError` where the upstream's words are not for the client.
pub async fn refused(
    state: &ProxyState,
    live: LiveCall,
    mut response: ClientResponse,
) -> Result<HttpResponse, ApiError> {
    let (request, window) = (live.call(), live.window());
    let body = answer::read_refusal(&mut response, state.upstream.settings()).await;
    drop(settle::settle(live, &state.prices.load(), Ending::Refused, None));
    answer_refusal(state, &response, &body, request, window)
}

/// The answer to a refusal whose body was read.
///
/// # Errors
/// As `refused`.
pub fn answer_refusal(
    state: &ProxyState,
    response: &ClientResponse,
    body: &[u8],
    request: CallId,
    window: limits::Window,
) -> Result<HttpResponse, ApiError> {
    let status = response.status().as_u16();
    match blame::of(status, body) {
        Blame::Account => {
            tracing::error!(upstream.status = status, "the upstream refuses our own account; it is parked for a while");
            state.upstream.park(state.directory.clock().now_ms());
            return Err(ApiError::upstream_unavailable(request));
        }
        Blame::Ours => {
            tracing::error!(upstream.status = status, call.id = %request, "the upstream denies a call to our account");
            return Err(ApiError::upstream_unavailable(request));
        }
        Blame::Client => {}
    }
    match status {
        400 | 404 | 413 | 422 => Ok(relayed(state, response, body, request, window)),
        429 | 529 => Err(ApiError::upstream_busy(seconds(response), request)),
        503 => Err(ApiError { retry_after_s: Some(seconds(response).unwrap_or(5)), ..ApiError::try_again(5, request) }),
        _ => Err(ApiError::upstream_unavailable(request)),
    }
}

/// The upstream's own envelope with our request id; other bodies become a general one of the same status.
fn relayed(
    state: &ProxyState,
    response: &ClientResponse,
    body: &[u8],
    request: CallId,
    window: limits::Window,
) -> HttpResponse {
    let mut answer = HttpResponse::build(response.status());
    limits::own_headers(&mut answer, request, Some(window));
    for (name, value) in headers::relayed(response.headers()) {
        answer.insert_header((name, value));
    }
    answer.content_type("application/json");
    let secret = state.upstream.settings().credential.expose_secret();
    let leaks = find(body, secret) || IDENTITIES.iter().any(|mark| find(body, mark));
    match blame::envelope(body).filter(|_| !leaks) {
        Some(mut envelope) => {
            envelope["request_id"] = Value::String(request.request_id());
            answer.body(envelope.to_string())
        }
        None => {
            let mut error = ApiError::bad_request(
                "The model provider refused this request as malformed. Check its fields.",
                request,
            );
            error.status = response.status();
            answer.body(error.body())
        }
    }
}

fn find(body: &[u8], text: &str) -> bool {
    !text.is_empty() && memchr::memmem::find(body, text.as_bytes()).is_some()
}

fn seconds(response: &ClientResponse) -> Option<u64> {
    headers::text(response.headers(), "retry-after")?.parse().ok()
}
