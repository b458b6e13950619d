//! One key for the operator, both sides.

use crate::actors::messages::KeyRef;
use crate::domain::ids::KeyId;
use crate::http::operator::answer::OperatorError;
use crate::http::operator::state::OperatorState;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;
use uuid::Uuid;

/// `GET /op/keys/{key}`.
pub async fn show(http: HttpRequest, id: Path<String>, state: Data<OperatorState>) -> Result<HttpResponse, OperatorError> {
    state.authorize(&http)?;
    let key = id.parse::<Uuid>().map(KeyId).map_err(|_| OperatorError::invalid("give the key's id, a UUID"))?;
    let account = state.people.account_of_key(key).await?.ok_or_else(|| OperatorError::not_found("such key"))?;
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
