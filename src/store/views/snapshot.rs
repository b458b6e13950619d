//! One snapshot for several statements: what a page shows adds up.

use sqlx::{PgPool, Postgres, Transaction};

use crate::store::error::StoreError;

/// A transaction that reads one moment and writes nothing.
pub async fn begin(pool: &PgPool) -> Result<Transaction<'static, Postgres>, StoreError> {
    Ok(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
}
