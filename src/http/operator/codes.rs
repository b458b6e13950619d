//! Redemption codes for the operator: mint, list, revoke. A code itself is in the answer that mints it and nowhere else.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::money::Cost;
use crate::http::operator::accounts;
use crate::http::operator::answer::OperatorError;
use crate::http::operator::state::OperatorState;
use crate::payments::redemption::MOST_MINTED;
use crate::store::redemptions::ListedCode;

/// What is minted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mint {
    /// US dollars that each code is worth.
    amount: String,
    #[serde(default = "one")]
    count: usize,
    /// The last day, UTC, on which they may be redeemed, such as `2026-12-31`.
    expires: Option<String>,
    note: Option<String>,
}

fn one() -> usize {
    1
}

/// `POST /op/codes`: mints; what is not kept now can only be revoked.
pub async fn mint(
    http: HttpRequest,
    body: Json<Mint>,
    state: Data<OperatorState>,
) -> Result<HttpResponse, OperatorError> {
    state.authorize(&http)?;
    let amount: Cost = accounts::usd(&body.amount)?.into();
    if !(1..=MOST_MINTED).contains(&body.count) {
        return Err(OperatorError::invalid(format!("mint 1 to {MOST_MINTED} codes at once")));
    }
    let note = body.note.as_deref().map(accounts::reason).transpose()?;
    let expires_at = body.expires.as_deref().map(|day| end_of(day, state.directory.clock().now_utc())).transpose()?;
    let minted = state.redemptions.mint(amount, body.count, expires_at, note.as_deref()).await?;
    let codes: Vec<Value> = minted.iter().map(|m| json!({ "id": m.id, "code": m.code.reveal() })).collect();
    let answer = json!({ "amount": amount.to_string(), "expires_at": expires_at, "codes": codes });
    Ok(HttpResponse::build(StatusCode::CREATED).json(answer))
}

/// `GET /op/codes`: newest first, without the codes themselves.
pub async fn list(http: HttpRequest, state: Data<OperatorState>) -> Result<HttpResponse, OperatorError> {
    state.authorize(&http)?;
    let (now, codes) = (state.directory.clock().now_utc(), state.redemptions.list().await?);
    let codes: Vec<Value> = codes.iter().map(|code| shown(code, now)).collect();
    Ok(HttpResponse::Ok().json(json!({ "codes": codes })))
}

/// `POST /op/codes/{id}/revoke`: ends a code that nobody has redeemed; a repeat does nothing.
pub async fn revoke(
    http: HttpRequest,
    id: Path<String>,
    state: Data<OperatorState>,
) -> Result<HttpResponse, OperatorError> {
    state.authorize(&http)?;
    let id = id.parse::<Uuid>().map_err(|_| OperatorError::not_found("such code"))?;
    let code = state.redemptions.revoke(id).await?.ok_or_else(|| OperatorError::not_found("such code"))?;
    match code.claimed_by {
        Some(account) => {
            let words = format!("account {account} has redeemed this code: adjust that account instead");
            Err(OperatorError::invalid(words))
        }
        None => Ok(HttpResponse::Ok().json(shown(&code, state.directory.clock().now_utc()))),
    }
}

/// The moment after a day that is not over.
fn end_of(day: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, OperatorError> {
    let parsed = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok().and_then(|day| day.checked_add_days(Days::new(1)));
    let end = parsed.map(|next| next.and_time(NaiveTime::MIN).and_utc());
    let end = end.ok_or_else(|| OperatorError::invalid("write the last day as 2026-12-31"))?;
    if end > now { Ok(end) } else { Err(OperatorError::invalid("the last day is over: choose today or later")) }
}

fn shown(code: &ListedCode, now: DateTime<Utc>) -> Value {
    json!({
        "id": code.id,
        "amount": code.amount.to_string(),
        "state": state_of(code, now),
        "note": code.note,
        "account": code.claimed_by,
        "created_at": code.created_at,
        "expires_at": code.expires_at,
        "redeemed_at": code.claimed_at,
        "revoked_at": code.revoked_at,
    })
}

fn state_of(code: &ListedCode, now: DateTime<Utc>) -> &'static str {
    match (code.claimed_by, code.revoked_at, code.expires_at) {
        (Some(_), _, _) => "redeemed",
        (None, Some(_), _) => "revoked",
        (None, None, Some(end)) if end <= now => "expired",
        (None, None, _) => "live",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_lives_through_its_last_day() {
        let now: DateTime<Utc> = "2026-11-24T15:00:00Z".parse().expect("an instant");
        let end = |day: &str| end_of(day, now).ok().map(|end| end.to_rfc3339());
        assert_eq!(end("2026-11-24").as_deref(), Some("2026-11-25T00:00:00+00:00"));
        for refused in ["2026-11-23", "24.11.2026", "", "2026-13-01", "+262142-12-31"] {
            assert_eq!(end(refused), None, "{refused}");
        }
    }
}
