//! Top-ups: our orders of money coming in.

use crate::domain::ids::{AccountId, TopupId};
use crate::domain::money::Cost;
use crate::store::error::StoreError;
use sqlx::{PgPool, Row};
use uuid::Uuid;

/// Top-up rows.
#[derive(Clone)]
pub struct PaymentStore {
    pool: PgPool,
}

impl PaymentStore {
    pub fn new(pool: PgPool) -> Self {
        PaymentStore { pool }
    }

    /// Records an order, or finds the one this attempt made before: a repeat is the same order.
    pub async fn open_topup(
        &self,
        id: TopupId,
        account: AccountId,
        provider: &str,
        amount: Cost,
        attempt: &str,
    ) -> Result<TopupId, StoreError> {
        let row = sqlx::query(include_str!("sql/open_topup.sql"))
            .bind(id.0)
            .bind(account.0)
            .bind(provider)
            .bind(amount.nanos())
            .bind(attempt)
            .fetch_one(&self.pool)
            .await?;
        let id: Uuid = row.try_get(0)?;
        Ok(TopupId(id))
    }
}
