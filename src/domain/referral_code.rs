//! The code in a reseller's link: stable, short, and no secret worth guessing.

use std::fmt;

/// Letters of a code: hex digits, 48 bits.
const LEN: usize = 12;

/// Twelve lower-case hex digits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReferralCode(String);

impl ReferralCode {
    /// Reads a code as a link or a cookie carries it; `None` for what is no code, which then counts as no link.
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == LEN && text.bytes().all(is_digit)).then(|| ReferralCode(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReferralCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_twelve_hex_digits_are_a_code() {
        assert_eq!(ReferralCode::parse("0123456789ab").map(|c| c.to_string()).as_deref(), Some("0123456789ab"));
        for bad in ["", "0123456789a", "0123456789abc", "0123456789AB", "0123456789a;", "0123456789a\r"] {
            assert_eq!(ReferralCode::parse(bad), None, "{bad:?}");
        }
    }
}
