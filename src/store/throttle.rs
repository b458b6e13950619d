//! Throttles in Postgres: exact sliding windows, counted under the row's lock, so that parallel callers cannot share a
//! place. What is throttled leaves no trace in the count.

use std::time::Duration;

use sqlx::{PgConnection, PgPool};

use crate::store::error::StoreError;

/// At most `most` hits of `subject` in any `window`.
#[derive(Clone, Debug)]
pub struct Limit {
    /// What is counted, such as `code.hour`.
    pub scope: &'static str,
    /// Who is counted: an address, a network, an id.
    pub subject: String,
    pub window: Duration,
    /// At least 1.
    pub most: u32,
}

/// Counts one hit; false if the window is full, and then nothing was counted.
pub async fn take(on: &mut PgConnection, limit: &Limit) -> Result<bool, StoreError> {
    let taken: Option<bool> = sqlx::query_scalar(include_str!("sql/take_throttle.sql"))
        .bind(limit.scope)
        .bind(&limit.subject)
        .bind(seconds(limit.window))
        .bind(i64::from(limit.most))
        .fetch_optional(on)
        .await?;
    Ok(taken.is_some())
}

/// Takes one hit back: what was counted before it was known turned out well.
pub async fn give_back(on: &mut PgConnection, scope: &str, subject: &str) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/give_back_throttle.sql")).bind(scope).bind(subject).execute(on).await?;
    Ok(())
}

/// Counts one hit of every limit, or none if one of them is full.
pub async fn take_all(pool: &PgPool, limits: &[Limit]) -> Result<bool, StoreError> {
    let mut work = pool.begin().await?;
    for limit in limits {
        if !take(&mut work, limit).await? {
            return Ok(false);
        }
    }
    work.commit().await?;
    Ok(true)
}

/// Takes one hit of every limit back.
pub async fn give_back_all(pool: &PgPool, limits: &[Limit]) -> Result<(), StoreError> {
    let mut work = pool.begin().await?;
    for limit in limits {
        give_back(&mut work, limit.scope, &limit.subject).await?;
    }
    Ok(work.commit().await?)
}

/// Whether another hit would be refused; counts nothing.
pub async fn is_full(on: &mut PgConnection, limit: &Limit) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar(include_str!("sql/full_throttle.sql"))
        .bind(limit.scope)
        .bind(&limit.subject)
        .bind(seconds(limit.window))
        .bind(i64::from(limit.most))
        .fetch_one(on)
        .await?)
}

/// A duration as `make_interval` takes it.
pub fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}
