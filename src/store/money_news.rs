//! What is to be told of money that came or was taken back, and the mail that tells it: mark and mail are one commit, so
//! each is told once, also around a crash.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::domain::ids::{AccountId, TopupId};
use crate::domain::money::Cost;
use crate::domain::payment::Method;
use crate::store::error::StoreError;
use crate::store::mail::{self, NewMail};

/// A top-up that was credited and has no receipt mail yet.
#[derive(Clone, Debug)]
pub struct DueReceipt {
    pub topup: TopupId,
    /// `None`: paid by hand.
    pub method: Option<Method>,
    pub credited: Cost,
    pub at: DateTime<Utc>,
    /// `None`: the account has no person.
    pub address: Option<String>,
}

/// Money that came and does not fit its order.
#[derive(Clone, Debug)]
pub struct DueParked {
    pub topup: TopupId,
    pub requested: Cost,
    /// `None`: no amount of US dollars.
    pub received: Option<Cost>,
    /// What is new: other money for the same order is news again.
    pub news: String,
    pub address: Option<String>,
}

/// A payment taken back, or a freeze.
#[derive(Clone, Debug)]
pub struct DueTrouble {
    pub account: AccountId,
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub what: Trouble,
    pub address: String,
}

/// What happened to the account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trouble {
    /// `owed` of it could not be taken from the balance.
    TakenBack {
        amount: Cost,
        owed: Cost,
    },
    Frozen,
}

/// A referrer's month.
#[derive(Clone, Debug)]
pub struct DueCommissions {
    pub account: AccountId,
    pub address: String,
    /// Of lines earned in the month.
    pub earned: Cost,
    /// Paid into the balance in the month, whenever earned.
    pub paid: Cost,
    /// Earned by the end of the month and not paid yet.
    pub pending: Cost,
}

/// The marks of what was told.
#[derive(Clone)]
pub struct MoneyNewsStore {
    pool: PgPool,
}

impl MoneyNewsStore {
    pub fn new(pool: PgPool) -> Self {
        MoneyNewsStore { pool }
    }

    /// Credits without a receipt, oldest first.
    pub async fn receipts(&self, most: i64) -> Result<Vec<DueReceipt>, StoreError> {
        let rows = sqlx::query(include_str!("sql/due_receipts.sql")).bind(most).fetch_all(&self.pool).await?;
        rows.iter()
            .map(|r| {
                let id: Uuid = r.try_get("topup_id")?;
                let method: Option<String> = r.try_get("method")?;
                let parsed = method.map(|m| Method::parse(&m).ok_or_else(|| StoreError::broken_row("topup", id)));
                Ok(DueReceipt {
                    topup: TopupId(id),
                    method: parsed.transpose()?,
                    credited: Cost::from_nanos(r.try_get("credited")?),
                    at: r.try_get("credited_at")?,
                    address: r.try_get("address")?,
                })
            })
            .collect()
    }

    /// Queues a receipt; false if somebody else was faster, or there is nobody to write to.
    pub async fn tell_receipt(&self, topup: TopupId, mail: Option<&NewMail>) -> Result<bool, StoreError> {
        let mut work = self.pool.begin().await?;
        let marked: Option<bool> =
            sqlx::query_scalar(include_str!("sql/mark_receipt.sql")).bind(topup.0).fetch_optional(&mut *work).await?;
        self.queue(work, marked, mail).await
    }

    /// Money that does not fit, and of which this was not told.
    pub async fn parked(&self, most: i64) -> Result<Vec<DueParked>, StoreError> {
        let rows = sqlx::query(include_str!("sql/due_parked.sql")).bind(most).fetch_all(&self.pool).await?;
        rows.iter()
            .map(|r| {
                Ok(DueParked {
                    topup: TopupId(r.try_get("topup_id")?),
                    requested: Cost::from_nanos(r.try_get("requested")?),
                    received: r.try_get::<Option<i64>, _>("received")?.map(Cost::from_nanos),
                    news: r.try_get("news")?,
                    address: r.try_get("address")?,
                })
            })
            .collect()
    }

    /// Queues the mail about money that does not fit; false as `tell_receipt`.
    pub async fn tell_parked(&self, parked: &DueParked, mail: Option<&NewMail>) -> Result<bool, StoreError> {
        let mut work = self.pool.begin().await?;
        let marked: Option<bool> = sqlx::query_scalar(include_str!("sql/mark_parked.sql"))
            .bind(parked.topup.0)
            .bind(&parked.news)
            .fetch_optional(&mut *work)
            .await?;
        self.queue(work, marked, mail).await
    }

    /// Payments taken back and freezes of accounts that have a person, oldest first.
    pub async fn troubles(&self, most: i64) -> Result<Vec<DueTrouble>, StoreError> {
        let rows = sqlx::query(include_str!("sql/due_trouble.sql")).bind(most).fetch_all(&self.pool).await?;
        rows.iter()
            .map(|r| {
                let (kind, cost, owed): (i16, i64, i64) = (r.try_get("kind")?, r.try_get("cost")?, r.try_get("owed")?);
                let (amount, owed) = (Cost::from_nanos(cost), Cost::from_nanos(owed));
                Ok(DueTrouble {
                    account: AccountId(r.try_get("account_id")?),
                    seq: r.try_get("seq")?,
                    at: r.try_get("at")?,
                    what: if kind == 2 { Trouble::TakenBack { amount, owed } } else { Trouble::Frozen },
                    address: r.try_get("address")?,
                })
            })
            .collect()
    }

    /// What referrers earned in a month that has ended, `first` to before `end`, and were not told.
    pub async fn commissions(
        &self,
        first: NaiveDate,
        end: NaiveDate,
        month: &str,
        most: i64,
    ) -> Result<Vec<DueCommissions>, StoreError> {
        let midnight = |day: NaiveDate| day.and_time(chrono::NaiveTime::MIN).and_utc();
        let rows = sqlx::query(include_str!("sql/due_commissions.sql"))
            .bind(midnight(first))
            .bind(midnight(end))
            .bind(month)
            .bind(most)
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|r| {
                let cost = |column: &str| r.try_get(column).map(Cost::from_nanos);
                Ok(DueCommissions {
                    account: AccountId(r.try_get("referrer_id")?),
                    address: r.try_get("address")?,
                    earned: cost("earned")?,
                    paid: cost("paid")?,
                    pending: cost("pending")?,
                })
            })
            .collect()
    }

    /// Queues a mail about `what`, once for ever; false if it was told.
    pub async fn tell(&self, what: &str, mail: &NewMail) -> Result<bool, StoreError> {
        let mut work = self.pool.begin().await?;
        let marked: Option<bool> =
            sqlx::query_scalar(include_str!("sql/mark_told.sql")).bind(what).fetch_optional(&mut *work).await?;
        self.queue(work, marked, Some(mail)).await
    }

    async fn queue(
        &self,
        mut work: sqlx::Transaction<'_, sqlx::Postgres>,
        marked: Option<bool>,
        mail: Option<&NewMail>,
    ) -> Result<bool, StoreError> {
        if marked.is_none() {
            return Ok(false);
        }
        if let Some(mail) = mail {
            mail::enqueue(&mut work, mail).await?;
        }
        work.commit().await?;
        Ok(mail.is_some())
    }
}
