//! The account's journal as its reseller reads it, and what a money operation came to, told from its journal row: so
//! the first answer and every repeat are the same.

use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::domain::ids::{AccountId, KeyId};
use crate::domain::money::{Cost, Price};
use crate::store::error::StoreError;

/// One line of the statement.
#[derive(Clone, Debug)]
pub struct Entry {
    pub seq: i64,
    /// `deposit`, `create_key` …, as in `ledger.md` §3.
    pub kind: &'static str,
    pub key: Option<KeyId>,
    /// The change of the main balance; negative where money left it.
    pub change: Cost,
    pub cost: Cost,
    pub price: Price,
    /// The part that repaid or became debt.
    pub owed: Cost,
    /// Why, where an operator or a provider said so.
    pub reason: Option<String>,
    pub at: DateTime<Utc>,
}

/// A money operation that was recorded under an operation id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Recorded {
    /// Of what was typed; `None` for operations of the platform itself.
    pub request_hash: Option<[u8; 32]>,
    pub seq: i64,
    pub kind: i16,
    pub key: Option<KeyId>,
    pub cost: Cost,
    pub price: Price,
    /// The key's budget right after it.
    pub budget_after: Price,
    /// The main balance right after it.
    pub main_after: Cost,
}

const KINDS: [&str; 14] = [
    "deposit",
    "reversal",
    "commission",
    "commission_back",
    "correction",
    "correction_back",
    "create_key",
    "fund_key",
    "settle",
    "refund",
    "close_key",
    "freeze",
    "thaw",
    "reinstate",
];

/// Reads of the journal.
#[derive(Clone)]
pub struct StatementViews {
    pool: PgPool,
}

impl StatementViews {
    pub fn new(pool: PgPool) -> Self {
        StatementViews { pool }
    }

    /// Newest first, below `before`.
    pub async fn list(&self, account: AccountId, before: Option<i64>, limit: i64) -> Result<Vec<Entry>, StoreError> {
        let rows = sqlx::query(include_str!("../sql/list_journal.sql"))
            .bind(account.0)
            .bind(before)
            .bind(limit)
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|r| {
                let kind: i16 = r.try_get("kind")?;
                Ok(Entry {
                    seq: r.try_get("seq")?,
                    kind: word(kind).ok_or_else(|| StoreError::broken_row("journal", account.0))?,
                    key: r.try_get::<Option<Uuid>, _>("key_id")?.map(KeyId),
                    change: Cost::from_nanos(r.try_get("change")?),
                    cost: Cost::from_nanos(r.try_get("cost")?),
                    price: Price::from_nanos(r.try_get("price")?),
                    owed: Cost::from_nanos(r.try_get("owed")?),
                    reason: r.try_get("reason")?,
                    at: r.try_get("at")?,
                })
            })
            .collect()
    }

    /// The operation of this id, if it was recorded.
    pub async fn recorded(&self, account: AccountId, idem: &str) -> Result<Option<Recorded>, StoreError> {
        let row = sqlx::query(include_str!("../sql/recorded_operation.sql"))
            .bind(account.0)
            .bind(idem)
            .fetch_optional(&self.pool)
            .await?;
        let Some(r) = row else { return Ok(None) };
        let hash: Option<Vec<u8>> = r.try_get("request_hash")?;
        Ok(Some(Recorded {
            request_hash: hash.and_then(|h| h.try_into().ok()),
            seq: r.try_get("seq")?,
            kind: r.try_get("kind")?,
            key: r.try_get::<Option<Uuid>, _>("key_id")?.map(KeyId),
            cost: Cost::from_nanos(r.try_get("cost")?),
            price: Price::from_nanos(r.try_get("price")?),
            budget_after: Price::from_nanos(r.try_get("budget_after")?),
            main_after: Cost::from_nanos(r.try_get("main_after")?),
        }))
    }
}

fn word(kind: i16) -> Option<&'static str> {
    usize::try_from(kind).ok().and_then(|k| k.checked_sub(1)).and_then(|k| KINDS.get(k)).copied()
}
