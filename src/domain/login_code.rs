//! The six digits sent by mail: made of random bytes, stored as a keyed digest, compared in constant time.
//!
//! The digest binds the code to its challenge, so a code is worth nothing in another browser (`identity.md` §2).

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use subtle::ConstantTimeEq;
use thiserror::Error;

const CODES: u64 = 1_000_000;

/// A text that is no code.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("type the six digits from the mail")]
pub struct MalformedCode;

/// A code; `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LoginCode([u8; 6]);

impl LoginCode {
    /// Makes a code of eight random bytes; the bias of the remainder is below 2⁻⁴⁴.
    pub fn from_bytes(random: [u8; 8]) -> Self {
        let mut number = u64::from_le_bytes(random) % CODES;
        let mut digits = [b'0'; 6];
        for digit in digits.iter_mut().rev() {
            *digit += u8::try_from(number % 10).expect("a digit");
            number /= 10;
        }
        LoginCode(digits)
    }

    /// Reads a code as a person typed it; white space between digits is forgiven.
    ///
    /// # Errors
    /// `MalformedCode` unless exactly six ASCII digits are left.
    pub fn parse(typed: &str) -> Result<Self, MalformedCode> {
        let mut digits = [0; 6];
        let mut count = 0;
        for byte in typed.bytes().filter(|b| !b.is_ascii_whitespace()) {
            if !byte.is_ascii_digit() || count == digits.len() {
                return Err(MalformedCode);
            }
            digits[count] = byte;
            count += 1;
        }
        if count == digits.len() { Ok(LoginCode(digits)) } else { Err(MalformedCode) }
    }

    /// What is stored: HMAC-SHA-256(pepper, challenge id ‖ code).
    pub fn digest(&self, pepper: &[u8], challenge: &[u8]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(pepper).expect("HMAC takes a key of any length");
        mac.update(challenge);
        mac.update(&self.0);
        mac.finalize().into_bytes().into()
    }

    /// Whether this code made `digest`; takes as long for every wrong one.
    pub fn matches(&self, pepper: &[u8], challenge: &[u8], digest: &[u8]) -> bool {
        self.digest(pepper, challenge).ct_eq(digest).into()
    }

    /// The digits, for the mail.
    pub fn reveal(&self) -> &str {
        std::str::from_utf8(&self.0).expect("digits are ASCII")
    }
}

impl fmt::Debug for LoginCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LoginCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_bytes_become_six_digits() {
        for (number, digits) in [(0, "000000"), (42, "000042"), (1_999_999, "999999"), (u64::MAX, "551615")] {
            assert_eq!(LoginCode::from_bytes(u64::to_le_bytes(number)).reveal(), digits);
        }
    }

    #[test]
    fn a_typed_code_is_six_digits_and_nothing_else() {
        for typed in ["123456", " 123 456\n", "1 2 3 4 5 6"] {
            assert_eq!(LoginCode::parse(typed).map(|c| c.reveal().to_owned()), Ok("123456".to_owned()), "{typed:?}");
        }
        for typed in ["", "12345", "1234567", "12345a", "-12345", "+12345", "١٢٣٤٥٦", "123.456", "0x1234"] {
            assert_eq!(LoginCode::parse(typed), Err(MalformedCode), "{typed:?}");
        }
    }

    #[test]
    fn a_code_matches_only_its_own_challenge_and_pepper() {
        let (code, other) = (LoginCode(*b"123456"), LoginCode(*b"123457"));
        let digest = code.digest(b"pepper", b"challenge");
        assert!(code.matches(b"pepper", b"challenge", &digest));
        assert!(!other.matches(b"pepper", b"challenge", &digest));
        assert!(!code.matches(b"pepper", b"challengf", &digest));
        assert!(!code.matches(b"peppes", b"challenge", &digest));
        assert!(!code.matches(b"pepper", b"challenge", &digest[..31]));
        assert_eq!(format!("{code:?}"), "LoginCode(…)");
    }
}
