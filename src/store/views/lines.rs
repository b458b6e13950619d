//! Request lines for the reseller: one a call, both sides.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};

use crate::domain::ids::{AccountId, CallId, KeyId};
use crate::domain::line_state::LineState;
use crate::domain::money::{Cost, Price};
use crate::store::error::StoreError;
use crate::store::views::scope::OwnedKey;

/// Which lines, and where to go on. Without `from` the last 30 days.
#[derive(Clone, Debug, Default)]
pub struct LinePage {
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    pub model: Option<String>,
    /// Only calls older than this one.
    pub before: Option<CallId>,
    pub limit: i64,
}

/// One call as its reseller sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    pub call: CallId,
    pub key: KeyId,
    pub model: String,
    pub input: i64,
    pub output: i64,
    pub cache_read: i64,
    pub cache_write: i64,
    pub price: Price,
    pub cost: Cost,
    pub state: LineState,
    pub started: DateTime<Utc>,
    pub ended: DateTime<Utc>,
}

/// Reads of lines for the reseller.
#[derive(Clone)]
pub struct LineViews {
    pool: PgPool,
}

impl Line {
    /// Earned profit: price less cost.
    pub fn profit(&self) -> Cost {
        Cost::from_nanos(self.price.nanos()).saturating_sub(self.cost)
    }
}

impl LineViews {
    pub fn new(pool: PgPool) -> Self {
        LineViews { pool }
    }

    /// All calls of an account, or of one of its keys; newest first.
    pub async fn list(
        &self,
        account: AccountId,
        key: Option<&OwnedKey>,
        page: &LinePage,
    ) -> Result<Vec<Line>, StoreError> {
        let (statement, owner) = match key {
            Some(key) => (include_str!("../sql/list_key_lines.sql"), key.key().0),
            None => (include_str!("../sql/list_lines.sql"), account.0),
        };
        let rows = sqlx::query(statement)
            .bind(owner)
            .bind(page.from)
            .bind(page.to)
            .bind(&page.model)
            .bind(page.before.map(|c| c.0))
            .bind(page.limit)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(line).collect()
    }
}

/// A line of a row with all columns of one.
pub fn line(r: &PgRow) -> Result<Line, StoreError> {
    Ok(Line {
        call: CallId(r.try_get("call_id")?),
        key: KeyId(r.try_get("key_id")?),
        model: r.try_get("model")?,
        input: r.try_get("input")?,
        output: r.try_get("output")?,
        cache_read: r.try_get("cache_read")?,
        cache_write: r.try_get("cache_write")?,
        price: Price::from_nanos(r.try_get("price")?),
        cost: Cost::from_nanos(r.try_get("cost")?),
        state: LineState::of(r.try_get("outcome")?, r.try_get("flags")?),
        started: r.try_get("started_at")?,
        ended: r.try_get("ended_at")?,
    })
}
