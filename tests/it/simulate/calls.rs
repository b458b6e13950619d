//! One call of a client, from its wish to the last it is told; the upstream's part is drawn.

use crate::simulate::audit::{End, Stage};
use crate::simulate::faults::Fault;
use crate::simulate::journal::cost;
use crate::simulate::world::{Inner, World};
use derouter::actors::call::{CallEnd, LiveCall, Reservation};
use derouter::actors::directory::Directory;
use derouter::actors::messages::{Delivery, KeyRef};
use derouter::actors::settlement::Durable;
use derouter::domain::admission::SLICE_TOKENS;
use derouter::domain::call::Meters;
use derouter::domain::ending::{Absorb, Arrived, Ending, judge};
use derouter::domain::ids::CallId;
use derouter::domain::money::Cost;
use derouter::domain::op::Refusal;
use derouter::domain::outcome::{Flags, Outcome};
use derouter::domain::quote::Quote;
use rand::Rng;
use std::time::Duration;
use tokio::sync::oneshot;

/// What a client wishes.
pub struct Wish {
    pub key: KeyRef,
    pub quote: Quote,
    pub delivery: Delivery,
}

/// When a client leaves, if it does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Leaves {
    Never,
    Waiting,
    Reserved,
    BeforeStart,
    Streaming,
    AtEnd,
}

const LEAVING: [(Leaves, Fault); 5] = [
    (Leaves::Waiting, Fault::LeftWaiting),
    (Leaves::Reserved, Fault::LeftReserved),
    (Leaves::BeforeStart, Fault::LeftBeforeStart),
    (Leaves::Streaming, Fault::LeftStreaming),
    (Leaves::AtEnd, Fault::LeftAtEnd),
];

const UPSTREAM: [(Ending, Arrived, Fault); 5] = [
    (Ending::Refused, NOTHING, Fault::UpstreamRefused),
    (Ending::NoHead, NOTHING, Fault::UpstreamSilent),
    (Ending::Broken, START, Fault::UpstreamBroke),
    (Ending::Broken, CONTENT, Fault::UpstreamCut),
    (Ending::BadBody, START, Fault::UpstreamBadBody),
];

const NOTHING: Arrived = Arrived { start: false, content: false, usage: false };
const START: Arrived = Arrived { start: true, content: false, usage: true };
const CONTENT: Arrived = Arrived { start: true, content: true, usage: true };

/// Makes one call and tells the auditor of each step.
pub async fn make(world: &World, directory: &Directory, wish: Wish) {
    let (call, leaves) = begin(&mut world.lock(), wish.key);
    let key = wish.key;
    let asking = directory.admit(key, call, wish.quote, wish.delivery);
    let answer = if leaves == Leaves::Waiting {
        let patience = Duration::from_micros(world.lock().rng.random_range(0..3_000));
        let Ok(answer) = tokio::time::timeout(patience, asking).await else {
            return world.lock().audit.left_waiting(call);
        };
        answer
    } else {
        asking.await
    };
    world.step().await;
    match answer {
        Ok(Ok(reservation)) => run(world, directory, reservation, leaves).await,
        Ok(Err(refusal)) => refused(&mut world.lock(), directory, call, &refusal),
        Err(_busy) => {
            world.lock().audit.moved_on(call, |_| Stage::Released);
            world.pass(1_000..=100_000).await;
        }
    }
}

fn begin(world: &mut Inner, key: KeyRef) -> (CallId, Leaves) {
    let call = world.fresh_call();
    world.audit.asked(call, key);
    let leaving = world.plan.leaving;
    if !world.happens(leaving) {
        return (call, Leaves::Never);
    }
    let (leaves, fault) = LEAVING[world.rng.random_range(0..LEAVING.len())];
    world.faults.count(fault);
    (call, leaves)
}

fn refused(world: &mut Inner, directory: &Directory, call: CallId, refusal: &Refusal) {
    let key = world.audit.calls[&call].key;
    world.audit.moved_on(call, |_| Stage::Released);
    world.note(1);
    if let (Refusal::RateLimited { limit, .. }, true) = (refusal, world.plan.is_calm) {
        let now_ms = directory.clock().now_ms();
        world.audit.refused_by_window(key.key, *limit, now_ms);
    }
}

async fn run(world: &World, directory: &Directory, reservation: Reservation, leaves: Leaves) {
    let call = reservation.call();
    admitted(&mut world.lock(), directory, &reservation);
    if leaves == Leaves::Reserved {
        world.lock().audit.moved_on(call, |_| Stage::Released);
        return drop(reservation);
    }
    // A body is read, a connection is made.
    world.pass(0..=2_000).await;
    world.step().await;
    let Ok(live) = reservation.dispatch() else {
        world.lock().audit.moved_on(call, |_| Stage::Released);
        return world.pass(1_000..=100_000).await;
    };
    world.lock().audit.moved_on(call, |hold| Stage::Dispatched { hold });
    let (live, ending, arrived, spent) = upstream(world, live, leaves).await;
    let settled = settle(world, live, ending, arrived, spent);
    if leaves == Leaves::AtEnd || ending == Ending::ClientGone {
        return;
    }
    hear(world, call, settled).await;
}

fn admitted(world: &mut Inner, directory: &Directory, reservation: &Reservation) {
    let (call, hold) = (reservation.call(), reservation.terms().hold);
    let Inner { audit, ledger, plan, .. } = world;
    if plan.has_two_owners {
        // The one whose shards were taken goes on letting calls through until it meets the fence.
        audit.overrun(audit.calls[&call].key.key);
    }
    audit.admitted(ledger, call, hold.nanos().into());
    let key = audit.calls[&call].key;
    if plan.is_calm {
        audit.admitted_in_window(key.key, reservation.window().0, directory.clock().now_ms());
    }
    world.note(2);
}

/// Plays the upstream; says how the call ended, what had come, and what that costs beside its input.
async fn upstream(world: &World, mut live: LiveCall, leaves: Leaves) -> (LiveCall, Ending, Arrived, Cost) {
    world.pass(1_000..=200_000).await;
    world.step().await;
    let drawn = draw_fault(&mut world.lock(), leaves);
    let cut = live.directory().draining().is_cutting();
    if cut || leaves == Leaves::BeforeStart {
        let ending = if cut { Ending::Drained } else { Ending::ClientGone };
        return (live, ending, NOTHING, Cost::ZERO);
    }
    if let Some((ending, arrived)) = drawn.filter(|(_, arrived)| !arrived.content) {
        return (live, ending, arrived, Cost::ZERO);
    }
    let wanted = world.lock().rng.random_range(1..=live.quote().max_output());
    let (written, ending) = write(world, &mut live, wanted).await;
    let output = live.quote().output_cost(written);
    let (ending, arrived) = match (ending, drawn, leaves) {
        (Ending::Complete, Some(broken), _) => broken,
        (Ending::Complete, None, Leaves::Streaming) => (Ending::ClientGone, CONTENT),
        (ending, _, _) => (ending, CONTENT),
    };
    (live, ending, arrived, output)
}

fn draw_fault(world: &mut Inner, leaves: Leaves) -> Option<(Ending, Arrived)> {
    let upstream = world.plan.upstream;
    if leaves != Leaves::Never || !world.happens(upstream) {
        return None;
    }
    let (ending, arrived, fault) = UPSTREAM[world.rng.random_range(0..UPSTREAM.len())];
    world.faults.count(fault);
    Some((ending, arrived))
}

/// Writes output by slices and raises the hold as it goes; less than `wanted` where the budget or a stop ends it.
async fn write(world: &World, live: &mut LiveCall, wanted: u64) -> (u64, Ending) {
    let (call, mut held) = (live.call(), live.terms().output);
    loop {
        world.pass(500..=300_000).await;
        world.step().await;
        if live.directory().draining().is_cutting() {
            return (wanted.min(held), Ending::Drained);
        }
        if wanted <= held {
            return (wanted, Ending::Complete);
        }
        let more = live.quote().output_cost(held + SLICE_TOKENS).saturating_sub(live.quote().output_cost(held));
        if !live.grow(more).await {
            world.lock().faults.count(Fault::BudgetCut);
            return (held, Ending::CutByBudget);
        }
        held += SLICE_TOKENS;
        world.lock().audit.grew(call, more.nanos().into());
    }
}

/// Ends the call's money by the truth table, as the body does.
fn settle(world: &World, live: LiveCall, ending: Ending, arrived: Arrived, output: Cost) -> oneshot::Receiver<Durable> {
    let verdict = judge(ending, arrived);
    let input = live.quote().input_bound();
    let mut inner = world.lock();
    let mut spent = if verdict.outcome == Outcome::Answered { input.saturating_add(output) } else { Cost::ZERO };
    let overrun = inner.plan.overrun;
    if spent > Cost::ZERO && inner.happens(overrun) {
        inner.faults.count(Fault::Overrun);
        spent = spent.saturating_add(cost(inner.rng.random_range(1..1_000_000_000)));
        let key = inner.audit.calls[&live.call()].key.key;
        inner.audit.overrun(key);
    }
    let absorbed = match verdict.absorb {
        Absorb::Nothing => Cost::ZERO,
        Absorb::Reported | Absorb::InputBound => input,
    };
    let end = End {
        outcome: verdict.outcome,
        cost: spent.nanos().into(),
        absorbed: absorbed.nanos().into(),
        is_within_hold: spent <= live.terms().hold,
    };
    inner.audit.settling(live.call(), end);
    let key = inner.audit.calls[&live.call()].key.key;
    inner.ledger.told.ends(live.call(), key);
    inner.note(3);
    drop(inner);
    live.settle(CallEnd {
        outcome: verdict.outcome,
        flags: verdict.flags.with(Flags::NONE),
        cost: spent,
        absorbed,
        model: "simulated".into(),
        meters: Meters::default(),
        detail: None,
    })
}

/// Waits for what the client's last bytes wait for.
async fn hear(world: &World, call: CallId, settled: oneshot::Receiver<Durable>) {
    let told = settled.await;
    world.step().await;
    let mut inner = world.lock();
    let Inner { audit, ledger, .. } = &mut *inner;
    match told {
        Ok(Durable::Committed(receipt)) => audit.told_committed(ledger, call, receipt),
        Ok(Durable::Spooled) => audit.moved_on(call, |_| Stage::Spooled),
        Ok(Durable::Nowhere) => audit.moved_on(call, |_| Stage::Nowhere),
        Err(_) => audit.find(format_args!("{call}: nobody tells what became of it")),
    }
    inner.note(4);
}
