//! A reseller's own part of the audit trail.

use chrono::{DateTime, Utc};
use sqlx::types::Json;
use sqlx::{PgPool, Row};

use crate::domain::ids::AccountId;
use crate::store::error::StoreError;

/// One act, as shown under Settings.
#[derive(Clone, Debug)]
pub struct AuditRow {
    pub id: i64,
    pub at: DateTime<Utc>,
    pub actor: String,
    pub action: String,
    pub object: Option<String>,
    /// Of the key it was done on, as it is called now.
    pub label: Option<String>,
    pub detail: Option<serde_json::Value>,
    pub ip: String,
    pub user_agent: String,
}

/// Reads of the trail.
#[derive(Clone)]
pub struct AuditViews {
    pool: PgPool,
}

impl AuditViews {
    pub fn new(pool: PgPool) -> Self {
        AuditViews { pool }
    }

    /// Newest first, below `before`.
    pub async fn list(&self, account: AccountId, before: Option<i64>, limit: i64) -> Result<Vec<AuditRow>, StoreError> {
        let rows = sqlx::query(include_str!("../sql/list_audit.sql"))
            .bind(account.0)
            .bind(before)
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|r| {
                Ok(AuditRow {
                    id: r.try_get("audit_id")?,
                    at: r.try_get("at")?,
                    actor: r.try_get("actor_kind")?,
                    action: r.try_get("action")?,
                    object: r.try_get("object")?,
                    label: r.try_get("label")?,
                    detail: r.try_get::<Option<Json<serde_json::Value>>, _>("detail")?.map(|Json(value)| value),
                    ip: r.try_get("ip")?,
                    user_agent: r.try_get("user_agent")?,
                })
            })
            .collect()
    }
}
