//! Sums of calls as statements return them.

use crate::domain::money::{Cost, Price};
use crate::domain::tally::Tally;
use crate::store::error::StoreError;
use sqlx::Row;
use sqlx::postgres::PgRow;

/// The sum in a row with the columns `calls`, `input`, `output`, `cache_read`, `cache_write`, `cost` and `price`.
pub fn tally(row: &PgRow) -> Result<Tally, StoreError> {
    Ok(Tally {
        calls: row.try_get("calls")?,
        input: row.try_get("input")?,
        output: row.try_get("output")?,
        cache_read: row.try_get("cache_read")?,
        cache_write: row.try_get("cache_write")?,
        cost: Cost::from_nanos(row.try_get("cost")?),
        price: Price::from_nanos(row.try_get("price")?),
    })
}
