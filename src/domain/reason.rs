//! Why an operator moved money or froze an account: a line that stays in the journal.

use crate::domain::label;
use thiserror::Error;

/// What fits beside a line of the journal.
const MAX_CHARS: usize = 200;

/// Why a text is no reason; the words are for the operator who typed it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum ReasonError {
    #[error("give a reason of 1 to 200 characters; it stays in the journal")]
    Length,
    #[error("the reason contains a control or direction character; type plain text on one line")]
    Control,
}

/// 1 to 200 characters without control, direction or invisible separator characters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason(String);

impl Reason {
    /// Reads a reason as typed; white space around it is cut.
    ///
    /// # Errors
    /// By `ReasonError`.
    pub fn parse(typed: &str) -> Result<Self, ReasonError> {
        let text = typed.trim();
        if text.chars().any(label::is_refused) {
            return Err(ReasonError::Control);
        }
        let fits = (1..=MAX_CHARS).contains(&text.chars().count());
        if fits { Ok(Reason(text.to_owned())) } else { Err(ReasonError::Length) }
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line_of_plain_text() {
        assert_eq!(Reason::parse("  paid twice ").map(Reason::into_string), Ok("paid twice".to_owned()));
        assert!(Reason::parse(&"é".repeat(200)).is_ok());
        let rows = [
            ("", ReasonError::Length),
            ("  ", ReasonError::Length),
            ("a\0b", ReasonError::Control),
            ("a\nb", ReasonError::Control),
            ("\u{202e}x", ReasonError::Control),
            ("\u{1b}[31m", ReasonError::Control),
        ];
        for (typed, why) in rows {
            assert_eq!(Reason::parse(typed), Err(why), "{typed:?}");
        }
        assert_eq!(Reason::parse(&"x".repeat(201)), Err(ReasonError::Length));
    }
}
