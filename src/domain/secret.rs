//! The secret of a client key or an Account Key: shown once, stored as a digest, printed never.
//!
//! `sk-ant-` and 64 lower-case hex digits, so 256 bits of the operating system's randomness (`identity.md` §6). Its
//! digest is keyed by the pepper: a stolen table does not even allow checking a guess.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::fmt;
use thiserror::Error;

const PREFIX: &str = "sk-ant-";
const LEN: usize = PREFIX.len() + 64;
/// Characters that may be shown and logged for ever.
const HINT_LEN: usize = 12;

/// A text that is no key of ours; says nothing of the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("a key is sk-ant- and 64 hexadecimal digits; copy it whole")]
pub struct MalformedSecret;

/// A whole secret. `Debug` and `Display` show its hint only.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecret([u8; LEN]);

impl ClientSecret {
    /// Makes a secret of fresh random bytes.
    pub fn from_bytes(random: [u8; 32]) -> Self {
        let mut text = [0; LEN];
        text[..PREFIX.len()].copy_from_slice(PREFIX.as_bytes());
        hex::encode_to_slice(random, &mut text[PREFIX.len()..]).expect("64 places for 32 bytes");
        ClientSecret(text)
    }

    /// Reads a secret as a caller sent it.
    ///
    /// # Errors
    /// `MalformedSecret` for anything but the exact form; no lookup is worth making then.
    pub fn parse(text: &str) -> Result<Self, MalformedSecret> {
        let digits = text.strip_prefix(PREFIX).ok_or(MalformedSecret)?;
        if !digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(MalformedSecret);
        }
        text.as_bytes().try_into().map(ClientSecret).map_err(|_| MalformedSecret)
    }

    /// What is stored and looked up: HMAC-SHA-256 of the whole text under the pepper.
    pub fn digest(&self, pepper: &[u8]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(pepper).expect("HMAC takes a key of any length");
        mac.update(&self.0);
        mac.finalize().into_bytes().into()
    }

    /// The first twelve characters, to tell keys apart.
    pub fn hint(&self) -> &str {
        &self.text()[..HINT_LEN]
    }

    /// The whole secret, for the one answer that shows it.
    pub fn reveal(&self) -> &str {
        self.text()
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a secret is ASCII")
    }
}

impl fmt::Display for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.hint())
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientSecret({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_reads_back_and_is_never_printed() {
        let secret = ClientSecret::from_bytes(std::array::from_fn(|i| i as u8 * 7 + 0x12));
        assert_eq!(ClientSecret::parse(secret.reveal()), Ok(secret.clone()));
        assert_eq!(secret.hint(), "sk-ant-12192");
        assert_eq!(
            (secret.to_string(), format!("{secret:?}")),
            ("sk-ant-12192…".into(), "ClientSecret(sk-ant-12192…)".into())
        );
    }

    #[test]
    fn only_the_exact_form_is_a_secret() {
        let good = format!("sk-ant-{}", "0123456789abcdef".repeat(4));
        assert!(ClientSecret::parse(&good).is_ok());
        let bad = [
            good.to_uppercase(),
            good.replace('a', "A"),
            good[..70].to_owned(),
            format!("{good}0"),
            format!(" {good}"),
            good.replace("sk-ant-", "sk-and-"),
            good.replace('0', "٠"),
            String::new(),
        ];
        for text in bad {
            assert_eq!(ClientSecret::parse(&text), Err(MalformedSecret), "{text}");
        }
    }

    #[test]
    fn the_digest_is_hmac_sha_256_of_the_whole_text() {
        let secret = ClientSecret::from_bytes([0; 32]);
        // python3: hmac.new(b"pepper", b"sk-ant-" + b"0" * 64, "sha256").hexdigest()
        assert_eq!(
            hex::encode(secret.digest(b"pepper")),
            "b6f3a4c5fb9667afe42c97cadfb823233539c15a7bdbafe54db5f81f0579f516"
        );
        assert_ne!(secret.digest(b"pepper"), secret.digest(b"other"));
    }
}
