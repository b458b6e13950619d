//! The built program with a private cluster of its own: `./run` on a bare machine (`faults.md` O).

use crate::support::calls::soon;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// A data folder with nothing in it yet, and the program on it.
struct Home {
    folder: TempDir,
    console: u16,
}

struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Home {
    fn new() -> Self {
        let console = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        Home { folder: tempfile::tempdir().expect("folder"), console }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Nothing of this test's environment but the path.
    fn command(&self) -> Command {
        // The program may go on as another user, who must be able to walk to its data.
        fs::set_permissions(self.folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("mode");
        let mut command = Command::new(env!("CARGO_BIN_EXE_derouter"));
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("DEROUTER__DATA_DIR", self.data());
        for name in ["API", "DASHBOARD", "PORTAL", "SANDBOX"] {
            command.env(format!("DEROUTER__LISTEN__{name}"), "127.0.0.1:0");
        }
        command.env("DEROUTER__LISTEN__CONSOLE", format!("127.0.0.1:{}", self.console));
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Starts a server; what it logs shows beside a failed test.
    fn spawn(&self) -> Running {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.log()).expect("a log");
        let mut child = self.command().stdout(Stdio::piped()).stderr(log).spawn().expect("the program was built");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        Running { child, lines }
    }

    async fn start(&self) -> Running {
        let mut running = self.spawn();
        loop {
            let line = soon("a ready server", running.lines.next_line()).await.expect("text");
            if line.expect("it starts").contains("is ready") {
                return running;
            }
        }
    }

    /// Runs a command of the program beside its server.
    async fn says(&self, arguments: &[&str]) -> String {
        let output = soon("an answer", self.command().args(arguments).output()).await.expect("the program was built");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    async fn refused(&self, changes: &[(&str, &str)]) -> String {
        let output: Output =
            soon("a refusal", self.command().envs(changes.iter().copied()).output()).await.expect("built");
        assert!(!output.status.success(), "it must not start");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    fn cluster_pid(&self) -> Option<String> {
        let noted = fs::read_to_string(self.data().join("postgres/postmaster.pid")).ok()?;
        noted.lines().next().map(str::to_owned)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}", fs::read_to_string(self.log()).unwrap_or_default());
        }
        // Only a test that failed leaves its cluster running.
        if let Some(pid) = self.cluster_pid() {
            let _ = std::process::Command::new("kill").args(["-QUIT", &pid]).status();
        }
    }
}

impl Running {
    fn pid(&self) -> String {
        self.child.id().expect("it runs").to_string()
    }

    async fn stop(mut self) {
        let told = Command::new("kill").args(["-TERM", &self.pid()]).status().await.expect("kill is there");
        assert!(told.success());
        let status = soon("an orderly end", self.child.wait()).await.expect("it is ours");
        assert!(status.success(), "{status}");
    }

    async fn kill(mut self) {
        self.child.kill().await.expect("it is ours");
    }
}

fn field<'a>(answer: &'a str, name: &str) -> &'a str {
    let line = answer.lines().find(|line| line.split_whitespace().next() == Some(name));
    line.and_then(|line| line.split_whitespace().nth(1)).unwrap_or_else(|| panic!("no {name} in:\n{answer}"))
}

#[tokio::test]
async fn a_second_start_finds_its_accounts_again_even_after_a_kill() {
    let home = Home::new();
    let first = home.start().await;
    let account = field(&home.says(&["account", "create"]).await, "account").to_owned();
    home.says(&["account", "deposit", &account, "200"]).await;
    first.stop().await;
    assert_eq!(home.cluster_pid(), None, "an orderly end takes the database down");
    let second = home.start().await;
    assert_eq!(field(&home.says(&["account", "show", &account]).await, "balance"), "200.0000");
    second.kill().await;
    let orphan = home.cluster_pid().expect("the database outlives a kill");
    let third = home.start().await;
    assert_eq!(home.cluster_pid(), Some(orphan), "it is adopted");
    assert_eq!(field(&home.says(&["account", "show", &account]).await, "balance"), "200.0000");
    assert!(home.says(&["check"]).await.contains("0 findings"));
    third.stop().await;
}

#[tokio::test]
async fn a_killed_database_is_started_again_under_the_running_program() {
    let home = Home::new();
    let running = home.start().await;
    let account = field(&home.says(&["account", "create"]).await, "account").to_owned();
    home.says(&["account", "deposit", &account, "200"]).await;
    let killed = home.cluster_pid().expect("a database");
    assert!(Command::new("kill").args(["-KILL", &killed]).status().await.expect("kill is there").success());
    // Refused while it is away, in words; nothing was restarted by hand.
    let paid_again = async {
        while !home
            .command()
            .args(["account", "deposit", &account, "50"])
            .output()
            .await
            .expect("built")
            .status
            .success()
        {
            tokio::task::yield_now().await;
        }
    };
    soon("a database that is back", paid_again).await;
    assert_ne!(home.cluster_pid(), Some(killed));
    let balance = field(&home.says(&["account", "show", &account]).await, "balance").to_owned();
    assert!(balance == "250.0000", "{balance}");
    assert!(home.says(&["check"]).await.contains("0 findings"));
    running.stop().await;
    assert_eq!(home.cluster_pid(), None, "an orderly end takes the database down");
}

#[tokio::test]
async fn o03_neither_the_program_nor_its_database_runs_as_root() {
    let home = Home::new();
    let running = home.start().await;
    for pid in [running.pid(), home.cluster_pid().expect("a database")] {
        let owner = fs::metadata(format!("/proc/{pid}")).expect("a process").uid();
        assert_ne!(owner, 0, "process {pid}");
    }
    running.stop().await;
}

#[tokio::test]
async fn o04_a_second_program_on_the_same_data_is_refused_and_harms_nothing() {
    let home = Home::new();
    let running = home.start().await;
    let said = home.refused(&[]).await;
    assert!(said.contains("another derouter server") && said.contains("DEROUTER__DATA_DIR"), "{said}");
    home.says(&["account", "create"]).await;
    running.stop().await;
}

#[tokio::test]
async fn o01_a_program_killed_at_any_moment_of_its_first_start_starts_the_next_time() {
    let home = Home::new();
    for step in ["secrets", "postgres", "postgres/postmaster.pid", "spool"] {
        let starting = home.spawn();
        while !home.data().join(step).exists() {
            tokio::task::yield_now().await;
        }
        starting.kill().await;
    }
    let running = home.start().await;
    assert!(home.says(&["check"]).await.contains("0 findings"));
    running.stop().await;
}

#[tokio::test]
async fn o05_a_taken_port_is_named_and_the_database_goes_down_with_the_start() {
    let home = Home::new();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("bound").to_string();
    let said = home.refused(&[("DEROUTER__LISTEN__API", &address)]).await;
    assert!(said.contains(&address), "{said}");
    assert_eq!(home.cluster_pid(), None);
}

#[tokio::test]
async fn o06_production_names_every_setting_it_refuses_and_touches_nothing() {
    let home = Home::new();
    let said = home.refused(&[("DEROUTER_PROFILE", "production"), ("DEROUTER_PEPPER", "hunter2hunter2")]).await;
    for name in ["upstream.kind", "upstream_credential", "mail.kind", "DEROUTER_PEPPER", "brand.portal_url"] {
        assert!(said.contains(name), "{name} is not named in:\n{said}");
    }
    assert!(!said.contains("hunter2"), "a value was shown");
    assert!(!home.data().exists());
}
