//! The statement: months, running balances and pages, held against a plain fold of the journal.

use crate::support::app;
use crate::support::desk::{self, Desk};
use crate::views::past::now;
use chrono::{DateTime, Datelike, Months, NaiveDate, TimeDelta, Utc};
use derouter::domain::entry_kind::{EntryGroup, EntryKind};
use derouter::domain::ids::AccountId;
use derouter::domain::op::{Movement as Op, Op as Entry};
use derouter::store::views::billing::{BillingMonth, BillingViews, Movement, MovementPlace};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use std::collections::BTreeMap;

const USD: i64 = 1_000_000_000;

/// An entry by its definition: number, kind, time, change and balance after.
type Plain = (i64, i16, DateTime<Utc>, i64, i64);

/// Writes corrections and freezes of the past behind the program's back, as it would have written them then.
async fn write_past(desk: &Desk, account: AccountId, entries: &[(i16, i64, DateTime<Utc>)]) {
    let mut tx = desk.pool.begin().await.expect("a transaction");
    for (kind, cost, at) in entries {
        let seq: i64 = sqlx::query_scalar(
            "UPDATE ledger.account SET last_seq = last_seq + 1, main = main + ledger.main_change($2, $3, 0), \
             granted = granted + ledger.main_change($2, $3, 0), \
             freezes = freezes + CASE $2 WHEN 12 THEN 1 WHEN 13 THEN -1 ELSE 0 END \
             WHERE account_id = $1 RETURNING last_seq",
        )
        .bind(account.0)
        .bind(kind)
        .bind(cost)
        .fetch_one(&mut *tx)
        .await
        .expect("the account");
        let insert = "INSERT INTO ledger.journal (account_id, seq, kind, cost, price, owed, epoch, detail, at) \
                      VALUES ($1, $2, $3, $4, 0, 0, 1, '{\"reason\": \"past\"}', $5)";
        let insert = sqlx::query(insert).bind(account.0).bind(seq).bind(kind).bind(cost).bind(at);
        insert.execute(&mut *tx).await.expect("an entry");
    }
    tx.commit().await.expect("written");
}

/// Some months of corrections, then keys of today.
async fn with_history(seed: u64) -> (Desk, AccountId) {
    let mut desk = Desk::open().await;
    let account = desk.account().await;
    let mut random = SmallRng::seed_from_u64(seed);
    let mut at = now() - TimeDelta::days(80);
    let mut past = vec![(5, 900 * USD, at)];
    for _ in 0..120 {
        at += TimeDelta::hours(random.random_range(0..13));
        let kind = [5, 5, 6, 12, 13][random.random_range(0..5)];
        match kind {
            12 => past.extend([(12, 0, at), (13, 0, at)]),
            13 => {}
            kind => past.push((kind, random.random_range(1..4 * USD), at)),
        }
    }
    write_past(&desk, account, &past).await;
    let (key, gone) = (desk::new_key(), desk::new_key());
    let made = [(key, 60, 100), (gone, 6, 10)];
    let made = made.map(|(key, cost, price)| desk::create_key(account, key, cost * USD, price * USD, (3, 5)));
    write(&mut desk, account, made.into()).await;
    let ops = [
        desk::op(account, Some(key), 30 * USD, 50 * USD, Op::FundKey),
        desk::settle(account, key, desk::new_call(), derouter::domain::outcome::Outcome::Answered, 3 * USD, 5 * USD),
        desk::op(account, Some(gone), 0, 0, Op::CloseKey),
        Entry { idem: None, ..desk::op(account, Some(gone), 6 * USD, 0, Op::Refund) },
        desk::op(account, None, 700 * USD, 0, Op::CorrectionBack { reason: "taken back".into() }),
    ];
    write(&mut desk, account, ops.into()).await;
    (desk, account)
}

async fn write(desk: &mut Desk, account: AccountId, ops: Vec<Entry>) {
    let seq = desk.last_seq(account).await;
    let entries = ops.into_iter().zip(seq + 1..).map(|(op, seq)| desk.entry(seq, op)).collect();
    desk.commit(entries).await.expect("a good batch");
}

async fn folded(desk: &Desk, account: AccountId) -> Vec<Plain> {
    let rows: Vec<(i64, i16, DateTime<Utc>, i64, i64)> =
        sqlx::query_as("SELECT seq, kind, at, cost, owed FROM ledger.journal WHERE account_id = $1 ORDER BY seq")
            .bind(account.0)
            .fetch_all(&desk.pool)
            .await
            .expect("the journal");
    let mut main = 0;
    let fold = rows.into_iter().map(|(seq, kind, at, cost, owed)| {
        let change = match kind {
            1 | 3 | 5 | 10 | 14 => cost - owed,
            2 | 4 | 6 => owed - cost,
            7 | 8 => -cost,
            _ => 0,
        };
        main += change;
        (seq, kind, at, change, main)
    });
    fold.collect()
}

fn plain(movement: &Movement) -> Plain {
    (movement.seq, movement.kind.code(), movement.at, movement.change.nanos(), movement.after.nanos())
}

fn first_of_month(at: DateTime<Utc>) -> NaiveDate {
    at.date_naive().with_day(1).expect("every month has one")
}

/// Every page from the newest to the oldest, and then back again.
async fn walked(
    views: &BillingViews,
    account: AccountId,
    month: &BillingMonth,
    group: Option<EntryGroup>,
    limit: usize,
) -> Vec<Movement> {
    let page = async |from| views.page(account, month, group, from, limit).await.expect("a page");
    let mut pages = vec![page(None).await];
    while let Some(older) = pages.last().and_then(|last| last.older) {
        assert_eq!(MovementPlace::parse(&older.text()), Some(older));
        pages.push(page(Some(older)).await);
    }
    assert!(pages.iter().rev().skip(1).all(|page| page.movements.len() == limit), "only the last page is short");
    let mut at = pages.len() - 1;
    let mut back = pages[at].newer;
    while let Some(newer) = back {
        let found = page(Some(newer)).await;
        at -= 1;
        assert_eq!(found.movements, pages[at].movements);
        back = found.newer;
    }
    assert_eq!(at, 0, "the way back ends at the newest page");
    pages.into_iter().flat_map(|page| page.movements).collect()
}

#[tokio::test]
async fn every_month_and_page_shows_the_balance_of_a_plain_fold() {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let (desk, account) = with_history(seed).await;
    let (views, journal) = (BillingViews::new(desk.pool.clone()), folded(&desk, account).await);
    let months = views.months(account, now().date_naive()).await.expect("months");
    let mut by_month: BTreeMap<NaiveDate, Vec<Plain>> = BTreeMap::new();
    journal.iter().for_each(|entry| by_month.entry(first_of_month(entry.2)).or_default().push(*entry));
    assert_eq!(months.iter().rev().map(|m| m.month).collect::<Vec<_>>(), by_month.keys().copied().collect::<Vec<_>>());
    let mut balance = 0;
    for month in months.iter().rev() {
        let entries = &by_month[&month.month];
        assert_eq!((month.opening.nanos(), month.entries(None)), (balance, entries.len() as i64));
        balance = entries.last().expect("an entry").4;
        assert_eq!(month.closing.nanos(), balance);
        for sum in &month.sums {
            let of_kind: Vec<&Plain> = entries.iter().filter(|entry| entry.1 == sum.kind.code()).collect();
            let change: i64 = of_kind.iter().map(|entry| entry.3).sum();
            assert_eq!((sum.entries, sum.change.nanos()), (of_kind.len() as i64, change));
        }
        for group in EntryGroup::ALL.map(Some).into_iter().chain([None]) {
            let is_in = |e: &&Plain| group.is_none_or(|g| EntryKind::from_code(e.1).is_some_and(|k| k.group() == g));
            let mut wanted: Vec<Plain> = entries.iter().filter(is_in).copied().collect();
            let (found, next) = views.oldest_first(account, month, group, None, 1_000).await.expect("entries");
            assert_eq!((found.iter().map(plain).collect::<Vec<_>>(), next), (wanted.clone(), None));
            wanted.reverse();
            for limit in [1, 7, 500] {
                let found = walked(&views, account, month, group, limit).await;
                assert_eq!(found.iter().map(plain).collect::<Vec<_>>(), wanted, "{group:?} by {limit}");
            }
        }
    }
    app::audit(&desk.pool).await;
}

#[tokio::test]
async fn a_movement_names_its_key_its_budget_and_its_reason() {
    let (desk, account) = with_history(1).await;
    let views = BillingViews::new(desk.pool.clone());
    let months = views.months(account, now().date_naive()).await.expect("months");
    let page = views.page(account, &months[0], None, None, 7).await.expect("a page");
    let shown: Vec<_> =
        page.movements.iter().map(|m| (m.kind.word(), m.label.as_deref(), m.price.nanos() / USD)).collect();
    let test = Some("test");
    assert_eq!(
        shown[..6],
        [
            ("correction_back", None, 0),
            ("refund", test, 0),
            ("close_key", test, 0),
            ("fund_key", test, 50),
            ("create_key", test, 10),
            ("create_key", test, 100),
        ]
    );
    assert_eq!(page.movements[0].reason.as_deref(), Some("taken back"));
    app::audit(&desk.pool).await;
}

#[tokio::test]
async fn oldest_first_goes_on_where_it_stopped() {
    let (desk, account) = with_history(2).await;
    let views = BillingViews::new(desk.pool.clone());
    let months = views.months(account, now().date_naive()).await.expect("months");
    let month = months.iter().max_by_key(|month| month.entries(None)).expect("a month");
    let (whole, _) = views.oldest_first(account, month, None, None, 1_000).await.expect("entries");
    let (mut found, mut place) = (Vec::new(), None);
    loop {
        let (part, next) = views.oldest_first(account, month, None, place, 4).await.expect("entries");
        found.extend(part);
        if next.is_none() {
            break;
        }
        place = next;
    }
    assert_eq!(found, whole);
    app::audit(&desk.pool).await;
}

#[tokio::test]
async fn should_the_clock_go_back_an_entry_stays_behind_those_before_it() {
    let desk = Desk::open().await;
    let account = desk.account().await;
    let (then, this) = (now() - Months::new(2), now());
    write_past(&desk, account, &[(5, 5, then), (5, 7, this)]).await;
    write_past(&desk, account, &[(5, 11, then)]).await;
    let views = BillingViews::new(desk.pool.clone());
    let months = views.months(account, this.date_naive()).await.expect("months");
    let balances: Vec<_> = months.iter().map(|m| (m.opening.nanos(), m.closing.nanos(), m.entries(None))).collect();
    assert_eq!(balances, [(5, 23, 2), (0, 5, 1)]);
    app::audit(&desk.pool).await;
}

#[tokio::test]
async fn an_account_in_which_nothing_moved_has_this_month_and_no_entry() {
    let desk = Desk::open().await;
    let account = desk.account().await;
    let views = BillingViews::new(desk.pool.clone());
    let months = views.months(account, now().date_naive()).await.expect("months");
    assert_eq!(months.iter().map(|m| (m.month, m.entries(None))).collect::<Vec<_>>(), [(first_of_month(now()), 0)]);
    assert_eq!(views.page(account, &months[0], None, None, 50).await.expect("a page").movements, []);
    assert_eq!(MovementPlace::parse("1:x:3"), None);
}
