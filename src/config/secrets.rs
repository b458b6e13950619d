//! Secrets of the dev profile: made once, kept under the data folder, and marked so that production refuses them.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use secrecy::SecretString;

use crate::config::ConfigError;
use crate::config::settings::{Profile, Secrets, Settings, UpstreamKind, given};

/// Stands in every secret the dev profile made.
pub const DEV_MARK: &str = "dev-only-";

/// Fills the secrets that the dev profile may make itself; changes nothing in production.
///
/// # Errors
/// `DevSecrets` if the folder cannot be written or the system has no randomness.
pub fn fill(settings: &mut Settings) -> Result<(), ConfigError> {
    if settings.profile == Profile::Production {
        return Ok(());
    }
    let folder = settings.data_dir.join("secrets");
    let sandbox = settings.upstream.kind == UpstreamKind::Sandbox;
    fill_from(&folder, &mut settings.secrets, sandbox)
        .map_err(|reason| ConfigError::DevSecrets { path: folder, reason })
}

fn fill_from(folder: &Path, secrets: &mut Secrets, sandbox: bool) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut wanted = vec![("pepper", &mut secrets.pepper), ("signing", &mut secrets.signing)];
    if sandbox {
        // A real provider's credential cannot be made up; the sandbox accepts this one and no other.
        wanted.push(("upstream_credential", &mut secrets.upstream_credential));
    }
    for (name, secret) in wanted {
        if given(secret).is_none() {
            *secret = SecretString::from(kept(&folder.join(name))?);
        }
    }
    Ok(())
}

/// The secret in the file; made first if there is none.
fn kept(path: &Path) -> io::Result<String> {
    match fs::read_to_string(path) {
        Ok(text) if !text.is_empty() => return Ok(text),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let text = format!("{DEV_MARK}{}", hex::encode(bytes));
    // Written beside and renamed: a killed program leaves no half secret that every key would be hashed with.
    let draft = path.with_extension("new");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use secrecy::ExposeSecret;

    use super::*;
    use crate::config::load;

    #[test]
    fn dev_secrets_are_made_once_and_readable_by_their_owner_only() {
        let folder = tempfile::tempdir().expect("folder");
        let env = [("DEROUTER__DATA_DIR".to_owned(), folder.path().display().to_string())].into();
        let mut first = load(&env).expect("settings");
        fill(&mut first).expect("fill");
        let mut second = load(&env).expect("settings");
        fill(&mut second).expect("fill");
        assert!(first.secrets.pepper.expose_secret().starts_with(DEV_MARK));
        assert_eq!(first.secrets.pepper.expose_secret(), second.secrets.pepper.expose_secret());
        assert_ne!(first.secrets.pepper.expose_secret(), first.secrets.signing.expose_secret());
        let mode = fs::metadata(folder.path().join("secrets/pepper")).expect("file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
