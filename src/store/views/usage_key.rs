//! Usage of one key. Its hours are few enough to be summed; its unusual calls are listed one by one.

use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};

use crate::domain::ids::KeyId;
use crate::domain::line_state::LineState;
use crate::store::error::StoreError;
use crate::store::tally_row::tally;
use crate::store::usage_reach::Reach;
use crate::store::views::scope::OwnedKey;
use crate::store::views::usage::{Usage, UsageAsk, is_late, open_from};
use crate::store::views::usage_open::{self, OpenState};

/// The sums; `None` if a late call is not in the marks.
pub async fn read(
    tx: &mut PgConnection,
    ask: &UsageAsk<'_>,
    key: &OwnedKey,
    reach: &Reach,
) -> Result<Option<Usage>, StoreError> {
    let mut usage = Usage::empty(ask.span.steps());
    if ask.state.is_none_or(|state| state == LineState::Measured) {
        add_hours(tx, ask, key.key(), &mut usage).await?;
    }
    let Some(state) = ask.state else { return Ok(Some(usage)) };
    if is_late(tx, reach).await? {
        return Ok(None);
    }
    let open = open_states(tx, ask, key.key(), reach).await?;
    let marked = unusual(tx, ask, key.key(), reach, state).await?;
    let marked = marked.iter().map(|row| Ok((row.try_get("step")?, row.try_get("model")?, tally(row)?)));
    let marked = marked.collect::<Result<Vec<(i32, String, _)>, StoreError>>()?;
    let open = open.into_iter().filter(|open| open.state != LineState::Measured);
    let open = open.filter(|open| state == LineState::Measured || open.state == state);
    let parts = marked.into_iter().chain(open.map(|open| (open.step, open.model, open.tally)));
    for (step, model, part) in parts.filter(|(_, model, _)| ask.model.is_none_or(|asked| asked == model)) {
        let changed = match state {
            LineState::Measured => usage.take_off(step, &model, part),
            _ => usage.add(step, &model, part),
        };
        changed.ok_or_else(|| StoreError::broken_row("usage_unusual", key.key().0))?;
    }
    Ok(Some(usage))
}

async fn add_hours(tx: &mut PgConnection, ask: &UsageAsk<'_>, key: KeyId, usage: &mut Usage) -> Result<(), StoreError> {
    let rows = sqlx::query(include_str!("../sql/usage_key_hours.sql"))
        .bind(key.0)
        .bind(ask.span.edges())
        .bind(ask.span.from())
        .bind(ask.span.to())
        .fetch_all(tx)
        .await?;
    for row in &rows {
        let model: String = row.try_get("model")?;
        if ask.model.is_none_or(|asked| asked == model) {
            let added = usage.add(row.try_get("step")?, &model, tally(row)?);
            added.ok_or_else(|| StoreError::broken_row("usage_hour", key.0))?;
        }
    }
    Ok(())
}

/// Calls since the last mark.
async fn open_states(
    tx: &mut PgConnection,
    ask: &UsageAsk<'_>,
    key: KeyId,
    reach: &Reach,
) -> Result<Vec<OpenState>, StoreError> {
    let calls = sqlx::query_scalar(include_str!("../sql/usage_key_calls_since.sql"))
        .bind(key.0)
        .bind(open_from(ask, reach))
        .fetch_one(&mut *tx)
        .await?;
    usage_open::of_key(tx, ask, key, reach, calls).await
}

/// Calls before the last mark: of the state, or all unusual ones where the measured are asked for.
async fn unusual(
    tx: &mut PgConnection,
    ask: &UsageAsk<'_>,
    key: KeyId,
    reach: &Reach,
    state: LineState,
) -> Result<Vec<PgRow>, StoreError> {
    let Some(until) = reach.until else { return Ok(Vec::new()) };
    let is_wanted = |one: &LineState| *one != LineState::Measured && (state == LineState::Measured || *one == state);
    let states: Vec<i16> = LineState::ALL.into_iter().filter(is_wanted).map(LineState::code).collect();
    Ok(sqlx::query(include_str!("../sql/usage_key_unusual.sql"))
        .bind(key.0)
        .bind(ask.span.edges())
        .bind(ask.span.from())
        .bind(ask.span.to().min(until))
        .bind(states)
        .fetch_all(tx)
        .await?)
}
