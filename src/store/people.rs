//! People found by what an operator knows of them, and the daily sweep of what is long over.

use sqlx::PgPool;
use uuid::Uuid;

use crate::domain::email::EmailAddress;
use crate::domain::ids::AccountId;
use crate::store::error::StoreError;

/// Look-ups over all resellers: for operators, never for pages.
#[derive(Clone)]
pub struct PeopleStore {
    pool: PgPool,
}

impl PeopleStore {
    pub fn new(pool: PgPool) -> Self {
        PeopleStore { pool }
    }

    /// The account of an address as typed; `None` also for what is no address.
    pub async fn account_of_address(&self, typed: &str) -> Result<Option<AccountId>, StoreError> {
        let Ok(address) = EmailAddress::parse(typed) else { return Ok(None) };
        let found: Option<Uuid> = sqlx::query_scalar(include_str!("sql/find_reseller.sql"))
            .bind(address.as_str())
            .fetch_optional(&self.pool)
            .await?;
        Ok(found.map(AccountId))
    }

    /// Deletes codes, throttles, sessions, mails and noted uses that are long over; safe to repeat.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        for sql in [
            include_str!("sql/sweep_codes.sql"),
            include_str!("sql/sweep_throttles.sql"),
            include_str!("sql/sweep_sessions.sql"),
            include_str!("sql/sweep_mails.sql"),
            include_str!("sql/sweep_account_key_uses.sql"),
        ] {
            sqlx::query(sql).execute(&self.pool).await?;
        }
        Ok(())
    }
}
