//! The truth table: from how a call ended to what is billed and what the platform bears (`ledger.md` §14).
//!
//! Billed if and only if the upstream answered: a content event or a normal end; for a client who leaves, the
//! upstream's start event is enough, for it bills from there.

use crate::domain::outcome::{Flags, Outcome};

/// What ended a call, as its body saw it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// Terminal event or whole buffered body.
    Complete,
    /// Status 400 or above.
    Refused,
    /// No connection, or no head in time.
    NoHead,
    /// After a 200 head: error event, reset, close without a terminal event, idle or total time-out.
    Broken,
    /// Buffered: cut, not JSON, or not a message.
    BadBody,
    /// The client is gone.
    ClientGone,
    /// We are stopping.
    Drained,
    /// The key could not pay for more output.
    CutByBudget,
}

/// What had arrived from the upstream by then.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Arrived {
    /// The start event, or for a buffered call the head with a 2xx status.
    pub start: bool,
    /// At least one content event.
    pub content: bool,
    /// At least one usage report.
    pub usage: bool,
}

/// What the platform bears of an unbilled call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Absorb {
    Nothing,
    /// What the usage seen so far costs.
    Reported,
    /// The most the input can cost.
    InputBound,
}

/// The verdict on a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verdict {
    pub outcome: Outcome,
    pub flags: Flags,
    pub absorb: Absorb,
}

/// Judges a call by the truth table.
pub fn judge(ending: Ending, arrived: Arrived) -> Verdict {
    let unbilled = |outcome, absorb| Verdict { outcome, flags: Flags::NONE, absorb };
    let billed = |flags| Verdict { outcome: Outcome::Answered, flags, absorb: Absorb::Nothing };
    match ending {
        Ending::Complete => billed(Flags::NONE),
        Ending::Refused => unbilled(Outcome::UpstreamFailed, Absorb::Nothing),
        Ending::NoHead => unbilled(Outcome::NoAnswer, Absorb::Nothing),
        Ending::BadBody => unbilled(Outcome::UpstreamFailed, Absorb::InputBound),
        Ending::Broken if arrived.content => billed(Flags::PARTIAL),
        Ending::Broken => unbilled(Outcome::UpstreamFailed, Absorb::Reported),
        Ending::ClientGone if arrived.start => billed(Flags::CLIENT_GONE),
        Ending::ClientGone => unbilled(Outcome::CancelledBeforeStart, Absorb::InputBound),
        Ending::Drained if arrived.content => billed(Flags::PARTIAL),
        Ending::Drained => unbilled(Outcome::DrainedBeforeContent, Absorb::InputBound),
        Ending::CutByBudget => billed(Flags::CUT_BY_BUDGET),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Arrived = Arrived { start: false, content: false, usage: false };
    const START: Arrived = Arrived { start: true, content: false, usage: true };
    const CONTENT: Arrived = Arrived { start: true, content: true, usage: true };

    #[test]
    fn a_call_is_billed_if_and_only_if_it_was_answered() {
        use Ending::{BadBody, Broken, ClientGone, Complete, CutByBudget, Drained, NoHead, Refused};
        let rows = [
            (Complete, CONTENT, Outcome::Answered, Flags::NONE, Absorb::Nothing),
            (Complete, START, Outcome::Answered, Flags::NONE, Absorb::Nothing),
            (Refused, NOTHING, Outcome::UpstreamFailed, Flags::NONE, Absorb::Nothing),
            (NoHead, NOTHING, Outcome::NoAnswer, Flags::NONE, Absorb::Nothing),
            (Broken, START, Outcome::UpstreamFailed, Flags::NONE, Absorb::Reported),
            (Broken, CONTENT, Outcome::Answered, Flags::PARTIAL, Absorb::Nothing),
            (BadBody, START, Outcome::UpstreamFailed, Flags::NONE, Absorb::InputBound),
            (ClientGone, NOTHING, Outcome::CancelledBeforeStart, Flags::NONE, Absorb::InputBound),
            (ClientGone, START, Outcome::Answered, Flags::CLIENT_GONE, Absorb::Nothing),
            (ClientGone, CONTENT, Outcome::Answered, Flags::CLIENT_GONE, Absorb::Nothing),
            (Drained, START, Outcome::DrainedBeforeContent, Flags::NONE, Absorb::InputBound),
            (Drained, CONTENT, Outcome::Answered, Flags::PARTIAL, Absorb::Nothing),
            (CutByBudget, CONTENT, Outcome::Answered, Flags::CUT_BY_BUDGET, Absorb::Nothing),
        ];
        for (ending, arrived, outcome, flags, absorb) in rows {
            assert_eq!(judge(ending, arrived), Verdict { outcome, flags, absorb }, "{ending:?} {arrived:?}");
        }
    }
}
