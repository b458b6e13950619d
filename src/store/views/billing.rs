//! The journal as a reseller's statement: month by month, each movement with the balance after it.
//!
//! A page never adds up the whole journal: a month's balances come from the sums by day, and a cursor carries the
//! balance at its place.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::domain::entry_kind::{EntryGroup, EntryKind};
use crate::domain::ids::{AccountId, KeyId, TopupId};
use crate::domain::money::{Cost, Price};
use crate::store::error::StoreError;

/// A month of the journal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BillingMonth {
    /// Its first day.
    pub month: NaiveDate,
    /// The main balance before its first entry and after its last.
    pub opening: Cost,
    pub closing: Cost,
    /// By kind, in the order of their numbers.
    pub sums: Vec<KindSum>,
    /// Its first and last entry; none where it has none.
    seqs: Option<(i64, i64)>,
}

/// All entries of a kind in a month.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KindSum {
    pub kind: EntryKind,
    pub entries: i64,
    pub cost: Cost,
    pub price: Price,
    /// Of the main balance; negative where money left it.
    pub change: Cost,
}

/// A movement of the balance.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Movement {
    pub seq: i64,
    pub kind: EntryKind,
    pub at: DateTime<Utc>,
    pub key: Option<KeyId>,
    /// The key's label as it is now.
    pub label: Option<String>,
    /// Of the main balance; negative where money left it.
    pub change: Cost,
    /// The main balance right after it.
    pub after: Cost,
    pub cost: Cost,
    /// What a key's budget rose by.
    pub price: Price,
    /// The part that repaid or became debt.
    pub owed: Cost,
    pub topup: Option<TopupId>,
    /// Why, where an operator or a provider said so.
    pub reason: Option<String>,
}

/// A place in a month's list, to go on from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MovementPlace {
    /// The next entry is this one or lies beyond it.
    seq: i64,
    /// The main balance between the entry before this place and the next.
    balance: Cost,
    /// Towards older entries, or back to newer ones.
    onwards: bool,
}

/// One page, newest first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MovementsPage {
    pub movements: Vec<Movement>,
    pub newer: Option<MovementPlace>,
    pub older: Option<MovementPlace>,
}

impl BillingMonth {
    /// A month in which nothing moved.
    fn quiet(month: NaiveDate, balance: Cost) -> Self {
        BillingMonth { month, opening: balance, closing: balance, sums: Vec::new(), seqs: None }
    }

    /// How many entries it has of a group, or of all.
    pub fn entries(&self, group: Option<EntryGroup>) -> i64 {
        let wanted = |sum: &&KindSum| group.is_none_or(|group| sum.kind.group() == group);
        self.sums.iter().filter(wanted).map(|sum| sum.entries).sum()
    }
}

impl MovementPlace {
    /// A text for a cursor.
    pub fn text(&self) -> String {
        format!("{}:{}:{}", u8::from(self.onwards), self.seq, self.balance.nanos())
    }

    /// The place of such a text.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ':');
        let onwards = parts.next()? == "1";
        let (seq, nanos) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(MovementPlace { seq, balance: Cost::from_nanos(nanos), onwards })
    }
}

/// Reads of the statement.
#[derive(Clone)]
pub struct BillingViews {
    pool: PgPool,
}

impl BillingViews {
    pub fn new(pool: PgPool) -> Self {
        BillingViews { pool }
    }

    /// The months in which something moved and the one of `today`, newest first.
    pub async fn months(&self, account: AccountId, today: NaiveDate) -> Result<Vec<BillingMonth>, StoreError> {
        let rows = sqlx::query(include_str!("../sql/billing_months.sql")).bind(account.0).fetch_all(&self.pool).await?;
        let broken = || StoreError::broken_row("journal_day", account.0);
        let mut months: Vec<BillingMonth> = Vec::new();
        for row in &rows {
            let (month, sum): (NaiveDate, KindSum) = (row.try_get("month")?, kind_sum(row, account)?);
            let balance = months.last().map_or(Cost::ZERO, |last| last.closing);
            if months.last().is_none_or(|last| last.month != month) {
                months.push(BillingMonth::quiet(month, balance));
            }
            let last = months.last_mut().ok_or_else(broken)?;
            last.closing = last.closing.checked_add(sum.change).ok_or_else(broken)?;
            last.sums.push(sum);
            let (first, to): (i64, i64) = (row.try_get("first_seq")?, row.try_get("last_seq")?);
            last.seqs = Some(last.seqs.map_or((first, to), |seqs| (seqs.0.min(first), seqs.1.max(to))));
        }
        let this = today.with_day(1).unwrap_or(today);
        if months.last().is_none_or(|last| last.month < this) {
            let balance = months.last().map_or(Cost::ZERO, |last| last.closing);
            months.push(BillingMonth::quiet(this, balance));
        }
        months.reverse();
        Ok(months)
    }

    /// Up to `limit` entries of a month, of a group or of all, from a place on; the newest without one.
    pub async fn page(
        &self,
        account: AccountId,
        month: &BillingMonth,
        group: Option<EntryGroup>,
        from: Option<MovementPlace>,
        limit: usize,
    ) -> Result<MovementsPage, StoreError> {
        let Some((first, last)) = month.seqs.filter(|_| month.entries(group) > 0) else {
            return Ok(MovementsPage::default());
        };
        if let Some(place) = from.filter(|place| !place.onwards) {
            let found = self.read(account, place, (place.seq, last), group, limit + 1).await?;
            // Where less is newer than a page holds, the newest page is shown.
            if found.len() > limit {
                return Ok(back_page(found, limit));
            }
        }
        let newest = MovementPlace { seq: last, balance: month.closing, onwards: true };
        let place = from.filter(|place| place.onwards).unwrap_or(newest);
        let found = self.read(account, place, (place.seq, first), group, limit + 1).await?;
        Ok(onwards_page(found, limit, place != newest))
    }

    /// Up to `limit` entries of a month oldest first, and the place of the next; the first without a place.
    pub async fn oldest_first(
        &self,
        account: AccountId,
        month: &BillingMonth,
        group: Option<EntryGroup>,
        from: Option<MovementPlace>,
        limit: usize,
    ) -> Result<(Vec<Movement>, Option<MovementPlace>), StoreError> {
        let Some((first, last)) = month.seqs else { return Ok((Vec::new(), None)) };
        let start = MovementPlace { seq: first, balance: month.opening, onwards: false };
        let place = from.unwrap_or(start);
        let found = self.read(account, place, (place.seq, last), group, limit).await?;
        let full = found.len() == limit;
        let next = found.last().filter(|_| full).map(newer_than);
        Ok((found, next))
    }

    async fn read(
        &self,
        account: AccountId,
        place: MovementPlace,
        seqs: (i64, i64),
        group: Option<EntryGroup>,
        limit: usize,
    ) -> Result<Vec<Movement>, StoreError> {
        let statement =
            if place.onwards { include_str!("../sql/billing_back.sql") } else { include_str!("../sql/billing_on.sql") };
        let rows = sqlx::query(statement)
            .bind(account.0)
            .bind(seqs.0)
            .bind(seqs.1)
            .bind(place.balance.nanos())
            .bind(group.map(EntryGroup::codes))
            .bind(i64::try_from(limit).unwrap_or(i64::MAX))
            .fetch_all(&self.pool)
            .await?;
        rows.iter().map(|row| movement(row, account)).collect()
    }
}

/// Entries that were read oldest first, as a page; one more than it holds was found.
fn back_page(mut found: Vec<Movement>, limit: usize) -> MovementsPage {
    let more = found.len() > limit;
    found.truncate(limit);
    found.reverse();
    let newer = found.first().filter(|_| more).map(newer_than);
    MovementsPage { newer, older: found.last().map(older_than), movements: found }
}

fn onwards_page(mut found: Vec<Movement>, limit: usize, is_later: bool) -> MovementsPage {
    let more = found.len() > limit;
    found.truncate(limit);
    let newer = found.first().filter(|_| is_later).map(newer_than);
    MovementsPage { newer, older: found.last().filter(|_| more).map(older_than), movements: found }
}

fn newer_than(movement: &Movement) -> MovementPlace {
    MovementPlace { seq: movement.seq + 1, balance: movement.after, onwards: false }
}

fn older_than(movement: &Movement) -> MovementPlace {
    let before = movement.after.nanos().saturating_sub(movement.change.nanos());
    MovementPlace { seq: movement.seq - 1, balance: Cost::from_nanos(before), onwards: true }
}

fn kind(row: &PgRow, account: AccountId) -> Result<EntryKind, StoreError> {
    EntryKind::from_code(row.try_get("kind")?).ok_or_else(|| StoreError::broken_row("journal", account.0))
}

fn kind_sum(row: &PgRow, account: AccountId) -> Result<KindSum, StoreError> {
    Ok(KindSum {
        kind: kind(row, account)?,
        entries: row.try_get("entries")?,
        cost: Cost::from_nanos(row.try_get("cost")?),
        price: Price::from_nanos(row.try_get("price")?),
        change: Cost::from_nanos(row.try_get("change")?),
    })
}

fn movement(row: &PgRow, account: AccountId) -> Result<Movement, StoreError> {
    Ok(Movement {
        seq: row.try_get("seq")?,
        kind: kind(row, account)?,
        at: row.try_get("at")?,
        key: row.try_get::<Option<Uuid>, _>("key_id")?.map(KeyId),
        label: row.try_get("label")?,
        change: Cost::from_nanos(row.try_get("change")?),
        after: Cost::from_nanos(row.try_get("after")?),
        cost: Cost::from_nanos(row.try_get("cost")?),
        price: Price::from_nanos(row.try_get("price")?),
        owed: Cost::from_nanos(row.try_get("owed")?),
        topup: row.try_get::<Option<Uuid>, _>("topup_id")?.map(TopupId),
        reason: row.try_get("reason")?,
    })
}
