//! The keys with the most usage of a span: the difference of two vectors, and what came since.

use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};
use std::collections::HashMap;
use uuid::Uuid;

use crate::domain::ids::KeyId;
use crate::domain::line_state::LineState;
use crate::domain::tally::Metric;
use crate::domain::usage_mark::{KeyFigures, KeySums, Part, Places};
use crate::store::error::StoreError;
use crate::store::usage_reach::Reach;
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
    let keys: Option<Vec<Uuid>> =
        sqlx::query_scalar(include_str!("../sql/usage_keys.sql")).bind(ask.account.0).fetch_optional(&mut *tx).await?;
    let mut places = Places::of(keys.unwrap_or_default().into_iter().map(KeyId).collect());
    add_open(tx, ask, reach, states, &mut places, &mut sums).await?;
    let largest = sums.largest(ranking.metric, ranking.most);
    let ranked = largest.into_iter().filter_map(|place| {
        let key = *places.keys().get(place)?;
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
        let added = sums.add_all(&vectors(row)?, sign);
        added.ok_or_else(|| StoreError::broken_row("usage_mark", ask.account.0))?;
    }
    Ok(())
}

fn vectors(row: &PgRow) -> Result<KeySums, StoreError> {
    let vector = |name: &str| Ok::<_, StoreError>(row.try_get::<Option<Vec<i64>>, _>(name)?.unwrap_or_default());
    Ok(KeySums {
        calls: vector("key_calls")?,
        tokens: vector("key_tokens")?,
        cost: vector("key_cost")?,
        price: vector("key_price")?,
    })
}

async fn add_open(
    tx: &mut PgConnection,
    ask: &UsageAsk<'_>,
    reach: &Reach,
    states: &[OpenState],
    places: &mut Places,
    sums: &mut KeySums,
) -> Result<(), StoreError> {
    let broken = || StoreError::broken_row("usage_hour", ask.account.0);
    if ask.state.is_none_or(|state| state == LineState::Measured) {
        let row = sqlx::query(include_str!("../sql/usage_open_keys.sql"))
            .bind(ask.account.0)
            .bind(open_from(ask, reach).max(ask.span.from()))
            .bind(ask.span.to())
            .bind(ask.model)
            .fetch_one(tx)
            .await?;
        for (key, figures) in columns(&row)? {
            sums.add_key(places.place(key), figures, 1).ok_or_else(broken)?;
        }
    }
    let Some(state) = ask.state else { return Ok(()) };
    let sign = if state == LineState::Measured { -1 } else { 1 };
    for (key, open) in states.iter().filter_map(|open| Some((open.key?, open))) {
        let in_span = usize::try_from(open.step).is_ok_and(|step| (1..=ask.span.steps()).contains(&step));
        let asked = ask.model.is_none_or(|model| model == open.model);
        if in_span && asked && (state == LineState::Measured || state == open.state) {
            sums.add_key(places.place(key), figures(open), sign).ok_or_else(broken)?;
        }
    }
    Ok(())
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
