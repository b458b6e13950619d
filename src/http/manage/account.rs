//! The account itself: balance, statement, Account Key, its own audit trail.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use serde_json::json;

use crate::http::json::answer;
use crate::http::json::error::JsonError;
use crate::http::json::query::Params;
use crate::http::manage::caller;
use crate::http::manage::show;
use crate::http::manage::state::ManageState;

/// `GET /api/v1/balance`, exact.
pub async fn balance(http: HttpRequest, state: Data<ManageState>) -> Result<HttpResponse, JsonError> {
    let caller = caller::reseller(&http, &state).await?;
    let view = state.directory.view_account(caller.account).await?;
    Ok(answer::ok(&json!({
        "account": caller.account,
        "balance": show::cost(view.main),
        "available": show::cost(view.available),
        "locked_balance": show::cost(view.main.saturating_sub(view.available)),
        "receivable": show::cost(view.receivable),
        "frozen": view.frozen,
    })))
}

/// `GET /api/v1/journal?cursor=&limit=`: every movement of the balance, newest first.
pub async fn journal(http: HttpRequest, state: Data<ManageState>) -> Result<HttpResponse, JsonError> {
    let caller = caller::reseller(&http, &state).await?;
    let (list, params) = (format!("journal:{}", caller.account), Params::read(&http, &["cursor", "limit"])?);
    let (before, limit) = (place(params.cursor(&state.cursors, &list)?), params.limit()?);
    let entries = state.statement.list(caller.account, before, limit).await?;
    let full = i64::try_from(entries.len()).is_ok_and(|n| n == limit);
    let next = entries.last().filter(|_| full).map(|last| state.cursors.make(&list, &last.seq.to_string()));
    let entries: Vec<_> = entries.into_iter().map(show::entry).collect();
    Ok(answer::ok(&json!({ "entries": entries, "next_cursor": next })))
}

/// `GET /api/v1/audit?cursor=&limit=`: who did what on this account.
pub async fn audit(http: HttpRequest, state: Data<ManageState>) -> Result<HttpResponse, JsonError> {
    let caller = caller::reseller(&http, &state).await?;
    let (list, params) = (format!("audit:{}", caller.account), Params::read(&http, &["cursor", "limit"])?);
    let (before, limit) = (place(params.cursor(&state.cursors, &list)?), params.limit()?);
    let rows = state.audit.list(caller.account, before, limit).await?;
    let full = i64::try_from(rows.len()).is_ok_and(|n| n == limit);
    let next = rows.last().filter(|_| full).map(|last| state.cursors.make(&list, &last.id.to_string()));
    let acts = rows.into_iter().map(|r| {
        json!({
            "at": r.at, "actor": r.actor, "action": r.action, "object": r.object, "detail": r.detail, "ip": r.ip,
            "user_agent": r.user_agent,
        })
    });
    Ok(answer::ok(&json!({ "acts": acts.collect::<Vec<_>>(), "next_cursor": next })))
}

/// `GET /api/v1/account-key`: its first characters, or `null`.
pub async fn account_key(http: HttpRequest, state: Data<ManageState>) -> Result<HttpResponse, JsonError> {
    let caller = caller::reseller(&http, &state).await?;
    let hint = state.account_key.get(caller.account).await?.map(|key| key.hint);
    Ok(answer::ok(&json!({ "hint": hint })))
}

/// `POST /api/v1/account-key`: makes or replaces it; shown this once, the old one is dead at once.
pub async fn set_account_key(http: HttpRequest, state: Data<ManageState>) -> Result<HttpResponse, JsonError> {
    let caller = caller::reseller(&http, &state).await?;
    caller.require_proof()?;
    let secret = state.desk.set_account_key(caller.account, &caller.trail).await?;
    let shown = json!({ "account_key": secret.reveal(), "hint": secret.hint() });
    Ok(answer::with_headers(StatusCode::CREATED).json(shown))
}

fn place(cursor: Option<String>) -> Option<i64> {
    cursor.and_then(|c| c.parse().ok())
}
