//! How a call ended, and whether it is billed: billed if and only if the upstream answered (`ledger.md` §14).

use serde::{Deserialize, Serialize};

/// The end of a call, as stored; only `Answered` may carry a charge.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(i16)]
pub enum Outcome {
    Answered = 1,
    UpstreamFailed = 2,
    NoAnswer = 3,
    CancelledBeforeStart = 4,
    DrainedBeforeContent = 5,
    Crash = 6,
    Unsettled = 7,
}

impl Outcome {
    pub const ALL: [Outcome; 7] = [
        Outcome::Answered,
        Outcome::UpstreamFailed,
        Outcome::NoAnswer,
        Outcome::CancelledBeforeStart,
        Outcome::DrainedBeforeContent,
        Outcome::Crash,
        Outcome::Unsettled,
    ];

    /// The stored number.
    pub fn code(self) -> i16 {
        self as i16
    }

    /// The outcome of a stored number, `None` for one that never was.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|o| o.code() == code)
    }

    /// The word in API answers.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Answered => "answered",
            Outcome::UpstreamFailed => "upstream_failed",
            Outcome::NoAnswer => "no_answer",
            Outcome::CancelledBeforeStart => "cancelled_before_start",
            Outcome::DrainedBeforeContent => "drained_before_content",
            Outcome::Crash => "crash",
            Outcome::Unsettled => "unsettled",
        }
    }
}

/// What a client may be told of how a line was measured. A set of bits, as stored.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Flags(pub i16);

impl Flags {
    pub const NONE: Flags = Flags(0);
    pub const ESTIMATED: Flags = Flags(1);
    pub const PARTIAL: Flags = Flags(2);
    pub const CLIENT_GONE: Flags = Flags(4);
    pub const CUT_BY_BUDGET: Flags = Flags(8);
    pub const CAPPED: Flags = Flags(16);
    pub const REPLAYED: Flags = Flags(32);

    const WORDS: [(Flags, &'static str); 6] = [
        (Flags::ESTIMATED, "estimated"),
        (Flags::PARTIAL, "partial"),
        (Flags::CLIENT_GONE, "client_gone"),
        (Flags::CUT_BY_BUDGET, "cut_by_budget"),
        (Flags::CAPPED, "capped"),
        (Flags::REPLAYED, "replayed"),
    ];

    pub fn with(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    pub fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// The words of the flags that are set, in the stored order.
    pub fn words(self) -> Vec<&'static str> {
        Self::WORDS.iter().filter(|(f, _)| self.has(*f)).map(|(_, w)| *w).collect()
    }
}
