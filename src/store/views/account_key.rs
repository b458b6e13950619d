//! The Account Key as it may be shown: its first characters, or that there is none.

use sqlx::PgPool;

use crate::domain::ids::AccountId;
use crate::store::error::StoreError;

/// Reads of the Account Key.
#[derive(Clone)]
pub struct AccountKeyViews {
    pool: PgPool,
}

impl AccountKeyViews {
    pub fn new(pool: PgPool) -> Self {
        AccountKeyViews { pool }
    }

    /// The first twelve characters of the current Account Key.
    pub async fn hint(&self, account: AccountId) -> Result<Option<String>, StoreError> {
        Ok(sqlx::query_scalar(include_str!("../sql/account_key_hint.sql"))
            .bind(account.0)
            .fetch_optional(&self.pool)
            .await?)
    }
}
