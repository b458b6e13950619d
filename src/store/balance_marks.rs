//! Whether a fall of a reseller's balance is still to be told, and the mail that tells it: one commit, as for keys.

use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::domain::ids::AccountId;
use crate::domain::low_balance::Memory;
use crate::domain::money::Cost;
use crate::domain::preference::STANDARD_LOW;
use crate::store::error::StoreError;
use crate::store::mail::{self, NewMail};

/// A reseller who wants to hear of a low balance.
#[derive(Clone, Debug)]
pub struct WatchedBalance {
    pub account: AccountId,
    pub address: String,
    /// As committed.
    pub available: Cost,
    pub below: Cost,
    pub memory: Memory,
    /// The mark's number; 0: none yet.
    pub nth: i64,
}

/// Marks of balances.
#[derive(Clone)]
pub struct BalanceMarkStore {
    pool: PgPool,
}

impl BalanceMarkStore {
    pub fn new(pool: PgPool) -> Self {
        BalanceMarkStore { pool }
    }

    /// The next resellers of all, in the order of their ids.
    pub async fn walk(&self, after: Option<AccountId>, most: i64) -> Result<Vec<AccountId>, StoreError> {
        let query = sqlx::query_scalar(include_str!("sql/walk_resellers.sql"))
            .bind(after.map_or(Uuid::nil(), |last| last.0))
            .bind(most);
        Ok(query.fetch_all(&self.pool).await?.into_iter().map(AccountId).collect())
    }

    /// Those of these accounts whose reseller has the alert on.
    pub async fn watched(&self, accounts: &[AccountId]) -> Result<Vec<WatchedBalance>, StoreError> {
        let ids: Vec<Uuid> = accounts.iter().map(|account| account.0).collect();
        let rows = sqlx::query(include_str!("sql/look_at_balances.sql")).bind(ids).fetch_all(&self.pool).await?;
        rows.iter().map(watched).collect()
    }

    /// From now on a fall is told; false if somebody else was faster.
    pub async fn arm(&self, balance: &WatchedBalance) -> Result<bool, StoreError> {
        let marked: Option<i64> = sqlx::query_scalar(include_str!("sql/mark_balance.sql"))
            .bind(balance.account.0)
            .bind(None::<i64>)
            .bind(balance.nth)
            .fetch_optional(&self.pool)
            .await?;
        Ok(marked.is_some())
    }

    /// Queues the mail about a fall; false if somebody else was faster.
    pub async fn tell(&self, balance: &WatchedBalance, mail: &NewMail) -> Result<bool, StoreError> {
        let mut work = self.pool.begin().await?;
        let marked: Option<i64> = sqlx::query_scalar(include_str!("sql/mark_balance.sql"))
            .bind(balance.account.0)
            .bind(balance.available.nanos())
            .bind(balance.nth)
            .fetch_optional(&mut *work)
            .await?;
        if marked.is_none() {
            return Ok(false);
        }
        mail::enqueue(&mut work, mail).await?;
        work.commit().await?;
        Ok(true)
    }
}

fn watched(row: &PgRow) -> Result<WatchedBalance, StoreError> {
    let cost = |column: &str| row.try_get(column).map(Cost::from_nanos);
    let (seen, told): (bool, Option<i64>) = (row.try_get("seen")?, row.try_get("told")?);
    let a_day_ago: Option<bool> = row.try_get("a_day_ago")?;
    let below: Option<i64> = row.try_get("low_below")?;
    Ok(WatchedBalance {
        account: AccountId(row.try_get("account_id")?),
        address: row.try_get("address")?,
        available: cost("main")?,
        below: below.map_or(STANDARD_LOW, Cost::from_nanos),
        memory: match (seen, told) {
            (false, _) => Memory::Unseen { paid_in: cost("paid_in")? },
            (true, None) => Memory::Armed,
            (true, Some(at)) => Memory::Told { at: Cost::from_nanos(at), a_day_ago: a_day_ago.unwrap_or(false) },
        },
        nth: row.try_get("nth")?,
    })
}
