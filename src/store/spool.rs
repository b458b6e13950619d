//! Settlements made durable on the local disk while the ledger cannot take them (`ledger.md` §9).
//!
//! One file a boot (`spool_file.rs`), one record a settlement (`spool_record.rs`).

use crate::domain::call::CallFacts;
use crate::domain::ids::{BootId, CallId};
use crate::store::spool_file::SpoolFile;
use crate::store::spool_record;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use thiserror::Error;

/// Why a record is not durable.
#[derive(Debug, Error)]
pub enum SpoolError {
    #[error("the spool could not be written")]
    Write(#[source] Arc<io::Error>),
    #[error("the spool is closed")]
    Closed,
}

/// Where a boot's records go: its file, or what stands in for it in a simulation.
pub trait Disk: Send + Sync {
    /// Makes a record durable; answers after the fsync.
    fn append(&self, record: Vec<u8>) -> BoxFuture<'static, Result<(), SpoolError>>;

    /// Drops every record.
    ///
    /// # Errors
    /// If the disk refuses; the records are still there then.
    fn clear(&self) -> io::Result<()>;

    /// Takes no more records; what holds none is removed.
    fn close(&self, is_empty: bool);
}

/// This boot's spool.
pub struct Spool {
    disk: Box<dyn Disk>,
    /// Calls on the disk whose settlement the ledger does not have yet.
    waiting: Mutex<HashSet<CallId>>,
}

/// What an older boot left: its file and the records that could be read.
pub struct Leftover {
    pub file: PathBuf,
    pub records: Vec<CallFacts>,
    /// True where a damaged record was passed over; the file is kept under another name.
    pub damaged: bool,
}

impl Spool {
    /// Opens this boot's spool in `folder`; its file is made at the first record.
    ///
    /// # Errors
    /// If the folder cannot be made or its writer cannot start.
    pub fn open(folder: &Path, boot: BootId) -> io::Result<Self> {
        Ok(Spool::over(Box::new(SpoolFile::open(folder, boot)?)))
    }

    /// A spool on any disk.
    pub fn over(disk: Box<dyn Disk>) -> Self {
        Spool { disk, waiting: Mutex::default() }
    }

    /// Makes a call's facts durable; answers after the fsync.
    ///
    /// # Errors
    /// `Write` where the disk refuses: the record is not there.
    pub async fn append(&self, facts: &CallFacts) -> Result<(), SpoolError> {
        self.waiting.lock().insert(facts.call);
        let result = self.disk.append(spool_record::encode(facts)).await;
        if result.is_err() {
            self.waiting.lock().remove(&facts.call);
        }
        result
    }

    /// Notes that the ledger has a spooled call; with the last one the disk is emptied.
    pub fn mark_done(&self, call: CallId) {
        let mut waiting = self.waiting.lock();
        if waiting.remove(&call) && waiting.is_empty() {
            // Held over the emptying, so that no record can slip in between.
            if let Err(error) = self.disk.clear() {
                tracing::warn!(%error, "the spool could not be emptied; its records will be found settled");
            }
        }
    }

    /// Records that the ledger does not have yet.
    pub fn waiting(&self) -> usize {
        self.waiting.lock().len()
    }

    /// Stops the writer; an empty file is removed.
    pub fn close(&self) {
        self.disk.close(self.waiting() == 0);
    }
}

/// The spools of other boots in `folder`.
///
/// # Errors
/// If the folder or a file cannot be read.
pub fn leftovers(folder: &Path, boot: BootId) -> io::Result<Vec<Leftover>> {
    let own = format!("{boot}.log");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let file = entry?.path();
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".log") && name != own {
            let (records, damaged) = spool_record::decode_all(&std::fs::read(&file)?);
            found.push(Leftover { file, records, damaged });
        }
    }
    Ok(found)
}

impl Leftover {
    /// Puts the file away once all its records are settled: removed, or kept aside where a part could not be read.
    ///
    /// # Errors
    /// If the file cannot be removed or renamed.
    pub fn put_away(&self) -> io::Result<()> {
        if self.damaged {
            return std::fs::rename(&self.file, self.file.with_extension("damaged"));
        }
        std::fs::remove_file(&self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::call::Meters;
    use crate::domain::ids::{AccountId, KeyId};
    use crate::domain::money::Cost;
    use crate::domain::outcome::{Flags, Outcome};
    use uuid::Uuid;

    fn boot(n: u128) -> BootId {
        BootId(Uuid::from_u128(n))
    }

    fn facts(n: u128) -> CallFacts {
        CallFacts {
            call: CallId(Uuid::from_u128(n)),
            account: AccountId(Uuid::from_u128(2)),
            key: KeyId(Uuid::from_u128(3)),
            outcome: Outcome::Answered,
            flags: Flags::NONE,
            cost: Cost::from_nanos(42),
            absorbed: Cost::ZERO,
            model: "claude-haiku-4-5".into(),
            meters: Meters::default(),
            detail: None,
            started_us: 5,
            ended_us: 6,
        }
    }

    #[tokio::test]
    async fn what_an_older_boot_left_is_found_and_put_away() {
        let folder = tempfile::tempdir().expect("folder");
        let spool = Spool::open(folder.path(), boot(1)).expect("spool");
        let appended = futures_util::future::join_all([&facts(1), &facts(2)].map(|f| spool.append(f))).await;
        assert!(appended.iter().all(Result::is_ok));
        // Killed here: nothing is closed.
        assert!(leftovers(folder.path(), boot(1)).expect("folder").is_empty(), "its own file is no leftover");
        let left = leftovers(folder.path(), boot(2)).expect("folder");
        assert_eq!(left[0].records, [facts(1), facts(2)]);
        left[0].put_away().expect("removed");
        assert!(leftovers(folder.path(), boot(2)).expect("folder").is_empty());
    }

    #[tokio::test]
    async fn a_spool_whose_last_record_is_done_leaves_no_file() {
        let folder = tempfile::tempdir().expect("folder");
        let spool = Spool::open(folder.path(), boot(1)).expect("spool");
        for n in 1..=2 {
            spool.append(&facts(n)).await.expect("written");
        }
        spool.mark_done(facts(1).call);
        assert_eq!(leftovers(folder.path(), boot(2)).expect("folder")[0].records.len(), 2);
        spool.mark_done(facts(2).call);
        assert_eq!(leftovers(folder.path(), boot(2)).expect("folder")[0].records.len(), 0);
        spool.append(&facts(3)).await.expect("written after it was emptied");
        assert_eq!(leftovers(folder.path(), boot(2)).expect("folder")[0].records, [facts(3)]);
        spool.mark_done(facts(3).call);
        spool.close();
        assert_eq!(std::fs::read_dir(folder.path()).expect("folder").count(), 0);
    }

    #[tokio::test]
    async fn c01_a_full_disk_is_an_error_and_the_next_record_is_tried_anew() {
        let folder = tempfile::tempdir().expect("folder");
        std::os::unix::fs::symlink("/dev/full", folder.path().join(format!("{}.log", boot(1)))).expect("link");
        let spool = Spool::open(folder.path(), boot(1)).expect("spool");
        for n in 1..=2 {
            assert!(matches!(spool.append(&facts(n)).await, Err(SpoolError::Write(_))));
        }
        assert_eq!(spool.waiting(), 0);
    }

    #[test]
    fn c03_a_damaged_file_is_kept_aside_for_people() {
        let folder = tempfile::tempdir().expect("folder");
        let mut bytes = [spool_record::encode(&facts(1)), spool_record::encode(&facts(2))].concat();
        bytes[40] ^= 1;
        std::fs::write(folder.path().join(format!("{}.log", boot(1))), bytes).expect("file");
        let left = leftovers(folder.path(), boot(2)).expect("folder");
        assert_eq!((left[0].damaged, left[0].records.as_slice()), (true, &[facts(2)][..]));
        left[0].put_away().expect("renamed");
        assert!(leftovers(folder.path(), boot(2)).expect("folder").is_empty());
        assert_eq!(std::fs::read_dir(folder.path()).expect("folder").count(), 1);
    }
}
