//! What moves money between balance and keys: create, top up, delete. Each needs an `Idempotency-Key`.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use serde::Deserialize;
use serde_json::json;

use crate::actors::new_key::KeyOrder;
use crate::domain::money::{Cost, Price};
use crate::http::json::amount::SentAmount;
use crate::http::json::answer;
use crate::http::json::body;
use crate::http::json::error::JsonError;
use crate::http::manage::caller::{self, Caller};
use crate::http::manage::operation::{self, Identified};
use crate::http::manage::state::ManageState;
use crate::http::manage::{keys, show};
use crate::identity::key_desk::Operation;
use crate::store::views::scope::OwnedKey;

/// Deleting a key with more than this much unused cost needs a fresh code: 100 US dollars.
pub const PROOF_ABOVE: Cost = Cost::from_nanos(100_000_000_000);

/// The two numbers of a new key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Create {
    label: String,
    budget: SentAmount,
    cost: SentAmount,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SentTopUp {
    amount: SentAmount,
}

/// A top-up of one of the caller's keys, made or to be previewed.
pub struct TopUp {
    pub amount: Price,
    pub key: OwnedKey,
    /// The amount as it was sent.
    typed: String,
}

impl TopUp {
    /// Reads the amount, then looks the key up.
    pub async fn read(
        http: &HttpRequest,
        payload: Payload,
        state: &ManageState,
        caller: &Caller,
        id: &str,
    ) -> Result<Self, JsonError> {
        let sent: SentTopUp = body::read(http, payload).await?;
        let amount = sent.amount.usd("amount")?.into();
        Ok(TopUp { amount, key: caller::owned(state, caller, id).await?, typed: sent.amount.text().to_string() })
    }
}

/// `POST /api/v1/keys`: the key with its secret, this once.
pub async fn create(http: HttpRequest, payload: Payload, state: Data<ManageState>) -> Result<HttpResponse, JsonError> {
    let caller = caller::reseller(&http, &state).await?;
    let wanted: Create = body::read(&http, payload).await?;
    let order = KeyOrder {
        label: keys::label(&wanted.label)?.into_string(),
        budget: wanted.budget.usd("budget")?.into(),
        cost: wanted.cost.usd("cost")?.into(),
        rpm: state.new_key.rpm,
        concurrency: state.new_key.concurrency,
    };
    let typed = ["create", wanted.label.as_str(), &wanted.budget.text(), &wanted.cost.text()];
    let idem = operation::identity(&http, Identified::Always, &typed)?;
    let done = state.desk.create(caller.account, order, idem, &caller.trail).await?;
    created(&state, &caller, &done).await
}

async fn created(state: &ManageState, caller: &Caller, done: &Operation) -> Result<HttpResponse, JsonError> {
    let secret = done.secret.as_ref().map(|s| s.reveal());
    let id = done.recorded.key.map(|k| k.to_string()).unwrap_or_default();
    // The secret is out now or never: what else there is to show may be missing.
    let key = match caller::owned(state, caller, &id).await {
        Ok(key) => state.keys.get(&key).await.ok().map(show::key),
        Err(_) => None,
    };
    let mut response = answer::with_headers(StatusCode::CREATED);
    operation::mark(&mut response, done);
    Ok(response.json(json!({
        "id": id,
        "key": secret,
        "debited": show::cost(done.recorded.cost),
        "balance_after": show::cost(done.recorded.main_after),
        "details": key,
    })))
}

/// `POST /api/v1/keys/{id}/top-up`: debits at the ratio locked at creation.
pub async fn top_up(
    http: HttpRequest,
    id: Path<String>,
    payload: Payload,
    state: Data<ManageState>,
) -> Result<HttpResponse, JsonError> {
    let caller = caller::reseller(&http, &state).await?;
    let TopUp { amount, key, typed } = TopUp::read(&http, payload, &state, &caller, &id).await?;
    let idem = operation::identity(&http, Identified::Always, &["top-up", id.as_str(), &typed])?;
    let done = state.desk.top_up(&key, amount, idem, &caller.trail).await?;
    let mut response = answer::with_headers(StatusCode::OK);
    operation::mark(&mut response, &done);
    Ok(response.json(json!({
        "id": key.key(),
        "debited": show::cost(done.recorded.cost),
        "budget": show::price(done.recorded.budget_after),
        "balance_after": show::cost(done.recorded.main_after),
    })))
}

/// `DELETE /api/v1/keys/{id}`: what came back, what running calls still hold, what stays billed.
pub async fn delete(http: HttpRequest, id: Path<String>, state: Data<ManageState>) -> Result<HttpResponse, JsonError> {
    let caller = caller::reseller(&http, &state).await?;
    let key = caller::owned(&state, &caller, &id).await?;
    let idem = operation::identity(&http, Identified::Always, &["delete", id.as_str()])?;
    if state.keys.get(&key).await?.left() > PROOF_ABOVE {
        caller.require_proof()?;
    }
    let before = state.desk.close(&key, idem, &caller.trail).await?;
    Ok(operation::answer(before).json(deleted(&state, &key).await?))
}

/// What became of a deleted key's money.
pub async fn deleted(state: &ManageState, key: &OwnedKey) -> Result<serde_json::Value, JsonError> {
    let row = state.keys.get(key).await?;
    Ok(json!({
        "id": row.key,
        "state": show::state_of(&row),
        "returned": show::cost(row.refunded),
        "still_held": show::cost(row.left()),
        "stays_billed": show::cost(row.posted),
    }))
}
