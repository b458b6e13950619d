//! Masks of form tokens: a page that is compressed must not show the same secret twice, or the length of its answers
//! tells the secret piece by piece to whoever can put text into it (the BREACH attack).

use crate::identity::random;
use crate::store::error::StoreError;

/// Bytes of a plain token.
const LENGTH: usize = 32;

/// A token as a page shows it: a random pad, then the token under it; another text at every call.
///
/// # Errors
/// Where the system has no randomness.
pub fn masked(token: &str) -> Result<String, StoreError> {
    let pad: [u8; LENGTH] = random::bytes()?;
    let plain = hex::decode(token).unwrap_or_default();
    let under: Vec<u8> = plain.iter().zip(pad).map(|(byte, mask)| byte ^ mask).collect();
    Ok(format!("{}{}", hex::encode(pad), hex::encode(under)))
}

/// The token behind a mask; `None` for what has no such form.
pub fn unmasked(sent: &str) -> Option<String> {
    let bytes = hex::decode(sent).ok().filter(|bytes| bytes.len() == 2 * LENGTH)?;
    let (pad, under) = bytes.split_at(LENGTH);
    Some(hex::encode(pad.iter().zip(under).map(|(mask, byte)| mask ^ byte).collect::<Vec<u8>>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_token_reads_back_and_never_looks_the_same() {
        let token = "ab".repeat(LENGTH);
        let (one, two) = (masked(&token).expect("randomness"), masked(&token).expect("randomness"));
        assert_ne!(one, two);
        assert_eq!((unmasked(&one), unmasked(&two)), (Some(token.clone()), Some(token.clone())));
        assert_eq!((unmasked(&token), unmasked("zz")), (None, None));
    }
}
