//! Notices of payment providers, kept raw as they came: at least once, in any order. A notice is a reason to look.

use crate::store::error::StoreError;
use sqlx::{PgPool, Row};

/// A notice whose sender is proved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewEvent<'a> {
    pub provider: &'a str,
    /// The provider's id of the notice, the same in each repeat.
    pub event: &'a str,
    /// Which payment to look at; `None` for what concerns none.
    pub payment: Option<&'a str>,
    pub kind: &'a str,
    pub raw: &'a [u8],
}

/// A notice whose turn has come.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DueEvent {
    pub provider: String,
    pub event: String,
    pub payment: Option<String>,
    pub kind: String,
    /// How often it was tried, this time included.
    pub tries: i32,
}

/// Notices of all providers.
#[derive(Clone)]
pub struct PaymentEvents {
    pool: PgPool,
}

impl PaymentEvents {
    pub fn new(pool: PgPool) -> Self {
        PaymentEvents { pool }
    }

    /// Keeps a notice; false if it is a repeat.
    pub async fn keep(&self, new: &NewEvent<'_>) -> Result<bool, StoreError> {
        let kept = sqlx::query(include_str!("sql/insert_payment_event.sql"))
            .bind(new.provider)
            .bind(new.event)
            .bind(new.payment)
            .bind(new.kind)
            .bind(new.raw);
        Ok(kept.execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Takes up to `most` due notices; they come again after a growing pause unless they are done.
    pub async fn claim(&self, most: i64) -> Result<Vec<DueEvent>, StoreError> {
        let claimed = sqlx::query(include_str!("sql/claim_payment_events.sql")).bind(most);
        let rows = claimed.fetch_all(&self.pool).await?;
        rows.iter()
            .map(|r| {
                Ok(DueEvent {
                    provider: r.try_get("provider")?,
                    event: r.try_get("event_id")?,
                    payment: r.try_get("provider_payment")?,
                    kind: r.try_get("kind_hint")?,
                    tries: r.try_get("tries")?,
                })
            })
            .collect()
    }

    /// Makes everything that is not done due at once: at a start, what a dead program had taken.
    pub async fn release(&self) -> Result<(), StoreError> {
        sqlx::query(include_str!("sql/release_payment_events.sql")).execute(&self.pool).await?;
        Ok(())
    }

    /// Ends a notice, with what it came to.
    pub async fn finish(&self, event: &DueEvent, outcome: &str) -> Result<(), StoreError> {
        self.note(event, outcome, true).await
    }

    /// Writes down why a notice has to be tried again.
    pub async fn put_off(&self, event: &DueEvent, why: &str) -> Result<(), StoreError> {
        self.note(event, why, false).await
    }

    async fn note(&self, event: &DueEvent, outcome: &str, is_done: bool) -> Result<(), StoreError> {
        let noted = sqlx::query(include_str!("sql/note_payment_event.sql"))
            .bind(&event.provider)
            .bind(&event.event)
            .bind(outcome)
            .bind(is_done);
        noted.execute(&self.pool).await?;
        Ok(())
    }

    /// Deletes what was done long ago; an even later repeat finds its order as it is.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        sqlx::query(include_str!("sql/sweep_payment_events.sql")).execute(&self.pool).await?;
        Ok(())
    }
}
