//! `POST /v1/messages`: admit, send, and hand the answer to the part that meters it.
//!
//! Order: credential → body → model and price → gate → upstream. Nothing is sent before the gate has answered.

use crate::actors::call::{LiveCall, Reservation};
use crate::actors::messages::Delivery;
use crate::domain::ending::Ending;
use crate::domain::ids::CallId;
use crate::domain::quote::QuoteRefusal;
use crate::domain::request::{self, ModelRequest};
use crate::http::error::ApiError;
use crate::http::proxy::state::ProxyState;
use crate::http::proxy::{body_in, relay};
use crate::http::{limits, principal};
use crate::upstream::answer::{self, Buffered};
use crate::upstream::body::MeteredBody;
use crate::upstream::client::{NoHead, Outgoing};
use crate::upstream::settle;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use awc::ClientResponse;

/// Serves one metered call.
///
/// # Errors
/// `ApiError` by the table of `wire.md` §6; nothing is charged then.
pub async fn create_message(
    http: HttpRequest,
    payload: Payload,
    state: Data<ProxyState>,
) -> Result<HttpResponse, ApiError> {
    let request = state.new_call();
    state.refuse_while_away(request)?;
    let key = principal::client_key(&http, &state.credentials, request).await?;
    let body = body_in::read(&http, payload, &state.bodies, state.body, request).await?;
    let parsed = understood(&body.bytes, http.headers(), &state, request)?;
    let quote = state.prices.load().quote(&parsed).map_err(|r| unpriced(&r, &parsed, request))?;
    let delivery = if parsed.stream { Delivery::Streamed } else { Delivery::Buffered };
    let reservation = match state.directory.admit(key, request, quote, delivery).await {
        Ok(Ok(reservation)) => reservation,
        Ok(Err(refusal)) => return Err(ApiError::from_refusal(&refusal, request)),
        Err(error) => return Err(ApiError::from_ask(error, request)),
    };
    let out = bytes_out(&body.bytes, &parsed, &reservation);
    let live = reservation.dispatch().map_err(|e| ApiError::from_ask(e, request))?;
    let target = target("/v1/messages", &http);
    let out = Outgoing { path_and_query: &target, headers: http.headers(), body: out };
    match state.upstream.send(&out, state.directory.clock().now_ms()).await {
        Ok(response) => serve(state, live, response, delivery).await,
        Err(why) => Err(not_answered(live, &state, why)),
    }
}

/// The path in our own spelling, however the client spelt it, and its query as it came.
pub fn target(path: &str, http: &HttpRequest) -> String {
    match http.query_string() {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

/// Reads the few fields that money or tenancy depends on.
pub fn understood(
    body: &[u8],
    headers: &HeaderMap,
    state: &ProxyState,
    request: CallId,
) -> Result<ModelRequest, ApiError> {
    refuse_betas(headers, &state.upstream.settings().denied_betas, request)?;
    request::parse(body).map_err(|e| {
        if e.code() == "unsupported_field" {
            ApiError::unsupported_field(e.to_string(), request)
        } else {
            ApiError::bad_request(e.to_string(), request)
        }
    })
}

fn refuse_betas(headers: &HeaderMap, denied: &[String], request: CallId) -> Result<(), ApiError> {
    let named =
        headers.get_all("anthropic-beta").filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(',')).map(str::trim);
    match named.into_iter().find(|beta| denied.iter().any(|d| d.eq_ignore_ascii_case(beta))) {
        None => Ok(()),
        Some(beta) => {
            let words = format!("The beta {beta:?} is not available here. Leave it out of anthropic-beta.");
            Err(ApiError::unsupported_field(words, request))
        }
    }
}

/// The answer to a model or option without a price: refused before any byte goes out.
pub fn unpriced(refusal: &QuoteRefusal, parsed: &ModelRequest, request: CallId) -> ApiError {
    match refusal {
        QuoteRefusal::UnknownModel(_) => ApiError::model_not_found(&parsed.model, request),
        other => ApiError::unsupported_field(other.to_string(), request),
    }
}

/// The client's own bytes, or with `max_tokens` lowered to what the key can still pay.
fn bytes_out(body: &Bytes, parsed: &ModelRequest, reservation: &Reservation) -> Bytes {
    let terms = reservation.terms();
    if terms.lowered { request::with_max_tokens(body, parsed, terms.output).into() } else { body.clone() }
}

async fn serve(
    state: Data<ProxyState>,
    live: LiveCall,
    response: ClientResponse,
    delivery: Delivery,
) -> Result<HttpResponse, ApiError> {
    if !response.status().is_success() {
        return relay::refused(&state, live, response).await;
    }
    match delivery {
        Delivery::Streamed if answer::is_event_stream(&response) => Ok(stream(&state, live, response)),
        Delivery::Streamed => Err(unreadable(live, &state)),
        Delivery::Buffered => buffered(&state, live, response).await,
    }
}

fn stream(state: &ProxyState, live: LiveCall, response: ClientResponse) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    limits::own_headers(&mut answer, live.call(), Some(live.window()));
    answer.insert_header(("x-accel-buffering", "no"));
    if let Some(kind) = response.headers().get(header::CONTENT_TYPE) {
        answer.insert_header((header::CONTENT_TYPE, kind.clone()));
    }
    let prices = state.prices.load_full();
    answer.body(MeteredBody::new(live, response, prices, state.upstream.settings(), state.draining.clone()))
}

async fn buffered(state: &ProxyState, live: LiveCall, mut response: ClientResponse) -> Result<HttpResponse, ApiError> {
    let (request, window) = (live.call(), live.window());
    let read =
        answer::read_whole(&mut response, state.answer_limit, state.upstream.settings(), live.quote().row().id.clone())
            .await;
    let Buffered { body, meter } = match read {
        Ok(read) => read,
        Err(reason) => {
            tracing::warn!(call.id = %request, ?reason, "a buffered answer could not be read");
            return Err(unreadable(live, state));
        }
    };
    let settled = settle::settle(live, &state.prices.load(), Ending::Complete, Some(&meter));
    let credit = settle::wait(settled).await.ok_or_else(|| ApiError::try_again(2, request))?;
    let mut answer = HttpResponse::Ok();
    limits::own_headers(&mut answer, request, Some(window));
    if let Some(credit) = credit {
        answer.insert_header(("x-credit-cost", credit.line.usd().exact()));
        if let Some(remaining) = credit.remaining {
            answer.insert_header(("x-credit-remaining", remaining.usd().exact()));
        }
    }
    if let Some(kind) = response.headers().get(header::CONTENT_TYPE) {
        answer.insert_header((header::CONTENT_TYPE, kind.clone()));
    }
    Ok(answer.body(body))
}

/// A 200 that is no answer: billed nothing (`ledger.md` §14 row 7).
fn unreadable(live: LiveCall, state: &ProxyState) -> ApiError {
    let request = live.call();
    drop(settle::settle(live, &state.prices.load(), Ending::BadBody, None));
    ApiError::upstream_unavailable(request)
}

fn not_answered(live: LiveCall, state: &ProxyState, why: NoHead) -> ApiError {
    let request = live.call();
    drop(settle::settle(live, &state.prices.load(), Ending::NoHead, None));
    match why {
        NoHead::Unreachable => ApiError::upstream_unavailable(request),
        NoHead::TooLate => ApiError::upstream_timeout(request),
        NoHead::Parked => ApiError::upstream_busy(None, request),
    }
}
