//! What went wrong with the store, and above all whether the write happened: *certainly not* or *unknown*.
//!
//! The match over database errors has no catch-all that would call a doubt a certainty: what we do not recognise is
//! unknown, and an unknown commit is looked up before anyone is told.

use crate::domain::ids::AccountId;
use thiserror::Error;
use uuid::Uuid;

/// How the messages of the schema's function `must` begin.
const ASSERTION: &str = "ledger rule: ";

/// A failed statement.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A rule of the schema said no: nothing was written. `accounts` are named by the ledger's own assertions.
    #[error("the store refused: {why}")]
    Refused { why: String, accounts: Vec<AccountId> },
    /// A deadlock or serialisation failure: nothing was written, the same statement may be sent again.
    #[error("the statement gave way to another")]
    GaveWay,
    /// A row is locked by another session: nothing was written.
    #[error("a row is locked by another session")]
    Locked,
    /// The store cannot write now (disk full, read-only, starting, stopping): nothing was written.
    #[error("the store cannot write now: {0}")]
    CannotWrite(String),
    /// No connection could be made: nothing was sent.
    #[error("the store is away: {0}")]
    Away(String),
    /// The answer was lost; the statement may have been carried out.
    #[error("the answer was lost")]
    Unknown(#[source] sqlx::Error),
    /// A row does not fit its book.
    #[error("a row of {table} breaks a rule of its book: {id}")]
    BrokenRow { table: &'static str, id: Uuid },
    /// Our own statement or row does not fit the schema: a bug; whether it was written is looked up.
    #[error("statement and schema disagree")]
    Mismatch(#[source] sqlx::Error),
    /// A local file could not be read or written.
    #[error("a file of the store failed")]
    File(#[from] std::io::Error),
}

impl StoreError {
    pub fn broken_row(table: &'static str, id: Uuid) -> Self {
        StoreError::BrokenRow { table, id }
    }

    /// A batch was sent as often as it may be.
    pub fn gave_up() -> Self {
        StoreError::CannotWrite("the batch gave way to others too often".to_owned())
    }

    /// True if the same statement may be sent again at once.
    pub fn is_retryable(&self) -> bool {
        matches!(self, StoreError::GaveWay)
    }

    /// True if nobody knows yet whether the write happened.
    pub fn is_unknown(&self) -> bool {
        matches!(self, StoreError::Unknown(_) | StoreError::Mismatch(_))
    }

    /// True if a rule of the schema said no.
    pub fn is_refused(&self) -> bool {
        matches!(self, StoreError::Refused { .. })
    }

    /// True if a foreign session holds a row.
    pub fn is_lock_timeout(&self) -> bool {
        matches!(self, StoreError::Locked)
    }

    /// True if the connection must be made again.
    pub fn is_connection_lost(&self) -> bool {
        matches!(self, StoreError::Unknown(_) | StoreError::Away(_) | StoreError::CannotWrite(_))
    }

    /// The accounts that the ledger's assertions named.
    pub fn accounts(&self) -> Vec<AccountId> {
        match self {
            StoreError::Refused { accounts, .. } => accounts.clone(),
            _ => Vec::new(),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => from_database(database.as_ref()).unwrap_or(StoreError::Unknown(error)),
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => StoreError::Away(error.to_string()),
            sqlx::Error::Configuration(_) | sqlx::Error::InvalidArgument(_) => StoreError::Away(error.to_string()),
            sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::ColumnIndexOutOfBounds { .. }
            | sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::Decode(_)
            | sqlx::Error::Encode(_)
            | sqlx::Error::TypeNotFound { .. }
            | sqlx::Error::RowNotFound => StoreError::Mismatch(error),
            _ => StoreError::Unknown(error),
        }
    }
}

fn from_database(error: &dyn sqlx::error::DatabaseError) -> Option<StoreError> {
    let code = error.code()?;
    let why = || error.message().to_owned();
    match code.as_ref() {
        "40001" | "40P01" => Some(StoreError::GaveWay),
        "55P03" => Some(StoreError::Locked),
        "53100" | "53200" | "53300" | "25006" | "57P03" => Some(StoreError::CannotWrite(why())),
        _ if code.starts_with("23") || code.starts_with("22") => Some(refused(error)),
        _ if code.starts_with("42") => Some(refused(error)),
        _ => None,
    }
}

fn refused(error: &dyn sqlx::error::DatabaseError) -> StoreError {
    StoreError::Refused { why: error.message().to_owned(), accounts: named_accounts(error) }
}

/// Only the ledger's own assertions name accounts; the detail of a bare CHECK shows a row, whose ids mean other things.
fn named_accounts(error: &dyn sqlx::error::DatabaseError) -> Vec<AccountId> {
    if !error.message().starts_with(ASSERTION) {
        return Vec::new();
    }
    let detail = error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().and_then(|e| e.detail());
    detail.unwrap_or_default().split(',').filter_map(|id| id.trim().parse().ok()).map(AccountId).collect()
}
