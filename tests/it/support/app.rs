//! The real program in a thread of its own, on its own database, with its own simulated provider.
//!
//! `close` audits the books: no call open, spool empty, no note left, checker clean. A test that ends without it fails.

use crate::support::cluster::TestDatabase;
use crate::support::site::Site;
use derouter::actors::directory::Directory;
use derouter::app::build::{self, Parts};
use derouter::app::serve::{self, Running};
use derouter::app::{sites, stop};
use derouter::clock::Clock;
use derouter::config::{self, Environment};
use derouter::domain::ids::AccountId;
use derouter::identity::credentials::Credentials;
use derouter::payments::sandbox::provider::PaymentSandbox;
use derouter::store::accounts::AccountStore;
use derouter::store::checker;
use derouter::upstream::sandbox::server::SandboxHandle;
use sqlx::PgPool;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::JoinHandle;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::oneshot;
use uuid::Uuid;

/// A running program under test.
pub struct TestApp {
    pub site: Site,
    pub dashboard: SocketAddr,
    pub portal: SocketAddr,
    pub sandbox: Arc<SandboxHandle>,
    payments: Option<PaymentSandbox>,
    /// Until when the provider counts as refusing our own account; a test may reset it.
    pub parked: Arc<AtomicU64>,
    pub credentials: Credentials,
    pub directory: Directory,
    pub pool: PgPool,
    home: Option<(TestDatabase, TempDir)>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Started {
    api: SocketAddr,
    console: SocketAddr,
    dashboard: SocketAddr,
    portal: SocketAddr,
    sandbox: Arc<SandboxHandle>,
    payments: Option<PaymentSandbox>,
    parked: Arc<AtomicU64>,
    credentials: Credentials,
    directory: Directory,
    pool: PgPool,
}

impl TestApp {
    /// Starts with the dev profile's defaults.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts with settings changed by environment names such as `DEROUTER__LIMITS__RPM`.
    pub async fn start_with(changes: &[(&str, &str)]) -> Self {
        let database = TestDatabase::create().await;
        let data = tempfile::tempdir().expect("a data folder");
        Self::start_on(database, data, changes).await
    }

    /// Starts again on what an earlier program left.
    pub async fn start_on(database: TestDatabase, data: TempDir, changes: &[(&str, &str)]) -> Self {
        let mut environment: Environment = Environment::new();
        let own = [
            ("DATABASE_URL", database.url.as_str()),
            ("DEROUTER__DATA_DIR", data.path().to_str().expect("a plain path")),
            ("DEROUTER__LISTEN__API", "127.0.0.1:0"),
            ("DEROUTER__LISTEN__DASHBOARD", "127.0.0.1:0"),
            ("DEROUTER__LISTEN__PORTAL", "127.0.0.1:0"),
            ("DEROUTER__LISTEN__CONSOLE", "127.0.0.1:0"),
            ("DEROUTER__LISTEN__SANDBOX", "127.0.0.1:0"),
            // A busy machine makes a test slow, not red.
            ("DEROUTER__DATABASE__CONNECT_TIMEOUT_S", "60"),
        ];
        for (name, value) in own.iter().chain(changes) {
            environment.insert((*name).to_owned(), (*value).to_owned());
        }
        let (told, started) = oneshot::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || run(&environment, told, stopped));
        let Started { api, console, dashboard, portal, sandbox, payments, parked, credentials, directory, pool } =
            started.await.expect("the program starts");
        let operator_token = std::fs::read_to_string(data.path().join("operator_token")).expect("a token");
        TestApp {
            site: Site::new(api, console, operator_token),
            dashboard,
            portal,
            sandbox,
            payments,
            parked,
            credentials,
            directory,
            pool,
            home: Some((database, data)),
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Stops in order, then audits the books.
    pub async fn close(self) {
        let (database, _data) = self.stop_only().await;
        let pool = database.pool();
        audit(&pool).await;
        pool.close().await;
    }

    /// Stops in order and gives back what a next start needs.
    pub async fn stop_only(mut self) -> (TestDatabase, TempDir) {
        self.stop.take().expect("stopped once").send(()).expect("the program runs until it is told");
        let thread = self.thread.take().expect("stopped once");
        tokio::task::spawn_blocking(move || thread.join())
            .await
            .expect("joined")
            .expect("the program ends without a panic");
        assert_eq!(self.directory.open_calls().count(), 0, "every gate is empty");
        assert_eq!(self.directory.spool().waiting(), 0, "the spool is empty");
        self.pool.close().await;
        self.home.take().expect("stopped once")
    }
}

/// No note is left, and the checker finds nothing.
pub async fn audit(pool: &PgPool) {
    let notes: i64 = sqlx::query_scalar("SELECT count(*) FROM ledger.open_call").fetch_one(pool).await.expect("notes");
    assert_eq!(notes, 0, "no open call is left behind");
    let findings = checker::check(pool).await.expect("the checker runs");
    assert!(findings.is_empty(), "the books are clean: {findings:?}");
}

/// Waits for a condition; one that does not come true within a minute fails the test.
pub async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), waiting).await.unwrap_or_else(|_| panic!("in vain: {what}"));
}

fn run(environment: &Environment, told: oneshot::Sender<Started>, stopped: oneshot::Receiver<()>) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut settings = config::load(environment).expect("settings");
    config::secrets::fill(&mut settings).expect("dev secrets");
    actix_web::rt::System::new().block_on(async move {
        let parts = build::build(settings, Clock::real()).await.expect("the parts");
        let (handles, started) = listen(&parts);
        let _ = told.send(started);
        let _ = stopped.await;
        stop::stop(parts, handles).await;
    });
}

fn listen(parts: &Parts) -> (Vec<Running>, Started) {
    let (api, console) =
        (serve::api(parts).expect("the API listens"), serve::console(parts).expect("the console listens"));
    let (dashboard, portal) =
        (sites::dashboard(parts).expect("the dashboard listens"), sites::portal(parts).expect("the portal listens"));
    let started = Started {
        api: api.addr,
        console: console.addr,
        dashboard: dashboard.addr,
        portal: portal.addr,
        sandbox: parts.sandbox.clone().expect("the dev profile has a sandbox"),
        payments: parts.payments.sandbox.clone(),
        parked: parts.parked.clone(),
        credentials: parts.credentials.clone(),
        directory: parts.books.directory.clone(),
        pool: parts.pool.clone(),
    };
    (vec![api.go(), console.go(), dashboard.go(), portal.go()], started)
}

impl TestApp {
    /// The address of its database, for a session of a stranger.
    pub fn database_url(&self) -> &str {
        &self.home.as_ref().expect("it runs").0.url
    }

    /// The simulated payment provider.
    pub fn payments(&self) -> &PaymentSandbox {
        self.payments.as_ref().expect("the settings pretend payments")
    }

    /// An account without money, made behind the console's back.
    pub async fn empty_account(&self) -> AccountId {
        let account = AccountId(Uuid::now_v7());
        AccountStore::new(self.pool.clone()).create(account).await.expect("an account");
        account
    }

    /// Waits until every call is settled.
    pub async fn settled(&self) {
        let directory = &self.directory;
        self.until("every call is settled", async || {
            directory.open_calls().count() == 0 && directory.settlements().count() == 0
        })
        .await;
    }

    /// Waits for a condition; one that does not come true within a minute fails the test.
    pub async fn until(&self, what: &str, is_so: impl AsyncFn() -> bool) {
        until(what, is_so).await;
    }
}

impl Deref for TestApp {
    type Target = Site;

    fn deref(&self) -> &Site {
        &self.site
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        assert!(
            self.stop.is_none() || std::thread::panicking(),
            "a test ends by closing its app, which audits the books"
        );
    }
}
