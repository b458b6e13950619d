//! Finds the system's PostgreSQL programs of the right major version.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use thiserror::Error;

/// The oldest server whose SQL the ledger uses.
pub const OLDEST_MAJOR: u32 = 15;
/// Where distributions keep one folder a version; `{}` is the version.
const VERSIONED: [(&str, &str); 2] = [("/usr/lib/postgresql", "bin"), ("/usr", "bin")];

/// A folder with `initdb`, `pg_ctl` and `postgres` of one version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Binaries {
    pub folder: PathBuf,
    pub major: u32,
}

/// No fitting programs; the text says what to install.
#[derive(Debug, Error)]
pub enum BinariesError {
    #[error("PostgreSQL {OLDEST_MAJOR} or newer is not installed: apt-get install postgresql, or set DATABASE_URL")]
    Missing,
    #[error(
        "the data folder was made by PostgreSQL {wanted}, and only {found} is installed: install postgresql-{wanted}, \
         or move the data with pg_upgrade"
    )]
    OtherMajor { wanted: u32, found: String },
}

/// The newest programs, or for an existing cluster those of its own major version.
///
/// # Errors
/// `Missing` if there are none new enough; `OtherMajor` if the cluster needs a version that is not there.
pub fn find(cluster_major: Option<u32>) -> Result<Binaries, BinariesError> {
    choose(installed(), cluster_major)
}

fn choose(mut all: Vec<Binaries>, cluster_major: Option<u32>) -> Result<Binaries, BinariesError> {
    all.retain(|b| b.major >= OLDEST_MAJOR);
    // Of two folders with the same version the distribution's own comes first and wins.
    let newest = all.iter().rev().max_by_key(|b| b.major).cloned().ok_or(BinariesError::Missing)?;
    let Some(wanted) = cluster_major else { return Ok(newest) };
    let found = all.iter().map(|b| b.major.to_string()).collect::<Vec<_>>().join(", ");
    all.into_iter().find(|b| b.major == wanted).ok_or(BinariesError::OtherMajor { wanted, found })
}

fn installed() -> Vec<Binaries> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = versioned_folders().into_iter().chain(std::env::split_paths(&path));
    let mut found: Vec<Binaries> = folders.filter_map(|folder| inspect(&folder)).collect();
    found.dedup();
    found
}

fn versioned_folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for (base, below) in VERSIONED {
        let Ok(entries) = fs::read_dir(base) else { continue };
        folders.extend(entries.flatten().map(|entry| entry.path().join(below)));
    }
    folders
}

fn inspect(folder: &Path) -> Option<Binaries> {
    if !["initdb", "pg_ctl", "postgres"].iter().all(|name| folder.join(name).is_file()) {
        return None;
    }
    let said = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    Some(Binaries { folder: folder.to_owned(), major: major_of(&String::from_utf8_lossy(&said.stdout))? })
}

/// The 15 of `postgres (PostgreSQL) 15.14 (Debian …)`, of `16rc1` and of a cluster's `PG_VERSION`.
pub fn major_of(text: &str) -> Option<u32> {
    let number = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let digits: String = number.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(majors: &[u32]) -> Vec<Binaries> {
        majors.iter().map(|m| Binaries { folder: format!("/pg/{m}").into(), major: *m }).collect()
    }

    #[test]
    fn a_new_cluster_takes_the_newest_and_an_old_one_its_own_version() {
        assert_eq!(choose(of(&[15, 17, 16]), None).expect("newest").major, 17);
        assert_eq!(choose(of(&[15, 17, 16]), Some(16)).expect("own").major, 16);
    }

    #[test]
    fn o05_a_missing_major_version_is_named() {
        let said = choose(of(&[17]), Some(15)).expect_err("other").to_string();
        assert!(said.contains("PostgreSQL 15") && said.contains("17"), "{said}");
        assert!(matches!(choose(of(&[13, 14]), None), Err(BinariesError::Missing)));
    }

    #[test]
    fn the_major_version_is_read_from_what_the_programs_say() {
        assert_eq!(major_of("postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)"), Some(15));
        assert_eq!(major_of("postgres (PostgreSQL) 18beta2"), Some(18));
        assert_eq!(major_of("16\n"), Some(16));
    }
}
