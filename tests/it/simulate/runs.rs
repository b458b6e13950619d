//! Worlds by seed: each lives through its boots, is closed in quiet, and is audited.

use crate::simulate::boot::{self, Ended, FIRST, Purpose, SECOND};
use crate::simulate::chaos::STRUCK;
use crate::simulate::faults::{Fault, Plan, Tally};
use crate::simulate::world::World;
use derouter::actors::directory::Directory;
use derouter::actors::messages::KeyRef;
use derouter::domain::ids::{AccountId, NodeId};
use rand::Rng;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Worlds that `./test` lives through; the long run goes on for `DEROUTER_SIMULATE_SECONDS`.
const SEEDS: u64 = 2_000;

/// What one world came to.
#[derive(Default)]
struct Figures {
    seeds: u64,
    calls: u64,
    dispatched: u64,
    operations: u64,
    commits: u64,
    boots: u64,
    faults: Tally,
}

impl Figures {
    fn add(&mut self, other: &Figures) {
        self.seeds += other.seeds;
        self.calls += other.calls;
        self.dispatched += other.dispatched;
        self.operations += other.operations;
        self.commits += other.commits;
        self.boots += other.boots;
        self.faults.add(&other.faults);
    }
}

/// Lives through the world of one seed; its figures and a trace of all that happened.
fn live(seed: u64) -> (Figures, u64) {
    let world = World::new(seed);
    {
        let mut inner = world.lock();
        inner.calls_left = inner.rng.random_range(20..180);
        inner.operations_left = inner.rng.random_range(5..40);
    }
    let mut boots = found(&world);
    let mut restarts = world.lock().plan.boots;
    loop {
        boots += 1;
        match boot::run(&world, FIRST, Purpose::Serve) {
            Ended::OutOfWork => break,
            ended => count_end(&world, ended),
        }
        if restarts == 0 {
            // It was killed often enough: what is left to do is done in peace.
            world.lock().plan.boots = 0;
        }
        restarts = restarts.saturating_sub(1);
    }
    boots += in_quiet(&world);
    let inner = world.lock();
    if let Some(found) = inner.audit.found.lock().as_ref() {
        panic!("{found}");
    }
    inner.audit.close(&inner.ledger);
    let calls = u64::try_from(inner.audit.calls.len()).expect("few");
    let figures = Figures {
        seeds: 1,
        calls,
        dispatched: u64::try_from(inner.ledger.calls.len()).expect("few"),
        operations: u64::try_from(inner.audit.operations.len()).expect("few"),
        commits: inner.audit.commits,
        boots,
        faults: inner.faults.clone(),
    };
    (figures, inner.trace)
}

/// The first boot, in which nothing fails: accounts, money and keys come to be.
fn found(world: &World) -> u64 {
    let plan = std::mem::replace(&mut world.lock().plan, Plan::quiet());
    let calls = std::mem::take(&mut world.lock().calls_left);
    let operations = std::mem::take(&mut world.lock().operations_left);
    assert_eq!(boot::run(world, FIRST, Purpose::Found), Ended::OutOfWork);
    let mut inner = world.lock();
    (inner.plan, inner.calls_left, inner.operations_left) = (plan, calls, operations);
    1
}

fn count_end(world: &World, ended: Ended) {
    let mut inner = world.lock();
    match ended {
        Ended::Killed if inner.is_recovering => inner.faults.count(Fault::CrashInRecovery),
        Ended::Killed => inner.faults.count(Fault::Crash),
        Ended::GivenUp => inner.faults.count(Fault::StartGivenUp),
        Ended::Stopped | Ended::OutOfWork => {}
    }
}

/// Every fault ends; each node there was starts once more and is looked at when nothing moves.
fn in_quiet(world: &World) -> u64 {
    let nodes: &[NodeId] = if world.lock().plan.has_two_owners { &[SECOND, FIRST] } else { &[FIRST] };
    {
        let mut inner = world.lock();
        inner.plan = Plan::quiet();
        (inner.away_until, inner.full_until, inner.refused) = (0, 0, None);
        inner.locked.clear();
    }
    for node in nodes {
        assert_eq!(boot::run(world, *node, Purpose::Close), Ended::OutOfWork, "seed {}", world.lock().seed);
    }
    nodes.len() as u64
}

/// Waits until nothing moves; then every actor must say what the ledger says, and hold nothing.
pub async fn close(world: &World, directory: &Directory) -> Ended {
    for _ in 0..600 {
        sleep(Duration::from_millis(100)).await;
        derouter::actors::housekeeper::finish_each(directory, crate::simulate::chaos::closing_keys(world)).await;
        let is_quiet = directory.settlements().count() == 0 && crate::simulate::chaos::closing_keys(world).is_empty();
        if is_quiet {
            break;
        }
    }
    let open = (directory.open_calls().count(), directory.settlements().count(), directory.spool().waiting());
    if open != (0, 0, 0) {
        world.lock().audit.find(format_args!("open calls, settlements, spooled at the end: {open:?}"));
    }
    let accounts: Vec<AccountId> = world.lock().ledger.accounts.keys().copied().collect();
    for account in accounts {
        compare_account(world, directory, account).await;
    }
    Ended::OutOfWork
}

async fn compare_account(world: &World, directory: &Directory, account: AccountId) {
    let view = directory.view_account(account).await.expect("nothing fails any more");
    let row = world.lock().ledger.accounts[&account].clone();
    let seen = (i128::from(view.main.nanos()), i128::from(view.available.nanos()), i128::from(view.receivable.nanos()));
    if seen != (row.main, row.main, row.receivable) {
        world.lock().audit.find(format_args!("{account}: its actor has {view:?}, the ledger {row:?}"));
    }
    let frozen = row.freezes > 0 || row.receivable > 0;
    for (id, key) in row.keys.iter().filter(|(_, key)| key.status == 1) {
        let view = directory.view_key(KeyRef { account, key: *id }).await.expect("nothing fails any more");
        let seen = (view.funded.nanos(), view.posted.nanos(), view.spent.nanos(), view.held.nanos(), view.running);
        let want = [key.funded, key.posted, key.spent, 0].map(|n| i64::try_from(n).expect("an amount"));
        if seen != (want[0], want[1], want[2], want[3], 0) || view.frozen != frozen {
            world.lock().audit.find(format_args!("{id}: its actor has {view:?}, the ledger {key:?}, frozen {frozen}"));
        }
    }
}

/// A panic that the simulation wants is not news.
fn quieten() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let loud = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let words = info.payload().downcast_ref::<String>().map(String::as_str);
            let words = words.or(info.payload().downcast_ref::<&str>().copied());
            let is_wanted = words == Some(STRUCK);
            if !is_wanted {
                loud(info);
            }
        }));
    });
}

fn report(figures: &Figures, first: u64, took: Duration) {
    let per_second = figures.seeds as f64 / took.as_secs_f64();
    println!(
        "seeds {first} to {}: {} worlds, {} boots, {} calls ({} with a row), {} operations, {} commits in {:.0} s, {per_second:.0} seeds/s",
        first + figures.seeds - 1,
        figures.seeds,
        figures.boots,
        figures.calls,
        figures.dispatched,
        figures.operations,
        figures.commits,
        took.as_secs_f64(),
    );
    for fault in Fault::ALL {
        println!("{:>10}  {fault}", figures.faults.of(*fault));
    }
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{variable} is a whole number")))
}

#[expect(clippy::disallowed_methods, reason = "a run is timed by the machine's clock")]
fn now() -> Instant {
    Instant::now()
}

#[test]
fn every_world_balances_whatever_fails_in_it() {
    quieten();
    let first = number("DEROUTER_SEED").unwrap_or(1);
    let (seeds, seconds) = (number("DEROUTER_SIMULATE_SEEDS").unwrap_or(SEEDS), number("DEROUTER_SIMULATE_SECONDS"));
    let (began, mut sum) = (now(), Figures::default());
    for seed in first.. {
        let is_over = seconds.map_or(sum.seeds >= seeds, |s| began.elapsed() >= Duration::from_secs(s));
        if is_over {
            break;
        }
        let lived = catch_unwind(AssertUnwindSafe(|| live(seed)));
        let Ok((figures, _)) = lived else { panic!("seed {seed} found something; DEROUTER_SEED={seed} replays it") };
        sum.add(&figures);
    }
    report(&sum, first, began.elapsed());
    let missing: Vec<String> = Fault::ALL.iter().filter(|f| sum.faults.of(**f) == 0).map(ToString::to_string).collect();
    assert!(sum.seeds < 1_000 || missing.is_empty(), "never happened: {missing:?}");
}

#[test]
fn a_seed_replays_exactly() {
    quieten();
    for seed in 1..=60 {
        assert_eq!(live(seed).1, live(seed).1, "seed {seed}");
    }
}
