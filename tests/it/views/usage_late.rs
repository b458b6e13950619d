//! Marks of usage: made once, kept few, and made again where a call came in late.

use crate::views::past::{Past, PastCall, now};
use chrono::{DateTime, TimeDelta, Utc};
use derouter::domain::line_state::LineState;
use derouter::domain::span;
use derouter::domain::span::Span;
use derouter::store::usage_marks::{Brought, UsageMarks};
use derouter::store::views::usage::{UsageAsk, UsageViews};
use sqlx::Connection;

async fn calls_of(past: &Past, span: &Span) -> Vec<i64> {
    let views = UsageViews::new(past.desk.pool.clone());
    let ask = UsageAsk { account: past.account, key: None, model: None, state: None, span, now: now() };
    views.read(&ask, None).await.expect("sums").steps.iter().map(|step| step.calls).collect()
}

/// An instant of the day so many days ago.
fn noon(days_ago: i64) -> DateTime<Utc> {
    span::midnight_of(now()) - TimeDelta::days(days_ago) + TimeDelta::hours(12)
}

#[tokio::test]
async fn a_late_call_shows_at_once_and_only_the_marks_after_it_are_made_again() {
    let mut past = Past::open(1).await;
    let calls: Vec<PastCall> = [9, 8, 7, 6, 5, 4].map(|days| PastCall::at(noon(days))).into();
    past.settle(&calls).await;
    past.mark().await;
    let made = "SELECT until, xmin::text FROM ledger.usage_mark WHERE model = '' AND state = 0 ORDER BY until";
    let before: Vec<(DateTime<Utc>, String)> = sqlx::query_as(made).fetch_all(&past.desk.pool).await.expect("marks");
    past.settle(&[PastCall::at(noon(6))]).await;
    let days = Span::days(noon(9).date_naive(), noon(0).date_naive()).expect("ten days");
    assert_eq!(calls_of(&past, &days).await, [1, 1, 1, 2, 1, 1, 0, 0, 0, 0]);
    let after: Vec<(DateTime<Utc>, String)> = sqlx::query_as(made).fetch_all(&past.desk.pool).await.expect("marks");
    assert_eq!(before.len(), after.len());
    let kept: Vec<bool> = before.iter().zip(&after).map(|(before, after)| before == after).collect();
    assert_eq!(kept, [true, true, true, false, false, false]);
    past.audit().await;
}

#[tokio::test]
async fn a_late_call_older_than_every_mark_has_all_made_again() {
    let mut past = Past::open(1).await;
    past.settle(&[PastCall::at(noon(5)), PastCall::at(noon(3))]).await;
    past.mark().await;
    past.settle(&[PastCall::at(noon(8))]).await;
    let days = Span::days(noon(8).date_naive(), noon(3).date_naive()).expect("six days");
    assert_eq!(calls_of(&past, &days).await, [1, 0, 0, 1, 0, 1]);
    past.audit().await;
    assert_eq!(past.marks().await.0, 3);
}

#[tokio::test]
async fn a_call_that_a_crash_cut_counts_when_it_was_found() {
    let mut past = Past::open(1).await;
    let found = PastCall { state: LineState::NotBilled, began: noon(40), ..PastCall::at(noon(4)) };
    past.settle(&[PastCall::at(noon(5)), found]).await;
    past.mark().await;
    let days = Span::days(noon(5).date_naive(), noon(4).date_naive()).expect("two days");
    assert_eq!(calls_of(&past, &days).await, [1, 1]);
    past.audit().await;
}

#[tokio::test]
async fn while_someone_else_makes_the_marks_a_late_call_shows_all_the_same() {
    let mut past = Past::open(1).await;
    past.settle(&[PastCall::at(noon(5))]).await;
    past.mark().await;
    past.settle(&[PastCall::at(noon(6))]).await;
    let mut other = past.desk.pool.acquire().await.expect("a session").detach();
    let lock = sqlx::query("SELECT pg_advisory_lock(hashtextextended('usage:' || $1::text, 0))");
    lock.bind(past.account.0).execute(&mut other).await.expect("the lock");
    let marks = UsageMarks::new(past.desk.pool.clone());
    assert_eq!(marks.bring_up(past.account, now()).await.expect("an answer"), Brought::Busy);
    let days = Span::days(noon(6).date_naive(), noon(5).date_naive()).expect("two days");
    assert_eq!(calls_of(&past, &days).await, [1, 1]);
    other.close().await.expect("goodbye");
    past.audit().await;
}

#[tokio::test]
async fn of_days_that_are_over_one_mark_stays() {
    let mut past = Past::open(1).await;
    let calls: Vec<PastCall> = (2..100).rev().map(|h| PastCall::at(now() - TimeDelta::hours(h))).collect();
    past.settle(&calls).await;
    let marks = UsageMarks::new(past.desk.pool.clone());
    // As the hours went by.
    for back in (0..98).rev() {
        let then = now() - TimeDelta::hours(back);
        while marks.bring_up(past.account, then).await.expect("marks") == Brought::Further {}
    }
    past.audit().await;
    let many = "SELECT count(DISTINCT until) FROM ledger.usage_mark WHERE until <= $1";
    let old = span::midnight_of(now() - TimeDelta::hours(31));
    let kept: i64 = sqlx::query_scalar(many).bind(old).fetch_one(&past.desk.pool).await.expect("marks");
    assert!((2..=4).contains(&kept), "{kept} marks of days");
    let all = past.marks().await.0;
    assert!((26..=60).contains(&(all - kept)), "{all} marks, {kept} of them of days");
    let due = marks.due(now()).await.expect("accounts");
    assert_eq!(due, []);
}

#[tokio::test]
async fn an_hour_is_due_when_it_is_over_whether_or_not_anything_was_settled_since() {
    let mut past = Past::open(1).await;
    let marks = UsageMarks::new(past.desk.pool.clone());
    let due = async |then| marks.due(then).await.expect("accounts");
    let last = now() - TimeDelta::hours(5);
    past.settle(&[PastCall::at(noon(4)), PastCall::at(last)]).await;
    assert_eq!(due(last).await, [past.account]);
    assert_eq!(marks.bring_up(past.account, last).await.expect("marks"), Brought::UpToDate);
    assert_eq!((due(last).await, past.marks().await.0), (vec![], 1));
    assert_eq!(due(now()).await, [past.account]);
    past.mark().await;
    assert_eq!((due(now()).await, past.marks().await.0), (vec![], 2));
    past.audit().await;
}

#[tokio::test]
async fn the_schema_names_the_state_of_a_call_as_the_program_does() {
    let past = Past::open(1).await;
    for outcome in 1..=7_i16 {
        for flags in 0..64_i16 {
            let state: i16 = sqlx::query_scalar("SELECT ledger.line_state($1, $2)")
                .bind(outcome)
                .bind(flags)
                .fetch_one(&past.desk.pool)
                .await
                .expect("a state");
            assert_eq!(LineState::from_code(state), Some(LineState::of(outcome, flags)), "{outcome} {flags}");
        }
    }
    past.audit().await;
}
