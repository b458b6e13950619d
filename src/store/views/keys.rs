//! A reseller's keys with both sides: what the client sees, and what only the reseller does.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::domain::ids::{AccountId, KeyId};
use crate::domain::key::KeyStatus;
use crate::domain::money::{Cost, Price};
use crate::domain::ratio::Ratio;
use crate::store::error::StoreError;
use crate::store::views::scope::OwnedKey;

/// A key as its reseller sees it, as committed.
#[derive(Clone, Debug)]
pub struct KeyRow {
    pub key: KeyId,
    pub label: String,
    /// The first twelve characters of its current secret.
    pub hint: String,
    pub status: KeyStatus,
    pub paused: bool,
    pub rpm: i32,
    pub concurrency: i32,
    pub ratio: Ratio,
    pub budget: Price,
    pub spent: Price,
    pub funded: Cost,
    pub posted: Cost,
    pub refunded: Cost,
    pub created: DateTime<Utc>,
}

impl KeyRow {
    pub fn remaining(&self) -> Price {
        self.budget.saturating_sub(self.spent)
    }

    /// Earned profit: `spent − posted`.
    pub fn profit(&self) -> Cost {
        Cost::from_nanos(self.spent.nanos()).saturating_sub(self.posted)
    }

    /// Cost that is neither used nor given back.
    pub fn left(&self) -> Cost {
        self.funded.saturating_sub(self.posted).saturating_sub(self.refunded)
    }
}

/// Which keys, and where to go on.
#[derive(Clone, Copy, Debug)]
pub struct KeyPage {
    /// Deleted ones instead of the others.
    pub closed: bool,
    /// Only keys older than this one.
    pub before: Option<KeyId>,
    pub limit: i64,
}

/// Reads of keys for their reseller.
#[derive(Clone)]
pub struct KeyViews {
    pool: PgPool,
}

impl KeyViews {
    pub fn new(pool: PgPool) -> Self {
        KeyViews { pool }
    }

    /// Newest first.
    pub async fn list(&self, account: AccountId, page: KeyPage) -> Result<Vec<KeyRow>, StoreError> {
        let rows = sqlx::query(include_str!("../sql/list_keys.sql"))
            .bind(account.0)
            .bind(page.closed)
            .bind(page.before.map(|k| k.0))
            .bind(page.limit)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(row).collect()
    }

    pub async fn get(&self, key: &OwnedKey) -> Result<KeyRow, StoreError> {
        let found = sqlx::query(include_str!("../sql/show_key.sql"))
            .bind(key.account().0)
            .bind(key.key().0)
            .fetch_one(&self.pool)
            .await?;
        row(&found)
    }
}

/// A key out of its columns.
pub fn row(r: &PgRow) -> Result<KeyRow, StoreError> {
    let key: Uuid = r.try_get("key_id")?;
    let broken = || StoreError::broken_row("client_key", key);
    let (cost, price) = (r.try_get("ratio_cost")?, r.try_get("ratio_price")?);
    let status: i16 = r.try_get("status")?;
    Ok(KeyRow {
        key: KeyId(key),
        label: r.try_get("label")?,
        hint: r.try_get::<Option<String>, _>("hint")?.unwrap_or_default(),
        status: match status {
            1 => KeyStatus::Active,
            2 => KeyStatus::Closing,
            3 => KeyStatus::Closed,
            _ => return Err(broken()),
        },
        paused: r.try_get("paused")?,
        rpm: r.try_get("rpm_limit")?,
        concurrency: r.try_get("concurrency_limit")?,
        ratio: Ratio::of(Cost::from_nanos(cost), Price::from_nanos(price)).map_err(|_| broken())?,
        budget: Price::from_nanos(r.try_get("budget")?),
        spent: Price::from_nanos(r.try_get("spent_price")?),
        funded: Cost::from_nanos(r.try_get("funded")?),
        posted: Cost::from_nanos(r.try_get("posted")?),
        refunded: Cost::from_nanos(r.try_get("refunded")?),
        created: r.try_get("created_at")?,
    })
}
