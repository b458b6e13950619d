//! The data folder: made if it is missing, and locked so that only one program works in it.
//!
//! The lock is the kernel's and ends with the process, so a killed program leaves none behind.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A locked data folder; the lock lasts as long as this value.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

/// Why the folder is not ours.
#[derive(Debug, Error)]
pub enum DataFolderError {
    #[error(
        "another derouter server{holder} works in {folder}: stop it first, or set DEROUTER__DATA_DIR to another folder"
    )]
    InUse { folder: PathBuf, holder: String },
    #[error("the data folder {0} cannot be made or written: set DEROUTER__DATA_DIR to a folder of your own")]
    Unwritable(PathBuf, #[source] io::Error),
}

impl DataFolder {
    /// Makes the folder if need be and takes its lock.
    ///
    /// # Errors
    /// `InUse` while another program runs; `Unwritable` without the rights to it.
    pub fn open(path: &Path) -> Result<Self, DataFolderError> {
        let unwritable = |e| DataFolderError::Unwritable(path.to_owned(), e);
        fs::create_dir_all(path).map_err(unwritable)?;
        let path = path.canonicalize().map_err(unwritable)?;
        let file = path.join("lock");
        let mut lock =
            OpenOptions::new().create(true).truncate(false).read(true).write(true).open(file).map_err(unwritable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use(path, &mut lock)),
            Err(TryLockError::Error(error)) => return Err(unwritable(error)),
        }
        // Only for people: who holds it is decided by the lock, never by this number.
        lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id())).map_err(unwritable)?;
        Ok(DataFolder { path, _lock: lock })
    }

    /// The folder, absolute and without links.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn in_use(folder: PathBuf, lock: &mut File) -> DataFolderError {
    let mut pid = String::new();
    let holder = match lock.read_to_string(&mut pid) {
        Ok(_) if !pid.trim().is_empty() => format!(" (process {})", pid.trim()),
        _ => String::new(),
    };
    DataFolderError::InUse { folder, holder }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn o04_a_second_program_on_the_same_data_is_refused_and_the_first_is_named() {
        let outer = tempfile::tempdir().expect("folder");
        let data = outer.path().join("deep/data");
        let first = DataFolder::open(&data).expect("free");
        let said = DataFolder::open(&data).expect_err("in use").to_string();
        assert!(said.contains(&format!("process {}", std::process::id())), "{said}");
        drop(first);
        DataFolder::open(&data).expect("free again");
    }
}
