//! One throwaway PostgreSQL cluster for the whole test run, and one migrated database for each test.
//!
//! The cluster starts at first use. A watchdog process holds the other end of a pipe: however this process ends, the
//! watchdog then stops the cluster and removes its folder.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use derouter::store::pool::{self, Database};
use derouter::store::private_postgres::{Durability, PrivatePostgres};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool};

const TEMPLATE: &str = "derouter_template";

static CLUSTER: OnceLock<Cluster> = OnceLock::new();
static NEXT: AtomicU32 = AtomicU32::new(0);

struct Cluster {
    /// URL of its maintenance database.
    url: String,
    _watchdog: Child,
}

/// A database of one test; dropped with it.
pub struct TestDatabase {
    pub url: String,
    name: String,
}

impl TestDatabase {
    /// A fresh database with the whole schema and no rows but the shards.
    pub async fn create() -> Self {
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let create = format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}");
        let url = tokio::task::spawn_blocking(move || {
            let cluster = CLUSTER.get_or_init(|| on_own_runtime(Cluster::start));
            on_own_runtime(|| maintain(&cluster.url, create));
            cluster.url.clone()
        });
        let url = url.await.expect("a test database");
        TestDatabase { url: of_database(&url, &name), name }
    }

    /// A pool on it.
    pub fn pool(&self) -> PgPool {
        Database::at(&self.url).expect("our own url").pool()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        let cluster = CLUSTER.get().expect("it made this database");
        // On a thread of its own: a runtime may not be blocked from inside another one.
        let dropped = std::thread::scope(|threads| {
            threads.spawn(|| on_own_runtime(|| maintain(&cluster.url, drop))).join().is_ok()
        });
        assert!(dropped || std::thread::panicking(), "the database of a test could not be dropped");
    }
}

impl Cluster {
    async fn start() -> Self {
        let folder = new_folder().expect("a folder for the test cluster");
        let watchdog = watch(&folder).expect("a watchdog for the cluster");
        let data = folder.join("data");
        let private = PrivatePostgres::start_with(&data, Durability::Throwaway).await.expect("PostgreSQL starts");
        maintain(&private.url(), format!("CREATE DATABASE {TEMPLATE}")).await;
        let template = Database::at(&of_database(&private.url(), TEMPLATE)).expect("our own url").pool();
        pool::migrate(&template).await.expect("the migrations run");
        // A template may have no session while it is copied.
        template.close().await;
        Cluster { url: private.url(), _watchdog: watchdog }
    }
}

/// Everyone may walk in, since the cluster runs as another user when the tests run as root.
pub fn new_folder() -> io::Result<PathBuf> {
    let folder = tempfile::Builder::new().prefix("derouter-it-").tempdir()?.keep();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755))?;
    Ok(folder)
}

/// Waits on a pipe that only this process holds open, in a group of its own so that Ctrl-C does not reach it.
pub fn watch(folder: &Path) -> io::Result<Child> {
    const SCRIPT: &str = r#"
        cat >/dev/null
        pid=$(head -n 1 "$1/data/postgres/postmaster.pid") && kill -QUIT "$pid"
        while [ -e "$1/data/postgres/postmaster.pid" ] && kill -0 "$pid" 2>/dev/null; do sleep 0.05; done
        rm -rf "$1""#;
    let mut watchdog = Command::new("sh");
    watchdog.args(["-c", SCRIPT, "watchdog"]).arg(folder).process_group(0);
    watchdog.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

/// One statement on the maintenance database.
async fn maintain(url: &str, statement: String) {
    let mut connection = PgConnection::connect(url).await.expect("the test cluster answers");
    connection.execute(AssertSqlSafe(statement)).await.expect("the test cluster obeys");
    connection.close().await.expect("the test cluster says goodbye");
}

fn of_database(url: &str, name: &str) -> String {
    url.replace("/postgres?", &format!("/{name}?"))
}

/// Each test has a runtime of its own, so what they share runs on none of theirs.
fn on_own_runtime<F: Future>(work: impl FnOnce() -> F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(work())
}

#[tokio::test]
async fn a_test_database_has_the_whole_schema_and_every_shard() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    let shards: i64 = sqlx::query_scalar("SELECT count(*) FROM ledger.shard").fetch_one(&pool).await.expect("shards");
    assert_eq!(shards, 4096);
}

#[tokio::test]
async fn migrating_a_migrated_database_changes_nothing() {
    let database = TestDatabase::create().await;
    pool::migrate(&database.pool()).await.expect("again");
}
