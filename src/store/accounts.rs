//! Account and key rows outside the lanes: who owns what, and settings that move no money.

use crate::domain::ids::{AccountId, KeyId};
use crate::store::error::StoreError;
use sqlx::{PgPool, Row};
use uuid::Uuid;

/// Reads and edits of accounts and keys.
#[derive(Clone)]
pub struct AccountStore {
    pool: PgPool,
}

/// What may change on a key without moving money; `None` leaves a value as it is.
#[derive(Clone, Debug, Default)]
pub struct KeyEdit {
    pub label: Option<String>,
    pub paused: Option<bool>,
    pub rpm: Option<i32>,
    pub concurrency: Option<i32>,
}

/// A key's settings after an edit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeySettings {
    pub paused: bool,
    pub rpm: i32,
    pub concurrency: i32,
}

impl AccountStore {
    pub fn new(pool: PgPool) -> Self {
        AccountStore { pool }
    }

    /// Makes an empty account; a repeat changes nothing.
    pub async fn create(&self, account: AccountId) -> Result<(), StoreError> {
        sqlx::query(include_str!("sql/create_account.sql"))
            .bind(account.0)
            .bind(account.shard())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    pub async fn exists(&self, account: AccountId) -> Result<bool, StoreError> {
        let found = sqlx::query("SELECT 1 FROM ledger.account WHERE account_id = $1").bind(account.0);
        Ok(found.fetch_optional(&self.pool).await?.is_some())
    }

    /// The account that owns a key.
    pub async fn owner_of(&self, key: KeyId) -> Result<Option<AccountId>, StoreError> {
        let found = sqlx::query("SELECT account_id FROM ledger.client_key WHERE key_id = $1").bind(key.0);
        let row = found.fetch_optional(&self.pool).await?;
        row.map(|r| r.try_get::<Uuid, _>(0).map(AccountId).map_err(StoreError::from)).transpose()
    }

    /// Changes a key's settings; `None` if it is not an active key of this account. Tell its actor afterwards.
    pub async fn edit_key(
        &self,
        account: AccountId,
        key: KeyId,
        edit: &KeyEdit,
    ) -> Result<Option<KeySettings>, StoreError> {
        let edited: bool = sqlx::query_scalar("SELECT ledger.edit_key($1, $2, $3, $4, $5, $6)")
            .bind(account.0)
            .bind(key.0)
            .bind(&edit.label)
            .bind(edit.paused)
            .bind(edit.rpm)
            .bind(edit.concurrency)
            .fetch_one(&self.pool)
            .await?;
        if !edited {
            return Ok(None);
        }
        let row = sqlx::query("SELECT paused, rpm_limit, concurrency_limit FROM ledger.client_key WHERE key_id = $1")
            .bind(key.0)
            .fetch_one(&self.pool)
            .await?;
        Ok(Some(KeySettings { paused: row.try_get(0)?, rpm: row.try_get(1)?, concurrency: row.try_get(2)? }))
    }
}
