//! The keys with the most usage of a span: the difference of two vectors, and what came since.

use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};
use std::collections::HashMap;
use uuid::Uuid;

use crate::domain::ids::{AccountId, KeyId};
use crate::domain::line_state::LineState;
use crate::domain::tally::Metric;
use crate::domain::usage_mark::{KeyFigures, KeySums, Part};
use crate::store::error::StoreError;
use crate::store::usage_reach::{self, Reach};
use crate::store::vector;
use crate::store::views::usage::{RankedKey, Ranking, UsageAsk, open_from};
use crate::store::views::usage_open::OpenState;

/// The largest first.
pub async fn read(
    tx: &mut PgConnection,
    ask: &UsageAsk<'_>,
    reach: &Reach,
    states: &[OpenState],
    ranking: Ranking,
) -> Result<Vec<RankedKey>, StoreError> {
    let mut sums = KeySums::default();
    add_marked(tx, ask, reach, ranking.metric, &mut sums).await?;
    let open = open_by_key(tx, ask, reach, states).await?;
    let mut keys = usage_reach::places(&mut *tx, ask.account).await?;
    add_open(&mut keys, open, &mut sums).ok_or_else(|| StoreError::broken_row("usage_hour", ask.account.0))?;
    let largest = sums.largest(ranking.metric, ranking.most);
    let ranked = largest.into_iter().filter_map(|place| {
        let key = *keys.get(place)?;
        let calls = sums.amount(place, Metric::Calls);
        Some(RankedKey { key, label: String::new(), amount: sums.amount(place, ranking.metric), calls })
    });
    labelled(tx, ask, ranked.collect()).await
}

async fn add_marked(
    tx: &mut PgConnection,
    ask: &UsageAsk<'_>,
    reach: &Reach,
    metric: Metric,
    sums: &mut KeySums,
) -> Result<(), StoreError> {
    let Some(until) = reach.until.filter(|until| *until > ask.span.from()) else { return Ok(()) };
    let (whole, off) = Part::holding(ask.state);
    let rows = sqlx::query(include_str!("../sql/usage_keys_at.sql"))
        .bind(ask.account.0)
        .bind([ask.span.from(), ask.span.to().min(until)])
        .bind(ask.model.unwrap_or_default())
        .bind([whole.code(), off.unwrap_or(whole).code()])
        .bind(metric == Metric::Tokens)
        .bind(metric == Metric::Earned)
        .bind(metric.is_money())
        .fetch_all(tx)
        .await?;
    for row in &rows {
        let sign = if row.try_get::<i64, _>("place")? == 2 { 1 } else { -1 };
        let sign = if row.try_get::<i16, _>("state")? == whole.code() { sign } else { -sign };
        let added = sums.add_all(&vectors(row, ask.account)?, sign);
        added.ok_or_else(|| StoreError::broken_row("usage_mark", ask.account.0))?;
    }
    Ok(())
}

fn vectors(row: &PgRow, account: AccountId) -> Result<KeySums, StoreError> {
    let vector = |name: &str| match row.try_get::<Option<&[u8]>, _>(name)? {
        Some(sent) => vector::numbers(sent).ok_or_else(|| StoreError::broken_row("usage_mark", account.0)),
        None => Ok(Vec::new()),
    };
    Ok(KeySums {
        calls: vector("key_calls")?,
        tokens: vector("key_tokens")?,
        cost: vector("key_cost")?,
        price: vector("key_price")?,
    })
}

/// Calls since the last mark: figures to add, or with their sign to take off.
type OpenByKey = HashMap<KeyId, Vec<(KeyFigures, i64)>>;

async fn open_by_key(
    tx: &mut PgConnection,
    ask: &UsageAsk<'_>,
    reach: &Reach,
    states: &[OpenState],
) -> Result<OpenByKey, StoreError> {
    let mut open = OpenByKey::new();
    if ask.state.is_none_or(|state| state == LineState::Measured) {
        let row = sqlx::query(include_str!("../sql/usage_open_keys.sql"))
            .bind(ask.account.0)
            .bind(open_from(ask, reach).max(ask.span.from()))
            .bind(ask.span.to())
            .bind(ask.model)
            .fetch_one(tx)
            .await?;
        for (key, figures) in columns(&row)? {
            open.entry(key).or_default().push((figures, 1));
        }
    }
    let Some(state) = ask.state else { return Ok(open) };
    let sign = if state == LineState::Measured { -1 } else { 1 };
    for (key, part) in states.iter().filter_map(|part| Some((part.key?, part))) {
        let in_span = usize::try_from(part.step).is_ok_and(|step| (1..=ask.span.steps()).contains(&step));
        let asked = ask.model.is_none_or(|model| model == part.model);
        if in_span && asked && (state == LineState::Measured || state == part.state) {
            open.entry(key).or_default().push((figures(part), sign));
        }
    }
    Ok(open)
}

/// Adds each key's figures at its place; keys that have none yet get the next. `None` where a sum leaves `i64`.
fn add_open(keys: &mut Vec<KeyId>, mut open: OpenByKey, sums: &mut KeySums) -> Option<()> {
    let known = keys.len();
    if !open.is_empty() {
        for (place, key) in keys.iter().enumerate() {
            for (figures, sign) in open.remove(key).unwrap_or_default() {
                sums.add_key(place, figures, sign)?;
            }
        }
    }
    for (at, (key, parts)) in open.into_iter().enumerate() {
        keys.push(key);
        for (figures, sign) in parts {
            sums.add_key(known + at, figures, sign)?;
        }
    }
    Some(())
}

fn figures(open: &OpenState) -> KeyFigures {
    let of = open.tally;
    KeyFigures { calls: of.calls, tokens: of.tokens(), cost: of.cost.nanos(), price: of.price.nanos() }
}

fn columns(row: &PgRow) -> Result<Vec<(KeyId, KeyFigures)>, StoreError> {
    let Some(keys) = row.try_get::<Option<Vec<Uuid>>, _>("keys")? else { return Ok(Vec::new()) };
    let (calls, tokens): (Vec<i64>, Vec<i64>) = (row.try_get("calls")?, row.try_get("tokens")?);
    let (cost, price): (Vec<i64>, Vec<i64>) = (row.try_get("cost")?, row.try_get("price")?);
    let figures = calls.into_iter().zip(tokens).zip(cost.into_iter().zip(price));
    let figures = figures.map(|((calls, tokens), (cost, price))| KeyFigures { calls, tokens, cost, price });
    Ok(keys.into_iter().map(KeyId).zip(figures).collect())
}

async fn labelled(
    tx: &mut PgConnection,
    ask: &UsageAsk<'_>,
    ranked: Vec<RankedKey>,
) -> Result<Vec<RankedKey>, StoreError> {
    let keys: Vec<Uuid> = ranked.iter().map(|row| row.key.0).collect();
    let rows = sqlx::query(include_str!("../sql/key_labels.sql")).bind(ask.account.0).bind(keys).fetch_all(tx).await?;
    let labels: HashMap<Uuid, String> =
        rows.iter().map(|r| Ok((r.try_get(0)?, r.try_get(1)?))).collect::<Result<_, StoreError>>()?;
    let named = ranked.into_iter().map(|row| {
        let label = labels.get(&row.key.0).cloned().unwrap_or_default();
        RankedKey { label, ..row }
    });
    Ok(named.collect())
}
