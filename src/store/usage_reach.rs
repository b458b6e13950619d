//! How far an account's marks of usage go, and whether calls came in late before that.

use crate::domain::ids::{AccountId, KeyId};
use crate::store::error::StoreError;
use crate::store::vector;
use chrono::{DateTime, Utc};
use sqlx::Row;
use sqlx::postgres::PgConnection;

/// The marks beside the stream they were made from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reach {
    pub account: AccountId,
    /// End of the last mark; `None` if there is none.
    pub until: Option<DateTime<Utc>>,
    /// Calls in the last mark.
    pub marked: i64,
    /// The account's last op, now.
    pub last_seq: i64,
    /// Settles up to the seq of the marks, ops since, and ops since that are no settles.
    settled: i64,
    since: i64,
    entries: i64,
}

impl Reach {
    /// Settles of the account in all.
    pub fn settles(&self) -> i64 {
        self.settled + self.since - self.entries
    }

    /// As if there were no mark.
    pub fn without_marks(self) -> Self {
        Reach { until: None, ..self }
    }

    /// Calls that ended before the last mark and are not in it; `open` ended after it.
    pub fn late(&self, open: i64) -> i64 {
        self.settles() - self.marked - open
    }
}

/// The account's reach, `None` for an account that does not exist.
pub async fn load(connection: &mut PgConnection, account: AccountId) -> Result<Option<Reach>, StoreError> {
    let row = sqlx::query(include_str!("sql/usage_reach.sql")).bind(account.0).fetch_optional(connection).await?;
    let Some(row) = row else { return Ok(None) };
    let last_seq: i64 = row.try_get("last_seq")?;
    Ok(Some(Reach {
        account,
        until: row.try_get("until")?,
        marked: row.try_get::<Option<i64>, _>("marked")?.unwrap_or(0),
        last_seq,
        settled: row.try_get::<Option<i64>, _>("calls")?.unwrap_or(0),
        since: last_seq - row.try_get::<Option<i64>, _>("seq")?.unwrap_or(0),
        entries: row.try_get("entries")?,
    }))
}

/// The keys of an account's vectors, each at its place.
pub async fn places(connection: &mut PgConnection, account: AccountId) -> Result<Vec<KeyId>, StoreError> {
    let sent: Option<Vec<u8>> =
        sqlx::query_scalar(include_str!("sql/usage_keys.sql")).bind(account.0).fetch_optional(connection).await?;
    let Some(sent) = sent else { return Ok(Vec::new()) };
    let keys = vector::ids(&sent).ok_or_else(|| StoreError::broken_row("usage_reach", account.0))?;
    Ok(keys.into_iter().map(KeyId).collect())
}

/// Forgets the reach of an account without marks.
pub async fn drop(connection: &mut PgConnection, account: AccountId) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/usage_reach_drop.sql")).bind(account.0).execute(connection).await?;
    Ok(())
}
