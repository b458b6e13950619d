//! What lanes promise beside the money, in a world in which nothing fails.

use crate::simulate::boot;
use crate::simulate::faults::Fault;
use crate::simulate::ledger::Account;
use crate::simulate::regressions::{ACCOUNT, grant, quiet, started};
use derouter::actors::lane::{Submission, Waiter};
use derouter::actors::lane_batch::Streams;
use derouter::actors::messages::{AskError, Receipt};
use derouter::domain::ids::{AccountId, SHARDS};
use derouter::domain::money::{Cost, Price};
use derouter::domain::op::{Movement, Op};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::oneshot;

fn streams() -> Streams {
    Streams::new(vec![1; usize::from(SHARDS)].into())
}

/// An op of books that were loaded for `generation`, and its answer.
fn submitted(generation: u64) -> (Submission, oneshot::Receiver<Result<impl Sized, AskError>>) {
    let (done, answer) = oneshot::channel();
    let movement = Movement::Correction { reason: "a gift".into() };
    let (cost, price) = (Cost::from_nanos(1), Price::ZERO);
    let op = Op { account: ACCOUNT, key: None, cost, price, owed: Cost::ZERO, idem: None, by: None, movement };
    (Submission { op, generation, waiter: Waiter::Settle { done, remaining: Price::ZERO } }, answer)
}

#[test]
fn a_lane_counts_the_ops_and_batches_it_sent() {
    boot::on_paused_time(async {
        let program = started(&quiet()).await;
        let ask = |nanos| program.directory.ask_account(ACCOUNT, grant(nanos));
        let told = tokio::join!(ask(1), ask(2), ask(3));
        let seqs = [told.0, told.1, told.2].map(|told| told.expect("an answer").expect("room").expect("granted").seq);
        assert_eq!(seqs, [1, 2, 3]);
        let lane = program.directory.lane(ACCOUNT);
        let counted = (lane.state().ops.load(Ordering::Relaxed), lane.state().batches.load(Ordering::Relaxed));
        assert_eq!(counted, (3, 1), "what queues together is one commit");
    });
}

#[test]
fn an_account_that_is_left_alone_is_served_again_after_its_time() {
    boot::on_paused_time(async {
        let mut streams = streams();
        assert!(!streams.is_parked(ACCOUNT));
        streams.park(ACCOUNT);
        assert!(streams.is_parked(ACCOUNT));
        tokio::time::advance(Duration::from_millis(4_999)).await;
        assert!(streams.is_parked(ACCOUNT));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(!streams.is_parked(ACCOUNT));
    });
}

#[test]
fn a_batch_that_gave_way_is_sent_again_and_its_waiter_hears_of_nothing() {
    boot::on_paused_time(async {
        let world = quiet();
        let program = started(&world).await;
        world.lock().commits_meet.extend([Fault::GaveWay; 5]);
        let told = program.directory.ask_account(ACCOUNT, grant(1)).await;
        assert_eq!(told, Ok(Ok(Ok(Receipt { seq: 1 }))));
    });
}

#[test]
fn an_idle_lane_notices_that_its_store_went_away_and_that_it_came_back() {
    boot::on_paused_time(async {
        let world = quiet();
        let program = started(&world).await;
        {
            let mut inner = world.lock();
            inner.away_until = inner.now_us() + 10_000_000;
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert!(!program.directory.is_healthy());
        tokio::time::sleep(Duration::from_secs(9)).await;
        assert!(program.directory.is_healthy());
    });
}

#[test]
fn an_idle_lane_asks_its_store_now_and_then_and_not_all_the_time() {
    boot::on_paused_time(async {
        let world = quiet();
        let _program = started(&world).await;
        let before = world.lock().steps;
        tokio::time::sleep(Duration::from_secs(20)).await;
        let asked = world.lock().steps - before;
        assert!((5..=100).contains(&asked), "{asked} times in 20 s");
    });
}

#[test]
fn a_lane_in_doubt_about_a_commit_admits_nobody_until_it_knows() {
    boot::on_paused_time(async {
        let world = quiet();
        let program = started(&world).await;
        world.lock().commits_meet.push_back(Fault::CommitLost);
        let in_doubt = async {
            while program.directory.is_healthy() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let in_doubt = tokio::time::timeout(Duration::from_secs(60), in_doubt);
        let (told, seen) = tokio::join!(program.directory.ask_account(ACCOUNT, grant(1)), in_doubt);
        assert!(!matches!(told, Ok(Ok(_))), "{told:?}");
        seen.expect("the lane counts as away while it asks");
    });
}

#[test]
fn b15_an_op_that_breaks_a_rule_of_the_store_takes_nobody_with_it() {
    boot::on_paused_time(async {
        let (world, other) = (quiet(), AccountId(uuid::Uuid::from_u128(8)));
        world.lock().ledger.accounts.insert(other, Account::default());
        let program = started(&world).await;
        {
            let mut inner = world.lock();
            let until = inner.now_us() + 4_000_000;
            inner.refused = Some((ACCOUNT, until));
        }
        let ask = |account| program.directory.ask_account(account, grant(1));
        let (guilty, innocent) = tokio::join!(ask(ACCOUNT), ask(other));
        assert_eq!(guilty, Ok(Err(AskError::Discarded)));
        assert_eq!(innocent, Ok(Ok(Ok(Receipt { seq: 1 }))));
    });
}

#[test]
fn an_account_whose_row_a_stranger_holds_delays_nobody_twice() {
    boot::on_paused_time(async {
        let world = quiet();
        let program = started(&world).await;
        {
            let mut inner = world.lock();
            let until = inner.now_us() + 4_000_000;
            inner.locked.insert(ACCOUNT, until);
        }
        let mut waited = Vec::new();
        for _ in 0..3 {
            let asked = tokio::time::Instant::now();
            let told = program.directory.ask_account(ACCOUNT, grant(1)).await;
            assert!(!matches!(told, Ok(Ok(_))), "{told:?}");
            waited.push(asked.elapsed() < Duration::from_millis(500));
        }
        assert_eq!(waited, [false, true, true], "the first waits for the lock, the others for nothing");
        tokio::time::sleep(Duration::from_secs(6)).await;
        let told = program.directory.ask_account(ACCOUNT, grant(1)).await;
        assert_eq!(told, Ok(Ok(Ok(Receipt { seq: 1 }))));
    });
}

#[test]
fn an_op_of_books_that_were_thrown_away_is_answered_so_at_once() {
    let mut streams = streams();
    streams.loaded(ACCOUNT, 7, 40);
    for stale in [6, 8] {
        let (op, mut answer) = submitted(stale);
        assert_eq!(streams.number(vec![op]).len(), 0);
        assert_eq!(answer.try_recv().expect("told").err(), Some(AskError::Discarded), "{stale}");
    }
    let (op, mut answer) = submitted(7);
    assert_eq!(streams.number(vec![op]).len(), 1);
    assert!(answer.try_recv().is_err(), "it waits for its commit");
    streams.forget(ACCOUNT);
    let (op, mut answer) = submitted(7);
    assert_eq!(streams.number(vec![op]).len(), 0);
    assert_eq!(answer.try_recv().expect("told").err(), Some(AskError::Discarded));
}
