//! A referrer's referees and lines of commission, for its page. Addresses of referees leave the store masked.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::domain::ids::AccountId;
use crate::domain::money::Cost;
use crate::domain::referral::LineState;
use crate::store::error::StoreError;

/// What a referrer's page says above its lists.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReferralSummary {
    /// Of the link.
    pub code: String,
    pub referees: i64,
    /// Cumulative referred consumption: what tiers go by.
    pub referred: Cost,
    pub pending: Cost,
    /// When the first pending line is due.
    pub due: Option<DateTime<Utc>>,
    /// Paid and not taken back.
    pub paid: Cost,
}

/// A referee, as its referrer may see it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefereeRow {
    pub id: Uuid,
    pub joined: DateTime<Utc>,
    /// Consumption of paid money that is in lines.
    pub referred: Cost,
    pub masked: String,
}

/// A line of the statement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommissionRow {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub due: DateTime<Utc>,
    /// Consumption it covers.
    pub length: Cost,
    pub amount: Cost,
    pub state: LineState,
    pub masked: String,
}

/// What counts of a UTC day's lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CommissionDay {
    pub day: NaiveDate,
    pub amount: Cost,
    pub length: Cost,
}

/// Reads of referrals; every one is of one referrer.
#[derive(Clone)]
pub struct ReferralViews {
    pool: PgPool,
}

impl ReferralViews {
    pub fn new(pool: PgPool) -> Self {
        ReferralViews { pool }
    }

    pub async fn summary(&self, referrer: AccountId) -> Result<ReferralSummary, StoreError> {
        let query = sqlx::query(include_str!("../sql/referral_summary.sql")).bind(referrer.0);
        let r = query.fetch_one(&self.pool).await?;
        Ok(ReferralSummary {
            code: r.try_get("referral_code")?,
            referees: r.try_get("referees")?,
            referred: Cost::from_nanos(r.try_get("referred")?),
            pending: Cost::from_nanos(r.try_get("pending")?),
            due: r.try_get("due")?,
            paid: Cost::from_nanos(r.try_get("paid")?),
        })
    }

    /// Referees after a place, latest first.
    pub async fn referees(
        &self,
        referrer: AccountId,
        after: Option<(DateTime<Utc>, Uuid)>,
        limit: i64,
    ) -> Result<Vec<RefereeRow>, StoreError> {
        let found = sqlx::query(include_str!("../sql/list_referees.sql"))
            .bind(referrer.0)
            .bind(after.map(|(at, _)| at))
            .bind(after.map(|(_, id)| id))
            .bind(limit);
        found.fetch_all(&self.pool).await?.iter().map(referee).collect()
    }

    /// Lines before one, newest first.
    pub async fn lines(
        &self,
        referrer: AccountId,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<CommissionRow>, StoreError> {
        let found =
            sqlx::query(include_str!("../sql/list_commission_lines.sql")).bind(referrer.0).bind(before).bind(limit);
        found.fetch_all(&self.pool).await?.iter().map(line).collect()
    }

    /// Days with lines that count, from a moment on.
    pub async fn days(&self, referrer: AccountId, from: DateTime<Utc>) -> Result<Vec<CommissionDay>, StoreError> {
        let found = sqlx::query(include_str!("../sql/commission_days.sql")).bind(referrer.0).bind(from);
        let day = |r: &PgRow| {
            Ok(CommissionDay {
                day: r.try_get("day")?,
                amount: Cost::from_nanos(r.try_get("amount")?),
                length: Cost::from_nanos(r.try_get("length")?),
            })
        };
        found.fetch_all(&self.pool).await?.iter().map(day).collect()
    }
}

fn referee(r: &PgRow) -> Result<RefereeRow, StoreError> {
    Ok(RefereeRow {
        id: r.try_get("referee_id")?,
        joined: r.try_get("bound_at")?,
        referred: Cost::from_nanos(r.try_get("watermark")?),
        masked: r.try_get("masked")?,
    })
}

fn line(r: &PgRow) -> Result<CommissionRow, StoreError> {
    let (id, state): (Uuid, String) = (r.try_get("commission_id")?, r.try_get("state")?);
    Ok(CommissionRow {
        id,
        at: r.try_get("accrued_at")?,
        due: r.try_get("due_at")?,
        length: Cost::from_nanos(r.try_get("length")?),
        amount: Cost::from_nanos(r.try_get("amount")?),
        state: LineState::parse(&state).ok_or_else(|| StoreError::broken_row("commission", id))?,
        masked: r.try_get("masked")?,
    })
}
