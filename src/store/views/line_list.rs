//! Requests of an account or a key by model and state, page by page in both directions.
//!
//! A line belongs to the time at which its call ended, as sums do; the order is that of the calls' beginnings. A call
//! that a crash cut ends when the next start finds it: it is listed where the span reaches back to its beginning.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::domain::ids::{AccountId, CallId};
use crate::domain::line_state::LineState;
use crate::store::error::StoreError;
use crate::store::usage_reach;
use crate::store::views::lines::{self, Line};
use crate::store::views::scope::OwnedKey;

/// The longest that a call may last.
const LONGEST: TimeDelta = TimeDelta::minutes(75);
/// Calls that one page looks at for those of its model or state; the next page goes on behind them.
const SEARCHED: i64 = 10_000;

/// Which lines are asked for.
#[derive(Clone, Copy, Debug)]
pub struct LineAsk<'a> {
    pub account: AccountId,
    /// Of one of its keys; of all without.
    pub key: Option<&'a OwnedKey>,
    pub model: Option<&'a str>,
    pub state: Option<LineState>,
    /// Calls that ended at or after this, and before `to`.
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub limit: usize,
}

/// A place in a list, to go on from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LinePlace {
    call: CallId,
    /// Towards older lines, or back to newer ones.
    onwards: bool,
}

/// A line as it is listed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListedLine {
    pub line: Line,
    /// The key's label as it is now.
    pub label: String,
    /// The model that was asked for, where another one answered.
    pub requested: Option<String>,
}

/// One page, newest first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LinesPage {
    pub lines: Vec<ListedLine>,
    pub newer: Option<LinePlace>,
    pub older: Option<LinePlace>,
    /// True if the search ended before the page was full: there may be more behind `older`.
    pub unfinished: bool,
}

/// One call with all that is known of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LineFacts {
    pub listed: ListedLine,
    /// Of the model's price that was charged.
    pub price_version: Option<u32>,
    /// The provider's id of its answer.
    pub upstream_id: Option<String>,
    pub cache_write_5m: i64,
    pub cache_write_1h: i64,
    pub web_searches: i64,
}

impl LinePlace {
    /// A text for a cursor.
    pub fn text(&self) -> String {
        format!("{}:{}", u8::from(self.onwards), self.call)
    }

    /// The place of such a text.
    pub fn parse(text: &str) -> Option<Self> {
        let (onwards, call) = text.split_once(':')?;
        Some(LinePlace { call: CallId(Uuid::parse_str(call).ok()?), onwards: onwards == "1" })
    }
}

/// Reads of the list.
#[derive(Clone)]
pub struct LineListViews {
    pool: PgPool,
    /// `SEARCHED`, or less.
    searched: i64,
}

impl LineListViews {
    pub fn new(pool: PgPool) -> Self {
        LineListViews { pool, searched: SEARCHED }
    }

    /// The same, with pages that look at fewer calls.
    pub fn looking_at(self, calls: i64) -> Self {
        LineListViews { searched: calls.clamp(1, SEARCHED), ..self }
    }

    /// One page from a place on; the newest without one.
    pub async fn page(&self, ask: &LineAsk<'_>, from: Option<LinePlace>) -> Result<LinesPage, StoreError> {
        if let Some(place) = from.filter(|place| !place.onwards) {
            let found = self.find(ask, place).await?;
            // Where less is newer than a page holds, the newest page is shown.
            if found.len() > ask.limit {
                return self.back_page(ask, found).await;
            }
        }
        let newest = LinePlace { call: CallId::HIGHEST, onwards: true };
        let place = from.filter(|place| place.onwards).unwrap_or(newest);
        let found = self.find(ask, place).await?;
        let end = if is_searched(ask) { self.search_end(ask, place, &found).await? } else { None };
        self.onwards_page(ask, place, found, end).await
    }

    /// The lines of a page and whatever comes next, without the list of unusual calls: for exports, which look at every
    /// call.
    pub async fn batch(&self, ask: &LineAsk<'_>, from: Option<LinePlace>) -> Result<LinesPage, StoreError> {
        let place = from.unwrap_or(LinePlace { call: CallId::HIGHEST, onwards: true });
        let found = self.search(ask, place).await?;
        let end = self.search_end(ask, place, &found).await?;
        self.onwards_page(ask, place, found, end).await
    }

    /// The call of this id, if the account made it.
    pub async fn facts(&self, account: AccountId, call: CallId) -> Result<Option<LineFacts>, StoreError> {
        let row = sqlx::query(include_str!("../sql/line_detail.sql"))
            .bind(call.0)
            .bind(account.0)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(facts).transpose()
    }

    async fn onwards_page(
        &self,
        ask: &LineAsk<'_>,
        place: LinePlace,
        mut found: Vec<CallId>,
        end: Option<CallId>,
    ) -> Result<LinesPage, StoreError> {
        let more = found.len() > ask.limit;
        found.truncate(ask.limit);
        let last = found.last().copied().filter(|_| more);
        let is_later = place.call != CallId::HIGHEST;
        Ok(LinesPage {
            newer: found.first().filter(|_| is_later).map(|call| LinePlace { call: *call, onwards: false }),
            older: last.or(end).map(|call| LinePlace { call, onwards: true }),
            unfinished: end.is_some(),
            lines: self.lines_of(ask.account, &found).await?,
        })
    }

    /// A page that was found oldest first, with one line more than it holds.
    async fn back_page(&self, ask: &LineAsk<'_>, mut found: Vec<CallId>) -> Result<LinesPage, StoreError> {
        found.truncate(ask.limit);
        Ok(LinesPage {
            newer: found.last().map(|call| LinePlace { call: *call, onwards: false }),
            older: found.first().map(|call| LinePlace { call: *call, onwards: true }),
            unfinished: false,
            lines: self.lines_of(ask.account, &found).await?,
        })
    }

    /// Ids in the order of the direction, one more than a page holds.
    async fn find(&self, ask: &LineAsk<'_>, place: LinePlace) -> Result<Vec<CallId>, StoreError> {
        match ask.state {
            Some(state) if !is_searched(ask) => self.find_unusual(ask, place, state).await,
            _ => self.search(ask, place).await,
        }
    }

    async fn search(&self, ask: &LineAsk<'_>, place: LinePlace) -> Result<Vec<CallId>, StoreError> {
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
            .bind(place.onwards)
            .bind(ask.model)
            .bind(ask.state.map(LineState::code))
            .bind(self.searched)
            .bind(one_more(ask.limit))
            .fetch_all(&self.pool)
            .await?;
        Ok(found.into_iter().map(CallId).collect())
    }

    async fn find_unusual(
        &self,
        ask: &LineAsk<'_>,
        place: LinePlace,
        state: LineState,
    ) -> Result<Vec<CallId>, StoreError> {
        let reach = usage_reach::load(&mut *self.pool.acquire().await?, ask.account).await?;
        let until = reach.and_then(|reach| reach.until).unwrap_or(DateTime::UNIX_EPOCH);
        let (statement, owner) = match ask.key {
            Some(key) => (include_str!("../sql/find_unusual_key_lines.sql"), key.key().0),
            None => (include_str!("../sql/find_unusual_lines.sql"), ask.account.0),
        };
        let (lowest, highest) = ids(ask, place);
        let found = sqlx::query_scalar::<_, Uuid>(statement)
            .bind(owner)
            .bind(ask.from)
            .bind(ask.to)
            .bind(lowest.0)
            .bind(highest.0)
            .bind(place.onwards)
            .bind(ask.model)
            .bind(state.code())
            .bind(floor(until - LONGEST).0)
            .bind(one_more(ask.limit))
            .fetch_all(&self.pool)
            .await?;
        Ok(found.into_iter().map(CallId).collect())
    }

    /// Where a search stopped that found less than a page; `None` if it came to the end.
    async fn search_end(
        &self,
        ask: &LineAsk<'_>,
        place: LinePlace,
        found: &[CallId],
    ) -> Result<Option<CallId>, StoreError> {
        if found.len() > ask.limit {
            return Ok(None);
        }
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

    async fn lines_of(&self, account: AccountId, calls: &[CallId]) -> Result<Vec<ListedLine>, StoreError> {
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<Uuid> = calls.iter().map(|call| call.0).collect();
        let rows =
            sqlx::query(include_str!("../sql/lines_of.sql")).bind(account.0).bind(ids).fetch_all(&self.pool).await?;
        rows.iter().map(listed).collect()
    }
}

/// Measured calls are nearly all and are searched for; the others are listed apart.
fn is_searched(ask: &LineAsk<'_>) -> bool {
    ask.state.is_none_or(|state| state == LineState::Measured)
}

fn one_more(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1
}

fn floor(at: DateTime<Utc>) -> CallId {
    CallId::floor(at.timestamp_micros())
}

/// Between which ids a page's calls lie: the first is included.
fn ids(ask: &LineAsk<'_>, place: LinePlace) -> (CallId, CallId) {
    let (lowest, highest) = (floor(ask.from - LONGEST), floor(ask.to));
    match place.onwards {
        true => (lowest, highest.min(place.call)),
        false => (lowest.max(CallId(Uuid::from_u128(place.call.0.as_u128().saturating_add(1)))), highest),
    }
}

fn listed(row: &PgRow) -> Result<ListedLine, StoreError> {
    Ok(ListedLine { line: lines::line(row)?, label: row.try_get("label")?, requested: row.try_get("requested")? })
}

fn facts(row: &PgRow) -> Result<LineFacts, StoreError> {
    let version: Option<i32> = row.try_get("price_version")?;
    Ok(LineFacts {
        listed: listed(row)?,
        price_version: version.and_then(|version| u32::try_from(version).ok()),
        upstream_id: row.try_get("upstream_id")?,
        cache_write_5m: row.try_get("cache_write_5m")?,
        cache_write_1h: row.try_get("cache_write_1h")?,
        web_searches: row.try_get("web_searches")?,
    })
}
