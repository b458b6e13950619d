//! The real program in a thread of its own, on its own database, with its own simulated provider.
//!
//! `close` audits the books: no call open, spool empty, no note left, checker clean. A test that ends without it fails.

use crate::support::cluster::TestDatabase;
use actix_web::dev::ServerHandle;
use awc::ClientResponse;
use derouter::actors::directory::Directory;
use derouter::app::build::{self, Parts};
use derouter::app::{serve, stop};
use derouter::clock::Clock;
use derouter::config::{self, Environment};
use derouter::identity::credentials::Credentials;
use derouter::store::checker;
use derouter::upstream::sandbox::server::SandboxHandle;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::JoinHandle;
use tempfile::TempDir;
use tokio::sync::oneshot;

/// A running program under test.
pub struct TestApp {
    pub api: SocketAddr,
    pub console: SocketAddr,
    pub sandbox: Arc<SandboxHandle>,
    /// Until when the provider counts as refusing our own account; a test may reset it.
    pub parked: Arc<AtomicU64>,
    pub credentials: Credentials,
    pub directory: Directory,
    pub pool: PgPool,
    pub operator_token: String,
    /// One for all its requests: making one reads every root certificate.
    client: awc::Client,
    home: Option<(TestDatabase, TempDir)>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Started {
    api: SocketAddr,
    console: SocketAddr,
    sandbox: Arc<SandboxHandle>,
    parked: Arc<AtomicU64>,
    credentials: Credentials,
    directory: Directory,
    pool: PgPool,
}

/// A key as a test holds it.
pub struct TestKey {
    pub account: String,
    pub id: String,
    pub secret: String,
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
        ];
        for (name, value) in own.iter().chain(changes) {
            environment.insert((*name).to_owned(), (*value).to_owned());
        }
        let (told, started) = oneshot::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || run(&environment, told, stopped));
        let Started { api, console, sandbox, parked, credentials, directory, pool } =
            started.await.expect("the program starts");
        let operator_token = std::fs::read_to_string(data.path().join("operator_token")).expect("a token");
        TestApp {
            api,
            console,
            sandbox,
            parked,
            credentials,
            directory,
            pool,
            operator_token,
            client: awc::Client::default(),
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

fn listen(parts: &Parts) -> (Vec<ServerHandle>, Started) {
    let (api, console) =
        (serve::api(parts).expect("the API listens"), serve::console(parts).expect("the console listens"));
    let started = Started {
        api: api.addr,
        console: console.addr,
        sandbox: parts.sandbox.clone().expect("the dev profile has a sandbox"),
        parked: parts.parked.clone(),
        credentials: parts.credentials.clone(),
        directory: parts.books.directory.clone(),
        pool: parts.pool.clone(),
    };
    (vec![api.go(), console.go()], started)
}

impl TestApp {
    /// The address of its database, for a session of a stranger.
    pub fn database_url(&self) -> &str {
        &self.home.as_ref().expect("it runs").0.url
    }

    /// One request of the operator; panics unless it succeeds.
    pub async fn operator(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.operator_says(path, body).await;
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        answer
    }

    /// One request of the operator, with its status.
    pub async fn operator_says(&self, path: &str, body: &Value) -> (u16, Value) {
        let url = self.console_url(path);
        let request = if body.is_null() { self.client.get(url) } else { self.client.post(url) };
        let request = request.insert_header(("authorization", format!("Bearer {}", self.operator_token)));
        let mut response = request.send_json(body).await.expect("the console answers");
        let status = response.status().as_u16();
        (status, response.json().await.expect("JSON"))
    }

    fn console_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.console)
    }

    /// An account with `amount` US dollars in main.
    pub async fn account(&self, amount: &str) -> String {
        let account = self.operator("/op/accounts", &json!({})).await["account"].as_str().expect("an id").to_owned();
        let deposit = json!({ "amount": amount, "id": uuid::Uuid::new_v4() });
        self.operator(&format!("/op/accounts/{account}/deposit"), &deposit).await;
        account
    }

    /// A key of its own account at `budget` and `cost` US dollars, with these limits.
    pub async fn key(&self, budget: &str, cost: &str, rpm: i32, concurrency: i32) -> TestKey {
        let account = self.account("1000").await;
        self.key_of(&account, budget, cost, rpm, concurrency).await
    }

    /// A key of an account.
    pub async fn key_of(&self, account: &str, budget: &str, cost: &str, rpm: i32, concurrency: i32) -> TestKey {
        let order = json!({
            "label": "test", "budget": budget, "cost": cost, "rpm": rpm, "concurrency": concurrency, "id": uuid::Uuid::new_v4(),
        });
        let made = self.operator(&format!("/op/accounts/{account}/keys"), &order).await;
        let text = |field: &str| made[field].as_str().expect("a text").to_owned();
        TestKey { account: account.to_owned(), id: text("id"), secret: text("key") }
    }

    /// One model call with a key.
    pub async fn call(&self, key: &TestKey, body: &Value) -> ClientResponse {
        let url = format!("http://{}/v1/messages", self.api);
        let request = self.client.post(url).insert_header(("x-api-key", key.secret.as_str()));
        request.insert_header(("anthropic-version", "2023-06-01")).send_json(body).await.expect("the API answers")
    }

    /// The operator's view of a key.
    pub async fn view(&self, key: &TestKey) -> Value {
        self.operator(&format!("/op/keys/{}", key.id), &Value::Null).await
    }

    /// Waits until every call is settled.
    pub async fn settled(&self) {
        while self.directory.open_calls().count() > 0 || self.directory.settlements().count() > 0 {
            tokio::task::yield_now().await;
        }
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
