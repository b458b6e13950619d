//! Refunds that operators asked for: written down before the provider is asked, ended by what it lists.

use crate::domain::ids::{AccountId, IntentId, TopupId};
use crate::domain::money::Cost;
use crate::domain::refund_intent::{Bound, IntentState};
use crate::domain::trail::Trail;
use crate::store::audit::{self, Act};
use crate::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use uuid::Uuid;

/// An intent before it is written.
pub struct NewIntent<'a> {
    pub id: IntentId,
    pub topup: TopupId,
    pub account: AccountId,
    /// Whatever is asked for under it again is this intent.
    pub attempt: &'a str,
    /// Of what the operator typed.
    pub request_hash: [u8; 32],
    pub amount: Cost,
    pub reason: &'a str,
    pub approved_by: Option<&'a str>,
}

/// An intent as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefundIntent {
    pub id: IntentId,
    pub topup: TopupId,
    pub account: AccountId,
    pub request_hash: Vec<u8>,
    pub amount: Cost,
    pub reason: String,
    /// The second person, where more than the unspent balance may go.
    pub approved_by: Option<String>,
    pub state: IntentState,
    /// The provider was asked before, whatever it did.
    pub was_sent: bool,
    /// What the last try came to.
    pub outcome: Option<String>,
    pub tries: i32,
    pub created_at: DateTime<Utc>,
}

impl RefundIntent {
    pub fn bound(&self) -> Bound {
        if self.approved_by.is_some() { Bound::Credited } else { Bound::Unspent }
    }
}

/// What intents under way will take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Promised {
    pub of_topup: Cost,
    pub of_account: Cost,
}

/// Rows of intents.
#[derive(Clone)]
pub struct RefundIntents {
    pool: PgPool,
}

impl RefundIntents {
    pub fn new(pool: PgPool) -> Self {
        RefundIntents { pool }
    }

    /// Writes an intent down, with the act that asked for it.
    ///
    /// # Errors
    /// If the store is away, or an intent of this attempt is there.
    pub async fn open(&self, new: &NewIntent<'_>, trail: &Trail, act: &Act) -> Result<(), StoreError> {
        let mut work = self.pool.begin().await?;
        sqlx::query(include_str!("sql/open_refund_intent.sql"))
            .bind(new.id.0)
            .bind(new.topup.0)
            .bind(new.account.0)
            .bind(new.attempt)
            .bind(new.request_hash.as_slice())
            .bind(new.amount.nanos())
            .bind(new.reason)
            .bind(new.approved_by)
            .execute(&mut *work)
            .await?;
        audit::record(&mut work, trail, act).await?;
        Ok(work.commit().await?)
    }

    pub async fn find(&self, id: IntentId) -> Result<Option<RefundIntent>, StoreError> {
        let found = sqlx::query(include_str!("sql/find_refund_intent.sql")).bind(id.0);
        found.fetch_optional(&self.pool).await?.as_ref().map(row).transpose()
    }

    /// The intent that an attempt made, unless it certainly gave nothing back.
    pub async fn of_attempt(&self, topup: TopupId, attempt: &str) -> Result<Option<RefundIntent>, StoreError> {
        let found = sqlx::query(include_str!("sql/refund_intent_of_attempt.sql")).bind(topup.0).bind(attempt);
        found.fetch_optional(&self.pool).await?.as_ref().map(row).transpose()
    }

    /// What all intents under way but this one will take of an order and of its account.
    pub async fn promised(
        &self,
        account: AccountId,
        topup: TopupId,
        but: Option<IntentId>,
    ) -> Result<Promised, StoreError> {
        let sums = sqlx::query(include_str!("sql/refunds_under_way.sql"));
        let sums = sums.bind(account.0).bind(topup.0).bind(but.map(|id| id.0)).fetch_one(&self.pool).await?;
        let amount = |name: &str| sums.try_get::<i64, _>(name).map(Cost::from_nanos);
        Ok(Promised { of_topup: amount("of_topup")?, of_account: amount("of_account")? })
    }

    /// Writes down that the provider is asked now: from here on it alone may say no.
    pub async fn mark_sent(&self, id: IntentId) -> Result<(), StoreError> {
        sqlx::query(include_str!("sql/mark_refund_sent.sql")).bind(id.0).execute(&self.pool).await?;
        Ok(())
    }

    /// Moves an intent that waits for the provider's word; one that has it already stays.
    pub async fn advance(&self, id: IntentId, to: IntentState, outcome: Option<&str>) -> Result<(), StoreError> {
        let moved = sqlx::query(include_str!("sql/move_refund_intent.sql")).bind(id.0).bind(to.word()).bind(outcome);
        moved.execute(&self.pool).await?;
        Ok(())
    }

    /// Writes down why an intent has to be tried again, after a growing pause.
    pub async fn put_off(&self, id: IntentId, why: &str) -> Result<(), StoreError> {
        sqlx::query(include_str!("sql/put_off_refund.sql")).bind(id.0).bind(why).execute(&self.pool).await?;
        Ok(())
    }

    /// Follows what the provider lists of an intent; true if it was news.
    pub async fn hear(
        &self,
        id: IntentId,
        topup: TopupId,
        to: IntentState,
        provider_refund: &str,
    ) -> Result<bool, StoreError> {
        let heard = sqlx::query(include_str!("sql/hear_refund.sql"));
        let heard = heard.bind(id.0).bind(topup.0).bind(to.word()).bind(provider_refund);
        Ok(heard.execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Takes up to `most` due intents; they come again after a minute unless they are put off or over.
    pub async fn claim(&self, most: i64) -> Result<Vec<IntentId>, StoreError> {
        let claimed = sqlx::query_scalar(include_str!("sql/claim_refund_intents.sql")).bind(most);
        let ids: Vec<Uuid> = claimed.fetch_all(&self.pool).await?;
        Ok(ids.into_iter().map(IntentId).collect())
    }

    /// Makes everything that is under way due at once: at a start, what a dead program had begun.
    pub async fn release(&self) -> Result<(), StoreError> {
        sqlx::query(include_str!("sql/release_refund_intents.sql")).execute(&self.pool).await?;
        Ok(())
    }

    /// Intents, of one account or of all, newest first.
    pub async fn list(&self, account: Option<AccountId>, most: i64) -> Result<Vec<RefundIntent>, StoreError> {
        let found = sqlx::query(include_str!("sql/list_refund_intents.sql")).bind(account.map(|a| a.0)).bind(most);
        found.fetch_all(&self.pool).await?.iter().map(row).collect()
    }
}

fn row(r: &PgRow) -> Result<RefundIntent, StoreError> {
    let id: Uuid = r.try_get("intent_id")?;
    let (state, sent_at): (String, Option<DateTime<Utc>>) = (r.try_get("state")?, r.try_get("sent_at")?);
    Ok(RefundIntent {
        id: IntentId(id),
        topup: TopupId(r.try_get("topup_id")?),
        account: AccountId(r.try_get("account_id")?),
        request_hash: r.try_get("request_hash")?,
        amount: Cost::from_nanos(r.try_get("amount")?),
        reason: r.try_get("reason")?,
        approved_by: r.try_get("approved_by")?,
        state: IntentState::parse(&state).ok_or_else(|| StoreError::broken_row("refund_intent", id))?,
        was_sent: sent_at.is_some(),
        outcome: r.try_get("outcome")?,
        tries: r.try_get("tries")?,
        created_at: r.try_get("created_at")?,
    })
}
