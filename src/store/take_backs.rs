//! Steps of take-backs: written down before they are booked, marked afterwards.

use crate::domain::ids::{AccountId, TopupId};
use crate::domain::money::Cost;
use crate::domain::take_back::{Alarm, StepKind, TakeBack};
use crate::domain::topup::TopupState;
use crate::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};

/// Take-back rows.
#[derive(Clone)]
pub struct TakeBacks {
    pool: PgPool,
}

impl TakeBacks {
    pub fn new(pool: PgPool) -> Self {
        TakeBacks { pool }
    }

    /// Steps that were written down and are not known to be in the books, oldest first.
    pub async fn due(&self, id: TopupId) -> Result<Vec<TakeBack>, StoreError> {
        let found = sqlx::query(include_str!("sql/due_take_backs.sql")).bind(id.0);
        found.fetch_all(&self.pool).await?.iter().map(|r| step(id, r)).collect()
    }

    /// Steps that are in the books, oldest first.
    pub async fn done(&self, id: TopupId) -> Result<Vec<TakeBack>, StoreError> {
        Ok(self.history(id).await?.into_iter().map(|(step, _)| step).collect())
    }

    /// As `done`, each with its moment.
    pub async fn history(&self, id: TopupId) -> Result<Vec<(TakeBack, DateTime<Utc>)>, StoreError> {
        let found = sqlx::query(include_str!("sql/done_take_backs.sql")).bind(id.0);
        let rows = found.fetch_all(&self.pool).await?;
        rows.iter().map(|r| Ok((step(id, r)?, r.try_get("done_at")?))).collect()
    }

    /// Writes a step down; what was written of it before stands.
    pub async fn write_down(&self, id: TopupId, step: &TakeBack) -> Result<(), StoreError> {
        let written = sqlx::query(include_str!("sql/write_take_back.sql"))
            .bind(id.0)
            .bind(&step.op)
            .bind(step.kind.word())
            .bind(step.amount.nanos());
        written.execute(&self.pool).await?;
        Ok(())
    }

    /// Marks a step as booked, with its line of the journal; false if the journal does not have it.
    pub async fn mark_done(&self, account: AccountId, id: TopupId, op: &str) -> Result<bool, StoreError> {
        let marked = sqlx::query(include_str!("sql/mark_take_back.sql")).bind(account.0).bind(id.0).bind(op);
        Ok(marked.execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Marks a step that the books had no need of.
    pub async fn mark_needless(&self, id: TopupId, op: &str) -> Result<(), StoreError> {
        sqlx::query(include_str!("sql/skip_take_back.sql")).bind(id.0).bind(op).execute(&self.pool).await?;
        Ok(())
    }

    /// True if an account is frozen by open disputes and by nothing else that an operator may lift.
    pub async fn only_disputes_freeze(&self, account: AccountId) -> Result<bool, StoreError> {
        let asked = sqlx::query_scalar(include_str!("sql/only_disputes_freeze.sql")).bind(account.0);
        Ok(asked.fetch_optional(&self.pool).await?.unwrap_or(false))
    }

    /// Notes what a person must look at; false if that was noted before.
    pub async fn note_alarm(&self, id: TopupId, alarm: &Alarm) -> Result<bool, StoreError> {
        let noted = sqlx::query(include_str!("sql/note_take_back_alarm.sql"));
        let noted = noted.bind(id.0).bind(&alarm.op).bind(alarm.doubt.word());
        Ok(noted.execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Moves a credited order to the state that follows from its steps.
    pub async fn set_state(&self, id: TopupId, state: TopupState) -> Result<(), StoreError> {
        assert!(state.is_credited(), "what is credited stays so");
        let moved = sqlx::query(include_str!("sql/set_credited_state.sql")).bind(id.0).bind(state.word());
        moved.execute(&self.pool).await?;
        Ok(())
    }
}

fn step(id: TopupId, r: &PgRow) -> Result<TakeBack, StoreError> {
    let kind: String = r.try_get("kind")?;
    Ok(TakeBack {
        op: r.try_get("op")?,
        kind: StepKind::parse(&kind).ok_or_else(|| StoreError::broken_row("take_back", id.0))?,
        amount: Cost::from_nanos(r.try_get("amount")?),
    })
}
