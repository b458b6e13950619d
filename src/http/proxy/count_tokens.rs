//! `POST /v1/messages/count_tokens`: free at the source, so it holds nothing and leaves no line; it counts against the
//! key's limits, and a key with nothing left gets 402.

use crate::http::error::ApiError;
use crate::http::proxy::state::ProxyState;
use crate::http::proxy::{body_in, messages, relay};
use crate::http::{limits, principal};
use crate::upstream::answer;
use crate::upstream::client::{NoHead, Outgoing};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::de::IgnoredAny;

/// Serves one count.
///
/// # Errors
/// As `create_message`.
pub async fn count_tokens(
    http: HttpRequest,
    payload: Payload,
    state: Data<ProxyState>,
) -> Result<HttpResponse, ApiError> {
    let request = state.new_call();
    state.refuse_while_away(request)?;
    let key = principal::client_key(&http, &state.credentials, request).await?;
    let body = body_in::read(&http, payload, &state.bodies, state.body, request).await?;
    let parsed = messages::understood(&body.bytes, http.headers(), &state, request)?;
    let quote = state.prices.load().quote(&parsed).map_err(|r| messages::unpriced(&r, &parsed, request))?;
    let reservation = match state.directory.admit_free(key, request, quote).await {
        Ok(Ok(reservation)) => reservation,
        Ok(Err(refusal)) => return Err(ApiError::from_refusal(&refusal, request)),
        Err(error) => return Err(ApiError::from_ask(error, request)),
    };
    let target = messages::target("/v1/messages/count_tokens", &http);
    let out = Outgoing { path_and_query: &target, headers: http.headers(), body: body.bytes.clone() };
    let sent = state.upstream.send(&out, state.directory.clock().now_ms()).await;
    let mut response = sent.map_err(|why| match why {
        NoHead::Unreachable => ApiError::upstream_unavailable(request),
        NoHead::TooLate => ApiError::upstream_timeout(request),
        NoHead::Parked => ApiError::upstream_busy(None, request),
    })?;
    let window = reservation.window();
    let read = answer::read_short(&mut response, state.upstream.settings()).await;
    drop(reservation);
    if !response.status().is_success() {
        return relay::answer_refusal(&state, &response, &read.unwrap_or_default(), request, window);
    }
    let count = read.ok().filter(|bytes| serde_json::from_slice::<IgnoredAny>(bytes).is_ok());
    let count = count.ok_or_else(|| ApiError::upstream_unavailable(request))?;
    let mut answer = HttpResponse::Ok();
    limits::own_headers(&mut answer, request, Some(window));
    Ok(answer.content_type("application/json").body(count))
}
