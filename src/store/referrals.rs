//! Referrals and lines of commission. One referrer's lines are changed in a turn, and turns of one referrer never overlap.

use crate::domain::ids::AccountId;
use crate::domain::money::Cost;
use crate::domain::referral::{LineState, LiveLine, NewLine, STEP_NANOS};
use crate::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Postgres, Row, Transaction};
use uuid::Uuid;

/// Referees changed in one commit.
const MOST_REFEREES: i64 = 500;
/// Lines of one referee undone in one pass.
const MOST_LINES: i64 = 1_000;

/// Referrals as the accrual sees them.
#[derive(Clone)]
pub struct ReferralStore {
    pool: PgPool,
}

/// One worker's turn at a referrer. Dropped, it changed nothing and lets the next one in.
pub struct Turn {
    tx: Transaction<'static, Postgres>,
    referrer: AccountId,
}

/// A referee, its paid consumption, and how much of it is in lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Referee {
    pub account: AccountId,
    pub base: Cost,
    pub watermark: Cost,
}

impl ReferralStore {
    pub fn new(pool: PgPool) -> Self {
        ReferralStore { pool }
    }

    /// Referrers after this one for whom something is to be accrued, undone or paid, in order of their ids.
    pub async fn referrers_with_work(
        &self,
        after: Uuid,
        now: DateTime<Utc>,
        most: i64,
    ) -> Result<Vec<AccountId>, StoreError> {
        let found = sqlx::query_scalar(include_str!("sql/referrers_with_work.sql"))
            .bind(after)
            .bind(STEP_NANOS)
            .bind(now)
            .bind(most);
        let ids: Vec<Uuid> = found.fetch_all(&self.pool).await?;
        Ok(ids.into_iter().map(AccountId).collect())
    }

    /// A turn at a referrer; `None` while another has it.
    pub async fn turn(&self, referrer: AccountId) -> Result<Option<Turn>, StoreError> {
        let mut tx = self.pool.begin().await?;
        let query = sqlx::query_scalar(include_str!("sql/take_referrer_turn.sql")).bind(referrer.0.to_string());
        let is_ours: bool = query.fetch_one(&mut *tx).await?;
        Ok(is_ours.then_some(Turn { tx, referrer }))
    }
}

impl Turn {
    /// The referrer's cumulative referred consumption: what its live lines cover.
    pub async fn referred(&mut self) -> Result<Cost, StoreError> {
        let query = sqlx::query_scalar(include_str!("sql/referred_consumption.sql")).bind(self.referrer.0);
        Ok(Cost::from_nanos(query.fetch_one(&mut *self.tx).await?))
    }

    /// Referees whose base has left their watermark by a step or fallen below it; their referrals are locked.
    pub async fn lock_changed(&mut self) -> Result<Vec<Referee>, StoreError> {
        let found = sqlx::query(include_str!("sql/lock_changed_referees.sql"))
            .bind(self.referrer.0)
            .bind(STEP_NANOS)
            .bind(MOST_REFEREES);
        found.fetch_all(&mut *self.tx).await?.iter().map(referee).collect()
    }

    /// Referees whose base is below their watermark; nothing is locked.
    pub async fn fallen(&mut self) -> Result<Vec<Referee>, StoreError> {
        let found = sqlx::query(include_str!("sql/fallen_referees.sql")).bind(self.referrer.0).bind(MOST_REFEREES);
        found.fetch_all(&mut *self.tx).await?.iter().map(referee).collect()
    }

    /// A referee's lines that count for its watermark, newest first.
    pub async fn live_lines(&mut self, referee: AccountId) -> Result<Vec<LiveLine>, StoreError> {
        let found = sqlx::query(include_str!("sql/live_commission_lines.sql")).bind(referee.0).bind(MOST_LINES);
        found.fetch_all(&mut *self.tx).await?.iter().map(live_line).collect()
    }

    /// Writes a line, and moves the watermark by it.
    pub async fn add(
        &mut self,
        referee: &Referee,
        id: Uuid,
        line: &NewLine,
        at: DateTime<Utc>,
        due: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let state = if line.amount == Cost::ZERO { LineState::Nil } else { LineState::Pending };
        sqlx::query(include_str!("sql/insert_commission.sql"))
            .bind(id)
            .bind(self.referrer.0)
            .bind(referee.account.0)
            .bind(line.base_from.nanos())
            .bind(line.base_to.nanos())
            .bind(line.tier_from.nanos())
            .bind(line.tier_to.nanos())
            .bind(i32::try_from(line.margin_bp).unwrap_or(i32::MAX))
            .bind(line.amount.nanos())
            .bind(state.word())
            .bind(at)
            .bind(due)
            .execute(&mut *self.tx)
            .await?;
        self.move_watermark(referee.account, line.base_to.nanos() - line.base_from.nanos()).await
    }

    /// Gives up a line that was not paid, and moves the watermark back by it.
    pub async fn withhold(&mut self, referee: &Referee, line: &LiveLine) -> Result<(), StoreError> {
        let withheld = sqlx::query(include_str!("sql/withhold_commission.sql")).bind(line.line);
        if withheld.execute(&mut *self.tx).await?.rows_affected() != 1 {
            // An operation that nobody waits for any more paid it just now: the next round takes it back.
            return Err(StoreError::GaveWay);
        }
        self.move_watermark(referee.account, -line.length.nanos()).await
    }

    async fn move_watermark(&mut self, referee: AccountId, by: i64) -> Result<(), StoreError> {
        let moved = sqlx::query(include_str!("sql/move_watermark.sql")).bind(referee.0).bind(by);
        moved.execute(&mut *self.tx).await?;
        Ok(())
    }

    /// The next pending line whose time has come and whose referee's base, looked at afresh, covers its lines.
    pub async fn next_due(&mut self, now: DateTime<Utc>) -> Result<Option<(Uuid, Cost)>, StoreError> {
        let found = sqlx::query(include_str!("sql/next_due_commission.sql")).bind(self.referrer.0).bind(now);
        let row = found.fetch_optional(&mut *self.tx).await?;
        row.map(|r| Ok((r.try_get("commission_id")?, Cost::from_nanos(r.try_get("amount")?)))).transpose()
    }

    /// Keeps what was changed and ends the turn.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.tx.commit().await?)
    }
}

fn referee(r: &PgRow) -> Result<Referee, StoreError> {
    Ok(Referee {
        account: AccountId(r.try_get("referee_id")?),
        base: Cost::from_nanos(r.try_get("base")?),
        watermark: Cost::from_nanos(r.try_get("watermark")?),
    })
}

fn live_line(r: &PgRow) -> Result<LiveLine, StoreError> {
    let (line, state): (Uuid, String) = (r.try_get("commission_id")?, r.try_get("state")?);
    Ok(LiveLine {
        line,
        length: Cost::from_nanos(r.try_get("length")?),
        amount: Cost::from_nanos(r.try_get("amount")?),
        state: LineState::parse(&state).ok_or_else(|| StoreError::broken_row("commission", line))?,
    })
}
