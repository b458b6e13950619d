//! One step of the marks of usage: the calls of a stretch of hours are added to the running sums.

use crate::domain::ids::{AccountId, CallId, KeyId};
use crate::domain::line_state::LineState;
use crate::domain::usage_mark::{Facet, KeySums, MarkSum, Part, Places, UsageMark};
use crate::store::error::StoreError;
use crate::store::tally_row::tally;
use crate::store::usage_reach;
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How far a call's id may lie from its end, tried in this order, then all: most calls are short, none may last longer
/// than 75 minutes (C7), and one that a crash cut ends when the next start finds it.
pub const APART: [TimeDelta; 4] =
    [TimeDelta::minutes(10), TimeDelta::minutes(75), TimeDelta::days(2), TimeDelta::days(14)];

/// The sums of the mark at `until`.
pub async fn load(
    tx: &mut PgConnection,
    account: AccountId,
    until: Option<DateTime<Utc>>,
) -> Result<UsageMark, StoreError> {
    let Some(until) = until else { return Ok(UsageMark::default()) };
    let places = usage_reach::places(&mut *tx, account).await?;
    let rows =
        sqlx::query(include_str!("sql/usage_mark_load.sql")).bind(account.0).bind(until).fetch_all(&mut *tx).await?;
    let sums = rows.iter().map(mark_sum).collect::<Result<BTreeMap<_, _>, _>>()?;
    Ok(UsageMark::of(Places::of(places), sums))
}

fn mark_sum(row: &PgRow) -> Result<(Facet, MarkSum), StoreError> {
    let model: String = row.try_get("model")?;
    let part = Part::from_code(row.try_get("state")?);
    let part = part.ok_or_else(|| StoreError::broken_row("usage_mark", Uuid::nil()))?;
    let facet = Facet { model: (!model.is_empty()).then_some(model), part };
    let by_key = KeySums {
        calls: row.try_get("key_calls")?,
        tokens: row.try_get("key_tokens")?,
        cost: row.try_get("key_cost")?,
        price: row.try_get("key_price")?,
    };
    Ok((facet, MarkSum { tally: tally(row)?, by_key }))
}

/// Adds the calls that ended from `from` until before `to`, and lists the unusual ones.
pub async fn fold(
    tx: &mut PgConnection,
    account: AccountId,
    mark: &mut UsageMark,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<(), StoreError> {
    let known: i64 = sqlx::query_scalar(include_str!("sql/usage_calls_between.sql"))
        .bind(account.0)
        .bind(from)
        .bind(to)
        .fetch_one(&mut *tx)
        .await?;
    for apart in APART.map(Some).into_iter().chain([None]) {
        let (lowest, highest) = ids(from, to, apart);
        let rows = sqlx::query(include_str!("sql/usage_fold.sql"))
            .bind(account.0)
            .bind(from)
            .bind(to)
            .bind(lowest.0)
            .bind(highest.0)
            .fetch_all(&mut *tx)
            .await?;
        if calls_of(&rows)? == known {
            add_all(mark, account, &rows)?;
            return list_unusual(tx, account, from, to, lowest, highest).await;
        }
    }
    // The rollup and the calls disagree, which the checker names too (C9).
    Err(StoreError::broken_row("usage_hour", account.0))
}

/// Between which ids the calls are looked for that ended in a stretch; `None`: anywhere.
fn ids(from: DateTime<Utc>, to: DateTime<Utc>, apart: Option<TimeDelta>) -> (CallId, CallId) {
    let floor = |at: DateTime<Utc>| CallId::floor(at.timestamp_micros());
    apart.map_or((CallId::LOWEST, CallId::HIGHEST), |apart| (floor(from - apart), floor(to + apart)))
}

fn calls_of(rows: &[PgRow]) -> Result<i64, StoreError> {
    rows.iter().try_fold(0, |sum, row| Ok(sum + row.try_get::<i64, _>("calls")?))
}

fn add_all(mark: &mut UsageMark, account: AccountId, rows: &[PgRow]) -> Result<(), StoreError> {
    let broken = || StoreError::broken_row("usage_mark", account.0);
    for row in rows {
        let state = LineState::from_code(row.try_get("state")?).ok_or_else(broken)?;
        let (key, model) = (KeyId(row.try_get("key_id")?), row.try_get("model")?);
        mark.add(key, model, state, tally(row)?).ok_or_else(broken)?;
    }
    Ok(())
}

async fn list_unusual(
    tx: &mut PgConnection,
    account: AccountId,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    lowest: CallId,
    highest: CallId,
) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/usage_unusual_save.sql"))
        .bind(account.0)
        .bind(from)
        .bind(to)
        .bind(lowest.0)
        .bind(highest.0)
        .execute(tx)
        .await?;
    Ok(())
}

/// Writes the running sums as the mark at `until`.
pub async fn save(
    tx: &mut PgConnection,
    account: AccountId,
    mark: &UsageMark,
    until: DateTime<Utc>,
) -> Result<(), StoreError> {
    for (facet, sum) in &mark.sums {
        let (all, keys) = (sum.tally, &sum.by_key);
        sqlx::query(include_str!("sql/usage_mark_save.sql"))
            .bind(account.0)
            .bind(until)
            .bind(facet.model.as_deref().unwrap_or_default())
            .bind(facet.part.code())
            .bind(all.calls)
            .bind(all.input)
            .bind(all.output)
            .bind(all.cache_read)
            .bind(all.cache_write)
            .bind(all.cost.nanos())
            .bind(all.price.nanos())
            .bind(&keys.calls)
            .bind(&keys.tokens)
            .bind(&keys.cost)
            .bind(&keys.price)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}
