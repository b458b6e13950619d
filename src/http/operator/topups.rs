//! Orders for the operator: those whose money does not fit, credited or closed by hand, and those of one account.

use crate::domain::ids::TopupId;
use crate::domain::payment::Method;
use crate::domain::topup::ParkReason;
use crate::http::operator::answer::OperatorError;
use crate::http::operator::state::OperatorState;
use crate::http::operator::{accounts, refunds};
use crate::payments::by_hand::ByHandError;
use crate::payments::error::LookError;
use crate::payments::reconcile::{self, MOST_DAYS};
use crate::store::payments::TopupRow;
use actix_web::web::{Data, Json, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// Orders of an account shown at most.
const SHOWN: i64 = 200;

/// Why an order is ended; it stays beside it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Close {
    reason: String,
}

/// Whose orders.
#[derive(Deserialize)]
pub struct Whose {
    account: Option<String>,
}

/// `GET /op/topups`: the parked ones, oldest first, or those of an account, newest first; with the refunds asked for.
pub async fn list(
    http: HttpRequest,
    whose: Query<Whose>,
    state: Data<OperatorState>,
) -> Result<HttpResponse, OperatorError> {
    state.authorize(&http)?;
    let account = match &whose.account {
        Some(who) => Some(accounts::account(&state, who).await?),
        None => None,
    };
    let rows = match account {
        Some(account) => state.desk.list(account, SHOWN).await?,
        None => state.desk.parked().await?,
    };
    let refunds = refunds::listed(&state, account).await?;
    Ok(HttpResponse::Ok().json(json!({ "topups": rows.iter().map(shown).collect::<Vec<_>>(), "refunds": refunds })))
}

/// `POST /op/topups/{id}/credit`: credits what the provider says came.
pub async fn credit(
    http: HttpRequest,
    id: Path<String>,
    state: Data<OperatorState>,
) -> Result<HttpResponse, OperatorError> {
    state.authorize(&http)?;
    let row = state.desk.credit_by_hand(parsed(&id)?).await.map_err(refused)?;
    Ok(HttpResponse::Ok().json(shown(&row)))
}

/// `POST /op/topups/{id}/close`: ends it, after the money was given back outside.
pub async fn close(
    http: HttpRequest,
    id: Path<String>,
    body: Json<Close>,
    state: Data<OperatorState>,
) -> Result<HttpResponse, OperatorError> {
    state.authorize(&http)?;
    let reason = accounts::reason(&body.reason)?;
    let row = state.desk.close_by_hand(parsed(&id)?, &reason).await.map_err(refused)?;
    Ok(HttpResponse::Ok().json(shown(&row)))
}

/// How far a comparison goes back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reconcile {
    days: Option<i64>,
}

/// `POST /op/reconcile`: compares the providers' lists with our orders.
pub async fn reconcile(
    http: HttpRequest,
    body: Json<Reconcile>,
    state: Data<OperatorState>,
) -> Result<HttpResponse, OperatorError> {
    state.authorize(&http)?;
    let days = body.days.unwrap_or(reconcile::DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(OperatorError::invalid(format!("give 1 to {MOST_DAYS} days")));
    }
    let result = state.desk.reconcile(days).await.map_err(|error| match error {
        LookError::Store(error) => error.into(),
        LookError::Unanswered(error) => error.into(),
        other => OperatorError::invalid(format!("the comparison is not whole, so there is none: {other}")),
    })?;
    Ok(HttpResponse::Ok().json(json!({
        "run": result.run,
        "from": result.from,
        "until": result.until,
        "gross": result.gross_json(),
        "differences": result.differences_json(),
        "remaining": result.remaining(),
    })))
}

/// The id of an order as it was typed.
///
/// # Errors
/// 404 for what is none.
pub fn parsed(id: &str) -> Result<TopupId, OperatorError> {
    id.parse::<Uuid>().map(TopupId).map_err(|_| OperatorError::not_found("such top-up"))
}

fn refused(error: ByHandError) -> OperatorError {
    match error {
        ByHandError::NotFound => OperatorError::not_found("such top-up"),
        ByHandError::Store(error) | ByHandError::Look(LookError::Store(error)) => error.into(),
        ByHandError::Look(LookError::Unanswered(error)) => error.into(),
        other => OperatorError::invalid(other.to_string()),
    }
}

fn shown(row: &TopupRow) -> Value {
    let order = &row.order;
    json!({
        "topup": order.id,
        "account": row.account,
        "provider": row.provider,
        "payment": row.payment,
        "method": order.method.map(Method::word),
        "state": order.state.word(),
        "requested": order.requested.to_string(),
        "received": order.received.map(|amount| amount.to_string()),
        "credited": order.credited.map(|amount| amount.to_string()),
        "taken_back": row.taken_back.to_string(),
        "reason": order.reason.map(ParkReason::word),
        "closed_by": row.closed_by,
        "created_at": row.created_at,
    })
}
