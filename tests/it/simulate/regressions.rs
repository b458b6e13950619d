//! What the simulation found, each as small as it can be told.

use crate::simulate::audit::End;
use crate::simulate::boot::{self, FIRST, Program};
use crate::simulate::faults::{Fault, Plan};
use crate::simulate::ledger::{Account, Key};
use crate::simulate::world::{Inner, Platter, World};
use derouter::actors::lane::Item;
use derouter::actors::messages::{KeyRef, Move, Receipt};
use derouter::clock::Clock;
use derouter::domain::call::{CallFacts, Meters};
use derouter::domain::ids::{AccountId, BootId};
use derouter::domain::money::Cost;
use derouter::domain::op::{Idem, Movement};
use derouter::domain::outcome::{Flags, Outcome};
use derouter::store::journal::OpenNote;
use derouter::store::spool_record;
use std::time::Duration;
use tokio::sync::oneshot;

pub const ACCOUNT: AccountId = AccountId(uuid::Uuid::from_u128(7));

/// An account with one key, in a world in which nothing fails.
pub fn quiet() -> World {
    let world = World::new(1);
    let mut inner = world.lock();
    inner.plan = Plan::quiet();
    let key = inner.fresh_key();
    inner.keys.push(KeyRef { account: ACCOUNT, key });
    let row = Key {
        ratio: (3, 5),
        status: 1,
        budget: 0,
        funded: 0,
        posted: 0,
        refunded: 0,
        spent: 0,
        paused: false,
        rpm: 60,
        concurrency: 5,
    };
    inner.ledger.accounts.insert(ACCOUNT, Account { keys: [(key, row)].into(), ..Account::default() });
    inner.begin_boot(None);
    drop(inner);
    world
}

/// Books of two generations were loaded at once: the older load came last, the newer books' ops were dropped without
/// their actor being told, and the next ones were decided by a book that was ahead of the ledger.
#[test]
fn an_older_load_that_is_read_late_never_leaves_a_book_ahead_of_the_ledger() {
    boot::on_paused_time(a_late_load());
}

async fn a_late_load() {
    let world = quiet();
    let program = started(&world).await;
    let key = world.lock().keys[0];
    program.directory.discard(ACCOUNT);
    program.directory.view_account(ACCOUNT).await.expect("its new books are loaded");
    // Asked for by an actor of the books that were thrown away: loads of keys are read behind loads of accounts.
    let (done, late) = oneshot::channel();
    program.directory.lane(ACCOUNT).send(Item::LoadKey(ACCOUNT, key.key, 0, done));
    let first = program.directory.ask_account(ACCOUNT, grant(1)).await;
    let _ = late.await;
    let second = program.directory.ask_account(ACCOUNT, grant(2)).await;
    assert_eq!((first, second), (Ok(Ok(Ok(Receipt { seq: 1 }))), Ok(Ok(Ok(Receipt { seq: 2 })))));
    let view = program.directory.view_account(ACCOUNT).await.expect("it lives");
    assert_eq!(i128::from(view.main.nanos()), world.lock().ledger.accounts[&ACCOUNT].main);
}

/// Whoever is told that a commit failed which is in the books does it again.
#[test]
fn whoever_s_answer_was_lost_is_told_what_became_of_the_commit() {
    boot::on_paused_time(a_lost_answer());
}

async fn a_lost_answer() {
    let world = quiet();
    let program = started(&world).await;
    world.lock().commits_meet.push_back(Fault::AnswerLost);
    let told = program.directory.ask_account(ACCOUNT, grant(1)).await;
    assert_eq!(told, Ok(Ok(Ok(Receipt { seq: 1 }))));
    let inner = world.lock();
    assert_eq!((inner.ledger.accounts[&ACCOUNT].main, inner.commits_meet.len()), (1, 0));
}

pub fn grant(nanos: i64) -> Move {
    Move {
        amount: Cost::from_nanos(nanos),
        movement: Movement::Correction { reason: "a gift".into() },
        idem: Idem::of(format!("gift {nanos}"), &[]),
        by: None,
    }
}

pub async fn started(world: &World) -> Program {
    let program = boot::start(world, FIRST, &Clock::of_runtime(0));
    while !program.directory.is_healthy() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    program
}

/// A start asked the ledger for a spooled call, one answer was lost, and the call, which its client had been given
/// whole, was voided as cut by the crash.
#[test]
fn one_lost_look_up_at_the_start_never_costs_the_bill_of_a_spooled_call() {
    boot::on_paused_time(a_lost_look_up());
}

async fn a_lost_look_up() {
    let world = quiet();
    let facts = left_by_an_older_boot(&world, &[40]).remove(0);
    let program = started(&world).await;
    world.lock().lost_reads = 1;
    assert!(program.recovers(&world, FIRST).await);
    let inner = world.lock();
    let row = &inner.ledger.calls[&facts.call];
    assert_eq!((row.outcome, row.charge), (Outcome::Answered, 40));
    assert!(inner.ledger.notes.is_empty() && inner.lost_reads == 0);
}

/// A program was killed while a key was being deleted. Its first spooled call that was settled made the key give back what
/// the second cost, and the platform bore an answered call.
#[test]
fn a_key_in_deletion_gives_nothing_back_that_its_spooled_calls_cost() {
    boot::on_paused_time(a_deletion());
}

async fn a_deletion() {
    let world = quiet();
    let calls = left_by_an_older_boot(&world, &[40, 50]);
    let key = world.lock().keys[0].key;
    world.lock().ledger.accounts.get_mut(&ACCOUNT).and_then(|row| row.keys.get_mut(&key)).expect("made").status = 2;
    let program = started(&world).await;
    assert!(program.recovers(&world, FIRST).await);
    // The rest went to the account's actor, which writes in its own time.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let inner = world.lock();
    let charged: Vec<i128> = calls.iter().map(|facts| inner.ledger.calls[&facts.call].charge).collect();
    let row = &inner.ledger.accounts[&ACCOUNT];
    assert_eq!((charged, row.keys[&key].refunded, row.keys[&key].status, row.main), (vec![40, 50], 10, 3, 10));
}

/// A key with 100 nano-dollars, on which an older boot spooled answered calls of these costs whose notes are in the ledger.
fn left_by_an_older_boot(world: &World, costs: &[i64]) -> Vec<CallFacts> {
    let mut inner = world.lock();
    let KeyRef { account, key } = inner.keys[0];
    let row = inner.ledger.accounts.get_mut(&account).expect("made");
    row.granted = 100;
    let key_row = row.keys.get_mut(&key).expect("made");
    (key_row.funded, key_row.budget) = (100, 166);
    let boot = inner.fresh_boot();
    let spooled: Vec<CallFacts> = costs.iter().map(|cost| spooled(&mut inner, boot, *cost)).collect();
    let bytes = spooled.iter().flat_map(spool_record::encode).collect();
    inner.platters.insert((FIRST, boot), Platter { bytes, under_way: Vec::new() });
    spooled
}

fn spooled(inner: &mut Inner, boot: BootId, cost: i64) -> CallFacts {
    let (KeyRef { account, key }, call) = (inner.keys[0], inner.fresh_call());
    inner.audit.asked(call, KeyRef { account, key });
    inner
        .audit
        .settling(call, End { outcome: Outcome::Answered, cost: cost.into(), absorbed: 0, is_within_hold: true });
    let note = OpenNote { call, account, key, bound: Cost::from_nanos(90), model: "m".into() };
    inner.ledger.notes.insert(call, (note, FIRST, boot));
    CallFacts {
        call,
        account,
        key,
        outcome: Outcome::Answered,
        flags: Flags::NONE,
        cost: Cost::from_nanos(cost),
        absorbed: Cost::ZERO,
        model: "m".into(),
        meters: Meters::default(),
        detail: None,
        started_us: 0,
        ended_us: 1,
    }
}
