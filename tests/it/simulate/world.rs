//! One simulated world: everything that is left when a program of it dies, and what the auditor saw.

use crate::simulate::audit::Audit;
use crate::simulate::faults::{Fault, Plan, Tally};
use crate::simulate::ledger::Ledger;
use derouter::actors::messages::KeyRef;
use derouter::domain::ids::{AccountId, BootId, CallId, KeyId, NodeId};
use derouter::store::journal::Batch;
use parking_lot::{Mutex, MutexGuard};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use uuid::Uuid;

/// The first moment of every world, in microseconds since 1970.
const BEGINNING_US: i64 = 1_790_000_000_000_000;

/// A commit whose answer was lost while it ran: it ends before anybody may look behind it.
pub struct Late {
    pub node: NodeId,
    pub boot: BootId,
    pub batch: Batch,
    pub lands: bool,
}

/// What a boot's spool has on its disk.
#[derive(Default)]
pub struct Platter {
    pub bytes: Vec<u8>,
    /// Records whose fsync has not answered.
    pub under_way: Vec<(u64, Vec<u8>)>,
}

/// What outlives a program.
pub struct Inner {
    pub seed: u64,
    pub rng: SmallRng,
    pub plan: Plan,
    pub faults: Tally,
    pub ledger: Ledger,
    pub late: Vec<Late>,
    /// The store answers nothing until then, in microseconds of the world's own time.
    pub away_until: u64,
    /// It answers and cannot write until then.
    pub full_until: u64,
    /// Rows a stranger holds, and until when.
    pub locked: BTreeMap<AccountId, u64>,
    /// An account whose batches the store refuses, and until when.
    pub refused: Option<(AccountId, u64)>,
    /// Reads to come that are lost whatever the plan says.
    pub lost_reads: u32,
    /// What the commits to come meet, whatever the plan says.
    pub commits_meet: VecDeque<Fault>,
    pub platters: BTreeMap<(NodeId, BootId), Platter>,
    pub audit: Audit,
    /// Keys that clients know.
    pub keys: Vec<KeyRef>,
    /// Calls and operations still to be made.
    pub calls_left: u64,
    pub operations_left: u64,
    pub wall_us: i64,
    /// Microseconds of the world's time at the start of this boot.
    pub before_us: u64,
    /// What older boots left is not settled yet.
    pub is_recovering: bool,
    started: Option<tokio::time::Instant>,
    ids: u128,
    pub steps: u64,
    /// The step at which this boot is killed.
    pub killed_at: Option<u64>,
    alive: watch::Sender<bool>,
    pub trace: u64,
}

/// A handle on a world.
#[derive(Clone)]
pub struct World(Arc<Mutex<Inner>>);

impl World {
    pub fn new(seed: u64) -> Self {
        let mut rng = SmallRng::seed_from_u64(seed);
        let plan = Plan::draw(&mut rng);
        World(Arc::new(Mutex::new(Inner {
            seed,
            rng,
            plan,
            faults: Tally::default(),
            ledger: Ledger::default(),
            late: Vec::new(),
            away_until: 0,
            full_until: 0,
            locked: BTreeMap::new(),
            refused: None,
            lost_reads: 0,
            commits_meet: VecDeque::new(),
            platters: BTreeMap::new(),
            audit: Audit::new(seed),
            keys: Vec::new(),
            calls_left: 0,
            operations_left: 0,
            wall_us: BEGINNING_US,
            before_us: 0,
            is_recovering: false,
            started: None,
            ids: 0,
            steps: 0,
            killed_at: None,
            alive: watch::channel(false).0,
            trace: seed,
        })))
    }

    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock()
    }

    /// One step of the program: it may be the one at which it is killed. A dead program does nothing more.
    pub async fn step(&self) {
        if !self.lock().step() {
            std::future::pending::<()>().await;
        }
    }

    /// Resolves when the running boot is killed.
    pub async fn killed(&self) {
        let mut alive = self.lock().alive.subscribe();
        let _ = alive.wait_for(|alive| !alive).await;
    }

    /// Sleeps for a time drawn from `range`, in microseconds.
    pub async fn pass(&self, range: std::ops::RangeInclusive<u64>) {
        let time = self.lock().rng.random_range(range);
        tokio::time::sleep(Duration::from_micros(time)).await;
    }
}

impl Inner {
    /// A program starts now, to be killed at a step to come or never.
    pub fn begin_boot(&mut self, lives_for: Option<u64>) {
        self.started = Some(tokio::time::Instant::now());
        self.killed_at = lives_for.map(|steps| self.steps + steps);
        self.alive = watch::channel(true).0;
        self.is_recovering = true;
        self.audit.say(format_args!("--- a program starts, to be killed at {:?}", self.killed_at));
    }

    /// The program is gone: its time is added to the world's, and what its disk was writing is torn.
    pub fn end_boot(&mut self, wall_us: i64) {
        // Inside the runtime still: outside, time is the machine's.
        self.before_us = self.now_us();
        self.wall_us = wall_us;
        self.started = None;
        self.audit.over();
        self.ledger.forget_books();
        self.alive.send_replace(false);
        for platter in self.platters.values_mut() {
            for (_, record) in std::mem::take(&mut platter.under_way) {
                let written = self.rng.random_range(0..=record.len());
                platter.bytes.extend_from_slice(&record[..written]);
                if written < record.len() {
                    self.faults.count(Fault::SpoolTorn);
                    break;
                }
            }
        }
    }

    pub fn is_alive(&self) -> bool {
        *self.alive.borrow()
    }

    fn step(&mut self) -> bool {
        self.steps += 1;
        if self.is_alive() && self.killed_at.is_some_and(|at| self.steps >= at) {
            self.alive.send_replace(false);
        }
        self.is_alive()
    }

    /// A program that is to be killed is now and then killed just here, where it hurts.
    pub fn may_be_killed_soon(&mut self) {
        if self.killed_at.is_some() && self.rng.random_ratio(1, 10) {
            self.killed_at = Some(self.steps + self.rng.random_range(1..=2));
        }
    }

    /// Microseconds of the world's time, over all boots.
    pub fn now_us(&self) -> u64 {
        let gone = self.started.map_or(0, |at| u64::try_from(at.elapsed().as_micros()).expect("short"));
        self.before_us + gone
    }

    /// True in so many of a thousand cases.
    pub fn happens(&mut self, per_mille: u32) -> bool {
        self.rng.random_ratio(per_mille.min(1_000), 1_000)
    }

    /// Ends late commits: nobody may read behind one that runs.
    pub fn end_late(&mut self) {
        for late in std::mem::take(&mut self.late) {
            if late.lands {
                let written = self.ledger.commit(late.node, late.boot, &late.batch);
                self.audit.committed(&self.ledger, &late.batch, &written);
            }
        }
    }

    /// Notes what happened, so that two runs of a seed can be compared.
    pub fn note(&mut self, what: u64) {
        self.trace = (self.trace ^ what ^ self.now_us()).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(17);
    }

    fn fresh(&mut self) -> Uuid {
        self.ids += 1;
        // The tail decides the shard: two lanes get about half each.
        Uuid::from_u128(self.ids << 64 | u128::from(self.rng.random::<u32>()))
    }

    pub fn fresh_account(&mut self) -> AccountId {
        AccountId(self.fresh())
    }

    pub fn fresh_key(&mut self) -> KeyId {
        KeyId(self.fresh())
    }

    pub fn fresh_call(&mut self) -> CallId {
        CallId(self.fresh())
    }

    pub fn fresh_boot(&mut self) -> BootId {
        BootId(self.fresh())
    }

    pub fn fresh_id(&mut self) -> Uuid {
        self.fresh()
    }
}
