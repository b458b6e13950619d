//! Request lines behind the sums of usage: one a call, both sides, page by page in both directions.

use chrono::{DateTime, TimeDelta, Utc};
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

/// How long before its end a call may have begun: the longest one lasts an hour.
const LONGEST: TimeDelta = TimeDelta::minutes(75);

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
}

/// Reads of lines.
#[derive(Clone)]
pub struct UsageLineViews {
    pool: PgPool,
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

impl UsageLineViews {
    pub fn new(pool: PgPool) -> Self {
        UsageLineViews { pool }
    }

    /// At most `limit` lines from a place on; from the newest without one.
    pub async fn page(&self, ask: &LineAsk, place: Option<LinePlace>, limit: usize) -> Result<LinesPage, StoreError> {
        let back = matches!(place, Some(LinePlace::Newer(_)));
        let mut lines = self.read(ask, place, limit.saturating_add(1)).await?;
        // One more than asked says that the list goes on; it is the farthest from where the page began.
        let goes_on = lines.len() > limit;
        if goes_on {
            lines.remove(if back { 0 } else { limit });
        }
        let has_newer = if back { goes_on } else { place.is_some() };
        let has_older = back || goes_on;
        Ok(LinesPage {
            newer: lines.first().filter(|_| has_newer).map(|line| LinePlace::Newer(line.call)),
            older: lines.last().filter(|_| has_older).map(|line| LinePlace::Older(line.call)),
            lines,
        })
    }

    async fn read(&self, ask: &LineAsk, place: Option<LinePlace>, limit: usize) -> Result<Vec<UsageLine>, StoreError> {
        let floor = |at: DateTime<Utc>| CallId::floor(at.timestamp_micros());
        let (lowest, highest) = (floor(ask.from - LONGEST), floor(ask.to));
        let (text, above, below) = match place {
            None => (include_str!("../sql/list_usage_lines.sql"), lowest, highest),
            Some(LinePlace::Older(call)) => (include_str!("../sql/list_usage_lines.sql"), lowest, call),
            Some(LinePlace::Newer(call)) => (include_str!("../sql/list_newer_usage_lines.sql"), call, highest),
        };
        let rows = sqlx::query(text)
            .bind(ask.account.0)
            .bind(ask.key.map(|key| key.key().0))
            .bind(&ask.model)
            .bind(ask.state.map(LineState::code))
            .bind(ask.from)
            .bind(ask.to)
            .bind(above.0)
            .bind(below.0)
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
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
