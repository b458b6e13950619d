//! Sums of usage over a span, for an account or one of its keys: by step, by model, by key.
//!
//! They equal the calls, always: what the marks of usage hold (`ledger.md` §18) is checked against the account's own
//! count of settles in the same snapshot. Where a late call disagrees, the marks are made again first; where there are
//! none, the hours are summed.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use sqlx::postgres::PgConnection;
use uuid::Uuid;

use crate::domain::ids::{AccountId, KeyId};
use crate::domain::line_state::LineState;
use crate::domain::span::Span;
use crate::domain::tally::{Metric, Tally};
use crate::store::error::StoreError;
use crate::store::usage_marks::{Brought, UsageMarks};
use crate::store::usage_reach::{self, Reach};
use crate::store::views::scope::OwnedKey;
use crate::store::views::snapshot;
use crate::store::views::{usage_account, usage_key};

/// How often the marks are made again before the hours are summed instead.
const TRIES: usize = 2;

/// Whose usage, and which of it.
#[derive(Clone, Copy, Debug)]
pub struct UsageAsk<'a> {
    pub account: AccountId,
    /// One of its keys; all without.
    pub key: Option<&'a OwnedKey>,
    pub model: Option<&'a str>,
    pub state: Option<LineState>,
    pub span: &'a Span,
    pub now: DateTime<Utc>,
}

/// Which keys to rank: by what, and how many.
#[derive(Clone, Copy, Debug)]
pub struct Ranking {
    pub metric: Metric,
    pub most: usize,
}

/// The sums.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Usage {
    /// One a step of the span.
    pub steps: Vec<Tally>,
    /// By model, in the order of their names.
    pub models: BTreeMap<String, Tally>,
    /// Largest first; empty where none were to be ranked or one key was asked for.
    pub keys: Vec<RankedKey>,
}

/// A key among those with the most usage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RankedKey {
    pub key: KeyId,
    pub label: String,
    /// Of the metric: nano-USD or a number.
    pub amount: i64,
    pub calls: i64,
}

impl Usage {
    /// Nothing yet, in so many steps.
    pub(super) fn empty(steps: usize) -> Self {
        Usage { steps: vec![Tally::default(); steps], ..Usage::default() }
    }

    /// Without models that none of the calls was for.
    fn without_unused(mut self) -> Self {
        self.models.retain(|_, calls| calls.calls > 0);
        self
    }

    /// The sum of all steps.
    ///
    /// # Errors
    /// `None` where it leaves `i64`.
    pub fn total(&self) -> Option<Tally> {
        self.steps.iter().try_fold(Tally::default(), |sum, step| sum.plus(*step))
    }

    /// Adds calls of a step, counted from 1; others lie outside the span.
    pub(super) fn add(&mut self, step: i32, model: &str, calls: Tally) -> Option<()> {
        let Some(sum) = step_at(&mut self.steps, step) else { return Some(()) };
        *sum = sum.plus(calls)?;
        let of_model = self.models.entry(model.to_owned()).or_default();
        *of_model = of_model.plus(calls)?;
        Some(())
    }

    /// Takes calls off that were added before.
    pub(super) fn take_off(&mut self, step: i32, model: &str, calls: Tally) -> Option<()> {
        let Some(sum) = step_at(&mut self.steps, step) else { return Some(()) };
        *sum = sum.minus(calls)?;
        let of_model = self.models.entry(model.to_owned()).or_default();
        *of_model = of_model.minus(calls)?;
        Some(())
    }
}

fn step_at(steps: &mut [Tally], step: i32) -> Option<&mut Tally> {
    let place = usize::try_from(step).ok()?.checked_sub(1)?;
    steps.get_mut(place)
}

/// What sums are taken from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Basis {
    /// The marks, and the hours since the last one.
    Marks,
    /// The hours alone.
    Hours,
}

/// Reads of usage for the reseller.
#[derive(Clone)]
pub struct UsageViews {
    pool: PgPool,
    marks: UsageMarks,
}

impl UsageViews {
    pub fn new(pool: PgPool) -> Self {
        UsageViews { marks: UsageMarks::new(pool.clone()), pool }
    }

    /// The sums, and the keys with the most where they are to be ranked.
    pub async fn read(&self, ask: &UsageAsk<'_>, ranking: Option<Ranking>) -> Result<Usage, StoreError> {
        for _ in 0..TRIES {
            if let Some(usage) = self.read_from(Basis::Marks, ask, ranking).await? {
                return Ok(usage);
            }
            if self.marks.bring_up(ask.account, ask.now).await? == Brought::Busy {
                break;
            }
        }
        let summed = self.read_from(Basis::Hours, ask, ranking).await?;
        summed.ok_or_else(|| StoreError::broken_row("usage_hour", ask.account.0))
    }

    /// `None` if the marks miss a late call.
    async fn read_from(
        &self,
        basis: Basis,
        ask: &UsageAsk<'_>,
        ranking: Option<Ranking>,
    ) -> Result<Option<Usage>, StoreError> {
        let mut tx = snapshot::begin(&self.pool).await?;
        let Some(reach) = usage_reach::load(&mut tx, ask.account).await? else {
            return Ok(Some(Usage::empty(ask.span.steps())));
        };
        let reach = if basis == Basis::Marks { reach } else { reach.without_marks() };
        let usage = match ask.key {
            Some(key) => usage_key::read(&mut tx, ask, key, &reach).await,
            None => usage_account::read(&mut tx, ask, &reach, ranking).await,
        }?;
        tx.commit().await?;
        Ok(usage.map(Usage::without_unused))
    }

    /// Ids and labels of the account's newest keys, at most `most`, and of `chosen`; the newest first.
    pub async fn key_names(
        &self,
        account: AccountId,
        chosen: Option<KeyId>,
        most: i64,
    ) -> Result<Vec<(KeyId, String)>, StoreError> {
        let rows = sqlx::query_as::<_, (Uuid, String)>(include_str!("../sql/key_names.sql"))
            .bind(account.0)
            .bind(most)
            .bind(chosen.map(|key| key.0))
            .fetch_all(&self.pool)
            .await?;
        Ok(rows.into_iter().map(|(key, label)| (KeyId(key), label)).collect())
    }

    /// Every model that the account's clients used so far, by name.
    pub async fn models(&self, account: AccountId) -> Result<Vec<String>, StoreError> {
        // One snapshot: marks that are made again in between would hide models.
        let mut tx = snapshot::begin(&self.pool).await?;
        let reach = usage_reach::load(&mut tx, account).await?;
        let until = reach.and_then(|reach| reach.until).unwrap_or(DateTime::UNIX_EPOCH);
        let models = sqlx::query_scalar(include_str!("../sql/usage_models.sql")).bind(account.0).bind(until);
        let models = models.fetch_all(&mut *tx).await?;
        tx.commit().await?;
        Ok(models)
    }
}

/// Where the part begins that is read from the hours.
pub(super) fn open_from(ask: &UsageAsk<'_>, reach: &Reach) -> DateTime<Utc> {
    reach.until.unwrap_or_else(|| ask.span.from())
}

/// True if calls came in late, before the last mark.
pub(super) async fn is_late(tx: &mut PgConnection, reach: &Reach) -> Result<bool, StoreError> {
    let Some(until) = reach.until else { return Ok(false) };
    let open: i64 = sqlx::query_scalar(include_str!("../sql/usage_calls_since.sql"))
        .bind(reach.account.0)
        .bind(until)
        .fetch_one(tx)
        .await?;
    Ok(reach.late(open) != 0)
}
