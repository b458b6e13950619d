//! Secrets of the operating system's randomness.

use crate::store::error::StoreError;

/// Fresh random bytes.
///
/// # Errors
/// `CannotWrite` where the system has no randomness: no secret is worth giving out then.
pub fn bytes<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut out = [0; N];
    getrandom::fill(&mut out).map_err(|_| StoreError::CannotWrite("the system has no randomness".into()))?;
    Ok(out)
}
