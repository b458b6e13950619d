//! What changes on a key without moving money: label, pause, limits, secrets. Each with its line in the audit trail.

use std::time::Duration;

use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::domain::ids::{AccountId, KeyId};
use crate::domain::label::Label;
use crate::domain::trail::Trail;
use crate::store::audit::{self, Act};
use crate::store::error::StoreError;
use crate::store::throttle::seconds;
use crate::store::views::scope::OwnedKey;

/// Changes to a key; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct KeyEdit {
    pub label: Option<Label>,
    pub paused: Option<bool>,
}

/// A key's settings as committed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeySettings {
    pub paused: bool,
    pub rpm: i32,
    pub concurrency: i32,
}

/// What became of a wish for another secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Replaced {
    Now,
    /// The act's operation did it before; the secret of then counts.
    Before,
    /// The key is being deleted.
    Never,
}

/// A secret as it is stored.
#[derive(Clone, Debug)]
pub struct StoredSecret {
    pub digest: [u8; 32],
    pub pepper_version: i16,
    /// Its first twelve characters.
    pub hint: String,
}

/// Changes of keys.
#[derive(Clone)]
pub struct KeyStore {
    pool: PgPool,
}

impl KeyStore {
    pub fn new(pool: PgPool) -> Self {
        KeyStore { pool }
    }

    /// Changes an active key; `None` if it is being deleted.
    pub async fn edit(
        &self,
        key: &OwnedKey,
        edit: &KeyEdit,
        act: &Act,
        trail: &Trail,
    ) -> Result<Option<KeySettings>, StoreError> {
        let mut work = self.pool.begin().await?;
        let edited: bool = sqlx::query_scalar(include_str!("sql/edit_key.sql"))
            .bind(key.account().0)
            .bind(key.key().0)
            .bind(edit.label.as_ref().map(Label::as_str))
            .bind(edit.paused)
            .bind(None::<i32>)
            .bind(None::<i32>)
            .fetch_one(&mut *work)
            .await?;
        if !edited {
            return Ok(None);
        }
        let row = sqlx::query(include_str!("sql/key_settings.sql"))
            .bind(key.account().0)
            .bind(key.key().0)
            .fetch_one(&mut *work)
            .await?;
        let settings = KeySettings { paused: row.try_get(0)?, rpm: row.try_get(1)?, concurrency: row.try_get(2)? };
        audit::record(&mut work, trail, act).await?;
        work.commit().await?;
        Ok(Some(settings))
    }

    /// Gives a key another secret; the old one lives on for `grace`.
    pub async fn rotate(
        &self,
        key: &OwnedKey,
        secret: &StoredSecret,
        grace: Duration,
        act: &Act,
        trail: &Trail,
    ) -> Result<Replaced, StoreError> {
        self.replace(key.account(), Some(key.key()), secret, grace, act, trail).await
    }

    /// Makes or replaces an account's Account Key; the old one is dead at once.
    pub async fn set_account_key(
        &self,
        account: AccountId,
        secret: &StoredSecret,
        act: &Act,
        trail: &Trail,
    ) -> Result<Replaced, StoreError> {
        self.replace(account, None, secret, Duration::ZERO, act, trail).await
    }

    async fn replace(
        &self,
        account: AccountId,
        key: Option<KeyId>,
        secret: &StoredSecret,
        grace: Duration,
        act: &Act,
        trail: &Trail,
    ) -> Result<Replaced, StoreError> {
        let mut work = self.pool.begin().await?;
        if audit::is_done(&mut work, act).await? {
            return Ok(Replaced::Before);
        }
        let replaced: bool = sqlx::query_scalar(include_str!("sql/replace_secret.sql"))
            .bind(account.0)
            .bind(key.map(|k| -> Uuid { k.0 }))
            .bind(&secret.digest[..])
            .bind(secret.pepper_version)
            .bind(&secret.hint)
            .bind(seconds(grace))
            .fetch_one(&mut *work)
            .await?;
        if !replaced {
            return Ok(Replaced::Never);
        }
        audit::record(&mut work, trail, act).await?;
        work.commit().await?;
        Ok(Replaced::Now)
    }
}
