//! Request lines behind the sums of usage: one a call, both sides, page by page in both directions.
//!
//! A line belongs to the time at which its call ended, as sums do; the order is that of the calls' beginnings. A call
//! that a crash cut ends when the next start finds it: it is listed where the span reaches back to its beginning,
//! and under its state once the hour in which it was found has its mark.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::domain::ids::{AccountId, CallId, KeyId};
use crate::domain::line_state::LineState;
use crate::domain::money::{Cost, Price};
use crate::store::error::StoreError;
use crate::store::views::scope::OwnedKey;
use crate::store::views::usage_line_search::LineSearch;

/// Which calls: those that ended from `from` until before `to`.
#[derive(Clone, Debug)]
pub struct LineAsk {
    pub account: AccountId,
    pub key: Option<OwnedKey>,
    pub model: Option<String>,
    pub state: Option<LineState>,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

/// Where a page goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinePlace {
    /// Calls that began before this one.
    Older(CallId),
    /// Calls that began after it.
    Newer(CallId),
}

/// One call as its reseller sees it.
#[derive(Clone, Debug)]
pub struct UsageLine {
    pub call: CallId,
    pub key: KeyId,
    pub label: String,
    /// The model that was priced.
    pub model: String,
    pub input: i64,
    pub output: i64,
    pub cache_read: i64,
    pub cache_write: i64,
    pub price: Price,
    pub cost: Cost,
    pub state: LineState,
    pub started: DateTime<Utc>,
    pub ended: DateTime<Utc>,
    pub detail: LineDetail,
}

/// What is stored of a call besides its figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct LineDetail {
    pub price_version: Option<u32>,
    /// The model as it was asked for, where another was served.
    pub requested: Option<String>,
    pub cache_write_5m: u64,
    pub cache_write_1h: u64,
    pub web_searches: u64,
}

/// One page, newest first.
#[derive(Clone, Debug, Default)]
pub struct LinesPage {
    pub lines: Vec<UsageLine>,
    pub newer: Option<LinePlace>,
    pub older: Option<LinePlace>,
    /// True if the search ended before the page was full: there may be more behind `older`.
    pub unfinished: bool,
}

/// Reads of lines.
#[derive(Clone)]
pub struct UsageLineViews {
    pool: PgPool,
    search: LineSearch,
}

impl LinePlace {
    /// A text for a cursor.
    pub fn text(self) -> String {
        match self {
            LinePlace::Older(call) => format!("older:{call}"),
            LinePlace::Newer(call) => format!("newer:{call}"),
        }
    }

    /// The place of such a text.
    pub fn parse(text: &str) -> Option<Self> {
        let (way, id) = text.split_once(':')?;
        let call = CallId(Uuid::parse_str(id).ok()?);
        match way {
            "older" => Some(LinePlace::Older(call)),
            "newer" => Some(LinePlace::Newer(call)),
            _ => None,
        }
    }
}

impl LinePlace {
    /// Before every line.
    pub const NEWEST: LinePlace = LinePlace::Older(CallId::HIGHEST);

    fn is_newest(self) -> bool {
        self == LinePlace::NEWEST
    }
}

impl UsageLineViews {
    pub fn new(pool: PgPool) -> Self {
        UsageLineViews { search: LineSearch::new(pool.clone()), pool }
    }

    /// The same, with pages that look at fewer calls.
    pub fn looking_at(self, calls: i64) -> Self {
        UsageLineViews { search: self.search.looking_at(calls), ..self }
    }

    /// At most `limit` lines from a place on; from the newest without one.
    pub async fn page(&self, ask: &LineAsk, place: Option<LinePlace>, limit: usize) -> Result<LinesPage, StoreError> {
        if let Some(LinePlace::Newer(_)) = place {
            let found = self.search.find(ask, place.unwrap_or(LinePlace::NEWEST), limit).await?;
            // Where less is newer than a page holds, the newest page is shown.
            if found.len() > limit {
                return self.newer_page(ask, found, limit).await;
            }
        }
        let place = place.filter(|place| matches!(place, LinePlace::Older(_))).unwrap_or(LinePlace::NEWEST);
        let found = self.search.find(ask, place, limit).await?;
        let end = self.search.end(ask, place, found.len(), limit).await?;
        self.older_page(ask, place, found, end, limit).await
    }

    /// As `page` for exports, which look at every call instead of at lists that are kept.
    pub async fn batch(&self, ask: &LineAsk, place: Option<LinePlace>, limit: usize) -> Result<LinesPage, StoreError> {
        let place = place.unwrap_or(LinePlace::NEWEST);
        let found = self.search.look(ask, place, limit).await?;
        let end = if found.len() > limit { None } else { self.search.stopped_at(ask, place).await? };
        self.older_page(ask, place, found, end, limit).await
    }

    async fn older_page(
        &self,
        ask: &LineAsk,
        place: LinePlace,
        mut found: Vec<CallId>,
        end: Option<CallId>,
        limit: usize,
    ) -> Result<LinesPage, StoreError> {
        // One more than asked says that the list goes on.
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().copied().filter(|_| more);
        Ok(LinesPage {
            newer: found.first().filter(|_| !place.is_newest()).map(|call| LinePlace::Newer(*call)),
            older: last.or(end).map(LinePlace::Older),
            unfinished: end.is_some(),
            lines: self.lines_of(ask.account, &found).await?,
        })
    }

    /// A page that was found oldest first, with one line more than it holds.
    async fn newer_page(&self, ask: &LineAsk, mut found: Vec<CallId>, limit: usize) -> Result<LinesPage, StoreError> {
        found.truncate(limit);
        Ok(LinesPage {
            newer: found.last().map(|call| LinePlace::Newer(*call)),
            older: found.first().map(|call| LinePlace::Older(*call)),
            unfinished: false,
            lines: self.lines_of(ask.account, &found).await?,
        })
    }

    async fn lines_of(&self, account: AccountId, calls: &[CallId]) -> Result<Vec<UsageLine>, StoreError> {
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<Uuid> = calls.iter().map(|call| call.0).collect();
        let rows = sqlx::query(include_str!("../sql/usage_lines_of.sql"))
            .bind(account.0)
            .bind(ids)
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(line).collect()
    }

    /// The call of this id, if it is one of the account's.
    pub async fn one(&self, account: AccountId, call: CallId) -> Result<Option<UsageLine>, StoreError> {
        let row = sqlx::query(include_str!("../sql/show_usage_line.sql"))
            .bind(account.0)
            .bind(call.0)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(line).transpose()
    }
}

fn line(r: &PgRow) -> Result<UsageLine, StoreError> {
    let call: Uuid = r.try_get("call_id")?;
    let detail: Option<Json<LineDetail>> = r.try_get("detail")?;
    Ok(UsageLine {
        call: CallId(call),
        key: KeyId(r.try_get("key_id")?),
        label: r.try_get("label")?,
        model: r.try_get("model")?,
        input: r.try_get("input")?,
        output: r.try_get("output")?,
        cache_read: r.try_get("cache_read")?,
        cache_write: r.try_get("cache_write")?,
        price: Price::from_nanos(r.try_get("price")?),
        cost: Cost::from_nanos(r.try_get("cost")?),
        state: LineState::from_code(r.try_get("state")?).ok_or_else(|| StoreError::broken_row("call", call))?,
        started: r.try_get("started_at")?,
        ended: r.try_get("ended_at")?,
        detail: detail.map(|Json(detail)| detail).unwrap_or_default(),
    })
}
