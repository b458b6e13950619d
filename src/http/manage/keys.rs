//! Keys: list, look, rename, pause, resume, rotate. What moves money is in `money.rs`.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Payload};
use serde::Deserialize;
use serde_json::json;

use crate::actors::messages::KeyRef;
use crate::domain::ids::KeyId;
use crate::domain::key::KeyStatus;
use crate::domain::label::Label;
use crate::http::json::answer;
use crate::http::json::body;
use crate::http::json::error::JsonError;
use crate::http::json::query::Params;
use crate::http::manage::caller::{self, Caller};
use crate::http::manage::show;
use crate::http::manage::state::ManageState;
use crate::identity::key_desk::KeyChange;
use crate::store::views::keys::KeyPage;
use crate::store::views::scope::OwnedKey;

/// The longest grace of an old secret.
const MAX_GRACE_S: u64 = 86_400;

/// Changes that move no money.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Patch {
    label: String,
}

/// How long the old secret lives on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotate {
    grace_s: Option<u64>,
}

/// `GET /api/v1/keys?state=deleted&cursor=&limit=`.
pub async fn list(http: HttpRequest, state: Data<ManageState>) -> Result<HttpResponse, JsonError> {
    let caller = caller::reseller(&http, &state).await?;
    let params = Params::read(&http, &["state", "cursor", "limit"])?;
    let closed = match params.text("state")? {
        None | Some("open") => false,
        Some("deleted") => true,
        Some(_) => return Err(JsonError::invalid("state", "Send open or deleted.")),
    };
    let list = format!("keys:{}:{closed}", caller.account);
    let before = params.cursor(&state.cursors, &list)?;
    let before = before.and_then(|b| b.parse().ok()).map(KeyId);
    let limit = params.limit()?;
    let keys = state.keys.list(caller.account, KeyPage { closed, before, limit }).await?;
    let full = i64::try_from(keys.len()).is_ok_and(|n| n == limit);
    let next = keys.last().filter(|_| full).map(|last| state.cursors.make(&list, &last.key.to_string()));
    let keys: Vec<_> = keys.into_iter().map(show::key).collect();
    Ok(answer::ok(&json!({ "keys": keys, "next_cursor": next })))
}

/// `GET /api/v1/keys/{id}`.
pub async fn get(http: HttpRequest, id: Path<String>, state: Data<ManageState>) -> Result<HttpResponse, JsonError> {
    let caller = caller::reseller(&http, &state).await?;
    let key = caller::owned(&state, &caller, &id).await?;
    shown(&state, &key).await
}

/// `PATCH /api/v1/keys/{id}`.
pub async fn patch(
    http: HttpRequest,
    id: Path<String>,
    payload: Payload,
    state: Data<ManageState>,
) -> Result<HttpResponse, JsonError> {
    let caller = caller::reseller(&http, &state).await?;
    let wanted: Patch = body::read(&http, payload).await?;
    let key = caller::owned(&state, &caller, &id).await?;
    let change = KeyChange { label: Some(label(&wanted.label)?), paused: None };
    changed(&state, &caller, &key, change).await
}

/// `POST /api/v1/keys/{id}/pause`: in force at the key's next call.
pub async fn pause(http: HttpRequest, id: Path<String>, state: Data<ManageState>) -> Result<HttpResponse, JsonError> {
    set_paused(&http, &id, &state, true).await
}

/// `POST /api/v1/keys/{id}/resume`.
pub async fn resume(http: HttpRequest, id: Path<String>, state: Data<ManageState>) -> Result<HttpResponse, JsonError> {
    set_paused(&http, &id, &state, false).await
}

async fn set_paused(http: &HttpRequest, id: &str, state: &ManageState, to: bool) -> Result<HttpResponse, JsonError> {
    let caller = caller::reseller(http, state).await?;
    let key = caller::owned(state, &caller, id).await?;
    changed(state, &caller, &key, KeyChange { label: None, paused: Some(to) }).await
}

/// `POST /api/v1/keys/{id}/rotate`: the new secret, this once.
pub async fn rotate(
    http: HttpRequest,
    id: Path<String>,
    payload: Payload,
    state: Data<ManageState>,
) -> Result<HttpResponse, JsonError> {
    let caller = caller::reseller(&http, &state).await?;
    let wanted: Rotate = body::read(&http, payload).await?;
    let key = caller::owned(&state, &caller, &id).await?;
    caller.require_proof()?;
    let grace_s = wanted.grace_s.unwrap_or(0);
    if grace_s > MAX_GRACE_S {
        return Err(JsonError::invalid("grace_s", "The old key may live on for at most 86400 seconds (24 hours)."));
    }
    let secret = state.desk.rotate(&key, Duration::from_secs(grace_s), &caller.trail).await?;
    Ok(answer::ok(&json!({ "id": key.key(), "key": secret.reveal(), "hint": secret.hint(), "grace_s": grace_s })))
}

/// A label as typed.
pub fn label(typed: &str) -> Result<Label, JsonError> {
    Label::parse(typed).map_err(|e| {
        let words = e.to_string();
        JsonError::invalid("label", format!("{}{}.", words[..1].to_uppercase(), &words[1..]))
    })
}

async fn changed(
    state: &ManageState,
    caller: &Caller,
    key: &OwnedKey,
    change: KeyChange,
) -> Result<HttpResponse, JsonError> {
    state.desk.edit(key, change, &caller.trail).await?;
    shown(state, key).await
}

/// One key with what runs at this moment; a deleted one has nothing running.
async fn shown(state: &ManageState, key: &OwnedKey) -> Result<HttpResponse, JsonError> {
    let row = state.keys.get(key).await?;
    if row.status == KeyStatus::Closed {
        return Ok(answer::ok(&show::key(row)));
    }
    let live = state.directory.view_key(KeyRef { account: key.account(), key: key.key() }).await?;
    Ok(answer::ok(&show::live_key(row, &live)))
}
