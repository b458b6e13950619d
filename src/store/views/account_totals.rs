//! An account as committed: what its balance card adds up to.

use sqlx::{PgPool, Row};

use crate::domain::ids::AccountId;
use crate::domain::money::Cost;
use crate::store::error::StoreError;

/// The totals of an account at one seq of its stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AccountTotals {
    pub last_seq: i64,
    /// Free balance.
    pub main: Cost,
    /// Allocated to keys and not used: Σ funded − posted − refunded.
    pub allocated: Cost,
    /// Owed after a payment was taken back.
    pub receivable: Cost,
    /// Paid in over all time.
    pub deposits: Cost,
    pub frozen: bool,
}

/// Reads of account rows.
#[derive(Clone)]
pub struct AccountTotalsViews {
    pool: PgPool,
}

impl AccountTotalsViews {
    pub fn new(pool: PgPool) -> Self {
        AccountTotalsViews { pool }
    }

    pub async fn get(&self, account: AccountId) -> Result<AccountTotals, StoreError> {
        let r = sqlx::query(include_str!("../sql/account_totals.sql")).bind(account.0).fetch_one(&self.pool).await?;
        Ok(AccountTotals {
            last_seq: r.try_get("last_seq")?,
            main: Cost::from_nanos(r.try_get("main")?),
            allocated: Cost::from_nanos(r.try_get("escrow")?),
            receivable: Cost::from_nanos(r.try_get("receivable")?),
            deposits: Cost::from_nanos(r.try_get("deposits")?),
            frozen: r.try_get("frozen")?,
        })
    }
}
