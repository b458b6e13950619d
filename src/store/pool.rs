//! Connections: a pool for reads and people, and one connection of its own for each lane and for the program's lock.

use crate::store::error::StoreError;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPoolOptions};
use sqlx::{ConnectOptions, Connection, Executor, PgPool};
use std::str::FromStr;
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How long a start waits for the lock of a program that was killed.
const LOCK_WITHIN: Duration = Duration::from_secs(2);
/// How often a running program looks whether it still holds the lock.
const LOCK_PROBE: Duration = Duration::from_secs(2);
/// The advisory lock that one running program holds on its database.
const PROGRAM_LOCK: i64 = 0x6465_726f_7574_6572;

/// How long the server waits for a peer that says nothing, before it gives the peer's locks and its program lock away.
/// Over a unix socket these are ignored.
const KEEP_ALIVE: &str = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; \
                          SET tcp_user_timeout = 25000";

/// How connections are made.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    /// Pool connections; lanes have their own, so pages can never starve the ledger.
    pub pool: u32,
    /// How long a connection may take to be made, or to be had from the pool.
    pub connect_within: Duration,
    /// How long a lane waits for a row that a stranger holds.
    pub lock_within: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        Tuning { pool: 16, connect_within: Duration::from_secs(5), lock_within: Duration::from_secs(2) }
    }
}

/// Where the database is.
#[derive(Clone)]
pub struct Database {
    options: PgConnectOptions,
    tuning: Tuning,
}

impl Database {
    /// From a `postgres://` URL.
    ///
    /// # Errors
    /// `Away` with what is wrong with the URL, never with its password.
    pub fn at(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url)
            .map_err(|_| StoreError::Away("DATABASE_URL is not a postgres:// URL".into()))?;
        let options = options.application_name("derouter").log_statements(tracing::log::LevelFilter::Off);
        Ok(Database { options, tuning: Tuning::default() })
    }

    /// The same database with other limits.
    pub fn tuned(self, tuning: Tuning) -> Self {
        Database { tuning, ..self }
    }

    /// The pool; connects at first use.
    pub fn pool(&self) -> PgPool {
        PgPoolOptions::new()
            .max_connections(self.tuning.pool)
            .acquire_timeout(self.tuning.connect_within)
            .idle_timeout(Duration::from_secs(300))
            .connect_lazy_with(self.options.clone())
    }

    /// How a lane makes its connection.
    pub fn lane_connector(&self) -> LaneConnector {
        LaneConnector { options: self.options.clone(), tuning: self.tuning }
    }

    /// Takes the lock that one program holds as long as it runs.
    ///
    /// # Errors
    /// `CannotWrite` if another program runs on this database.
    pub async fn lock_program(&self) -> Result<ProgramLock, StoreError> {
        let end = Instant::now() + LOCK_WITHIN;
        loop {
            match self.try_lock().await? {
                Some(connection) => return Ok(ProgramLock { keeper: tokio::spawn(keep(self.clone(), connection)) }),
                // The server may take a moment to notice that a killed program's connection is gone.
                None if Instant::now() < end => tokio::time::sleep(LOCK_WITHIN / 20).await,
                None => {
                    let said = "another derouter server is running on this database; stop it first";
                    return Err(StoreError::CannotWrite(said.into()));
                }
            }
        }
    }

    /// The connection that holds the lock, or `None` while another one does.
    async fn try_lock(&self) -> Result<Option<PgConnection>, StoreError> {
        let mut connection = connect(&self.options, self.tuning.connect_within).await?;
        let locked: bool =
            sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(PROGRAM_LOCK).fetch_one(&mut connection).await?;
        Ok(locked.then_some(connection))
    }
}

/// Held while this program runs; the database gives it up when the connection ends.
pub struct ProgramLock {
    keeper: JoinHandle<()>,
}

impl Drop for ProgramLock {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

/// Holds the lock, and takes it again after the database was away. Should another program have come first, this one's
/// operations are fenced by their epoch; the lock only says so in words.
async fn keep(database: Database, mut connection: PgConnection) {
    loop {
        tokio::time::sleep(LOCK_PROBE).await;
        if connection.ping().await.is_ok() {
            continue;
        }
        match database.try_lock().await {
            Ok(Some(again)) => connection = again,
            Ok(None) => tracing::error!("another derouter server took this database; stop one of the two"),
            Err(_away) => {}
        }
    }
}

/// Makes a lane's connection.
#[derive(Clone)]
pub struct LaneConnector {
    options: PgConnectOptions,
    tuning: Tuning,
}

impl LaneConnector {
    /// One connection, set up for the ledger: short lock waits, and no statement time-out, since a cancelled wait may
    /// leave a commit that the client believes failed (`ledger.md` §6).
    pub async fn connect(&self) -> Result<PgConnection, StoreError> {
        let mut connection = connect(&self.options, self.tuning.connect_within).await?;
        connection.execute("SET statement_timeout = 0; SET synchronous_commit = on").await?;
        sqlx::query("SELECT set_config('lock_timeout', $1, false)")
            .bind(format!("{}ms", self.tuning.lock_within.as_millis()))
            .execute(&mut connection)
            .await?;
        Ok(connection)
    }
}

async fn connect(options: &PgConnectOptions, within: Duration) -> Result<PgConnection, StoreError> {
    let connecting = async {
        let mut connection = PgConnection::connect_with(options).await?;
        connection.execute(KEEP_ALIVE).await?;
        Ok::<_, sqlx::Error>(connection)
    };
    match tokio::time::timeout(within, connecting).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(StoreError::Away(error.to_string())),
        Err(_elapsed) => Err(StoreError::Away(format!("no connection within {} s", within.as_secs()))),
    }
}

/// Brings the schema up to date.
///
/// # Errors
/// `Away` with the migration at fault; a failed one is rolled back and the old version still fits.
pub async fn migrate(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::migrate!("./migrations")
        .run(pool)
        .await
        .map_err(|e| StoreError::Away(format!("the schema could not be brought up to date: {e}")))
}
