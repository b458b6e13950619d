//! One key for the operator, both sides.

use crate::actors::messages::KeyRef;
use crate::actors::new_key::KeyOrder;
use crate::domain::ids::KeyId;
use crate::domain::label::Label;
use crate::domain::secret::ClientSecret;
use crate::http::operator::answer::OperatorError;
use crate::http::operator::state::OperatorState;
use crate::http::operator::{accounts, operation};
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

/// A key cut for an account by the operator; limits may differ from those that resellers get.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    label: String,
    budget: String,
    cost: String,
    rpm: i32,
    concurrency: i32,
    id: String,
}

/// `POST /op/accounts/{account}/keys`.
pub async fn create(
    http: HttpRequest,
    who: Path<String>,
    body: Json<NewKey>,
    state: Data<OperatorState>,
) -> Result<HttpResponse, OperatorError> {
    state.authorize(&http)?;
    let account = accounts::account(&state, &who).await?;
    let label = Label::parse(&body.label).map_err(|e| OperatorError::invalid(e.to_string()))?;
    if body.rpm < 1 || body.concurrency < 1 {
        return Err(OperatorError::invalid("rpm and concurrency are at least 1"));
    }
    let (rpm, concurrency) = (body.rpm.to_string(), body.concurrency.to_string());
    let idem = operation::identity("key", &body.id, &[&body.label, &body.budget, &body.cost, &rpm, &concurrency])?;
    if let Some(done) = operation::known(&state, account, &idem).await? {
        // The secret was in the first answer and is nowhere else.
        return Ok(HttpResponse::Ok().json(json!({ "id": done.key, "repeated": true })));
    }
    let order = KeyOrder {
        label: label.into_string(),
        budget: accounts::usd(&body.budget)?.into(),
        cost: accounts::usd(&body.cost)?.into(),
        rpm: body.rpm,
        concurrency: body.concurrency,
    };
    let digest = |secret: &ClientSecret| state.credentials.digest(secret);
    let made = state
        .directory
        .create_key(account, order, digest, state.pepper_version, idem, Some("operator".into()))
        .await??;
    Ok(HttpResponse::Created().json(json!({
        "id": made.key.key,
        "key": made.secret.reveal(),
        "margin": made.ratio.margin(),
        "available": made.opened.available.usd().fixed_floor(4),
    })))
}

/// `GET /op/keys/{key}`.
pub async fn show(
    http: HttpRequest,
    id: Path<String>,
    state: Data<OperatorState>,
) -> Result<HttpResponse, OperatorError> {
    state.authorize(&http)?;
    let key = id.parse::<Uuid>().map(KeyId).map_err(|_| OperatorError::invalid("give the key's id, a UUID"))?;
    let account = state.accounts.owner_of(key).await?.ok_or_else(|| OperatorError::not_found("such key"))?;
    let view = state.directory.view_key(KeyRef { account, key }).await?;
    Ok(HttpResponse::Ok().json(json!({
        "key": key,
        "account": account,
        "margin": view.ratio.margin(),
        "budget": view.budget.usd().exact(),
        "spent": view.spent.usd().exact(),
        "remaining": view.remaining.usd().exact(),
        "funded": view.funded.usd().exact(),
        "posted": view.posted.usd().exact(),
        "refunded": view.refunded.usd().exact(),
        "held": view.held.usd().exact(),
        "running": view.running,
        "paused": view.paused,
        "frozen": view.frozen,
        "rpm": view.rpm,
        "concurrency": view.concurrency,
    })))
}
