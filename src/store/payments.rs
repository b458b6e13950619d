//! Top-ups: our orders of money coming in, written as their states move. The credit itself is the ledger's commit.

use crate::domain::ids::{AccountId, TopupId};
use crate::domain::money::Cost;
use crate::domain::payment::Method;
use crate::domain::topup::{ParkReason, Topup, TopupState};
use crate::store::error::StoreError;
use crate::store::throttle;
use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use std::time::Duration;
use uuid::Uuid;

/// Top-up rows.
#[derive(Clone)]
pub struct PaymentStore {
    pool: PgPool,
}

/// An order before it is written.
pub struct NewTopup<'a> {
    pub id: TopupId,
    pub account: AccountId,
    pub provider: &'a str,
    /// `None`: paid by hand.
    pub method: Option<Method>,
    pub requested: Cost,
    /// One attempt of a person is one order, however often it is sent.
    pub attempt: &'a str,
}

/// An order as it is stored.
#[derive(Clone, Debug)]
pub struct TopupRow {
    pub order: Topup,
    pub account: AccountId,
    pub provider: String,
    /// The provider's id of the payment, once it has one.
    pub payment: Option<String>,
    /// Where the person pays.
    pub checkout_url: Option<String>,
    pub expires_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub credited_at: Option<DateTime<Utc>>,
    /// What the provider took back of it and did not give again.
    pub taken_back: Cost,
    /// Which operator act ended it by hand.
    pub closed_by: Option<String>,
}

/// A checkout that a provider opened for an order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkout {
    pub payment: String,
    pub url: String,
    pub expires_at: DateTime<Utc>,
}

impl PaymentStore {
    pub fn new(pool: PgPool) -> Self {
        PaymentStore { pool }
    }

    /// Records an order by hand, or finds the one this attempt made before: a repeat is the same order.
    pub async fn open_topup(
        &self,
        id: TopupId,
        account: AccountId,
        provider: &str,
        requested: Cost,
        attempt: &str,
    ) -> Result<TopupId, StoreError> {
        self.open(&NewTopup { id, account, provider, method: None, requested, attempt }).await
    }

    /// Records an order, or finds the one this attempt made before, whatever that was for.
    pub async fn open(&self, new: &NewTopup<'_>) -> Result<TopupId, StoreError> {
        let id: Uuid = sqlx::query_scalar(include_str!("sql/open_topup.sql"))
            .bind(new.id.0)
            .bind(new.account.0)
            .bind(new.provider)
            .bind(new.requested.nanos())
            .bind(new.attempt)
            .bind(new.method.map(Method::word))
            .fetch_one(&self.pool)
            .await?;
        Ok(TopupId(id))
    }

    /// The order of this id, if it is this account's.
    pub async fn own(&self, account: AccountId, id: TopupId) -> Result<Option<TopupRow>, StoreError> {
        let found = sqlx::query(include_str!("sql/own_topup.sql")).bind(id.0).bind(account.0);
        found.fetch_optional(&self.pool).await?.as_ref().map(row).transpose()
    }

    /// The order that an attempt of this account made.
    pub async fn of_attempt(&self, account: AccountId, attempt: &str) -> Result<Option<TopupRow>, StoreError> {
        let found = sqlx::query(include_str!("sql/topup_of_attempt.sql")).bind(account.0).bind(attempt);
        found.fetch_optional(&self.pool).await?.as_ref().map(row).transpose()
    }

    /// The order of this id, whoever's it is: for the platform's own work.
    pub async fn find(&self, id: TopupId) -> Result<Option<TopupRow>, StoreError> {
        let found = sqlx::query(include_str!("sql/topup_by_id.sql")).bind(id.0);
        found.fetch_optional(&self.pool).await?.as_ref().map(row).transpose()
    }

    /// The order that a payment of a provider is for.
    pub async fn of_payment(&self, provider: &str, payment: &str) -> Result<Option<TopupRow>, StoreError> {
        let found = sqlx::query(include_str!("sql/topup_of_payment.sql")).bind(provider).bind(payment);
        found.fetch_optional(&self.pool).await?.as_ref().map(row).transpose()
    }

    /// An account's orders, newest first.
    pub async fn list(&self, account: AccountId, most: i64) -> Result<Vec<TopupRow>, StoreError> {
        let found = sqlx::query(include_str!("sql/list_topups.sql")).bind(account.0).bind(most);
        found.fetch_all(&self.pool).await?.iter().map(row).collect()
    }

    /// Orders that wait for a person to look at them, oldest first.
    pub async fn parked(&self, most: i64) -> Result<Vec<TopupRow>, StoreError> {
        let found = sqlx::query(include_str!("sql/list_parked_topups.sql")).bind(most);
        found.fetch_all(&self.pool).await?.iter().map(row).collect()
    }

    /// How many orders of an account wait for their payment.
    pub async fn count_waiting(&self, account: AccountId) -> Result<i64, StoreError> {
        let count = sqlx::query_scalar(include_str!("sql/count_waiting_topups.sql")).bind(account.0);
        Ok(count.fetch_one(&self.pool).await?)
    }

    /// Keeps the checkout of a new order; false if the order is not new any more.
    pub async fn keep_checkout(&self, id: TopupId, checkout: &Checkout) -> Result<bool, StoreError> {
        let kept = sqlx::query(include_str!("sql/keep_checkout.sql"))
            .bind(id.0)
            .bind(&checkout.payment)
            .bind(&checkout.url)
            .bind(checkout.expires_at);
        Ok(kept.execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Moves an order from the state the decision was made on; false if another was faster, or it is credited or closed.
    pub async fn advance(
        &self,
        order: &Topup,
        to: TopupState,
        reason: Option<&str>,
        received: Option<Cost>,
    ) -> Result<bool, StoreError> {
        let moved = sqlx::query(include_str!("sql/move_topup.sql"))
            .bind(order.id.0)
            .bind(order.state.word())
            .bind(to.word())
            .bind(reason)
            .bind(received.map(Cost::nanos));
        Ok(moved.execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Writes down that more came than was credited; false if that was known.
    pub async fn note_surplus(&self, id: TopupId, received: Cost) -> Result<bool, StoreError> {
        let noted = sqlx::query(include_str!("sql/note_surplus.sql")).bind(id.0).bind(received.nanos());
        Ok(noted.execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Ends a parked order by hand; false if it is not parked.
    pub async fn close(&self, id: TopupId, by: &str) -> Result<bool, StoreError> {
        let closed = sqlx::query(include_str!("sql/close_topup.sql")).bind(id.0).bind(by);
        Ok(closed.execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Takes orders that wait for their payment and were not looked at for `after`; each of them once in that time.
    pub async fn claim_waiting(&self, after: Duration, most: i64) -> Result<Vec<TopupId>, StoreError> {
        let claimed = sqlx::query_scalar(include_str!("sql/claim_waiting_topups.sql"));
        let ids: Vec<Uuid> = claimed.bind(throttle::seconds(after)).bind(most).fetch_all(&self.pool).await?;
        Ok(ids.into_iter().map(TopupId).collect())
    }

    /// Gives up orders that no provider answered for `after`; says how many.
    pub async fn give_up(&self, after: Duration) -> Result<u64, StoreError> {
        let given_up = sqlx::query(include_str!("sql/give_up_topups.sql")).bind(throttle::seconds(after));
        Ok(given_up.execute(&self.pool).await?.rows_affected())
    }
}

fn row(r: &PgRow) -> Result<TopupRow, StoreError> {
    let id: Uuid = r.try_get("topup_id")?;
    let broken = || StoreError::broken_row("topup", id);
    let amount = |name: &str| r.try_get::<Option<i64>, _>(name).map(|n| n.map(Cost::from_nanos));
    let (state, reason): (String, Option<String>) = (r.try_get("state")?, r.try_get("reason")?);
    let (method, closed_by): (Option<String>, Option<String>) = (r.try_get("method")?, r.try_get("closed_by")?);
    let expires_at: Option<DateTime<Utc>> = r.try_get("expires_at")?;
    let order = Topup {
        id: TopupId(id),
        method: method.map(|m| Method::parse(&m).ok_or_else(broken)).transpose()?,
        requested: Cost::from_nanos(r.try_get("requested")?),
        state: TopupState::parse(&state).ok_or_else(broken)?,
        credited: amount("credited")?,
        received: amount("received")?,
        // A failed order has a reason of another kind, which no decision needs.
        reason: reason.as_deref().and_then(ParkReason::parse),
        expires_us: expires_at.map(|t| t.timestamp_micros()),
        is_closed: closed_by.is_some(),
    };
    Ok(TopupRow {
        order,
        account: AccountId(r.try_get("account_id")?),
        provider: r.try_get("provider")?,
        payment: r.try_get("provider_payment")?,
        checkout_url: r.try_get("checkout_url")?,
        expires_at,
        created_at: r.try_get("created_at")?,
        credited_at: r.try_get("credited_at")?,
        taken_back: Cost::from_nanos(r.try_get("taken_back")?),
        closed_by,
    })
}
