//! A code that is worth money once: 25 letters and digits, so 125 bits, written so that they can be read out and typed.
//! Printed when it is minted; stored as a digest, which is no help to whoever has the table: nothing can be tried.

use sha2::{Digest, Sha256};

/// No I, L, O, U: what is taken for another is read as that.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHARS: usize = 25;
const GROUP: usize = 5;
/// Longest text that is worth reading: a code with generous spaces.
const MAX_TYPED: usize = 100;

/// A whole code. `Debug` is not there on purpose.
#[derive(Clone, PartialEq, Eq)]
pub struct RedemptionCode([u8; CHARS]);

impl RedemptionCode {
    /// Makes a code of fresh random bytes; of each byte five bits are used.
    pub fn from_bytes(random: [u8; CHARS]) -> Self {
        RedemptionCode(random.map(|byte| ALPHABET[usize::from(byte & 31)]))
    }

    /// Reads a code as it was typed: small or large letters, hyphens and spaces anywhere, O for 0, I and L for 1.
    pub fn parse(typed: &str) -> Option<Self> {
        if typed.len() > MAX_TYPED {
            return None;
        }
        let said = typed.chars().filter(|c| !c.is_whitespace() && !matches!(c, '-' | '–' | '—'));
        let chars: Vec<u8> = said.map(meant).collect::<Option<_>>()?;
        chars.try_into().ok().map(RedemptionCode)
    }

    /// What is stored and looked for.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::new().chain_update(b"derouter redemption code\0").chain_update(self.0).finalize().into()
    }

    /// The whole code in groups of five, for the one answer that shows it.
    pub fn reveal(&self) -> String {
        let groups = self.0.chunks(GROUP).map(|group| std::str::from_utf8(group).expect("the alphabet is ASCII"));
        groups.collect::<Vec<_>>().join("-")
    }
}

fn meant(typed: char) -> Option<u8> {
    let letter = match typed.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    u8::try_from(letter).ok().filter(|byte| ALPHABET.contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_was_typed() {
        let mut random = [0; CHARS];
        random.iter_mut().enumerate().for_each(|(at, byte)| *byte = u8::try_from(at * 7).expect("small"));
        let code = RedemptionCode::from_bytes(random);
        let text = code.reveal();
        assert_eq!((text.len(), text.matches('-').count()), (29, 4));
        let spaced = text.replace('-', " ").to_lowercase();
        let mistaken = text.replace('0', "O").replace('1', "l");
        for typed in [&text, &spaced, &mistaken, &format!("  {text}\n"), &text.replace('-', "")] {
            assert!(RedemptionCode::parse(typed).is_some_and(|read| read == code), "{typed}");
        }
        for typed in ["", "U", &text[1..], &format!("{text}0"), &text.replacen('0', "U", 1), &" ".repeat(101), "é"] {
            assert!(RedemptionCode::parse(typed).is_none(), "{typed:?}");
        }
        let longest = format!("{text:MAX_TYPED$}");
        assert!(RedemptionCode::parse(&longest).is_some() && RedemptionCode::parse(&(longest + " ")).is_none());
    }

    #[test]
    fn every_bit_of_a_code_counts() {
        let zero = RedemptionCode::from_bytes([0; CHARS]);
        for at in 0..CHARS {
            for bit in 0..5 {
                let mut random = [0; CHARS];
                random[at] = 1 << bit;
                assert_ne!(RedemptionCode::from_bytes(random).digest(), zero.digest());
            }
        }
    }
}
