//! Which client keys a portal user has bound.

use std::time::Duration;

use sqlx::PgPool;

use crate::domain::ids::{KeyId, UserId};
use crate::domain::label::Label;
use crate::domain::trail::{Action, Trail};
use crate::store::audit::{self, Act};
use crate::store::error::StoreError;
use crate::store::throttle::{self, Limit};
use crate::store::views::scope::BoundKey;

/// Wrong keys are counted for an hour.
pub const BIND_WINDOW: Duration = Duration::from_secs(3_600);

/// Rows of bindings.
#[derive(Clone)]
pub struct BindingStore {
    pool: PgPool,
}

impl BindingStore {
    pub fn new(pool: PgPool) -> Self {
        BindingStore { pool }
    }

    /// Binds a key that its secret proved; false if the key takes no new people.
    pub async fn bind(&self, user: UserId, key: KeyId, trail: &Trail) -> Result<bool, StoreError> {
        let mut work = self.pool.begin().await?;
        let bound: Option<bool> = sqlx::query_scalar(include_str!("sql/insert_binding.sql"))
            .bind(user.0)
            .bind(key.0)
            .fetch_optional(&mut *work)
            .await?;
        if bound.is_none() {
            return Ok(false);
        }
        audit::record(&mut work, trail, &Act::of(Action::KeyBound).on(key)).await?;
        work.commit().await?;
        Ok(true)
    }

    /// The client's own name for a key; `None` takes it away.
    pub async fn rename(&self, key: &BoundKey, name: Option<&Label>) -> Result<bool, StoreError> {
        let renamed: Option<bool> = sqlx::query_scalar(include_str!("sql/rename_binding.sql"))
            .bind(key.user().0)
            .bind(key.key().0)
            .bind(name.map(Label::as_str))
            .fetch_optional(&self.pool)
            .await?;
        Ok(renamed.is_some())
    }

    pub async fn unbind(&self, key: &BoundKey, trail: &Trail) -> Result<bool, StoreError> {
        let mut work = self.pool.begin().await?;
        let unbound: Option<bool> = sqlx::query_scalar(include_str!("sql/delete_binding.sql"))
            .bind(key.user().0)
            .bind(key.key().0)
            .fetch_optional(&mut *work)
            .await?;
        if unbound.is_none() {
            return Ok(false);
        }
        audit::record(&mut work, trail, &Act::of(Action::KeyUnbound).on(key.key())).await?;
        work.commit().await?;
        Ok(true)
    }

    /// Takes a place among the wrong keys of each limit before a key is looked up; false if one is full. All or none.
    pub async fn take_try(&self, limits: &[Limit]) -> Result<bool, StoreError> {
        let mut work = self.pool.begin().await?;
        for limit in limits {
            if !throttle::take(&mut work, limit).await? {
                return Ok(false);
            }
        }
        work.commit().await?;
        Ok(true)
    }

    /// The key was right: only wrong ones count.
    pub async fn give_back_try(&self, limits: &[Limit]) -> Result<(), StoreError> {
        let mut work = self.pool.begin().await?;
        for limit in limits {
            throttle::give_back(&mut work, limit.scope, &limit.subject).await?;
        }
        Ok(work.commit().await?)
    }
}
