//! What lanes promise beside the money, in a world in which nothing fails.

use crate::simulate::boot::{self, Program};
use crate::simulate::faults::Fault;
use crate::simulate::ledger::Account;
use crate::simulate::regressions::{ACCOUNT, grant, quiet, started};
use crate::simulate::world::World;
use derouter::actors::lane::{Item, MAX_BATCH, Submission, Waiter};
use derouter::actors::lane_batch::{Sorted, Streams};
use derouter::actors::messages::{AskError, Receipt};
use derouter::domain::ids::{AccountId, CallId, KeyId, SHARDS};
use derouter::domain::money::{Cost, Price};
use derouter::domain::op::{Movement, Op, Refusal};
use derouter::store::journal::OpenNote;
use rand::Rng;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::oneshot;
use uuid::Uuid;

/// Beside the account of the quiet world, and of the same lane.
const OTHER: AccountId = AccountId(Uuid::from_u128(9));

/// Both are loaded, so that what they ask for at once shares a commit.
async fn two_accounts() -> (World, Program) {
    let world = quiet();
    world.lock().ledger.accounts.insert(OTHER, Account::default());
    let program = started(&world).await;
    for account in [ACCOUNT, OTHER] {
        program.directory.view_account(account).await.expect("it is there");
    }
    (world, program)
}

type Told = Result<Result<Receipt, Refusal>, AskError>;

/// What both are told who ask behind a slow commit, and so share the next one.
async fn asked_together(world: &World, program: &Program) -> [Result<Told, AskError>; 2] {
    let ask = |account, nanos| program.directory.ask_account(account, grant(nanos));
    world.lock().commits_meet.push_front(Fault::CommitSlow);
    let together = async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        tokio::join!(ask(ACCOUNT, 1), ask(OTHER, 1))
    };
    let (slow, (one, other)) = tokio::join!(ask(OTHER, 9), together);
    assert_eq!(slow, Ok(Ok(Ok(Receipt { seq: 1 }))));
    [one, other]
}

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
fn a_commit_takes_at_most_a_batch() {
    boot::on_paused_time(async {
        let world = quiet();
        let program = started(&world).await;
        let most = i64::try_from(MAX_BATCH).expect("few");
        let asks = (1..=most + 1).map(|nanos| program.directory.ask_account(ACCOUNT, grant(nanos)));
        let told = futures_util::future::join_all(asks).await;
        assert!(told.iter().all(|told| matches!(told, Ok(Ok(Ok(_))))));
        let lane = program.directory.lane(ACCOUNT);
        let counted = (lane.state().ops.load(Ordering::Relaxed), lane.state().batches.load(Ordering::Relaxed));
        assert_eq!(counted, (MAX_BATCH as u64 + 1, 2));
    });
}

#[test]
fn a_queue_is_full_beyond_20_000_and_not_when_it_was_worked_off() {
    boot::on_paused_time(async {
        let program = started(&quiet()).await;
        let lane = program.directory.lane(ACCOUNT);
        let mut asked = Vec::new();
        for number in 1..=24_000 {
            let (done, answer) = oneshot::channel();
            lane.send(Item::FindSettled(CallId(Uuid::from_u128(number)), done));
            asked.push(answer);
            assert_eq!(lane.is_full(), number > 20_000);
        }
        let told = futures_util::future::join_all(asked).await;
        assert!(told.into_iter().all(|told| matches!(told, Ok(Ok(None)))));
        assert!(!lane.is_full(), "24,000 were answered");
    });
}

#[test]
fn whatever_waits_for_an_answer_counts_for_a_batch_and_notes_ride_along() {
    let (key, call) = (KeyId(Uuid::from_u128(1)), CallId(Uuid::from_u128(2)));
    let note = OpenNote { call, account: ACCOUNT, key, bound: Cost::ZERO, model: "m".into() };
    let mut sorted = Sorted::default();
    for (item, count) in [
        (Item::Note(note), 0),
        (Item::Op(Box::new(submitted(1).0)), 1),
        (Item::Op(Box::new(submitted(1).0)), 2),
        (Item::LoadAccount(ACCOUNT, 1, oneshot::channel().0), 3),
        (Item::LoadKey(ACCOUNT, key, 1, oneshot::channel().0), 4),
        (Item::LoadKey(ACCOUNT, key, 1, oneshot::channel().0), 5),
        (Item::LoadKey(ACCOUNT, key, 1, oneshot::channel().0), 6),
        (Item::FindSettled(call, oneshot::channel().0), 7),
        (Item::FindSettled(call, oneshot::channel().0), 8),
    ] {
        sorted.push(item);
        assert_eq!(sorted.count(), count);
    }
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
    // The store may name the account, or not: that is drawn.
    for drawn_before in 0..40 {
        boot::on_paused_time(async {
            let (world, program) = two_accounts().await;
            {
                let mut inner = world.lock();
                let until = inner.now_us() + 4_000_000;
                inner.refused = Some((ACCOUNT, until));
                for _ in 0..drawn_before {
                    inner.rng.random::<bool>();
                }
            }
            let [guilty, innocent] = asked_together(&world, &program).await;
            assert_eq!(guilty, Ok(Err(AskError::Discarded)));
            assert_eq!(innocent, Ok(Ok(Ok(Receipt { seq: 2 }))));
        });
    }
}

#[test]
fn who_shares_a_commit_with_a_locked_row_is_served() {
    boot::on_paused_time(async {
        let (world, program) = two_accounts().await;
        {
            let mut inner = world.lock();
            let until = inner.now_us() + 4_000_000;
            inner.locked.insert(ACCOUNT, until);
        }
        let [held_up, other] = asked_together(&world, &program).await;
        assert!(!matches!(held_up, Ok(Ok(_))), "{held_up:?}");
        assert_eq!(other, Ok(Ok(Ok(Receipt { seq: 2 }))));
    });
}

#[test]
fn a_store_that_cannot_write_counts_as_away_and_whoever_asked_is_told() {
    boot::on_paused_time(async {
        let (world, program) = two_accounts().await;
        world.lock().commits_meet.push_back(Fault::CannotWrite);
        let told = asked_together(&world, &program).await;
        assert_eq!(told, [Ok(Err(AskError::Unavailable)), Ok(Err(AskError::Unavailable))]);
        assert!(!program.directory.is_healthy());
        tokio::time::sleep(Duration::from_secs(9)).await;
        assert_eq!(program.directory.ask_account(ACCOUNT, grant(1)).await, Ok(Ok(Ok(Receipt { seq: 1 }))));
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
