//! Calls since the last mark by their state, which the hours do not keep: read from the calls, and counted against the
//! hours so that none is missed.

use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};
use uuid::Uuid;

use crate::domain::ids::{CallId, KeyId};
use crate::domain::line_state::LineState;
use crate::domain::tally::Tally;
use crate::store::error::StoreError;
use crate::store::tally_row::tally;
use crate::store::usage_fold::APART;
use crate::store::usage_reach::Reach;
use crate::store::views::usage::{UsageAsk, open_from};

/// Calls of one state, step and model; of one key unless they were measured.
#[derive(Clone, Debug)]
pub struct OpenState {
    pub key: Option<KeyId>,
    pub state: LineState,
    /// From 1; 0 and more than there are lie outside the span.
    pub step: i32,
    pub model: String,
    pub tally: Tally,
}

/// Of all keys of the account; there are `calls` by the hours.
pub async fn of_account(
    tx: &mut PgConnection,
    ask: &UsageAsk<'_>,
    reach: &Reach,
    calls: i64,
) -> Result<Vec<OpenState>, StoreError> {
    read(tx, include_str!("../sql/usage_open_states.sql"), ask.account.0, ask, reach, calls).await
}

/// Of one key; there are `calls` by the hours.
pub async fn of_key(
    tx: &mut PgConnection,
    ask: &UsageAsk<'_>,
    key: KeyId,
    reach: &Reach,
    calls: i64,
) -> Result<Vec<OpenState>, StoreError> {
    read(tx, include_str!("../sql/usage_key_open_states.sql"), key.0, ask, reach, calls).await
}

async fn read(
    tx: &mut PgConnection,
    statement: &'static str,
    owner: Uuid,
    ask: &UsageAsk<'_>,
    reach: &Reach,
    calls: i64,
) -> Result<Vec<OpenState>, StoreError> {
    let from = open_from(ask, reach);
    for apart in APART.map(Some).into_iter().chain([None]) {
        let lowest = apart.map_or(CallId::LOWEST, |apart| CallId::floor((from - apart).timestamp_micros()));
        let rows = sqlx::query(statement)
            .bind(owner)
            .bind(from)
            .bind(lowest.0)
            .bind(ask.span.edges())
            .fetch_all(&mut *tx)
            .await?;
        let open = rows.iter().map(open_state).collect::<Result<Vec<_>, _>>()?;
        if open.iter().map(|part| part.tally.calls).sum::<i64>() == calls {
            return Ok(open);
        }
    }
    Err(StoreError::broken_row("usage_hour", owner))
}

fn open_state(row: &PgRow) -> Result<OpenState, StoreError> {
    let state = LineState::from_code(row.try_get("state")?);
    Ok(OpenState {
        key: row.try_get::<Option<Uuid>, _>("key_id").ok().flatten().map(KeyId),
        state: state.ok_or_else(|| StoreError::broken_row("call", Uuid::nil()))?,
        step: row.try_get("step")?,
        model: row.try_get("model")?,
        tally: tally(row)?,
    })
}
