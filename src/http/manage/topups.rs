//! Money in, on the dashboard alone: open a checkout, look at it, call it off. What an answer says comes from our own
//! rows; where an order waits for its payment, the provider is asked first.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::domain::ids::TopupId;
use crate::domain::money::Cost;
use crate::domain::payment::Method;
use crate::domain::topup::ParkReason;
use crate::http::json::amount::SentAmount;
use crate::http::json::answer;
use crate::http::json::body;
use crate::http::json::error::JsonError;
use crate::http::json::query::Params;
use crate::http::manage::operation::{self, Identified};
use crate::http::manage::show;
use crate::http::site::guard;
use crate::http::site::state::SiteState;
use crate::payments::desk::{PaymentDesk, Wish};
use crate::payments::error::{LookError, StartError};
use crate::store::payments::TopupRow;

/// What is to be paid, and how.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    amount: SentAmount,
    method: String,
}

/// An order.
#[derive(Serialize)]
struct ShownTopup {
    id: TopupId,
    amount: String,
    method: Option<&'static str>,
    state: &'static str,
    /// Where to pay, while that is possible.
    #[serde(skip_serializing_if = "Option::is_none")]
    checkout_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credited: Option<String>,
    /// What the provider took back of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_back: Option<String>,
    /// What the provider says had come, where that was not simply credited.
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    expires_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    credited_at: Option<DateTime<Utc>>,
}

impl From<TopupRow> for ShownTopup {
    fn from(row: TopupRow) -> Self {
        let order = row.order;
        ShownTopup {
            id: order.id,
            amount: show::cost(order.requested),
            method: order.method.map(Method::word),
            state: order.state.word(),
            checkout_url: row.checkout_url.filter(|_| order.state.is_waiting()),
            credited: order.credited.map(show::cost),
            taken_back: (row.taken_back > Cost::ZERO).then(|| show::cost(row.taken_back)),
            received: order.received.map(show::cost),
            reason: order.reason.map(ParkReason::word),
            expires_at: row.expires_at,
            created_at: row.created_at,
            credited_at: row.credited_at,
        }
    }
}

/// `POST /api/v1/top-ups`: opens a checkout; a repeat with its operation id is the same one.
pub async fn start(
    http: HttpRequest,
    payload: Payload,
    site: Data<SiteState>,
    desk: Data<PaymentDesk>,
) -> Result<HttpResponse, JsonError> {
    let caller = guard::reseller(&http, &site).await?;
    let wanted: Start = body::read(&http, payload).await?;
    let method = Method::parse(&wanted.method).ok_or_else(no_such_method)?;
    let amount: Cost = wanted.amount.usd("amount")?.into();
    let typed = ["account-top-up", &wanted.amount.text(), method.word()];
    let attempt = operation::identity(&http, Identified::Always, &typed)?.id;
    if amount > desk.rules().proof_above && !caller.session.fresh {
        return Err(JsonError::step_up_required());
    }
    let (email, home) = (caller.session.address, guard::home(&http, &site));
    let wish = Wish { amount, method, attempt, email, home };
    let row = desk.start(caller.account, &wish, &caller.trail).await.map_err(not_started)?;
    Ok(answer::with_headers(StatusCode::CREATED).json(ShownTopup::from(row)))
}

/// `GET /api/v1/top-ups?limit=`: newest first, with what may be asked for.
pub async fn list(
    http: HttpRequest,
    site: Data<SiteState>,
    desk: Data<PaymentDesk>,
) -> Result<HttpResponse, JsonError> {
    let caller = guard::reseller(&http, &site).await?;
    let limit = Params::read(&http, &["limit"])?.limit()?;
    let rows = desk.list(caller.account, limit).await?;
    let methods: Vec<&str> = desk.providers().methods().into_iter().map(Method::word).collect();
    let (min, max) = (show::cost(desk.rules().min), show::cost(desk.rules().max));
    let shown: Vec<ShownTopup> = rows.into_iter().map(Into::into).collect();
    Ok(answer::ok(&json!({ "top_ups": shown, "methods": methods, "min": min, "max": max })))
}

/// `GET /api/v1/top-ups/{id}`.
pub async fn get(
    http: HttpRequest,
    id: Path<String>,
    site: Data<SiteState>,
    desk: Data<PaymentDesk>,
) -> Result<HttpResponse, JsonError> {
    let caller = guard::reseller(&http, &site).await?;
    let row = desk
        .show(caller.account, TopupId::parse(&id).ok_or_else(JsonError::not_found)?)
        .await?
        .ok_or_else(JsonError::not_found)?;
    Ok(answer::ok(&ShownTopup::from(row)))
}

/// `POST /api/v1/top-ups/{id}/cancel`: the order as it is then, which may be paid.
pub async fn cancel(
    http: HttpRequest,
    id: Path<String>,
    site: Data<SiteState>,
    desk: Data<PaymentDesk>,
) -> Result<HttpResponse, JsonError> {
    let caller = guard::reseller(&http, &site).await?;
    let cancelled = desk
        .cancel(caller.account, TopupId::parse(&id).ok_or_else(JsonError::not_found)?, &caller.trail)
        .await
        .map_err(not_looked)?;
    Ok(answer::ok(&ShownTopup::from(cancelled.ok_or_else(JsonError::not_found)?)))
}

fn no_such_method() -> JsonError {
    JsonError::invalid("method", "Choose one of the methods that GET /api/v1/top-ups lists.")
}

fn not_started(error: StartError) -> JsonError {
    match error {
        StartError::NoSuchMethod => no_such_method(),
        StartError::AmountOutOfRange { min, max } => {
            let (min, max) = (min.usd().fixed_ceil(2), max.usd().fixed_floor(2));
            JsonError::invalid("amount", format!("Choose an amount from ${min} to ${max}."))
        }
        StartError::NotWholeCents => JsonError::invalid("amount", "Choose an amount in whole cents, such as 34.20."),
        StartError::TooManyOpen { limit } => {
            let words = format!("{limit} top-ups wait for their payment. Pay one or cancel one first.");
            JsonError::new(StatusCode::CONFLICT, "too_many_top_ups", words)
        }
        StartError::IdReused => {
            let words = "This Idempotency-Key was used for another request. Use a new one.";
            JsonError::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", words).at("Idempotency-Key")
        }
        StartError::Provider(_) => JsonError::provider_away(),
        StartError::Store(error) => error.into(),
    }
}

fn not_looked(error: LookError) -> JsonError {
    match error {
        LookError::Store(error) => error.into(),
        error => {
            tracing::warn!(%error, "an order could not be called off");
            JsonError::provider_away()
        }
    }
}
