//! Which calls a page of request lines shows: their ids, found without reading more than a page may.
//!
//! Every list is read along the index of its owner. Calls in an unusual state are listed apart (`ledger.md` §18); a
//! model is searched for among so many calls, and the next page goes on behind them.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use uuid::Uuid;

use crate::domain::ids::CallId;
use crate::domain::line_state::LineState;
use crate::store::error::StoreError;
use crate::store::usage_reach;
use crate::store::views::usage_lines::{LineAsk, LinePlace};

/// How long before its end a call may have begun (C7).
const LONGEST: TimeDelta = TimeDelta::minutes(75);
/// Calls that one page looks at for those of its model or state.
const SEARCHED: i64 = 10_000;

/// Finds calls.
#[derive(Clone)]
pub struct LineSearch {
    pool: PgPool,
    /// `SEARCHED`, or less.
    searched: i64,
}

impl LineSearch {
    pub fn new(pool: PgPool) -> Self {
        LineSearch { pool, searched: SEARCHED }
    }

    /// The same, looking at fewer calls a page.
    pub fn looking_at(self, calls: i64) -> Self {
        LineSearch { searched: calls.clamp(1, SEARCHED), ..self }
    }

    /// Up to one more than `limit` calls, in the order of the direction.
    pub async fn find(&self, ask: &LineAsk, place: LinePlace, limit: usize) -> Result<Vec<CallId>, StoreError> {
        match ask.state {
            Some(state) if is_unusual(ask) => self.listed(ask, place, state, limit).await,
            _ => self.look(ask, place, limit).await,
        }
    }

    /// As `find`, call by call.
    pub async fn look(&self, ask: &LineAsk, place: LinePlace, limit: usize) -> Result<Vec<CallId>, StoreError> {
        let (statement, owner) = match ask.key {
            Some(key) => (include_str!("../sql/find_key_lines.sql"), key.key().0),
            None => (include_str!("../sql/find_lines.sql"), ask.account.0),
        };
        let (lowest, highest) = ids(ask, place);
        let found = sqlx::query_scalar::<_, Uuid>(statement)
            .bind(owner)
            .bind(ask.from)
            .bind(ask.to)
            .bind(lowest.0)
            .bind(highest.0)
            .bind(is_older(place))
            .bind(&ask.model)
            .bind(ask.state.map(LineState::code))
            .bind(self.searched)
            .bind(one_more(limit))
            .fetch_all(&self.pool)
            .await?;
        Ok(found.into_iter().map(CallId).collect())
    }

    /// Unusual calls: those before the last mark are listed, those since are looked for.
    async fn listed(
        &self,
        ask: &LineAsk,
        place: LinePlace,
        state: LineState,
        limit: usize,
    ) -> Result<Vec<CallId>, StoreError> {
        let reach = usage_reach::load(&mut *self.pool.acquire().await?, ask.account).await?;
        let until = reach.and_then(|reach| reach.until).unwrap_or(DateTime::UNIX_EPOCH);
        let (statement, owner) = match (ask.key, &ask.model) {
            (Some(key), _) => (include_str!("../sql/find_unusual_key_lines.sql"), key.key().0),
            (None, Some(_)) => (include_str!("../sql/find_unusual_model_lines.sql"), ask.account.0),
            (None, None) => (include_str!("../sql/find_unusual_lines.sql"), ask.account.0),
        };
        let (lowest, highest) = ids(ask, place);
        let found = sqlx::query_scalar::<_, Uuid>(statement)
            .bind(owner)
            .bind(ask.from)
            .bind(ask.to)
            .bind(lowest.0)
            .bind(highest.0)
            .bind(is_older(place))
            .bind(&ask.model)
            .bind(state.code())
            .bind(floor(until - LONGEST).0)
            .bind(one_more(limit))
            .fetch_all(&self.pool)
            .await?;
        Ok(found.into_iter().map(CallId).collect())
    }

    /// Where `find` stopped though it found no more than a page; `None` if it came to the end.
    pub async fn end(
        &self,
        ask: &LineAsk,
        place: LinePlace,
        found: usize,
        limit: usize,
    ) -> Result<Option<CallId>, StoreError> {
        let is_filtered = ask.model.is_some() || ask.state.is_some();
        if found > limit || is_unusual(ask) || !is_filtered {
            return Ok(None);
        }
        self.stopped_at(ask, place).await
    }

    /// The last call that `look` looks at from a place on; `None` if it comes to the end.
    pub async fn stopped_at(&self, ask: &LineAsk, place: LinePlace) -> Result<Option<CallId>, StoreError> {
        let (statement, owner) = match ask.key {
            Some(key) => (include_str!("../sql/key_line_search_end.sql"), key.key().0),
            None => (include_str!("../sql/line_search_end.sql"), ask.account.0),
        };
        let (lowest, highest) = ids(ask, place);
        let end = sqlx::query_scalar::<_, Uuid>(statement)
            .bind(owner)
            .bind(ask.from)
            .bind(ask.to)
            .bind(lowest.0)
            .bind(highest.0)
            .bind(self.searched - 1)
            .fetch_optional(&self.pool)
            .await?;
        Ok(end.map(CallId))
    }
}

/// Measured calls are nearly all; the others are few.
fn is_unusual(ask: &LineAsk) -> bool {
    ask.state.is_some_and(|state| state != LineState::Measured)
}

fn is_older(place: LinePlace) -> bool {
    matches!(place, LinePlace::Older(_))
}

fn one_more(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1
}

fn floor(at: DateTime<Utc>) -> CallId {
    CallId::floor(at.timestamp_micros())
}

/// Between which ids a page's calls lie: the first is included.
fn ids(ask: &LineAsk, place: LinePlace) -> (CallId, CallId) {
    let (lowest, highest) = (floor(ask.from - LONGEST), floor(ask.to));
    match place {
        LinePlace::Older(call) => (lowest, highest.min(call)),
        LinePlace::Newer(call) => (lowest.max(CallId(Uuid::from_u128(call.0.as_u128().saturating_add(1)))), highest),
    }
}
