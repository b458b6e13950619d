//! What may go wrong in a simulated world, how often in this one, and how often it did.

use rand::Rng;
use rand::rngs::SmallRng;
use std::fmt;

macro_rules! faults {
    ($($name:ident = $words:literal,)*) => {
        /// A kind of fault; `Display` says it in words.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Fault { $($name,)* }

        impl Fault {
            pub const ALL: &'static [Fault] = &[$(Fault::$name,)*];

            fn words(self) -> &'static str {
                match self { $(Fault::$name => $words,)* }
            }
        }
    };
}

faults! {
    AnswerLost = "commit written, its answer lost",
    CommitLost = "commit lost before it arrived",
    CommitLate = "answer lost, commit still running",
    CommitSlow = "commit slower than the spool waits",
    GaveWay = "batch gave way (40001)",
    RowLocked = "row locked by a stranger",
    CannotWrite = "store full or read-only",
    RuleBroken = "rule of the store broken by one account",
    Outage = "store away",
    LoadLost = "load of books failed",
    SpoolFull = "spool disk full",
    SpoolSlow = "spool disk slow",
    SpoolTorn = "spool record torn by a crash",
    Crash = "killed under load",
    CrashInRecovery = "killed during recovery",
    StartGivenUp = "start given up, the store away",
    Stop = "orderly stop under load",
    ClockStep = "wall clock stepped",
    TwoOwners = "second owner of the shards",
    ActorPanic = "actor panicked",
    Passivation = "idle actors sent away",
    UpstreamRefused = "upstream: 4xx or 5xx",
    UpstreamSilent = "upstream: no head",
    UpstreamBroke = "upstream: broke off before content",
    UpstreamCut = "upstream: broke off after content",
    UpstreamBadBody = "upstream: body cut or not JSON",
    Overrun = "upstream: costs more than was held",
    LeftWaiting = "client left before it was let through",
    LeftReserved = "client left before its request was sent",
    LeftBeforeStart = "client left before the answer began",
    LeftStreaming = "client left in the answer",
    LeftAtEnd = "client left before the last event",
    BudgetCut = "budget used up in mid-answer",
    Repeated = "operation sent again under its id",
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// How often each fault happened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tally(Vec<u64>);

impl Default for Tally {
    fn default() -> Self {
        Tally(vec![0; Fault::ALL.len()])
    }
}

impl Tally {
    pub fn count(&mut self, fault: Fault) {
        if std::env::var_os("DEROUTER_SIMULATE_TRACE").is_some() {
            println!("* {fault}");
        }
        self.0[fault as usize] += 1;
    }

    pub fn of(&self, fault: Fault) -> u64 {
        self.0[fault as usize]
    }

    pub fn add(&mut self, other: &Tally) {
        self.0.iter_mut().zip(&other.0).for_each(|(sum, n)| *sum += n);
    }
}

/// How likely faults are in this world; a calm one has none of the store, so that limits can be held exactly.
#[derive(Clone, Debug)]
pub struct Plan {
    pub is_calm: bool,
    /// In a thousand commits, loads and records.
    pub store: u32,
    /// In a thousand calls.
    pub upstream: u32,
    pub leaving: u32,
    pub overrun: u32,
    /// Crashes and stops of this world.
    pub boots: u32,
    pub has_two_owners: bool,
    pub has_panics: bool,
    /// Milliseconds a note waits for its settlement.
    pub note_delay_ms: u64,
}

impl Plan {
    pub fn draw(rng: &mut SmallRng) -> Self {
        let is_calm = rng.random_ratio(1, 5);
        let mut some = |most: u32| if rng.random() { rng.random_range(0..=most) } else { 0 };
        Plan {
            store: if is_calm { 0 } else { some(150) },
            upstream: some(400),
            leaving: some(400),
            overrun: if is_calm { 0 } else { some(100) },
            boots: if is_calm { 0 } else { some(4) },
            is_calm,
            has_two_owners: !is_calm && rng.random_ratio(1, 8),
            has_panics: !is_calm && rng.random_ratio(1, 8),
            note_delay_ms: if rng.random() { 0 } else { 5 },
        }
    }

    /// The end of a world: nothing fails any more.
    pub fn quiet() -> Self {
        Plan {
            is_calm: true,
            store: 0,
            upstream: 0,
            leaving: 0,
            overrun: 0,
            boots: 0,
            has_two_owners: false,
            has_panics: false,
            note_delay_ms: 5,
        }
    }
}
