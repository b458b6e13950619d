//! The checker: one snapshot of the whole ledger against the rules of `ledger.md` §15. Every finding is a fault.

use crate::store::error::StoreError;
use sqlx::{PgPool, Row};

/// The conditions, in the order they are printed.
pub const CONDITIONS: [(&str, &str); 18] = [
    ("C1", "every account equals its stream"),
    ("C2", "every key equals its stream"),
    ("C3", "streams have no gap and no repeat"),
    ("C4", "no call is settled and still open"),
    ("C5", "escrow is the sum of the keys"),
    ("C6", "spent prices lie on their ratio"),
    ("C7", "no open call that nobody runs"),
    ("C8", "the world balances"),
    ("C9", "rollups equal the calls"),
    ("C10", "idempotency rows equal the operations"),
    ("C11", "credited top-ups equal the deposits"),
    ("C12", "commission lines equal their operations"),
    ("C13", "watermarks equal their lines"),
    ("C14", "every call lies in a partition of its week"),
    ("C15", "marks of usage equal the calls they were made from"),
    ("C16", "the statement by day equals the journal"),
    ("C17", "redemption codes equal their credits"),
    ("C18", "take-backs equal their operations and stay within the credit"),
];

/// One broken condition, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The condition's name, then what is wrong.
    pub fault: String,
    /// Account, key, call or other id.
    pub id: String,
}

impl Finding {
    /// True if this finding breaks the condition of that name.
    pub fn breaks(&self, condition: &str) -> bool {
        self.fault.split(' ').next() == Some(condition)
    }
}

/// Runs every condition in one read-only snapshot.
///
/// # Errors
/// If the database cannot be asked; no finding is known then.
pub async fn check(pool: &PgPool) -> Result<Vec<Finding>, StoreError> {
    // The statement sets its own search path, so it gets a connection that is thrown away afterwards.
    let mut connection = pool.acquire().await?.detach();
    let rows = sqlx::raw_sql(include_str!("sql/ledger_check.sql")).fetch_all(&mut connection).await?;
    rows.iter().map(|r| Ok(Finding { fault: r.try_get(0)?, id: r.try_get(1)? })).collect()
}
