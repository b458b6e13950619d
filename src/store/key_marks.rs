//! How far keys were used at the last look, and the mails to the clients who bound them. In client price alone.
//!
//! A mark, the note of a mail and the mail itself are one commit, and a mark is changed only by whoever saw its number:
//! however many look, and however they end, a crossing is told once.

use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::domain::budget_alert::{Level, Look, Mark, Wants};
use crate::domain::ids::{KeyId, UserId};
use crate::domain::money::Price;
use crate::domain::portal_look::PortalLook;
use crate::store::error::StoreError;
use crate::store::mail::{self, NewMail};
use crate::store::preferences;

/// An open key that looks another way than it was marked.
#[derive(Clone, Copy, Debug)]
pub struct ChangedKey {
    pub key: KeyId,
    pub now: Look,
    pub mark: Mark,
    /// The mark's number; 0: none yet.
    pub nth: i64,
}

/// What a client knows a key by.
#[derive(Clone, Debug)]
pub struct KeyFace {
    /// The first twelve characters of its secret.
    pub hint: String,
    pub look: PortalLook,
}

/// A client who bound a key and wants to hear of it.
#[derive(Clone, Debug)]
pub struct Reader {
    pub user: UserId,
    pub address: String,
    /// The client's own name for the key.
    pub name: Option<String>,
    pub wants: Wants,
}

/// A mail to one reader.
pub struct AlertMail {
    pub user: UserId,
    pub level: Level,
    pub mail: NewMail,
}

/// Marks of keys.
#[derive(Clone)]
pub struct KeyMarkStore {
    pool: PgPool,
}

impl KeyMarkStore {
    pub fn new(pool: PgPool) -> Self {
        KeyMarkStore { pool }
    }

    /// The next keys of all, in the order of their ids.
    pub async fn walk(&self, after: Option<KeyId>, most: i64) -> Result<Vec<KeyId>, StoreError> {
        let query = sqlx::query_scalar(include_str!("sql/walk_keys.sql"))
            .bind(after.map_or(Uuid::nil(), |last| last.0))
            .bind(most);
        Ok(query.fetch_all(&self.pool).await?.into_iter().map(KeyId).collect())
    }

    /// Those of these keys that are near or past a level and look another way than they were marked.
    pub async fn changed(&self, keys: &[KeyId]) -> Result<Vec<ChangedKey>, StoreError> {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
        let rows = sqlx::query(include_str!("sql/look_at_keys.sql")).bind(ids).fetch_all(&self.pool).await?;
        rows.iter().map(changed_key).collect()
    }

    /// What a key's mails call it.
    pub async fn face(&self, key: KeyId) -> Result<KeyFace, StoreError> {
        let row = sqlx::query(include_str!("sql/key_face.sql")).bind(key.0).fetch_one(&self.pool).await?;
        let hint: Option<String> = row.try_get("hint")?;
        Ok(KeyFace { hint: hint.unwrap_or_default(), look: preferences::look(&row)? })
    }

    /// The clients who bound a key and have an alert on; at most 1,000, those who bound it first.
    pub async fn readers(&self, key: KeyId) -> Result<Vec<Reader>, StoreError> {
        let rows = sqlx::query(include_str!("sql/alert_readers.sql")).bind(key.0).fetch_all(&self.pool).await?;
        rows.iter()
            .map(|r| {
                Ok(Reader {
                    user: UserId(r.try_get("user_id")?),
                    address: r.try_get("address")?,
                    name: r.try_get("name")?,
                    wants: Wants { at_80: r.try_get("alert_80")?, at_100: r.try_get("alert_100")? },
                })
            })
            .collect()
    }

    /// Marks a key as it looks now and queues the mails about it; says how many. None if somebody else was faster.
    pub async fn mark(&self, key: &ChangedKey, mails: &[AlertMail]) -> Result<usize, StoreError> {
        let mut work = self.pool.begin().await?;
        let marked: Option<i64> = sqlx::query_scalar(include_str!("sql/mark_key.sql"))
            .bind(key.key.0)
            .bind(key.now.level().code())
            .bind(key.now.budget.nanos())
            .bind(key.now.spent.nanos())
            .bind(key.nth)
            .fetch_optional(&mut *work)
            .await?;
        if marked.is_none() {
            return Ok(0);
        }
        let mut queued = 0;
        for alert in mails {
            let wanted: Option<bool> = sqlx::query_scalar(include_str!("sql/take_alert.sql"))
                .bind(alert.user.0)
                .bind(key.key.0)
                .bind(alert.level.code())
                .fetch_optional(&mut *work)
                .await?;
            if wanted.is_some() {
                mail::enqueue(&mut work, &alert.mail).await?;
                queued += 1;
            }
        }
        work.commit().await?;
        Ok(queued)
    }
}

fn changed_key(row: &PgRow) -> Result<ChangedKey, StoreError> {
    let key: Uuid = row.try_get("key_id")?;
    let price = |column: &str| row.try_get(column).map(Price::from_nanos);
    let now = Look { budget: price("budget")?, spent: price("spent_price")? };
    let level: Option<i16> = row.try_get("level")?;
    let mark = match level {
        None => Mark { level: Level::Fine, look: Look { spent: Price::ZERO, ..now } },
        Some(code) => Mark {
            level: Level::from_code(code).ok_or_else(|| StoreError::broken_row("key_mark", key))?,
            look: Look { budget: price("seen_budget")?, spent: price("seen_spent")? },
        },
    };
    let nth: Option<i64> = row.try_get("nth")?;
    Ok(ChangedKey { key: KeyId(key), now, mark, nth: nth.unwrap_or(0) })
}
