//! Reads and small repairs the housekeeper and the start-up do outside the lanes.

use crate::domain::ids::{AccountId, KeyId};
use crate::store::error::StoreError;
use crate::store::ownership::{self, Orphan, Ownership};
use chrono::{Datelike, Days, NaiveDate};
use sqlx::{PgPool, Row};

/// Weeks of call partitions that stand ready.
const WEEKS_AHEAD: u64 = 4;

/// Housekeeping statements on a pool.
#[derive(Clone)]
pub struct Upkeep {
    pool: PgPool,
}

impl Upkeep {
    pub fn new(pool: PgPool) -> Self {
        Upkeep { pool }
    }

    /// Makes the call partitions of this week and the next four; safe to repeat.
    pub async fn make_partitions(&self, today: NaiveDate) -> Result<(), StoreError> {
        let monday = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
        for week in 0..=WEEKS_AHEAD {
            let from = monday + Days::new(7 * week);
            sqlx::query("SELECT ledger.make_call_partition($1, 7)").bind(from).execute(&self.pool).await?;
        }
        Ok(())
    }

    /// Says that this boot lives; a newer boot's row is left alone.
    pub async fn beat(&self, ownership: &Ownership) -> Result<(), StoreError> {
        let (node, boot) = (ownership.node.0, ownership.boot.0);
        sqlx::query(include_str!("sql/beat_node.sql")).bind(node).bind(boot).execute(&self.pool).await?;
        Ok(())
    }

    /// Notes of older boots of this node, whose calls no settlement has.
    ///
    /// Notes pass no fence, so one of a batch that was on its way when its boot died, or its connection, may be written
    /// after the settlement of its call. Nothing would take it away again, so that is done first.
    pub async fn orphans(&self, ownership: &Ownership) -> Result<Vec<Orphan>, StoreError> {
        sqlx::query(include_str!("sql/settled_notes.sql")).bind(ownership.node.0).execute(&self.pool).await?;
        ownership::orphans(&self.pool, ownership).await
    }

    /// Keys whose deletion has begun and not ended.
    pub async fn closing_keys(&self) -> Result<Vec<(AccountId, KeyId)>, StoreError> {
        let rows = sqlx::query(include_str!("sql/closing_keys.sql")).fetch_all(&self.pool).await?;
        rows.iter().map(|r| Ok((AccountId(r.try_get(0)?), KeyId(r.try_get(1)?)))).collect()
    }
}
