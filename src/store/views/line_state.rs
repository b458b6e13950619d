//! How a request line was measured, in the words of pages and answers; carries no amount and no reason of ours.

use crate::domain::outcome::{Flags, Outcome};

/// The state of a line: the strongest word that applies.
pub fn line_state(outcome: i16, flags: i16) -> &'static str {
    let flags = Flags(flags);
    if Outcome::from_code(outcome) != Some(Outcome::Answered) {
        return "not_billed";
    }
    let words = [
        (Flags::CUT_BY_BUDGET, "cut_by_budget"),
        (Flags::CLIENT_GONE, "client_left"),
        (Flags::PARTIAL, "partial"),
        (Flags::ESTIMATED, "estimated"),
    ];
    words.into_iter().find(|(flag, _)| flags.has(*flag)).map_or("measured", |(_, word)| word)
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
            assert_eq!(line_state(outcome, flags), word);
        }
    }
}
