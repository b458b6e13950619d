//! The operator's token: made at the first start, kept in the data folder for its owner alone. Whoever can read it runs
//! the platform.

use anyhow::Context;
use secrecy::SecretString;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Where the token is kept below the data folder.
pub const FILE: &str = "operator_token";

/// The token of this installation; made if there is none.
///
/// # Errors
/// If the folder cannot be read or written.
pub fn kept(data: &Path) -> anyhow::Result<SecretString> {
    let file = data.join(FILE);
    if let Ok(text) = std::fs::read_to_string(&file) {
        return Ok(text.trim().to_owned().into());
    }
    let mut random = [0_u8; 32];
    getrandom::fill(&mut random).context("the system has no randomness")?;
    let token = hex::encode(random);
    let mut out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file)?;
    out.write_all(token.as_bytes()).and_then(|()| out.sync_all())?;
    Ok(token.into())
}
