//! A reseller's keys by search, state and order, page by page in both directions.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::domain::ids::{AccountId, KeyId};
use crate::store::error::StoreError;
use crate::store::views::keys::{self, KeyRow};

/// Which keys are listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum KeyFilter {
    /// All but the deleted.
    #[default]
    Open,
    Active,
    Paused,
    /// A fifth is left, or less.
    Low,
    UsedUp,
    Closing,
    Deleted,
}

/// In which order; of equals the newest comes first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum KeyOrdering {
    #[default]
    Recent,
    Label,
    /// Most spent first, in client price; likewise the rest.
    Spent,
    Remaining,
    Profit,
    Used,
}

/// A place in an ordered list, to go on from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyPlace {
    key: KeyId,
    figure: i64,
    word: String,
    /// Onwards in the order, or back.
    onwards: bool,
}

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct KeyAsk {
    /// Part of a label, or the start of a key; empty: all.
    pub search: String,
    pub filter: KeyFilter,
    pub ordering: KeyOrdering,
    pub from: Option<KeyPlace>,
    pub limit: usize,
}

/// A listed key.
#[derive(Clone, Debug)]
pub struct ListedKey {
    pub row: KeyRow,
    /// End of its last call.
    pub last_call: Option<DateTime<Utc>>,
}

/// One page, in order.
#[derive(Clone, Debug, Default)]
pub struct KeysPage {
    pub keys: Vec<ListedKey>,
    /// Where the page before begins; `None` on the first.
    pub newer: Option<KeyPlace>,
    /// Where the next page begins; `None` on the last.
    pub older: Option<KeyPlace>,
}

/// How many keys there are of each kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KeyCounts {
    pub open: i64,
    pub active: i64,
    /// A fifth is left, or less.
    pub low: i64,
    pub deleted: i64,
}

/// Reads of the list.
#[derive(Clone)]
pub struct KeyListViews {
    pool: PgPool,
}

impl KeyFilter {
    pub const ALL: [Self; 7] =
        [Self::Open, Self::Active, Self::Paused, Self::Low, Self::UsedUp, Self::Closing, Self::Deleted];

    /// The word in links and statements.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Low => "low",
            Self::UsedUp => "used_up",
            Self::Closing => "closing",
            Self::Deleted => "deleted",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|filter| filter.word() == word)
    }
}

impl KeyOrdering {
    pub const ALL: [Self; 6] = [Self::Recent, Self::Label, Self::Spent, Self::Remaining, Self::Profit, Self::Used];

    /// The word in links and statements.
    pub fn word(self) -> &'static str {
        match self {
            Self::Recent => "recent",
            Self::Label => "label",
            Self::Spent => "spent",
            Self::Remaining => "remaining",
            Self::Profit => "profit",
            Self::Used => "used",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ordering| ordering.word() == word)
    }
}

impl KeyPlace {
    /// A text for a cursor.
    pub fn text(&self) -> String {
        format!("{}:{}:{}:{}", u8::from(self.onwards), self.key, self.figure, self.word)
    }

    /// The place of such a text.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, ':');
        let onwards = parts.next()? == "1";
        let key = KeyId(Uuid::parse_str(parts.next()?).ok()?);
        Some(KeyPlace { key, figure: parts.next()?.parse().ok()?, word: parts.next()?.to_owned(), onwards })
    }

    fn at(r: &PgRow, onwards: bool) -> Result<Self, StoreError> {
        let key = KeyId(r.try_get("key_id")?);
        Ok(KeyPlace { key, figure: r.try_get("figure")?, word: r.try_get("word")?, onwards })
    }
}

impl KeyListViews {
    pub fn new(pool: PgPool) -> Self {
        KeyListViews { pool }
    }

    /// One page of an account's keys.
    pub async fn page(&self, account: AccountId, ask: &KeyAsk) -> Result<KeysPage, StoreError> {
        let onwards = ask.from.as_ref().is_none_or(|place| place.onwards);
        let one_more = ask.limit.saturating_add(1);
        let mut rows = sqlx::query(include_str!("../sql/list_chosen_keys.sql"))
            .bind(account.0)
            .bind(ask.filter.word())
            .bind(&ask.search)
            .bind(ask.ordering.word())
            .bind(ask.from.as_ref().map(|place| place.key.0))
            .bind(ask.from.as_ref().map(|place| place.figure))
            .bind(ask.from.as_ref().map(|place| place.word.as_str()))
            .bind(onwards)
            .bind(i64::try_from(one_more).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await?;
        // One row more than asked says that the list goes on; it is the farthest from where the page began.
        let goes_on = rows.len() > ask.limit;
        if goes_on {
            rows.remove(if onwards { ask.limit } else { 0 });
        }
        let has_newer = if onwards { ask.from.is_some() } else { goes_on };
        let has_older = if onwards { goes_on } else { true };
        let edge = |r: Option<&PgRow>, onwards| r.map(|r| KeyPlace::at(r, onwards)).transpose();
        Ok(KeysPage {
            newer: if has_newer { edge(rows.first(), false)? } else { None },
            older: if has_older { edge(rows.last(), true)? } else { None },
            keys: self.listed(&rows).await?,
        })
    }

    /// How many keys an account has.
    pub async fn counts(&self, account: AccountId) -> Result<KeyCounts, StoreError> {
        let r = sqlx::query(include_str!("../sql/count_keys.sql")).bind(account.0).fetch_one(&self.pool).await?;
        Ok(KeyCounts {
            open: r.try_get("open")?,
            active: r.try_get("active")?,
            low: r.try_get("low")?,
            deleted: r.try_get("deleted")?,
        })
    }

    /// These keys as they stand now, for a page that shows them already.
    pub async fn those(&self, account: AccountId, keys: &[KeyId]) -> Result<Vec<ListedKey>, StoreError> {
        let ids: Vec<Uuid> = keys.iter().map(|key| key.0).collect();
        let rows = sqlx::query(include_str!("../sql/list_those_keys.sql"))
            .bind(account.0)
            .bind(&ids)
            .fetch_all(&self.pool)
            .await?;
        self.listed(&rows).await
    }

    /// Keys with the ends of their last calls.
    async fn listed(&self, rows: &[PgRow]) -> Result<Vec<ListedKey>, StoreError> {
        let rows: Vec<KeyRow> = rows.iter().map(keys::row).collect::<Result<_, _>>()?;
        let ids: Vec<Uuid> = rows.iter().map(|row| row.key.0).collect();
        let found = sqlx::query_as::<_, (Uuid, DateTime<Utc>)>(include_str!("../sql/last_calls.sql"))
            .bind(ids)
            .fetch_all(&self.pool)
            .await?;
        let last_calls: HashMap<Uuid, DateTime<Utc>> = found.into_iter().collect();
        let listed = |row: KeyRow| ListedKey { last_call: last_calls.get(&row.key.0).copied(), row };
        Ok(rows.into_iter().map(listed).collect())
    }
}
