//! What a client may see of its keys: price alone. This module imports `Price` and nothing of the other side, and its
//! statements select no column of it.

use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::domain::ids::{CallId, KeyId, UserId};
use crate::domain::line_state::LineState;
use crate::domain::money::Price;
use crate::store::error::StoreError;
use crate::store::views::scope::BoundKey;

/// A bound key in a list, as committed.
#[derive(Clone, Debug)]
pub struct ClientKeyRow {
    pub key: KeyId,
    /// The client's own name for it; the reseller's label is never shown.
    pub name: Option<String>,
    pub hint: String,
    /// `active`, `paused`, `closing` or `closed`.
    pub state: &'static str,
    pub budget: Price,
    pub spent: Price,
    pub rpm: i32,
    pub concurrency: i32,
    pub bound: DateTime<Utc>,
}

impl ClientKeyRow {
    pub fn remaining(&self) -> Price {
        self.budget.saturating_sub(self.spent)
    }
}

/// One request in client price.
#[derive(Clone, Debug)]
pub struct ClientLine {
    pub call: CallId,
    pub model: String,
    pub input: i64,
    pub output: i64,
    pub cache_read: i64,
    pub cache_write: i64,
    pub price: Price,
    pub state: LineState,
    pub at: DateTime<Utc>,
}

/// Which lines, and where to go on. Without `from` the last 30 days.
#[derive(Clone, Debug, Default)]
pub struct ClientLinePage {
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    pub model: Option<String>,
    pub before: Option<CallId>,
    pub limit: i64,
}

/// Reads for the portal and for a key that asks about itself.
#[derive(Clone)]
pub struct PortalViews {
    pool: PgPool,
}

impl PortalViews {
    pub fn new(pool: PgPool) -> Self {
        PortalViews { pool }
    }

    /// The keys a user has bound, latest first, closed ones after the others.
    pub async fn keys(&self, user: UserId) -> Result<Vec<ClientKeyRow>, StoreError> {
        self.fetch(user, None).await
    }

    /// One bound key.
    pub async fn key(&self, key: &BoundKey) -> Result<Option<ClientKeyRow>, StoreError> {
        Ok(self.fetch(key.user(), Some(key.key().0)).await?.pop())
    }

    async fn fetch(&self, user: UserId, key: Option<Uuid>) -> Result<Vec<ClientKeyRow>, StoreError> {
        let rows = sqlx::query(include_str!("../sql/list_bound_keys.sql"))
            .bind(user.0)
            .bind(key)
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|r| {
                Ok(ClientKeyRow {
                    key: KeyId(r.try_get("key_id")?),
                    name: r.try_get("name")?,
                    hint: r.try_get::<Option<String>, _>("hint")?.unwrap_or_default(),
                    state: state(r.try_get("status")?, r.try_get("paused")?),
                    budget: Price::from_nanos(r.try_get("budget")?),
                    spent: Price::from_nanos(r.try_get("spent_price")?),
                    rpm: r.try_get("rpm_limit")?,
                    concurrency: r.try_get("concurrency_limit")?,
                    bound: r.try_get("bound_at")?,
                })
            })
            .collect()
    }

    /// Requests of a key, newest first. The key proved itself, by binding or by being the credential.
    pub async fn lines(&self, key: KeyId, page: &ClientLinePage) -> Result<Vec<ClientLine>, StoreError> {
        let rows = sqlx::query(include_str!("../sql/list_client_lines.sql"))
            .bind(key.0)
            .bind(page.from)
            .bind(page.to)
            .bind(&page.model)
            .bind(page.before.map(|c| c.0))
            .bind(page.limit)
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|r| {
                Ok(ClientLine {
                    call: CallId(r.try_get("call_id")?),
                    model: r.try_get("model")?,
                    input: r.try_get("input")?,
                    output: r.try_get("output")?,
                    cache_read: r.try_get("cache_read")?,
                    cache_write: r.try_get("cache_write")?,
                    price: Price::from_nanos(r.try_get("price")?),
                    state: LineState::of(r.try_get("outcome")?, r.try_get("flags")?),
                    at: r.try_get("ended_at")?,
                })
            })
            .collect()
    }
}

fn state(status: i16, paused: bool) -> &'static str {
    match (status, paused) {
        (1, false) => "active",
        (1, true) => "paused",
        (2, _) => "closing",
        _ => "closed",
    }
}
