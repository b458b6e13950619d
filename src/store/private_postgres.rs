//! A PostgreSQL cluster of our own under the data folder, reached by unix socket only.
//!
//! `initdb` works in a temporary folder that is renamed when whole, so no half cluster is ever started. A pid file is
//! judged by the process behind it: a cluster that outlived a killed program is adopted, a stale file is removed.
//! The caller holds the lock of the data folder, so no other program does the same meanwhile.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use thiserror::Error;
use uuid::Uuid;

use crate::store::postgres_binaries::{self, Binaries, BinariesError};
use crate::store::socket_folder;
use crate::store::unprivileged::{DropError, Unprivileged};

/// The superuser of the cluster.
const SUPERUSER: &str = "derouter";
/// Marks the folder of a cluster in the making.
const DRAFT: &str = "new";
/// Names the socket's file; no TCP port is opened.
const PORT: u16 = 5432;
/// Seconds for start (crash recovery may have hours of WAL behind it) and stop.
const WAIT_S: &str = "300";
/// Starts tried while orphans of a killed server are still there, half a second apart.
const ORPHAN_TRIES: u32 = 60;
/// Linux gives numbers below this one only.
const IMPOSSIBLE_PID: u32 = 4_194_304;
/// Settings that keep money safe, and those that suit one program (`ledger.md` §16).
const SETTINGS: [(&str, &str); 16] = [
    ("listen_addresses", "''"),
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("full_page_writes", "on"),
    ("wal_compression", "lz4"),
    ("max_wal_size", "8GB"),
    ("min_wal_size", "256MB"),
    ("checkpoint_timeout", "15min"),
    ("shared_buffers", "256MB"),
    ("max_connections", "100"),
    ("superuser_reserved_connections", "5"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    ("jit", "off"),
    ("autovacuum_naptime", "20s"),
    ("unix_socket_permissions", "0700"),
];
/// What a throwaway cluster of the tests changes.
const THROWAWAY: [(&str, &str); 5] = [
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
    ("shared_buffers", "128MB"),
    ("max_connections", "300"),
];

/// What a power cut may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Durability {
    /// Nothing that was committed.
    Full,
    /// Everything: for clusters that live as long as a test run.
    Throwaway,
}

/// Why there is no cluster.
#[derive(Debug, Error)]
pub enum ClusterError {
    #[error(transparent)]
    Binaries(#[from] BinariesError),
    #[error(transparent)]
    User(#[from] DropError),
    #[error("{0} cannot be read or written")]
    Folder(PathBuf, #[source] io::Error),
    #[error("no folder is fit for the database's socket; set XDG_RUNTIME_DIR to one of your own")]
    NoSocketFolder(#[source] io::Error),
    #[error("{program} failed: {said}")]
    Failed { program: &'static str, said: String },
    #[error("{0} holds something other than a database cluster: move it away, or set DEROUTER__DATA_DIR")]
    NotACluster(PathBuf),
}

/// What a pid file says of a live server.
struct Postmaster {
    pid: u32,
    socket: PathBuf,
    ready: bool,
}

/// A running private cluster. Dropping it leaves the cluster running; `stop` ends it in order.
#[derive(Clone, Debug)]
pub struct PrivatePostgres {
    cluster: PathBuf,
    socket: PathBuf,
    binaries: Binaries,
    user: Option<Unprivileged>,
}

impl PrivatePostgres {
    /// Makes, starts or adopts the cluster under `data`.
    ///
    /// # Errors
    /// What is missing or went wrong, with what PostgreSQL said.
    pub async fn start(data: &Path) -> Result<Self, ClusterError> {
        Self::start_with(data, Durability::Full).await
    }

    /// As `start`, with a say in what a power cut may take.
    ///
    /// # Errors
    /// As `start`.
    pub async fn start_with(data: &Path, durability: Durability) -> Result<Self, ClusterError> {
        let data = data.to_owned();
        // pg_ctl and initdb block for seconds.
        let starting = tokio::task::spawn_blocking(move || Self::start_now(&data, durability));
        starting.await.unwrap_or_else(|e| Err(ClusterError::Failed { program: "start", said: e.to_string() }))
    }

    fn start_now(data: &Path, durability: Durability) -> Result<Self, ClusterError> {
        let user = Unprivileged::wanted()?;
        fs::create_dir_all(data).map_err(|e| ClusterError::Folder(data.to_owned(), e))?;
        if let Some(user) = &user {
            user.give(data)?;
        }
        let mut private = Self::located(data, user)?;
        if !private.cluster.exists() {
            private.create()?;
        }
        match private.settled_postmaster() {
            Some(running) => private.adopt(running),
            None => private.launch(durability)?,
        }
        Ok(private)
    }

    /// The cluster under `data` if one runs, for commands that work beside a server.
    pub fn running(data: &Path) -> Option<Self> {
        let mut private = Self::located(data, Unprivileged::wanted().ok()?).ok()?;
        let running = private.postmaster()?;
        private.socket = running.socket;
        Some(private)
    }

    fn located(data: &Path, user: Option<Unprivileged>) -> Result<Self, ClusterError> {
        let data = data.canonicalize().map_err(|e| ClusterError::Folder(data.to_owned(), e))?;
        let cluster = data.join("postgres");
        let binaries = postgres_binaries::find(major_of_cluster(&cluster)?)?;
        let socket = socket_folder::make(&data, user.as_ref()).map_err(ClusterError::NoSocketFolder)?;
        Ok(PrivatePostgres { cluster, socket, binaries, user })
    }

    /// How to connect; no password, since only the owner of the socket's folder gets that far.
    pub fn url(&self) -> String {
        let host: String = self.socket.to_string_lossy().bytes().map(percent).collect();
        format!("postgres://{SUPERUSER}@localhost:{PORT}/postgres?host={host}")
    }

    /// Ends the cluster in order: every connection is closed, everything is on disk.
    ///
    /// # Errors
    /// `Failed` with what PostgreSQL said; it then repairs itself at the next start.
    pub async fn stop(self) -> Result<(), ClusterError> {
        let stopping = tokio::task::spawn_blocking(move || {
            run("pg_ctl stop", self.pg_ctl("stop", &["-m", "fast"]))?;
            // It may lie under /tmp; the next start makes it again.
            let _ = fs::remove_dir(&self.socket);
            Ok(())
        });
        stopping.await.unwrap_or_else(|e| Err(ClusterError::Failed { program: "pg_ctl stop", said: e.to_string() }))
    }

    /// Whether its server ended without an orderly end: its pid file is there, and no process behind it.
    pub fn was_killed(&self) -> bool {
        self.cluster.join("postmaster.pid").exists() && self.postmaster().is_none()
    }

    /// Starts it again after it was killed, where it was.
    ///
    /// # Errors
    /// `Failed` with what PostgreSQL said; it may be tried again.
    pub async fn revive(&self) -> Result<(), ClusterError> {
        let cluster = self.clone();
        let starting = tokio::task::spawn_blocking(move || cluster.launch(Durability::Full));
        starting.await.unwrap_or_else(|e| Err(ClusterError::Failed { program: "pg_ctl start", said: e.to_string() }))
    }

    /// `initdb` in a folder beside, renamed when whole.
    fn create(&self) -> Result<(), ClusterError> {
        tracing::info!(folder = %self.cluster.display(), major = self.binaries.major, "making a private database");
        self.remove_drafts();
        // A name of its own: the initdb of a killed start may still be writing to another one.
        let draft = self.cluster.with_extension(format!("{DRAFT}{}", Uuid::new_v4().simple()));
        let mut initdb = self.command("initdb");
        initdb.args(["-U", SUPERUSER, "--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", "--locale=C"]);
        initdb.args(["--data-checksums", "--no-instructions", "-D"]).arg(&draft);
        run("initdb", initdb)?;
        let parent = self.cluster.parent().unwrap_or(Path::new("/"));
        fs::rename(&draft, &self.cluster)
            .and_then(|()| fs::File::open(parent)?.sync_all())
            .map_err(|e| ClusterError::Folder(self.cluster.clone(), e))
    }

    /// What does not go now goes at the next start.
    fn remove_drafts(&self) {
        let draft = Path::new("postgres").with_extension(DRAFT);
        let entries = self.cluster.parent().and_then(|data| fs::read_dir(data).ok()).into_iter().flatten().flatten();
        for entry in
            entries.filter(|e| e.file_name().as_encoded_bytes().starts_with(draft.as_os_str().as_encoded_bytes()))
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }

    fn launch(&self, durability: Durability) -> Result<(), ClusterError> {
        self.disarm_stale_files()?;
        let log = self.cluster.with_extension("log");
        let socket = self.socket.to_string_lossy().replace('\'', r"'\''");
        let mut options = format!("-k '{socket}' -p {PORT}");
        let changes: &[_] = if durability == Durability::Throwaway { &THROWAWAY } else { &[] };
        for (name, value) in SETTINGS.iter().chain(changes) {
            options.push_str(&format!(" -c {name}={value}"));
        }
        let mut tries = 0;
        loop {
            let started = run("pg_ctl start", self.pg_ctl("start", &["-l", &log.to_string_lossy(), "-o", &options]));
            let Err(ClusterError::Failed { program, said }) = started else { return started };
            let logged = tail(&log);
            // Backends of a killed server notice within moments that they are orphans.
            if tries == ORPHAN_TRIES || !logged.contains("shared memory block") {
                return Err(ClusterError::Failed { program, said: format!("{said}; {}: {logged}", log.display()) });
            }
            tries += 1;
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// The live postmaster of this folder once it neither starts nor stops any more.
    fn settled_postmaster(&self) -> Option<Postmaster> {
        let mut told = false;
        loop {
            let running = self.postmaster()?;
            if running.ready {
                return Some(running);
            }
            if !std::mem::replace(&mut told, true) {
                tracing::info!(pid = running.pid, "waiting for the database of an earlier start to come up or go down");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The postmaster of this folder, if it is alive. The number in the pid file may by now be anybody's.
    fn postmaster(&self) -> Option<Postmaster> {
        let noted = fs::read_to_string(self.cluster.join("postmaster.pid")).ok()?;
        let lines: Vec<&str> = noted.lines().map(str::trim).collect();
        let pid: u32 = lines.first()?.parse().ok()?;
        let command_line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let mut words = command_line.split(|b| *b == 0).map(String::from_utf8_lossy);
        let is_postgres = words.next()?.ends_with("postgres");
        let is_ours = words.any(|word| Path::new(&*word) == self.cluster);
        let socket =
            lines.get(4).filter(|folder| !folder.is_empty()).map_or_else(|| self.socket.clone(), PathBuf::from);
        (is_postgres && is_ours).then(|| Postmaster { pid, socket, ready: lines.get(7) == Some(&"ready") })
    }

    fn adopt(&mut self, running: Postmaster) {
        tracing::info!(pid = running.pid, "the database of an earlier start is still running and is adopted");
        self.socket = running.socket;
    }

    /// Postgres refuses to start when the number in a stale file belongs to some other live process of its user.
    ///
    /// The pid file is never removed: by it Postgres finds orphans of a killed server that still use the folder. Only
    /// its number is replaced, by one that no process can have.
    fn disarm_stale_files(&self) -> Result<(), ClusterError> {
        let pid_file = self.cluster.join("postmaster.pid");
        let unreadable = |e| ClusterError::Folder(pid_file.clone(), e);
        if let Some(noted) = absent_is_none(fs::read_to_string(&pid_file)).map_err(unreadable)? {
            let rest = noted.split_once('\n').map_or("", |(_, rest)| rest);
            fs::write(&pid_file, format!("{IMPOSSIBLE_PID}\n{rest}")).map_err(unreadable)?;
        }
        for name in [format!(".s.PGSQL.{PORT}"), format!(".s.PGSQL.{PORT}.lock")] {
            let file = self.socket.join(name);
            absent_is_none(fs::remove_file(&file)).map_err(|e| ClusterError::Folder(file, e))?;
        }
        Ok(())
    }

    fn pg_ctl(&self, action: &str, more: &[&str]) -> Command {
        let mut command = self.command("pg_ctl");
        command.args([action, "-w", "-s", "-t", WAIT_S, "-D"]).arg(&self.cluster).args(more);
        command
    }

    /// One of PostgreSQL's programs as the right user, with nothing of our environment but the path.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.folder.join(program));
        command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").env("TZ", "UTC");
        command.current_dir("/").stdin(Stdio::null());
        if let Some(user) = &self.user {
            user.apply(&mut command);
        }
        command
    }
}

fn major_of_cluster(cluster: &Path) -> Result<Option<u32>, ClusterError> {
    let file = cluster.join("PG_VERSION");
    let text = absent_is_none(fs::read_to_string(&file)).map_err(|e| ClusterError::Folder(file, e))?;
    if text.is_none() && !cluster.exists() {
        return Ok(None);
    }
    let major = text.as_deref().and_then(postgres_binaries::major_of);
    major.map(Some).ok_or_else(|| ClusterError::NotACluster(cluster.to_owned()))
}

fn run(program: &'static str, mut command: Command) -> Result<(), ClusterError> {
    let done = command.output().map_err(|e| ClusterError::Failed { program, said: e.to_string() })?;
    if done.status.success() {
        return Ok(());
    }
    let said = [done.stdout, done.stderr].concat();
    Err(ClusterError::Failed { program, said: String::from_utf8_lossy(&said).trim().replace('\n', "; ") })
}

fn absent_is_none<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The last lines of a log.
fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(4).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("; ")
}

fn percent(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}
