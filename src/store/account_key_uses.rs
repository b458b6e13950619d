//! From which networks an Account Key was used, and when last.

use sqlx::PgPool;

use crate::domain::ids::AccountId;
use crate::domain::trail::{Action, Trail, network_of};
use crate::store::audit::{self, Act};
use crate::store::error::StoreError;

/// Rows of uses.
#[derive(Clone)]
pub struct AccountKeyUseStore {
    pool: PgPool,
}

impl AccountKeyUseStore {
    pub fn new(pool: PgPool) -> Self {
        AccountKeyUseStore { pool }
    }

    /// Writes down a use; the first from a network leaves a line in the trail.
    pub async fn note(&self, account: AccountId, trail: &Trail) -> Result<(), StoreError> {
        let mut work = self.pool.begin().await?;
        let first: bool = sqlx::query_scalar(include_str!("sql/note_account_key_use.sql"))
            .bind(account.0)
            .bind(network_of(trail.ip))
            .fetch_one(&mut *work)
            .await?;
        if first {
            audit::record(&mut work, trail, &Act::of(Action::AccountKeyFirstUsed).within(account)).await?;
        }
        Ok(work.commit().await?)
    }
}
