//! Amounts as people type them into our forms, and what is said where one cannot be read. The module that checks a form
//! before it is sent reads amounts the same way and says the same words.

use crate::domain::money::{AmountError, Usd};

/// Said for anything but up to 9 digits and at most 6 decimals.
pub const BAD: &str = "Type an amount such as 100 or 34.20.";
/// Said for 0.
pub const ZERO: &str = "The amount must be more than 0.";

/// A typed amount: white space around it and one dollar sign before it are cut, the rest is `Usd::parse`.
///
/// # Errors
/// The words for the person.
pub fn parse(typed: &str) -> Result<Usd, &'static str> {
    let text = typed.trim();
    Usd::parse(text.strip_prefix('$').unwrap_or(text)).map_err(|error| match error {
        AmountError::Malformed => BAD,
        AmountError::Zero => ZERO,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_amount_is_read_and_a_doubtful_one_is_not() {
        let rows = [
            (" 100 ", Ok(100_000_000_000)),
            ("$34.20", Ok(34_200_000_000)),
            ("0.00", Err(ZERO)),
            ("", Err(BAD)),
            ("$", Err(BAD)),
            ("$$5", Err(BAD)),
            ("$ 5", Err(BAD)),
            ("1,000", Err(BAD)),
            ("−5", Err(BAD)),
            ("1e3", Err(BAD)),
            ("5.0000001", Err(BAD)),
        ];
        for (typed, nanos) in rows {
            assert_eq!(parse(typed).map(Usd::nanos), nanos, "{typed:?}");
        }
    }
}
