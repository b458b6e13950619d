//! The file of one boot's spool: one writer thread, one fsync for all records that queued. A failed fsync is never tried
//! again, for the kernel may have dropped the pages: the program leaves service.

use crate::domain::ids::BootId;
use crate::store::spool::{Disk, SpoolError};
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use tokio::sync::oneshot;

struct Job {
    bytes: Vec<u8>,
    done: oneshot::Sender<Result<(), SpoolError>>,
}

/// A boot's file with the way to its writer.
pub struct SpoolFile {
    path: PathBuf,
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
}

impl SpoolFile {
    /// Starts the writer of this boot's file in `folder`; the file is made at the first record.
    ///
    /// # Errors
    /// If the folder cannot be made or the writer cannot start.
    pub fn open(folder: &Path, boot: BootId) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(format!("{boot}.log"));
        let (jobs, queue) = mpsc::channel();
        let file = path.clone();
        std::thread::Builder::new().name("spool".into()).spawn(move || write_all(&file, &queue))?;
        Ok(SpoolFile { path, jobs: Mutex::new(Some(jobs)) })
    }
}

impl Disk for SpoolFile {
    fn append(&self, record: Vec<u8>) -> BoxFuture<'static, Result<(), SpoolError>> {
        let (done, written) = oneshot::channel();
        let job = Job { bytes: record, done };
        let sent = self.jobs.lock().as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
        Box::pin(async move {
            if sent { written.await.unwrap_or(Err(SpoolError::Closed)) } else { Err(SpoolError::Closed) }
        })
    }

    fn clear(&self) -> io::Result<()> {
        match OpenOptions::new().write(true).open(&self.path) {
            Ok(file) => file.set_len(0).and_then(|()| file.sync_data()),
            // Somebody took it away: it holds nothing.
            Err(_gone) => Ok(()),
        }
    }

    fn close(&self, is_empty: bool) {
        self.jobs.lock().take();
        if is_empty {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Writes what has queued, then one fsync for all of it.
fn write_all(path: &Path, queue: &mpsc::Receiver<Job>) {
    let mut file: Option<File> = None;
    while let Ok(first) = queue.recv() {
        let mut jobs = vec![first];
        jobs.extend(queue.try_iter());
        let result = open_once(&mut file, path).and_then(|file| write_group(file, &jobs)).map_err(Arc::new);
        for job in jobs {
            let _ = job.done.send(result.clone().map_err(SpoolError::Write));
        }
    }
}

fn open_once<'a>(slot: &'a mut Option<File>, path: &Path) -> io::Result<&'a mut File> {
    if slot.is_none() {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        // The name itself must survive a power cut.
        File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()?;
        *slot = Some(file);
    }
    Ok(slot.as_mut().expect("opened above"))
}

fn write_group(file: &mut File, jobs: &[Job]) -> io::Result<()> {
    let before = file.metadata()?.len();
    if let Err(error) = file.write_all(&jobs.iter().flat_map(|job| &job.bytes).copied().collect::<Vec<u8>>()) {
        // Half a record should not stand in front of the next ones; where even that fails, the reader steps over it.
        let _ = file.set_len(before);
        return Err(error);
    }
    if let Err(error) = file.sync_data() {
        tracing::error!(%error, "the spool's fsync failed: the disk cannot be trusted, leaving service");
        std::process::exit(74);
    }
    Ok(())
}
