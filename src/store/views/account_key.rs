//! The Account Key as it may be shown: its first characters, or that there is none.

use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row};

use crate::domain::ids::AccountId;
use crate::store::error::StoreError;

/// A live Account Key.
#[derive(Clone, Debug)]
pub struct AccountKeyRow {
    /// Its first twelve characters.
    pub hint: String,
    /// Unknown for keys of before this was written down.
    pub made: Option<DateTime<Utc>>,
    /// To the minute; `None`: not since it was made.
    pub last_used: Option<DateTime<Utc>>,
}

/// Reads of the Account Key.
#[derive(Clone)]
pub struct AccountKeyViews {
    pool: PgPool,
}

impl AccountKeyViews {
    pub fn new(pool: PgPool) -> Self {
        AccountKeyViews { pool }
    }

    /// The current Account Key.
    pub async fn get(&self, account: AccountId) -> Result<Option<AccountKeyRow>, StoreError> {
        let query = sqlx::query(include_str!("../sql/show_account_key.sql")).bind(account.0);
        let Some(row) = query.fetch_optional(&self.pool).await? else { return Ok(None) };
        let (hint, made, last_used) = (row.try_get("hint")?, row.try_get("made_at")?, row.try_get("last_used")?);
        Ok(Some(AccountKeyRow { hint, made, last_used }))
    }
}
