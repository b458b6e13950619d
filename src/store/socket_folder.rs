//! The folder of the private database's socket: only its owner may enter, and its path is short enough.

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::store::unprivileged::Unprivileged;

/// A socket's address holds 107 bytes; its name `/.s.PGSQL.5432` takes 14 of them.
const LONGEST_PATH: usize = 90;

/// Makes the folder: under `data`, or where that path is too long in a short one named after it.
///
/// # Errors
/// If it cannot be made, or somebody else made it first.
pub fn make(data: &Path, user: Option<&Unprivileged>) -> io::Result<PathBuf> {
    let folder = choose(data, std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from));
    match fs::DirBuilder::new().mode(0o700).create(&folder) {
        Ok(()) => give(&folder, user)?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    refuse_foreign(&folder, user)?;
    Ok(folder)
}

fn choose(data: &Path, runtime: Option<PathBuf>) -> PathBuf {
    let beside = data.join("socket");
    if beside.as_os_str().len() <= LONGEST_PATH {
        return beside;
    }
    let digest = Sha256::digest(data.as_os_str().as_encoded_bytes());
    let name = format!("derouter-{}", hex::encode(&digest[..8]));
    let runtime = runtime.filter(|folder| folder.is_dir() && folder.as_os_str().len() + name.len() < LONGEST_PATH);
    runtime.unwrap_or_else(|| PathBuf::from("/tmp")).join(name)
}

fn give(folder: &Path, user: Option<&Unprivileged>) -> io::Result<()> {
    user.map_or(Ok(()), |user| chown(folder, Some(user.uid), Some(user.gid)))
}

/// Under /tmp anybody could have made it first and would see our connections.
fn refuse_foreign(folder: &Path, user: Option<&Unprivileged>) -> io::Result<()> {
    let about = fs::symlink_metadata(folder)?;
    let owner = match user {
        Some(user) => user.uid,
        None => fs::metadata("/proc/self")?.uid(),
    };
    if !about.is_dir() || about.uid() != owner || about.permissions().mode() & 0o077 != 0 {
        let said = format!("{} belongs to somebody else or is open to others", folder.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, said));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_data_path_gets_a_short_socket_folder_of_its_own() {
        let long = PathBuf::from(format!("/{}", "a".repeat(200)));
        let other = PathBuf::from(format!("/{}", "b".repeat(200)));
        assert!(choose(&long, None).starts_with("/tmp"));
        assert_ne!(choose(&long, None), choose(&other, None));
        assert_eq!(choose(Path::new("/srv/data"), None), Path::new("/srv/data/socket"));
    }

    #[test]
    fn a_folder_open_to_others_is_refused() {
        let outer = tempfile::tempdir().expect("folder");
        make(outer.path(), None).expect("fresh");
        make(outer.path(), None).expect("again");
        fs::set_permissions(outer.path().join("socket"), fs::Permissions::from_mode(0o755)).expect("mode");
        assert!(make(outer.path(), None).is_err());
    }
}
