//! The auditor: what every caller was told, held against the ledger. It asks no actor and trusts no book.

use crate::simulate::ledger::{Ledger, Refused};
use derouter::actors::messages::{KeyRef, SettleReceipt};
use derouter::domain::ids::{AccountId, CallId, KeyId};
use derouter::domain::outcome::{Flags, Outcome};
use derouter::store::journal::Batch;
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// How far a call came, as its caller knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Nothing was sent upstream.
    Asked,
    /// It was refused, or gave its place back before anything was sent.
    Released,
    Running {
        hold: i128,
    },
    Dispatched {
        hold: i128,
    },
    /// The upstream's part is over; nobody was told yet.
    Settling,
    Committed,
    Spooled,
    Nowhere,
}

/// One call as its caller knows it.
#[derive(Clone, Debug)]
pub struct Call {
    pub key: KeyRef,
    pub stage: Stage,
    pub end: Option<End>,
    /// Its program has ended, and with it whatever ran for it.
    is_over: bool,
    /// Its program was killed before anything was told.
    is_cut: bool,
}

/// How a call ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct End {
    pub outcome: Outcome,
    pub cost: i128,
    pub absorbed: i128,
    /// It cost no more than was held for it from the start: what a stream asks for later may be granted unheld while books
    /// are rebuilt.
    pub is_within_hold: bool,
}

/// An operation of a reseller under one id.
#[derive(Clone, Default, Debug)]
pub struct Operation {
    pub granted_at: Option<i64>,
    pub is_refused: bool,
    /// An attempt of it ended without an answer.
    pub is_in_doubt: bool,
}

/// What was seen of one key.
#[derive(Default)]
struct Seen {
    admitted_ms: VecDeque<u64>,
    /// Somebody left without hearing whether the call was let through.
    was_left: bool,
    /// A call cost more than it held, or two programs let calls through: holds prove nothing then.
    is_overrun: bool,
    /// A call cost more than was held for it from the start, and may have taken what was held for others.
    is_eaten_into: bool,
}

/// All that was told in one world.
pub struct Audit {
    seed: u64,
    pub calls: BTreeMap<CallId, Call>,
    pub operations: BTreeMap<(AccountId, String), Operation>,
    seen: HashMap<KeyId, Seen>,
    records: u64,
    pub commits: u64,
    pub found: Mutex<Option<String>>,
    is_told: bool,
}

impl Audit {
    pub fn new(seed: u64) -> Self {
        let (calls, operations) = (BTreeMap::new(), BTreeMap::new());
        let is_told = std::env::var_os("DEROUTER_SIMULATE_TRACE").is_some();
        Audit {
            seed,
            calls,
            operations,
            seen: HashMap::new(),
            records: 0,
            commits: 0,
            found: Mutex::default(),
            is_told,
        }
    }

    /// Ends the run with the seed that shows it. The task that found it may end alone; the run asks `found`.
    pub fn find(&self, what: impl std::fmt::Display) -> ! {
        let words = format!("seed {}: {what}", self.seed);
        self.found.lock().get_or_insert(words.clone());
        panic!("{words}")
    }

    /// Prints a step where a seed is replayed to be understood.
    pub fn say(&self, what: impl std::fmt::Display) {
        if self.is_told {
            println!("{what}");
        }
    }

    /// The work of a world does not end.
    pub fn somebody_waits(&self) -> ! {
        let is_open = |c: &Call| {
            !c.is_cut
                && matches!(c.stage, Stage::Asked | Stage::Running { .. } | Stage::Dispatched { .. } | Stage::Settling)
        };
        let calls: Vec<_> = self.calls.iter().filter(|(_, c)| is_open(c)).collect();
        let operations: Vec<_> = self.operations.iter().filter(|(_, o)| o.is_in_doubt).collect();
        self.find(format_args!("somebody waits for ever: {calls:#?} {operations:#?}"))
    }

    pub fn next_record(&mut self) -> u64 {
        self.records += 1;
        self.records
    }

    /// A batch met the ledger: whatever it holds, the numbers must be ones that the books may decide.
    pub fn committed(&mut self, ledger: &Ledger, batch: &Batch, written: &Result<Vec<(AccountId, i64)>, Refused>) {
        match written {
            Err(Refused::Unsound(why)) => self.find(format_args!("the books decided what the ledger refuses: {why}")),
            Err(Refused::Known(_)) => {}
            Ok(accepted) => {
                self.commits += 1;
                self.say(format_args!(
                    "committed {accepted:?} of {} ops, {} notes",
                    batch.entries.len(),
                    batch.notes.len()
                ));
                let moved: usize = accepted.len();
                let accounts = batch.entries.iter().map(|e| e.op.account).collect::<std::collections::BTreeSet<_>>();
                assert!(moved <= accounts.len(), "seed {}: more accounts accepted than sent", self.seed);
                for entry in &batch.entries {
                    self.settled_once(ledger, entry.op.settled_call());
                }
            }
        }
    }

    /// A call that was never sent has no row.
    fn settled_once(&self, ledger: &Ledger, call: Option<CallId>) {
        let Some(call) = call.filter(|c| ledger.calls.contains_key(c)) else { return };
        match self.calls.get(&call).map(|c| &c.stage) {
            None | Some(Stage::Asked | Stage::Released | Stage::Running { .. }) => {
                self.find(format_args!("{call} was never sent and has a row"))
            }
            Some(_) => {}
        }
    }

    pub fn asked(&mut self, call: CallId, key: KeyRef) {
        self.calls.insert(call, Call { key, stage: Stage::Asked, end: None, is_over: false, is_cut: false });
    }

    /// A caller left before it heard whether it was let through.
    pub fn left_waiting(&mut self, call: CallId) {
        self.moved_on(call, |_| Stage::Released);
        let key = self.calls[&call].key.key;
        self.seen.entry(key).or_default().was_left = true;
    }

    /// Several programs let calls through this key, or one cost more than it held.
    pub fn overrun(&mut self, key: KeyId) {
        self.seen.entry(key).or_default().is_overrun = true;
    }

    /// A call was let through: promises of money are at most what the key has left, calls at once at most its limit.
    pub fn admitted(&mut self, ledger: &Ledger, call: CallId, hold: i128) {
        let key = self.calls[&call].key;
        self.say(format_args!("{call} let through on {} for {hold}", key.key));
        self.calls.get_mut(&call).expect("asked").stage = Stage::Running { hold };
        let (mut held, mut running) = (0, 0);
        for other in self.calls.values().filter(|c| c.key == key && !c.is_over) {
            if let Stage::Running { hold } | Stage::Dispatched { hold } = other.stage {
                held += hold;
                running += 1;
            }
        }
        let row = &ledger.accounts[&key.account].keys[&key.key];
        if self.seen.get(&key.key).is_some_and(|seen| seen.is_overrun) {
            return;
        }
        if held > row.left() {
            self.find(format_args!("{call}: {held} held of {} left", row.left()));
        }
        if running > row.concurrency {
            self.find(format_args!("{call}: {running} calls at once of {}", row.concurrency));
        }
    }

    /// A key's window, held exactly where its books are never thrown away.
    pub fn admitted_in_window(&mut self, key: KeyId, rpm: i32, now_ms: u64) {
        let seen = self.seen.entry(key).or_default();
        while seen.admitted_ms.front().is_some_and(|at| at + 60_000 <= now_ms) {
            seen.admitted_ms.pop_front();
        }
        seen.admitted_ms.push_back(now_ms);
        let used = seen.admitted_ms.len();
        if used > rpm as usize {
            self.find(format_args!("{key}: {used} calls in 60 s of {rpm}"));
        }
    }

    /// A refusal for the window must be true.
    pub fn refused_by_window(&mut self, key: KeyId, rpm: i32, now_ms: u64) {
        let seen = self.seen.entry(key).or_default();
        let used = seen.admitted_ms.iter().filter(|at| **at + 60_000 > now_ms).count();
        if used < rpm as usize && !seen.was_left {
            self.find(format_args!("{key}: refused with {used} of {rpm} calls in the window"));
        }
    }

    pub fn grew(&mut self, call: CallId, more: i128) {
        if let Stage::Dispatched { hold } = &mut self.calls.get_mut(&call).expect("asked").stage {
            *hold += more;
        }
    }

    pub fn moved_on(&mut self, call: CallId, to: impl FnOnce(i128) -> Stage) {
        let known = self.calls.get_mut(&call).expect("asked");
        let hold = match known.stage {
            Stage::Running { hold } | Stage::Dispatched { hold } => hold,
            _ => 0,
        };
        known.stage = to(hold);
        let stage = known.stage.clone();
        self.say(format_args!("{call} {stage:?}"));
    }

    pub fn settling(&mut self, call: CallId, end: End) {
        let known = self.calls.get_mut(&call).expect("asked");
        (known.stage, known.end) = (Stage::Settling, Some(end));
        let key = known.key.key;
        self.seen.entry(key).or_default().is_eaten_into |= !end.is_within_hold;
        self.say(format_args!("{call} ends: {end:?}"));
    }

    /// A caller was told that its call is in the ledger: it must be, as told.
    pub fn told_committed(&mut self, ledger: &Ledger, call: CallId, receipt: SettleReceipt) {
        self.calls.get_mut(&call).expect("asked").stage = Stage::Committed;
        let told = (i128::from(receipt.charge.nanos()), i128::from(receipt.line.nanos()));
        match ledger.calls.get(&call) {
            Some(row) if (row.charge, row.line) == told => {}
            row => self.find(format_args!("{call}: told {told:?}, the ledger has {row:?}")),
        }
    }

    /// A program has ended: nothing runs any more.
    pub fn over(&mut self) {
        self.calls.values_mut().for_each(|c| c.is_over = true);
    }

    /// What was refused, or given back before anything was sent, keeps no place and no money.
    pub fn kept_after_all(&self, is_open: impl Fn(KeyId, CallId) -> bool) {
        let released = self.calls.iter().filter(|(_, known)| known.stage == Stage::Released);
        for (call, known) in released {
            if is_open(known.key.key, *call) {
                self.find(format_args!("{call} was never sent and keeps its hold"));
            }
        }
    }

    /// The program died: what ran on its behalf is over, and nobody was told.
    pub fn cut_all(&mut self) {
        let open = |stage: &Stage| matches!(stage, Stage::Running { .. } | Stage::Dispatched { .. } | Stage::Settling);
        self.calls.values_mut().filter(|c| open(&c.stage)).for_each(|c| c.is_cut = true);
        self.seen.values_mut().for_each(|seen| seen.admitted_ms.clear());
    }

    /// Everything is quiet: each call has the row it must have, each operation its one effect.
    pub fn close(&self, ledger: &Ledger) {
        for (call, known) in &self.calls {
            self.close_call(ledger, *call, known);
        }
        for ((account, id), operation) in &self.operations {
            let at = ledger.idems.get(&(*account, id.clone())).copied();
            let agrees = match (operation.granted_at, at) {
                (Some(seq), at) => at == Some(seq),
                (None, Some(_)) => operation.is_in_doubt,
                (None, None) => true,
            };
            if !agrees {
                self.find(format_args!("operation {id}: {operation:?}, the ledger has it at {at:?}"));
            }
        }
        if let Some((call, _)) = ledger.notes.first_key_value() {
            self.find(format_args!("{call} is open for ever"));
        }
        let rows = ledger.calls.keys().filter(|call| !self.calls.contains_key(call)).count();
        if rows > 0 {
            self.find(format_args!("{rows} rows of calls that nobody made"));
        }
    }

    fn close_call(&self, ledger: &Ledger, call: CallId, known: &Call) {
        let row = ledger.calls.get(&call);
        let may_be_capped = self.seen.get(&known.key.key).is_some_and(|seen| seen.is_overrun || seen.is_eaten_into);
        let is_end = |end: &End| row.is_some_and(|row| matches_end(row, end, may_be_capped));
        let is_unbilled = |outcome| row.is_some_and(|row| row.outcome == outcome && row.charge == 0 && row.line == 0);
        let (is_forgone, is_void) = (is_unbilled(Outcome::Unsettled), is_unbilled(Outcome::Crash));
        let fits = match (&known.stage, &known.end) {
            (Stage::Asked | Stage::Released | Stage::Running { .. }, _) => row.is_none(),
            // Its body was dropped at a stop, or its program died: nobody pays for it.
            (Stage::Dispatched { .. }, _) => row.map_or(known.is_cut, |row| row.charge == 0 && row.line == 0),
            (Stage::Settling, Some(end)) if known.is_cut => row.is_none() || is_void || is_forgone || is_end(end),
            (Stage::Committed | Stage::Spooled, Some(end)) => is_end(end),
            // Its caller left before it was told; where neither ledger nor disk took it, nobody pays.
            (Stage::Settling, Some(end)) => is_end(end) || is_forgone,
            (Stage::Nowhere, Some(end)) if end.outcome == Outcome::Answered => row.is_none() || is_forgone || is_void,
            (Stage::Nowhere, Some(end)) => row.is_none() || is_end(end) || is_void,
            (_, None) => false,
        };
        if !fits {
            self.find(format_args!("{call}: {known:?}, the ledger has {row:?}"));
        }
    }
}

/// True if a row is what an end must become: all of its cost charged, but for what the key no longer had.
/// A call within its hold is charged whole, unless another of its key went beyond its own.
fn matches_end(row: &crate::simulate::ledger::Line, end: &End, may_be_capped: bool) -> bool {
    let beyond = end.cost - row.charge;
    if beyond > 0 && end.is_within_hold && !may_be_capped {
        return false;
    }
    row.outcome == end.outcome
        && beyond >= 0
        && (beyond > 0) == row.flags.has(Flags::CAPPED)
        && row.absorbed == end.absorbed + beyond
}
