//! The user the program becomes when it was started as root: Postgres refuses root, and a server needs no such power.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use thiserror::Error;

/// Users to become, the first that exists; `nobody` exists everywhere.
const CANDIDATES: [&str; 2] = ["postgres", "nobody"];

/// An account of the system without rights.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unprivileged {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
}

/// Why the program cannot go on without root's rights.
#[derive(Debug, Error)]
pub enum DropError {
    #[error("started as root, and this system has neither a user postgres nor nobody: start derouter as another user")]
    NoUser,
    #[error(
        "started as root, derouter goes on as user {user}, who cannot reach {folder}: set DEROUTER__DATA_DIR to a folder such as /var/lib/derouter"
    )]
    Unreachable { user: String, folder: PathBuf },
    #[error("the data folder {folder} cannot be given to user {user}")]
    NotGiven { user: String, folder: PathBuf, source: io::Error },
    #[error("the program cannot be started again as user {user}")]
    NotStarted { user: String, source: io::Error },
}

/// Goes on as an unprivileged user who owns `data`, if this process is root; does nothing otherwise.
///
/// # Errors
/// Why root's rights cannot be left.
pub fn leave_root(data: &Path) -> Result<(), DropError> {
    let Some(user) = Unprivileged::wanted()? else { return Ok(()) };
    user.give(data)?;
    eprintln!("derouter: started as root, going on as user {}", user.name);
    Err(user.become_now())
}

/// True if this process has root's rights.
pub fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

impl Unprivileged {
    /// The user to become, or `None` if this process is not root.
    ///
    /// # Errors
    /// `NoUser` if the system knows none of ours.
    pub fn wanted() -> Result<Option<Self>, DropError> {
        if !is_root() {
            return Ok(None);
        }
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let found = CANDIDATES.into_iter().find_map(|name| find(&users, name));
        found.map(Some).ok_or(DropError::NoUser)
    }

    /// Makes a command run as this user, without any of root's groups.
    pub fn apply(&self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid);
    }

    /// Makes the folder if need be and gives it, with all it holds, to this user.
    ///
    /// # Errors
    /// `Unreachable` if the user may not enter a folder above it; `NotGiven` if it cannot be made or given.
    pub fn give(&self, folder: &Path) -> Result<(), DropError> {
        let not_given = |source| DropError::NotGiven { user: self.name.clone(), folder: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(not_given)?;
        let whole = folder.canonicalize().map_err(not_given)?;
        if let Some(shut) = whole.ancestors().skip(1).find(|above| !self.may_enter(above)) {
            return Err(DropError::Unreachable { user: self.name.clone(), folder: shut.to_owned() });
        }
        self.give_all(&whole).map_err(not_given)
    }

    fn give_all(&self, path: &Path) -> io::Result<()> {
        let about = fs::symlink_metadata(path)?;
        if about.is_symlink() {
            return Ok(());
        }
        if (about.uid(), about.gid()) != (self.uid, self.gid) {
            chown(path, Some(self.uid), Some(self.gid))?;
        }
        if about.is_dir() {
            for entry in fs::read_dir(path)? {
                self.give_all(&entry?.path())?;
            }
        }
        Ok(())
    }

    fn may_enter(&self, folder: &Path) -> bool {
        let Ok(about) = fs::metadata(folder) else { return false };
        let bit = match () {
            () if about.uid() == self.uid => 0o100,
            () if about.gid() == self.gid => 0o010,
            () => 0o001,
        };
        about.mode() & bit != 0
    }

    /// Replaces this process by the same program with the same arguments, as this user. Comes back only on failure.
    fn become_now(&self) -> DropError {
        // The link and not the path behind it: the user may run the file without being able to walk to it.
        let mut command = Command::new("/proc/self/exe");
        // Root's home is closed to the user, and libraries would complain of it.
        command.env_remove("HOME");
        command.args(std::env::args_os().skip(1));
        if let Some(name) = std::env::args_os().next() {
            command.arg0(name);
        }
        self.apply(&mut command);
        DropError::NotStarted { user: self.name.clone(), source: command.exec() }
    }
}

fn find(users: &str, name: &str) -> Option<Unprivileged> {
    let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut fields = line.split(':').skip(2);
    let (uid, gid) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some(Unprivileged { name: name.to_owned(), uid, gid })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let users = "root:x:0:0::/root:/bin/sh\npostgres2:x:7:7::/:/bin/sh\npostgres:x:101:104::/var:/bin/bash\n";
        let found = find(users, "postgres").expect("there");
        assert_eq!((found.uid, found.gid), (101, 104));
        assert_eq!(find(users, "nobody"), None);
    }

    #[test]
    fn o03_a_folder_the_user_cannot_reach_is_named() {
        use std::os::unix::fs::PermissionsExt;
        let outer = tempfile::tempdir().expect("folder");
        let shut = outer.path().join("shut");
        fs::create_dir(&shut).expect("folder");
        fs::set_permissions(&shut, fs::Permissions::from_mode(0o700)).expect("mode");
        let nobody = Unprivileged { name: "stranger".into(), uid: 4_000_000, gid: 4_000_000 };
        let said = nobody.give(&shut.join("data")).expect_err("unreachable").to_string();
        assert!(said.contains("stranger") && said.contains("DEROUTER__DATA_DIR"), "{said}");
    }
}
