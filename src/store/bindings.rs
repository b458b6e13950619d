//! Which client keys a portal user has bound.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::{PgPool, Row};

use crate::domain::budget_alert::Wants;
use crate::domain::ids::{KeyId, UserId};
use crate::domain::label::Label;
use crate::domain::trail::{Action, Trail};
use crate::store::audit::{self, Act};
use crate::store::error::StoreError;
use crate::store::throttle::{self, Limit};
use crate::store::views::scope::BoundKey;

/// Wrong keys are counted for an hour.
pub const BIND_WINDOW: Duration = Duration::from_secs(3_600);

/// A client's alerts of one key, and when a mail was last sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyAlerts {
    pub wants: Wants,
    pub sent_80: Option<DateTime<Utc>>,
    pub sent_100: Option<DateTime<Utc>>,
}

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

    /// The alerts of a key; `None` if it was unbound meanwhile.
    pub async fn alerts(&self, key: &BoundKey) -> Result<Option<KeyAlerts>, StoreError> {
        let query = sqlx::query(include_str!("sql/key_alerts.sql")).bind(key.user().0).bind(key.key().0);
        let Some(row) = query.fetch_optional(&self.pool).await? else { return Ok(None) };
        let wants = Wants { at_80: row.try_get("alert_80")?, at_100: row.try_get("alert_100")? };
        let (sent_80, sent_100) = (row.try_get("sent_80_at")?, row.try_get("sent_100_at")?);
        Ok(Some(KeyAlerts { wants, sent_80, sent_100 }))
    }

    /// Switches the alerts of a key; false if that changed nothing.
    pub async fn save_alerts(&self, key: &BoundKey, wants: Wants, trail: &Trail) -> Result<bool, StoreError> {
        let mut work = self.pool.begin().await?;
        let saved: Option<bool> = sqlx::query_scalar(include_str!("sql/save_key_alerts.sql"))
            .bind(key.user().0)
            .bind(key.key().0)
            .bind(wants.at_80)
            .bind(wants.at_100)
            .fetch_optional(&mut *work)
            .await?;
        if saved.is_none() {
            return Ok(false);
        }
        let detail = json!({ "at_80": wants.at_80, "at_100": wants.at_100 });
        audit::record(&mut work, trail, &Act::of(Action::KeyAlertsSaved).on(key.key()).saying(detail)).await?;
        work.commit().await?;
        Ok(true)
    }

    /// Takes a place among the wrong keys of each limit before a key is looked up; false if one is full. All or none.
    pub async fn take_try(&self, limits: &[Limit]) -> Result<bool, StoreError> {
        throttle::take_all(&self.pool, limits).await
    }

    /// The key was right: only wrong ones count.
    pub async fn give_back_try(&self, limits: &[Limit]) -> Result<(), StoreError> {
        throttle::give_back_all(&self.pool, limits).await
    }
}
