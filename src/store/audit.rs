//! The audit trail: append-only, written in the transaction of the act.

use serde_json::Value;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};

use crate::domain::ids::AccountId;
use crate::domain::trail::{Action, Trail};
use crate::store::error::StoreError;

/// One act. `detail` says what changed; never a secret, keys as their first twelve characters.
#[derive(Clone, Debug)]
pub struct Act {
    pub action: Action,
    /// The reseller whose trail it belongs to.
    pub account: Option<AccountId>,
    pub object: Option<String>,
    pub detail: Option<Value>,
}

impl Act {
    pub fn of(action: Action) -> Self {
        Act { action, account: None, object: None, detail: None }
    }

    pub fn on(mut self, object: impl ToString) -> Self {
        self.object = Some(object.to_string());
        self
    }

    pub fn within(mut self, account: AccountId) -> Self {
        self.account = Some(account);
        self
    }

    pub fn saying(mut self, detail: Value) -> Self {
        self.detail = Some(detail);
        self
    }

    /// The id of the operation that asked for it, where a repeat must not do it twice.
    fn operation(&self) -> Option<&str> {
        self.detail.as_ref()?.get("operation")?.as_str()
    }
}

/// Whether an act of the same operation is among the account's last ones; what has no operation never is. Acts on one
/// thing must take turns, or two may both be the first.
pub async fn is_done(on: &mut PgConnection, act: &Act) -> Result<bool, StoreError> {
    let Some(operation) = act.operation() else { return Ok(false) };
    Ok(sqlx::query_scalar(include_str!("sql/operation_done.sql"))
        .bind(act.account.map(|a| a.0))
        .bind(act.action.word())
        .bind(&act.object)
        .bind(operation)
        .fetch_one(on)
        .await?)
}

/// Writes an act into the transaction it belongs to.
pub async fn record(on: &mut PgConnection, trail: &Trail, act: &Act) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/insert_audit.sql"))
        .bind(trail.actor.kind())
        .bind(trail.actor.id())
        .bind(act.account.map(|a| a.0))
        .bind(act.action.word())
        .bind(&act.object)
        .bind(act.detail.as_ref().map(Json))
        .bind(trail.request.to_string())
        .bind(trail.ip.to_string())
        .bind(&trail.user_agent)
        .execute(on)
        .await?;
    Ok(())
}

/// Writes acts that have no row of their own: refused tries, and money, which the journal records itself.
#[derive(Clone)]
pub struct AuditStore {
    pool: PgPool,
}

impl AuditStore {
    pub fn new(pool: PgPool) -> Self {
        AuditStore { pool }
    }

    pub async fn record(&self, trail: &Trail, act: &Act) -> Result<(), StoreError> {
        record(&mut *self.pool.acquire().await?, trail, act).await
    }
}
