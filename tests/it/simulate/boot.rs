//! One start of a program in a world: recovery, service, and its end by a crash, a stop, or for want of work.

use crate::simulate::chaos;
use crate::simulate::client;
use crate::simulate::disk::SimulatedDisk;
use crate::simulate::faults::Fault;
use crate::simulate::journal::SimulatedJournal;
use crate::simulate::ledger::Ledger;
use crate::simulate::reseller;
use crate::simulate::world::World;
use actix::Arbiter;
use chrono::DateTime;
use derouter::actors::directory::{Directory, Home};
use derouter::actors::held_notes::HeldNotes;
use derouter::actors::housekeeper;
use derouter::actors::lane::{self, Lane};
use derouter::actors::lane_batch::Streams;
use derouter::actors::older_boots;
use derouter::clock::Clock;
use derouter::domain::ids::{AccountId, BootId, NodeId, SHARDS};
use derouter::store::ownership::Orphan;
use derouter::store::spool::Spool;
use derouter::store::spool_record;
use rand::Rng;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

/// Threads of the real program; here each is a lane with its own connection.
const LANES: usize = 2;
/// As in `app/recovery.rs` and `app/stop.rs`: how often a start begins anew, how long running calls and settlements may take.
const ROUNDS: u32 = 10;
const CALLS_WITHIN: Duration = Duration::from_secs(2);
const SETTLE_WITHIN: Duration = Duration::from_secs(10);

/// No world has work for so long: somebody waits for an answer that does not come.
const FOR_EVER: Duration = Duration::from_secs(1_800);

/// The node a world begins with, and the one that takes its shards away.
pub const FIRST: NodeId = NodeId(Uuid::from_u128(1));
pub const SECOND: NodeId = NodeId(Uuid::from_u128(2));

/// What a boot is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Founds the accounts first.
    Found,
    Serve,
    /// Only recovers, and is looked at when all is quiet.
    Close,
}

/// How a boot ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    OutOfWork,
    Killed,
    Stopped,
    GivenUp,
}

/// Runs one boot of `node`.
pub fn run(world: &World, node: NodeId, purpose: Purpose) -> Ended {
    let inner = world.clone();
    on_paused_time(async move { live(inner, node, purpose).await })
}

/// Runs a program's life on paused time of its own; whatever it left running is dropped with it.
pub fn on_paused_time<T>(life: impl Future<Output = T>) -> T {
    let system = actix::System::with_tokio_rt(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime")
    });
    system.block_on(life)
}

async fn live(world: World, node: NodeId, purpose: Purpose) -> Ended {
    let clock = begin(&world, purpose);
    let serving = serve(&world, node, purpose, &clock);
    let ended = tokio::select! {
        biased;
        () = world.killed() => Ended::Killed,
        ended = serving => ended,
    };
    let mut inner = world.lock();
    inner.end_boot(clock.wall_us());
    if matches!(ended, Ended::Killed | Ended::GivenUp) {
        inner.audit.cut_all();
    }
    ended
}

fn begin(world: &World, purpose: Purpose) -> Clock {
    let mut inner = world.lock();
    let may_die = purpose == Purpose::Serve && inner.plan.boots > 0;
    let is_short = inner.rng.random_ratio(1, 4);
    let steps = if is_short { inner.rng.random_range(1..60) } else { inner.rng.random_range(60..4_000) };
    inner.begin_boot(may_die.then_some(steps));
    Clock::of_runtime(inner.wall_us)
}

async fn serve(world: &World, node: NodeId, purpose: Purpose, clock: &Clock) -> Ended {
    let first = start(world, node, clock);
    if !recover(world, &first, node).await {
        return Ended::GivenUp;
    }
    world.lock().is_recovering = false;
    match purpose {
        Purpose::Found => found(world, &first.directory).await,
        Purpose::Close => return crate::simulate::runs::close(world, &first.directory).await,
        Purpose::Serve => {}
    }
    let mut programs = vec![first];
    let mut tasks = begin_work(world, &programs);
    let mut fates =
        vec![actix::spawn(chaos::run(world.clone(), programs[0].directory.clone(), node, programs[0].boot))];
    let is_rivalled = purpose == Purpose::Serve && world.lock().plan.has_two_owners;
    if is_rivalled {
        world.pass(0..=2_000_000).await;
        world.lock().faults.count(Fault::TwoOwners);
        let rival = if node == FIRST { SECOND } else { FIRST };
        let second = start(world, rival, clock);
        if !recover(world, &second, rival).await {
            return Ended::GivenUp;
        }
        fates.push(actix::spawn(chaos::run(world.clone(), second.directory.clone(), rival, second.boot)));
        programs.push(second);
        tasks.extend(begin_work(world, &programs));
    }
    until_over(world, &programs, tasks, fates).await
}

/// A started program.
pub struct Program {
    pub directory: Directory,
    boot: BootId,
}

/// Starts a program on a node: it takes the shards and connects its lanes.
pub fn start(world: &World, node: NodeId, clock: &Clock) -> Program {
    let mut inner = world.lock();
    let boot = inner.fresh_boot();
    // Taking the shards waits for what commits under the older epoch; what is on the network yet comes later, fenced.
    if inner.rng.random() {
        inner.end_late();
    }
    let epochs: Arc<[i64]> = vec![inner.ledger.take(node); usize::from(SHARDS)].into();
    let delay = Duration::from_millis(inner.plan.note_delay_ms);
    drop(inner);
    let (handles, queues): (Vec<_>, Vec<_>) = (0..LANES).map(|_| lane::pair()).unzip();
    let homes = handles.iter().map(|lane| Home { arbiter: Arbiter::current(), lane: lane.clone() }).collect();
    let spool = Arc::new(Spool::over(Box::new(SimulatedDisk::new(world.clone(), node, boot))));
    let directory = Directory::new(homes, spool, clock.clone());
    for (handle, queue) in handles.iter().zip(queues) {
        let journal = Box::new(SimulatedJournal::new(world.clone(), node, boot));
        let (streams, notes) = (Streams::new(epochs.clone()), HeldNotes::new(delay));
        actix::spawn(Lane::new(handle, queue, journal, directory.clone(), streams, notes).run());
    }
    Program { directory, boot }
}

impl Program {
    /// What a start does before it serves; false where it is given up.
    pub async fn recovers(&self, world: &World, node: NodeId) -> bool {
        recover(world, self, node).await
    }
}

/// As `app/recovery.rs` and `actors/older_boots.rs`, from the world's disks and ledger; false where a start is given up.
async fn recover(world: &World, program: &Program, node: NodeId) -> bool {
    for _ in 0..ROUNDS {
        let connected = async {
            while !program.directory.is_healthy() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        if timeout(Duration::from_secs(30), connected).await.is_err() {
            return false;
        }
        let is_all = settle_older(world, &program.directory, node, program.boot).await;
        world.step().await;
        if is_all || program.directory.is_healthy() {
            housekeeper::finish_each(&program.directory, chaos::closing_keys(world)).await;
            return true;
        }
    }
    false
}

/// What older boots of a node left; false where some of it must wait.
pub async fn settle_older(world: &World, directory: &Directory, node: NodeId, boot: BootId) -> bool {
    let left = |at: &(NodeId, BootId)| at.0 == node && at.1 != boot;
    let older: Vec<_> = world.lock().platters.keys().copied().filter(left).collect();
    let mut kept = HashSet::new();
    for at in older {
        let bytes = world.lock().platters[&at].bytes.clone();
        let (records, _damaged) = spool_record::decode_all(&bytes);
        // Decided anew by books that were loaded now.
        records.iter().for_each(|facts| world.lock().ledger.told.ends(facts.call, facts.key));
        let waiting = older_boots::replay_all(directory, &records).await;
        world.step().await;
        if waiting.is_empty() {
            world.lock().platters.remove(&at);
        }
        kept.extend(waiting);
    }
    let orphans = orphans(world, node, boot);
    older_boots::void_all(directory, orphans, &kept).await && kept.is_empty()
}

/// As `store/upkeep.rs`: notes that came after their settlement are taken away first.
fn orphans(world: &World, node: NodeId, boot: BootId) -> Vec<Orphan> {
    let mut inner = world.lock();
    let Ledger { notes, calls, .. } = &mut inner.ledger;
    notes.retain(|call, (_, of_node, _)| *of_node != node || !calls.contains_key(call));
    let older = inner.ledger.notes.values().filter(|(_, of_node, of_boot)| *of_node == node && *of_boot != boot);
    let orphan = |(note, ..): &(derouter::store::journal::OpenNote, NodeId, BootId)| Orphan {
        call: note.call,
        account: note.account,
        key: note.key,
        bound: note.bound,
        model: note.model.to_string(),
        at: DateTime::UNIX_EPOCH,
    };
    older.map(orphan).collect()
}

async fn found(world: &World, directory: &Directory) {
    let accounts = world.lock().rng.random_range(1..=3);
    for _ in 0..accounts {
        let account = world.lock().fresh_account();
        reseller::found(world, directory, account).await;
    }
}

fn begin_work(world: &World, programs: &[Program]) -> Vec<JoinHandle<()>> {
    let directories: Vec<Directory> = programs.iter().map(|p| p.directory.clone()).collect();
    let newest = directories.last().expect("one at least").clone();
    let accounts: Vec<AccountId> = world.lock().ledger.accounts.keys().copied().collect();
    let clients = world.lock().rng.random_range(1..=12);
    let clients = (0..clients).map(|n| actix::spawn(client::run(world.clone(), directories.clone(), n)));
    let mut tasks: Vec<_> = clients.collect();
    for account in accounts {
        tasks.push(actix::spawn(reseller::run(world.clone(), newest.clone(), account)));
    }
    tasks
}

/// Serves until there is no work, or for as long as this boot was to last; then stops in order.
async fn until_over(
    world: &World,
    programs: &[Program],
    mut tasks: Vec<JoinHandle<()>>,
    fates: Vec<JoinHandle<()>>,
) -> Ended {
    let lasts = {
        let mut inner = world.lock();
        let is_stopped = inner.plan.boots > 0 && inner.rng.random_ratio(1, 3);
        if is_stopped { Duration::from_millis(inner.rng.random_range(1..20_000)) } else { FOR_EVER }
    };
    let work = async {
        for task in &tasks {
            while !task.is_finished() {
                sleep(Duration::from_millis(50)).await;
            }
        }
    };
    let is_over = timeout(lasts, work).await.is_ok();
    if !is_over && lasts == FOR_EVER {
        world.lock().audit.somebody_waits();
    }
    if !is_over {
        world.lock().faults.count(Fault::Stop);
    }
    tasks.extend(fates);
    stop(world, programs, tasks).await;
    if is_over { Ended::OutOfWork } else { Ended::Stopped }
}

/// As `app/stop.rs`: refuse, let calls end, cut the rest, settle all.
async fn stop(world: &World, programs: &[Program], tasks: Vec<JoinHandle<()>>) {
    programs.iter().for_each(|p| p.directory.draining().refuse());
    until(CALLS_WITHIN, || programs.iter().all(|p| p.directory.open_calls().count() == 0)).await;
    programs.iter().for_each(|p| p.directory.draining().cut());
    tasks.iter().for_each(JoinHandle::abort);
    sleep(Duration::from_millis(1)).await;
    let is_settled = |p: &Program| p.directory.settlements().count() == 0 && p.directory.open_calls().count() == 0;
    until(SETTLE_WITHIN, || programs.iter().all(is_settled)).await;
    if !programs.iter().all(is_settled) {
        // What is neither settled nor in the spool by now nobody was told of.
        world.lock().audit.cut_all();
    } else if let [program] = programs {
        nothing_is_held(world, &program.directory).await;
    }
    for program in programs {
        let calls = program.directory.open_calls();
        world.lock().audit.kept_after_all(|key, call| calls.of_key(key).iter().any(|(open, _)| *open == call));
    }
    programs.iter().for_each(|p| p.directory.spool().close());
}

/// Where nothing runs and nothing is to be settled, no key holds money; books that cannot be read now are none.
async fn nothing_is_held(world: &World, directory: &Directory) {
    let keys = world.lock().keys.clone();
    for key in keys {
        let Ok(view) = directory.view_key(key).await else { continue };
        if (view.held.nanos(), view.running) != (0, 0) {
            world.lock().audit.find(format_args!("{} holds for nobody: {view:?}", key.key));
        }
    }
}

async fn until(limit: Duration, done: impl Fn() -> bool) {
    let end = Instant::now() + limit;
    while !done() && Instant::now() < end {
        sleep(Duration::from_millis(20)).await;
    }
}
