//! Makes the marks of usage (`ledger.md` §18): sums of an account's calls up to the end of an hour, from which any range
//! is a difference. They are derived from the calls and may be thrown away at any time; nothing waits for them.
//!
//! One transaction sees one snapshot: all marks of an account are those of the calls up to one seq. A call that was
//! settled late, into an hour that was over, shows in the account's own count of settles, and what it belongs to is
//! made again.

use crate::domain::ids::AccountId;
use crate::domain::span;
use crate::domain::usage_mark::UsageMark;
use crate::store::error::StoreError;
use crate::store::usage_fold;
use crate::store::usage_reach::{self, Reach};
use crate::store::usage_rewind;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor, PgPool};
use uuid::Uuid;

/// How long after an hour its mark is made: settlements of its last calls are written by then.
const GRACE: TimeDelta = TimeDelta::minutes(2);
/// How far back there are marks of every hour; before, of every day. A chart of the last 24 hours needs 24.
const HOURLY: TimeDelta = TimeDelta::hours(30);
/// Marks made in one transaction, so that none runs for minutes.
const MAX_STEPS: usize = 40;
/// How far back the marks of hours are looked for that have become superfluous.
const THINNED: TimeDelta = TimeDelta::days(3);

/// What became of an account's marks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Brought {
    /// Nothing that is over is without its mark.
    UpToDate,
    /// More is to be done in another transaction.
    Further,
    /// Someone else is making them.
    Busy,
}

/// Makes marks.
#[derive(Clone)]
pub struct UsageMarks {
    pool: PgPool,
}

impl UsageMarks {
    pub fn new(pool: PgPool) -> Self {
        UsageMarks { pool }
    }

    /// Accounts with calls in hours that are over and have no mark yet.
    pub async fn due(&self, now: DateTime<Utc>) -> Result<Vec<AccountId>, StoreError> {
        let due = sqlx::query_scalar::<_, Uuid>(include_str!("sql/usage_due.sql"));
        Ok(due.bind(horizon(now)).fetch_all(&self.pool).await?.into_iter().map(AccountId).collect())
    }

    /// Makes the marks of what was over at `now`, and those again that a late call belongs to.
    pub async fn bring_up(&self, account: AccountId, now: DateTime<Utc>) -> Result<Brought, StoreError> {
        // The lock must be had before the snapshot is taken, so it is the session's. It ends with the connection.
        let mut connection = self.pool.acquire().await?.detach();
        let lock = sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtextextended('usage:' || $1::text, 0))");
        let locked: bool = lock.bind(account.0).fetch_one(&mut connection).await?;
        if !locked {
            return Ok(Brought::Busy);
        }
        let brought = step_on(&mut connection, account, now).await;
        if brought.is_ok() {
            // A closed connection gives its lock back a moment later, when whoever comes next would find it taken.
            let unlock = sqlx::query_scalar("SELECT pg_advisory_unlock(hashtextextended('usage:' || $1::text, 0))");
            let _: bool = unlock.bind(account.0).fetch_one(&mut connection).await?;
        }
        connection.close().await?;
        brought
    }
}

/// Until when everything is over.
fn horizon(now: DateTime<Utc>) -> DateTime<Utc> {
    span::hour_of(now - GRACE)
}

async fn step_on(connection: &mut PgConnection, account: AccountId, now: DateTime<Utc>) -> Result<Brought, StoreError> {
    let mut tx = connection.begin().await?;
    tx.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ").await?;
    let Some(found) = usage_reach::load(&mut tx, account).await? else { return Ok(Brought::UpToDate) };
    let mut until = usage_rewind::before_late_calls(&mut tx, &found).await?;
    let first = until;
    let mut mark = usage_fold::load(&mut tx, account, until).await?;
    let mut steps = 0;
    while steps < MAX_STEPS
        && let Some((from, to)) = next(&mut tx, account, until, horizon(now)).await?
    {
        usage_fold::fold(&mut tx, account, &mut mark, from, to).await?;
        usage_fold::save(&mut tx, account, &mark, to).await?;
        until = Some(to);
        steps += 1;
    }
    finish(&mut tx, &found, &mark, until).await?;
    thin(&mut tx, account, first.or(until), now).await?;
    tx.commit().await?;
    Ok(if steps == MAX_STEPS { Brought::Further } else { Brought::UpToDate })
}

/// The next stretch with calls that is over: a day, or of late an hour.
async fn next(
    tx: &mut PgConnection,
    account: AccountId,
    until: Option<DateTime<Utc>>,
    horizon: DateTime<Utc>,
) -> Result<Option<(DateTime<Utc>, DateTime<Utc>)>, StoreError> {
    let hour: Option<DateTime<Utc>> = sqlx::query_scalar(include_str!("sql/usage_next_hour.sql"))
        .bind(account.0)
        .bind(until.unwrap_or(DateTime::UNIX_EPOCH))
        .bind(horizon)
        .fetch_one(tx)
        .await?;
    Ok(hour.map(|from| {
        let is_old = from < span::midnight_of(horizon - HOURLY);
        let to = if is_old { span::midnight_of(from) + TimeDelta::days(1) } else { from + TimeDelta::hours(1) };
        (from, to)
    }))
}

async fn finish(
    tx: &mut PgConnection,
    found: &Reach,
    mark: &UsageMark,
    until: Option<DateTime<Utc>>,
) -> Result<(), StoreError> {
    let Some(until) = until else { return usage_reach::drop(tx, found.account).await };
    let keys: Vec<Uuid> = mark.keys().iter().map(|key| key.0).collect();
    sqlx::query(include_str!("sql/usage_reach_save.sql"))
        .bind(found.account.0)
        .bind(until)
        .bind(found.last_seq)
        .bind(found.settles())
        .bind(mark.calls())
        .bind(keys)
        .execute(tx)
        .await?;
    Ok(())
}

/// Of days before the hours that are kept, the last mark stays.
async fn thin(
    tx: &mut PgConnection,
    account: AccountId,
    from: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let to = span::midnight_of(horizon(now) - HOURLY);
    let from = from.unwrap_or(to).min(to) - THINNED;
    sqlx::query(include_str!("sql/usage_thin.sql")).bind(account.0).bind(from).bind(to).execute(tx).await?;
    Ok(())
}
