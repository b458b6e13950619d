//! Whose key it is: the only way from an id in a request to a key that may be read or changed.
//!
//! `OwnedKey` and `BoundKey` are made here alone, by a statement with the owner in its `WHERE`. Absent and foreign ids
//! give the same `None` after the same query.

use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::domain::ids::{AccountId, KeyId, UserId};
use crate::store::error::StoreError;

/// A key of this reseller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OwnedKey {
    account: AccountId,
    key: KeyId,
    closed: bool,
}

/// A key this portal user has bound.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BoundKey {
    user: UserId,
    key: KeyId,
    account: AccountId,
}

impl OwnedKey {
    pub fn account(&self) -> AccountId {
        self.account
    }

    pub fn key(&self) -> KeyId {
        self.key
    }

    /// True once everything was given back; nothing changes any more.
    pub fn is_closed(&self) -> bool {
        self.closed
    }
}

impl BoundKey {
    pub fn user(&self) -> UserId {
        self.user
    }

    pub fn key(&self) -> KeyId {
        self.key
    }

    /// The key's account: to ask its actor, never to be shown.
    pub fn account(&self) -> AccountId {
        self.account
    }
}

/// Owner checks.
#[derive(Clone)]
pub struct Scope {
    pool: PgPool,
}

impl Scope {
    pub fn new(pool: PgPool) -> Self {
        Scope { pool }
    }

    /// The key of this id, if the account owns it. What is no id is looked up all the same.
    pub async fn owned_key(&self, account: AccountId, raw: &str) -> Result<Option<OwnedKey>, StoreError> {
        let row = sqlx::query(include_str!("../sql/owned_key.sql"))
            .bind(id(raw))
            .bind(account.0)
            .fetch_optional(&self.pool)
            .await?;
        row.map(|r| Ok(OwnedKey { account, key: KeyId(r.try_get(0)?), closed: r.try_get(1)? })).transpose()
    }

    /// The key of this id, if the user has bound it.
    pub async fn bound_key(&self, user: UserId, raw: &str) -> Result<Option<BoundKey>, StoreError> {
        let row = sqlx::query(include_str!("../sql/bound_key.sql"))
            .bind(id(raw))
            .bind(user.0)
            .fetch_optional(&self.pool)
            .await?;
        row.map(|r| Ok(BoundKey { user, key: KeyId(r.try_get(0)?), account: AccountId(r.try_get(1)?) })).transpose()
    }

    /// Every key the user has bound, at most 1,000.
    pub async fn bound_keys(&self, user: UserId) -> Result<Vec<BoundKey>, StoreError> {
        let rows = sqlx::query(include_str!("../sql/bound_keys.sql")).bind(user.0).fetch_all(&self.pool).await?;
        rows.iter()
            .map(|r| Ok(BoundKey { user, key: KeyId(r.try_get(0)?), account: AccountId(r.try_get(1)?) }))
            .collect()
    }
}

fn id(raw: &str) -> Uuid {
    // Only the spelling we print: one key has one address.
    let parsed = Uuid::parse_str(raw).unwrap_or_default();
    if parsed.hyphenated().to_string() == raw { parsed } else { Uuid::nil() }
}
