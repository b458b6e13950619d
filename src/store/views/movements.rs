//! The movements of a balance as a statement lists them, month by month, each with the balance after it.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::domain::ids::{AccountId, TopupId};
use crate::domain::money::{Price, Usd};
use crate::domain::month::Month;
use crate::domain::payment::Method;
use crate::store::error::StoreError;
use crate::store::views::snapshot;

/// One movement.
#[derive(Clone, Debug)]
pub struct Movement {
    pub seq: i64,
    /// The stored kind (`ledger.md` §3).
    pub kind: i16,
    pub at: DateTime<Utc>,
    /// What it did to the balance; negative where money left it.
    pub change: Usd,
    /// The balance after it.
    pub after: Usd,
    /// The part that repaid or became debt.
    pub owed: Usd,
    /// Budget added, for new and topped-up keys.
    pub price: Price,
    /// Of its key, as it is called now.
    pub label: Option<String>,
    /// The order that a deposit was for.
    pub topup: Option<TopupId>,
    /// How a deposit was paid; `None` for one by hand, and for everything else.
    pub method: Option<Method>,
    pub reason: Option<String>,
    /// A redemption code, and no correction of somebody's.
    pub is_code: bool,
}

/// Which movements are listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum MovementGroup {
    #[default]
    All,
    Payments,
    /// Created, topped up, deleted.
    Keys,
    /// Returned from keys.
    Back,
    Other,
}

/// A month in figures: opening + everything in between = closing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MonthSums {
    pub opening: Usd,
    pub closing: Usd,
    pub paid_in: Usd,
    pub taken_back: Usd,
    /// Commissions and corrections, both ways.
    pub corrected: Usd,
    pub into_keys: Usd,
    pub from_keys: Usd,
    first_seq: i64,
    last_seq: i64,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct MovementAsk {
    pub account: AccountId,
    pub month: Month,
    pub group: MovementGroup,
    /// Only movements before this one.
    pub before: Option<i64>,
    pub limit: i64,
}

/// Movements of a month, newest first, beside its figures; all of one moment.
#[derive(Clone, Debug)]
pub struct MovementPage {
    pub rows: Vec<Movement>,
    pub sums: MonthSums,
}

/// Reads of movements.
#[derive(Clone)]
pub struct MovementViews {
    pool: PgPool,
}

impl MovementGroup {
    pub const ALL: [Self; 5] = [Self::All, Self::Payments, Self::Keys, Self::Back, Self::Other];

    /// The word in links; empty for all.
    pub fn word(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Payments => "payments",
            Self::Keys => "keys",
            Self::Back => "back",
            Self::Other => "other",
        }
    }

    /// The group of a link's word; anything else is all of them.
    pub fn parse(word: &str) -> Self {
        Self::ALL.into_iter().find(|group| group.word() == word).unwrap_or_default()
    }

    fn kinds(self) -> Option<&'static [i16]> {
        match self {
            Self::All => None,
            Self::Payments => Some(&[1, 2, 14]),
            Self::Keys => Some(&[7, 8, 11]),
            Self::Back => Some(&[10]),
            Self::Other => Some(&[3, 4, 5, 6, 12, 13]),
        }
    }
}

impl MovementViews {
    pub fn new(pool: PgPool) -> Self {
        MovementViews { pool }
    }

    /// The months in which something moved, newest first.
    pub async fn months(&self, account: AccountId) -> Result<Vec<Month>, StoreError> {
        let firsts = sqlx::query_scalar(include_str!("../sql/movement_months.sql")).bind(account.0);
        let firsts: Vec<NaiveDate> = firsts.fetch_all(&self.pool).await?;
        Ok(firsts.into_iter().map(Month::at).collect())
    }

    /// The newest movements of a month that are asked for.
    pub async fn page(&self, ask: MovementAsk) -> Result<MovementPage, StoreError> {
        let mut tx = snapshot::begin(&self.pool).await?;
        let sums = sums(&mut tx, ask.account, ask.month).await?;
        let last = ask.before.map_or(sums.last_seq, |before| sums.last_seq.min(before.saturating_sub(1)));
        let found = sqlx::query(include_str!("../sql/movements.sql"))
            .bind(ask.account.0)
            .bind(sums.first_seq)
            .bind(last)
            .bind(ask.group.kinds())
            .bind(ask.limit)
            .fetch_all(&mut *tx)
            .await?;
        let mut rows = found.iter().map(movement).collect::<Result<Vec<_>, _>>()?;
        fill_balances(&mut tx, ask.account, &mut rows).await?;
        tx.commit().await?;
        Ok(MovementPage { rows, sums })
    }
}

async fn sums(tx: &mut PgConnection, account: AccountId, month: Month) -> Result<MonthSums, StoreError> {
    let r = sqlx::query(include_str!("../sql/movement_sums.sql"))
        .bind(account.0)
        .bind(month.first())
        .bind(month.end())
        .fetch_one(tx)
        .await?;
    let amount = |name: &str| r.try_get(name).map(Usd::from_nanos);
    Ok(MonthSums {
        opening: amount("opening")?,
        closing: amount("closing")?,
        paid_in: amount("paid_in")?,
        taken_back: amount("taken_back")?,
        corrected: amount("corrected")?,
        into_keys: amount("into_keys")?,
        from_keys: amount("from_keys")?,
        first_seq: r.try_get("first_seq")?,
        last_seq: r.try_get("last_seq")?,
    })
}

fn movement(r: &PgRow) -> Result<Movement, StoreError> {
    Ok(Movement {
        seq: r.try_get("seq")?,
        kind: r.try_get("kind")?,
        at: r.try_get("at")?,
        change: Usd::from_nanos(r.try_get("change")?),
        after: Usd::default(),
        owed: Usd::from_nanos(r.try_get("owed")?),
        price: Price::from_nanos(r.try_get("price")?),
        label: r.try_get("label")?,
        topup: r.try_get::<Option<Uuid>, _>("topup_id")?.map(TopupId),
        method: r.try_get::<Option<String>, _>("method")?.as_deref().and_then(Method::parse),
        reason: r.try_get("reason")?,
        is_code: r.try_get("is_code")?,
    })
}

async fn fill_balances(tx: &mut PgConnection, account: AccountId, rows: &mut [Movement]) -> Result<(), StoreError> {
    let (Some(newest), Some(oldest)) = (rows.first(), rows.last()) else { return Ok(()) };
    let seqs: Vec<i64> = rows.iter().map(|row| row.seq).collect();
    let found = sqlx::query(include_str!("../sql/movement_balances.sql"))
        .bind(account.0)
        .bind(oldest.seq)
        .bind(newest.seq)
        .bind(&seqs)
        .fetch_all(tx)
        .await?;
    let balances = found.iter().map(|r| Ok((r.try_get("seq")?, Usd::from_nanos(r.try_get("balance")?))));
    let balances: HashMap<i64, Usd> = balances.collect::<Result<_, StoreError>>()?;
    for row in rows {
        row.after = *balances.get(&row.seq).ok_or_else(|| StoreError::broken_row("journal_day", account.0))?;
    }
    Ok(())
}
