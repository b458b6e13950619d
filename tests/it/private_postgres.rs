//! The private cluster with real PostgreSQL programs (`faults.md` O1 to O5).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use derouter::store::private_postgres::{Durability, PrivatePostgres};
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;

/// A data folder that any user may reach, and whose cluster is stopped with it.
struct Data {
    folder: TempDir,
}

impl Data {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("derouter-pg-").tempdir().expect("folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("mode");
        Data { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn pid_file(&self) -> PathBuf {
        self.path().join("postgres/postmaster.pid")
    }

    async fn start(&self) -> PrivatePostgres {
        PrivatePostgres::start_with(&self.path(), Durability::Throwaway).await.expect("PostgreSQL starts")
    }

    fn pid(&self) -> Option<String> {
        fs::read_to_string(self.pid_file()).ok()?.lines().next().map(str::to_owned)
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        let Some(pid) = self.pid() else { return };
        let ours = fs::read_to_string(format!("/proc/{pid}/cmdline"));
        if ours.is_ok_and(|line| line.contains(&*self.path().to_string_lossy())) {
            let _ = std::process::Command::new("kill").args(["-QUIT", &pid]).status();
        }
    }
}

async fn one(postgres: &PrivatePostgres, statement: &'static str) -> String {
    let mut connection = PgConnection::connect(&postgres.url()).await.expect("the cluster answers");
    sqlx::query_scalar(statement).fetch_one(&mut connection).await.expect("an answer")
}

#[tokio::test]
async fn a_second_start_finds_the_data_of_the_first() {
    let data = Data::new();
    let first = data.start().await;
    let identity = one(&first, "SELECT system_identifier::text FROM pg_control_system()").await;
    first.stop().await.expect("stops in order");
    assert_eq!(data.pid(), None);
    let second = data.start().await;
    assert_eq!(one(&second, "SELECT system_identifier::text FROM pg_control_system()").await, identity);
    second.stop().await.expect("stops in order");
}

#[tokio::test]
async fn the_cluster_is_durable_checked_and_closed_to_the_network() {
    let data = Data::new();
    let postgres = PrivatePostgres::start(&data.path()).await.expect("PostgreSQL starts");
    for (setting, wanted) in [
        ("SHOW fsync", "on"),
        ("SHOW synchronous_commit", "on"),
        ("SHOW full_page_writes", "on"),
        ("SHOW data_checksums", "on"),
        ("SHOW wal_compression", "lz4"),
        ("SHOW listen_addresses", ""),
        ("SHOW server_encoding", "UTF8"),
        ("SHOW timezone", "UTC"),
    ] {
        assert_eq!(one(&postgres, setting).await, wanted, "{setting}");
    }
    postgres.stop().await.expect("stops in order");
}

#[tokio::test]
async fn o01_a_half_made_cluster_is_thrown_away_and_made_anew() {
    let data = Data::new();
    let draft = data.path().join("postgres.newabc");
    fs::create_dir_all(draft.join("base")).expect("folder");
    fs::write(draft.join("PG_VERSION"), "15\n").expect("file");
    let postgres = data.start().await;
    assert_eq!(one(&postgres, "SELECT 'there'").await, "there");
    assert!(!draft.exists());
    postgres.stop().await.expect("stops in order");
}

#[tokio::test]
async fn o02_a_cluster_that_outlived_its_program_is_adopted() {
    let data = Data::new();
    drop(data.start().await);
    let before = data.pid();
    let adopted = data.start().await;
    assert_eq!(data.pid(), before);
    assert_eq!(one(&adopted, "SELECT 'there'").await, "there");
    assert!(PrivatePostgres::running(&data.path()).is_some());
    adopted.stop().await.expect("stops in order");
    assert!(PrivatePostgres::running(&data.path()).is_none());
}

#[tokio::test]
async fn o02_a_stale_pid_file_is_judged_by_the_process_behind_it() {
    let data = Data::new();
    data.start().await.stop().await.expect("stops in order");
    // A killed server's number that now belongs to this test.
    let line = format!("{}\n{}\n1\n5432\n/nowhere\n\n1 1\nready\n", std::process::id(), data.path().display());
    fs::write(data.pid_file(), line).expect("file");
    let postgres = data.start().await;
    assert_ne!(data.pid(), Some(std::process::id().to_string()));
    assert_eq!(one(&postgres, "SELECT 'there'").await, "there");
    postgres.stop().await.expect("stops in order");
}

#[tokio::test]
async fn o02_a_killed_cluster_repairs_itself_at_the_next_start() {
    let data = Data::new();
    drop(data.start().await);
    let pid = data.pid().expect("running");
    let killed = std::process::Command::new("kill").args(["-KILL", &pid]).status().expect("kill");
    assert!(killed.success());
    let postgres = data.start().await;
    assert_eq!(one(&postgres, "SELECT 'there'").await, "there");
    postgres.stop().await.expect("stops in order");
}

#[tokio::test]
async fn o05_another_major_version_is_refused_by_name_and_left_alone() {
    let data = Data::new();
    let cluster = data.path().join("postgres");
    fs::create_dir_all(&cluster).expect("folder");
    fs::write(cluster.join("PG_VERSION"), "9\n").expect("file");
    let said = PrivatePostgres::start(&data.path()).await.expect_err("refused").to_string();
    assert!(said.contains("PostgreSQL 9"), "{said}");
    assert_eq!(files_in(&cluster), ["PG_VERSION"]);
}

#[tokio::test]
async fn a_folder_that_holds_no_cluster_is_refused_and_left_alone() {
    let data = Data::new();
    let cluster = data.path().join("postgres");
    fs::create_dir_all(&cluster).expect("folder");
    fs::write(cluster.join("thesis.txt"), "years of work").expect("file");
    let said = PrivatePostgres::start(&data.path()).await.expect_err("refused").to_string();
    assert!(said.contains("other than a database cluster"), "{said}");
    assert_eq!(files_in(&cluster), ["thesis.txt"]);
}

#[tokio::test]
async fn a_data_path_too_long_for_a_socket_still_works() {
    let outer = Data::new();
    let deep = outer.path().join("d".repeat(60)).join("e".repeat(60)).join("it's here");
    let postgres = PrivatePostgres::start_with(&deep, Durability::Throwaway).await.expect("PostgreSQL starts");
    assert_eq!(one(&postgres, "SELECT 'there'").await, "there");
    let socket = postgres.url().split_once("?host=").expect("a socket").1.replace("%2F", "/");
    postgres.stop().await.expect("stops in order");
    assert!(!Path::new(&socket).exists(), "{socket} was left behind");
}

fn files_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry"));
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
