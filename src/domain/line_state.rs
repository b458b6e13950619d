//! How a call was measured, as pages, answers and sums tell it; carries no amount and no reason of ours.

use crate::domain::outcome::{Flags, Outcome};
use serde::{Serialize, Serializer};

/// The state of a call: the strongest word that applies. Stored as its number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(i16)]
pub enum LineState {
    Measured = 1,
    Estimated = 2,
    Partial = 3,
    ClientLeft = 4,
    CutByBudget = 5,
    NotBilled = 6,
}

impl LineState {
    pub const ALL: [LineState; 6] = [
        LineState::Measured,
        LineState::Estimated,
        LineState::Partial,
        LineState::ClientLeft,
        LineState::CutByBudget,
        LineState::NotBilled,
    ];

    /// The state of a call's stored outcome and flags; `ledger.line_state` in the schema says the same.
    pub fn of(outcome: i16, flags: i16) -> Self {
        let flags = Flags(flags);
        if Outcome::from_code(outcome) != Some(Outcome::Answered) {
            return LineState::NotBilled;
        }
        let states = [
            (Flags::CUT_BY_BUDGET, LineState::CutByBudget),
            (Flags::CLIENT_GONE, LineState::ClientLeft),
            (Flags::PARTIAL, LineState::Partial),
            (Flags::ESTIMATED, LineState::Estimated),
        ];
        states.into_iter().find(|(flag, _)| flags.has(*flag)).map_or(LineState::Measured, |(_, state)| state)
    }

    /// The stored number.
    pub fn code(self) -> i16 {
        self as i16
    }

    /// The state of a stored number, `None` for one that never was.
    pub fn from_code(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// The word in answers and links.
    pub fn word(self) -> &'static str {
        match self {
            LineState::Measured => "measured",
            LineState::Estimated => "estimated",
            LineState::Partial => "partial",
            LineState::ClientLeft => "client_left",
            LineState::CutByBudget => "cut_by_budget",
            LineState::NotBilled => "not_billed",
        }
    }

    /// The state of a word, `None` for any other text.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

impl Serialize for LineState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_the_strongest_thing_about_itself() {
        let rows = [
            (1, 0, "measured"),
            (1, 1, "estimated"),
            (1, 3, "partial"),
            (1, 5, "client_left"),
            (1, 8, "cut_by_budget"),
            (1, 16, "measured"),
            (4, 0, "not_billed"),
            (6, 1, "not_billed"),
        ];
        for (outcome, flags, word) in rows {
            assert_eq!(LineState::of(outcome, flags).word(), word);
        }
    }

    #[test]
    fn words_and_numbers_lead_back_to_their_state() {
        for state in LineState::ALL {
            assert_eq!(LineState::parse(state.word()), Some(state));
            assert_eq!(LineState::from_code(state.code()), Some(state));
        }
        assert_eq!((LineState::parse("all"), LineState::from_code(0)), (None, None));
    }
}
