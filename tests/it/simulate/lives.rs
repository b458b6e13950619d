//! What the life of a call promises beside the money, in a world in which nothing fails.

use crate::simulate::audit::End;
use crate::simulate::boot::{self, Program};
use crate::simulate::client;
use crate::simulate::faults::Fault;
use crate::simulate::regressions::{quiet, started};
use crate::simulate::world::World;
use derouter::actors::call::{LiveCall, Reservation};
use derouter::actors::messages::{Delivery, FundKey, KeyRef};
use derouter::domain::money::Price;
use derouter::domain::op::{Idem, Refusal};
use derouter::domain::outcome::Outcome;
use std::time::Duration;

/// Asks for a call of some text and at most 500 tokens.
async fn ask(world: &World, program: &Program) -> Result<Reservation, Refusal> {
    let (key, call) = {
        let mut inner = world.lock();
        (inner.keys[0], inner.fresh_call())
    };
    let asking = program.directory.admit(key, call, client::quote(200, true, 500), Delivery::Streamed);
    asking.await.expect("the store is there")
}

/// The world of the regressions, with so many nano-dollars on its account and its key.
fn with_money(main: i128, funded: i128) -> World {
    let world = quiet();
    {
        let mut inner = world.lock();
        let KeyRef { account, key } = inner.keys[0];
        let row = inner.ledger.accounts.get_mut(&account).expect("made");
        (row.main, row.granted) = (main, main + funded);
        let key_row = row.keys.get_mut(&key).expect("made");
        (key_row.funded, key_row.budget) = (funded, funded * 5 / 3);
    }
    world
}

/// A call that went out in a world with money for it.
async fn sent() -> (World, Program, LiveCall) {
    let world = with_money(0, 600_000_000);
    let program = started(&world).await;
    let live = ask(&world, &program).await.expect("the key can pay").dispatch().expect("room");
    (world, program, live)
}

#[test]
fn a_call_tells_what_is_left_of_its_minute_and_when_it_went_out() {
    boot::on_paused_time(async {
        let world = with_money(0, 600_000_000);
        let program = started(&world).await;
        let first = ask(&world, &program).await.expect("the key can pay");
        assert_eq!((first.window().0, first.window().1), (60, 59));
        let second = ask(&world, &program).await.expect("the key can pay");
        let window = second.window();
        assert_eq!((window.0, window.1), (60, 58));
        tokio::time::sleep(Duration::from_secs(2)).await;
        let live = second.dispatch().expect("room");
        assert_eq!((live.window(), live.started_us()), (window, program.directory.clock().wall_us()));
        drop((first, live));
    });
}

#[test]
fn a_call_that_runs_on_leaves_a_note_though_nothing_else_happens() {
    boot::on_paused_time(async {
        let (world, _program, live) = sent().await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert!(world.lock().ledger.notes.contains_key(&live.call()));
        drop(live);
    });
}

#[test]
fn a_note_whose_commit_was_lost_is_written_after_all() {
    boot::on_paused_time(async {
        let world = with_money(0, 600_000_000);
        let program = started(&world).await;
        let reservation = ask(&world, &program).await.expect("the key can pay");
        world.lock().commits_meet.push_back(Fault::CommitLost);
        let live = reservation.dispatch().expect("room");
        tokio::time::sleep(Duration::from_secs(5)).await;
        let inner = world.lock();
        assert!(inner.commits_meet.is_empty() && inner.ledger.notes.contains_key(&live.call()));
        drop(inner);
        drop(live);
    });
}

#[test]
fn a_key_in_use_spends_what_it_was_topped_up_with_at_once() {
    boot::on_paused_time(async {
        let world = with_money(1_000_000_000, 3_000);
        let program = started(&world).await;
        let refused = ask(&world, &program).await.err();
        assert!(matches!(refused, Some(Refusal::BudgetExhausted { .. })), "{refused:?}");
        let KeyRef { account, key } = world.lock().keys[0];
        let idem = Idem::of("top-up".into(), &[]);
        let top_up = FundKey { key, price: Price::from_nanos(1_000_000_000), idem, by: None };
        let funded = program.directory.ask_account(account, top_up).await;
        assert!(matches!(funded, Ok(Ok(Ok(_)))), "{funded:?}");
        assert!(ask(&world, &program).await.is_ok());
    });
}

#[test]
fn a_call_that_is_dropped_is_settled_as_hung_up_and_costs_nobody_anything() {
    boot::on_paused_time(async {
        let (world, _program, live) = sent().await;
        let call = live.call();
        let key = world.lock().keys[0];
        world.lock().audit.asked(call, key);
        world.lock().audit.settling(
            call,
            End {
                outcome: Outcome::CancelledBeforeStart,
                cost: 0,
                absorbed: live.quote().input_bound().nanos().into(),
                is_within_hold: true,
            },
        );
        drop(live);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let inner = world.lock();
        let line = &inner.ledger.calls[&call];
        assert_eq!((line.outcome, line.charge), (Outcome::CancelledBeforeStart, 0));
        assert!(!inner.ledger.notes.contains_key(&call));
    });
}
