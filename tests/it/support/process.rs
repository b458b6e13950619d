//! The built program in a process of its own, which a test may kill. Database, data folder and provider outlive it.

use crate::support::app;
use crate::support::calls::soon;
use crate::support::cluster::TestDatabase;
use crate::support::site::Site;
use derouter::upstream::sandbox::server::{Sandbox, SandboxHandle, SandboxSettings};
use sqlx::{PgPool, Postgres, Transaction};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

const CREDENTIAL: &str = "sandbox-credential";

/// What a program needs and what it leaves behind.
pub struct Scene {
    pub sandbox: SandboxHandle,
    pub pool: PgPool,
    pub data: TempDir,
    database_url: String,
    _database: Option<TestDatabase>,
}

/// A running program.
pub struct Process {
    pub site: Site,
    pub dashboard: SocketAddr,
    child: Mutex<Child>,
}

impl Scene {
    /// On a database of the shared cluster.
    pub async fn set() -> Self {
        let database = TestDatabase::create().await;
        let (url, pool) = (database.url.clone(), database.pool());
        Scene { _database: Some(database), ..Self::on(url, pool).await }
    }

    /// On a database of the shared cluster, reached by another way.
    pub async fn set_through(database: TestDatabase, url: String) -> Self {
        let pool = database.pool();
        Scene { _database: Some(database), ..Self::on(url, pool).await }
    }

    /// Bytes in the spool files; 0 once all of them are in the ledger.
    pub fn spooled(&self) -> u64 {
        let files = std::fs::read_dir(self.data.path().join("spool")).expect("the folder");
        files.filter_map(|f| f.ok()?.metadata().ok()).map(|m| m.len()).sum()
    }

    /// On a database of the caller.
    pub async fn on(database_url: String, pool: PgPool) -> Self {
        let listen = "127.0.0.1:0".parse().expect("an address");
        let settings = SandboxSettings { listen, credential: CREDENTIAL.into(), record: true };
        let sandbox = Sandbox::start(settings).await.expect("the sandbox listens");
        let data = tempfile::tempdir().expect("a data folder");
        Scene { sandbox, pool, data, database_url, _database: None }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_derouter"));
        command.env_clear().env("DATABASE_URL", &self.database_url).env("DEROUTER__DATA_DIR", self.data.path());
        for name in ["API", "CONSOLE", "DASHBOARD", "PORTAL"] {
            command.env(format!("DEROUTER__LISTEN__{name}"), "127.0.0.1:0");
        }
        command.env("DEROUTER__UPSTREAM__KIND", "anthropic");
        command.env("DEROUTER__UPSTREAM__BASE_URL", format!("http://{}", self.sandbox.addr()));
        command.env("DEROUTER_UPSTREAM_CREDENTIAL", CREDENTIAL);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }

    /// Starts a program and waits until it is ready.
    pub async fn start(&self) -> Process {
        self.spawn().ready(self).await
    }

    /// As `start`, with settings changed by environment names.
    pub async fn start_with(&self, changes: &[(&str, &str)]) -> Process {
        self.spawn_with(changes).ready(self).await
    }

    /// Starts a program after one that was killed while a stranger held its commit up: the stranger goes before the start,
    /// or after it.
    pub async fn start_around(&self, stranger: Transaction<'static, Postgres>, is_released_first: bool) -> Process {
        if is_released_first {
            stranger.rollback().await.expect("released");
            return self.start().await;
        }
        let program = self.start().await;
        stranger.rollback().await.expect("released");
        program
    }

    /// As `spawn`, with settings changed by environment names.
    pub fn spawn_with(&self, changes: &[(&str, &str)]) -> Starting {
        let mut command = self.command();
        command.envs(changes.iter().copied());
        Starting { child: command.spawn().expect("the program was built") }
    }

    /// Starts a program before another provider, trusting the roots in a file; waits until it is ready.
    pub async fn start_before(&self, base_url: &str, roots: &Path) -> Process {
        let mut command = self.command();
        command.env("DEROUTER__UPSTREAM__BASE_URL", base_url).env("SSL_CERT_FILE", roots);
        Starting { child: command.spawn().expect("the program was built") }.ready(self).await
    }

    /// Starts a program; it may be killed before it is ready.
    pub fn spawn(&self) -> Starting {
        self.spawn_with(&[])
    }

    /// Starts a program that must refuse to; what it says.
    pub async fn refused(&self, data: &TempDir) -> String {
        let output = self.command().env("DEROUTER__DATA_DIR", data.path()).output();
        let output = soon("a refusal", output).await.expect("the program was built");
        assert!(!output.status.success(), "it must not start");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Runs a command of the program beside a server; its exit code and what it printed.
    pub async fn says(&self, program: &Process, arguments: &[&str]) -> (Option<i32>, String) {
        let mut command = self.command();
        command.env("DEROUTER__LISTEN__CONSOLE", program.site.console.to_string()).args(arguments);
        let output = soon("an answer", command.output()).await.expect("the program was built");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Audits what is left once no program runs.
    pub async fn audit(&self) {
        app::audit(&self.pool).await;
    }
}

/// A program on its way up.
pub struct Starting {
    child: Child,
}

impl Starting {
    /// Waits for the addresses it prints when it is ready.
    pub async fn ready(mut self, scene: &Scene) -> Process {
        let mut lines = BufReader::new(self.child.stdout.take().expect("piped")).lines();
        let mut next = async |name: &str| loop {
            match soon("an address", lines.next_line()).await.expect("text") {
                Some(line) => match address(&line, name) {
                    Some(found) => break Some(found),
                    None => continue,
                },
                None => break None,
            }
        };
        let found = (next("api").await, next("dashboard").await, next("console").await);
        let (Some(api), Some(dashboard), Some(console)) = found else {
            panic!("it did not start: {}", self.last_words().await)
        };
        let mut log = BufReader::new(self.child.stderr.take().expect("piped")).lines();
        // A full pipe would hold the program up; the log shows beside a failed test.
        tokio::spawn(async move {
            while let Ok(Some(line)) = log.next_line().await {
                println!("{line}");
            }
        });
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let token = scene.data.path().join("operator_token");
        let operator_token = std::fs::read_to_string(token).expect("a token");
        Process { site: Site::new(api, console, operator_token), dashboard, child: Mutex::new(self.child) }
    }

    async fn last_words(&mut self) -> String {
        let mut text = String::new();
        let _ = self.child.stderr.take().expect("piped").read_to_string(&mut text).await;
        text
    }

    /// `kill -9`.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it is ours");
    }
}

impl Process {
    /// `kill -9`.
    pub async fn kill(&self) {
        self.child.lock().await.kill().await.expect("it is ours");
    }

    /// The code it ends with by itself.
    pub async fn exit_code(&self) -> Option<i32> {
        soon("it leaves", self.child.lock().await.wait()).await.expect("it is ours").code()
    }

    /// SIGTERM, and the end it comes to.
    pub async fn stop(self) {
        let mut child = self.child.into_inner();
        let pid = child.id().expect("it runs").to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status().await.expect("kill is there");
        assert!(told.success());
        let status = soon("an orderly end", child.wait()).await.expect("it is ours");
        assert!(status.success(), "{status}");
    }
}

fn address(line: &str, name: &str) -> Option<SocketAddr> {
    let (found, rest) = line.trim().split_once(' ')?;
    let origin = rest.trim().strip_prefix("http://")?;
    (found == name).then(|| origin.split(' ').next().and_then(|a| a.parse().ok()).expect("an address"))
}
