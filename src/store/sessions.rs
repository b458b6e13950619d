//! Sessions: rows under the digest of their token. Deleting a row ends the session on every node at once.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::domain::ids::{AccountId, UserId};
use crate::domain::site::{Person, Site};
use crate::domain::trail::{Action, Trail};
use crate::store::audit::{self, Act};
use crate::store::error::StoreError;
use crate::store::throttle::seconds;

/// How long sessions of a site live.
#[derive(Clone, Copy, Debug)]
pub struct Lives {
    pub idle: Duration,
    pub absolute: Duration,
    /// How long a correct code counts as fresh.
    pub proof: Duration,
}

/// A live session.
#[derive(Clone, Debug)]
pub struct SessionRow {
    pub session: Uuid,
    pub person: Person,
    pub address: String,
    /// A code was correct in this session not long ago.
    pub fresh: bool,
}

/// A session as its owner sees it in a list.
#[derive(Clone, Debug)]
pub struct ListedSession {
    pub session: Uuid,
    pub created: DateTime<Utc>,
    pub last_seen: DateTime<Utc>,
    pub user_agent: String,
}

/// Rows of sessions.
#[derive(Clone)]
pub struct SessionStore {
    pool: PgPool,
}

impl SessionStore {
    pub fn new(pool: PgPool) -> Self {
        SessionStore { pool }
    }

    /// The live session of a token's digest on this site; notes at most once a minute that it was seen.
    pub async fn find(&self, token: &[u8; 32], site: Site, lives: Lives) -> Result<Option<SessionRow>, StoreError> {
        let row = sqlx::query(include_str!("sql/find_session.sql"))
            .bind(&token[..])
            .bind(site.word())
            .bind(seconds(lives.idle))
            .bind(seconds(lives.absolute))
            .bind(seconds(lives.proof))
            .fetch_optional(&self.pool)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let session: Uuid = row.try_get("session_id")?;
        let (account, user): (Option<Uuid>, Option<Uuid>) = (row.try_get("account_id")?, row.try_get("user_id")?);
        let person = match (account, user) {
            (Some(account), None) => Person::Reseller(AccountId(account)),
            (None, Some(user)) => Person::User(UserId(user)),
            _ => return Err(StoreError::broken_row("session", session)),
        };
        if row.try_get("unseen")? {
            sqlx::query(include_str!("sql/touch_session.sql")).bind(session).execute(&self.pool).await?;
        }
        Ok(Some(SessionRow { session, person, address: row.try_get("address")?, fresh: row.try_get("fresh")? }))
    }

    /// Whether a session still lives; not noted as seen, since nobody acts.
    pub async fn is_live(&self, session: Uuid, lives: Lives) -> Result<bool, StoreError> {
        let found: Option<bool> = sqlx::query_scalar(include_str!("sql/live_session.sql"))
            .bind(session)
            .bind(seconds(lives.idle))
            .bind(seconds(lives.absolute))
            .fetch_optional(&self.pool)
            .await?;
        Ok(found.is_some())
    }

    /// The live sessions of a person, latest first.
    pub async fn list(&self, site: Site, person: Person, lives: Lives) -> Result<Vec<ListedSession>, StoreError> {
        let rows = sqlx::query(include_str!("sql/list_sessions.sql"))
            .bind(site.word())
            .bind(person.id())
            .bind(seconds(lives.idle))
            .bind(seconds(lives.absolute))
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|r| {
                Ok(ListedSession {
                    session: r.try_get(0)?,
                    created: r.try_get(1)?,
                    last_seen: r.try_get(2)?,
                    user_agent: r.try_get(3)?,
                })
            })
            .collect()
    }

    /// Ends one session of this person; false if it has none of this id.
    pub async fn end(
        &self,
        site: Site,
        person: Person,
        session: Uuid,
        action: Action,
        trail: &Trail,
    ) -> Result<bool, StoreError> {
        let mut work = self.pool.begin().await?;
        let gone = sqlx::query(include_str!("sql/delete_session.sql"))
            .bind(session)
            .bind(site.word())
            .bind(person.id())
            .execute(&mut *work)
            .await?
            .rows_affected();
        if gone == 0 {
            return Ok(false);
        }
        audit::record(&mut work, trail, &about(person, action).on(session)).await?;
        work.commit().await?;
        Ok(true)
    }

    /// Ends every session of this person on this site; says how many there were.
    pub async fn end_all(&self, site: Site, person: Person, trail: &Trail) -> Result<u64, StoreError> {
        let mut work = self.pool.begin().await?;
        let gone = sqlx::query(include_str!("sql/delete_sessions.sql"))
            .bind(site.word())
            .bind(person.id())
            .execute(&mut *work)
            .await?
            .rows_affected();
        audit::record(&mut work, trail, &about(person, Action::SessionsRevoked)).await?;
        work.commit().await?;
        Ok(gone)
    }
}

/// An act in the person's own trail.
pub fn about(person: Person, action: Action) -> Act {
    match person {
        Person::Reseller(account) => Act::of(action).within(account),
        Person::User(_) => Act::of(action),
    }
}
