//! What a key was used for, in client price: by day, by model, and when last. Statements here select no column of the
//! other side.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgPool, Row};

use crate::domain::ids::{KeyId, UserId};
use crate::domain::money::Price;
use crate::store::error::StoreError;
use crate::store::views::scope::BoundKey;

/// One UTC day of a key with requests in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClientDay {
    pub day: NaiveDate,
    pub calls: i64,
    pub input: i64,
    pub output: i64,
    /// Read and written.
    pub cache: i64,
    pub price: Price,
}

/// Reads of usage for the portal.
#[derive(Clone)]
pub struct ClientUsageViews {
    pool: PgPool,
}

impl ClientUsageViews {
    pub fn new(pool: PgPool) -> Self {
        ClientUsageViews { pool }
    }

    /// The days of a key with requests, since `from`, the earliest first.
    pub async fn days(&self, key: &BoundKey, from: DateTime<Utc>) -> Result<Vec<ClientDay>, StoreError> {
        let rows = sqlx::query(include_str!("../sql/client_usage_days.sql"))
            .bind(key.key().0)
            .bind(from)
            .fetch_all(&self.pool)
            .await?;
        rows.iter()
            .map(|r| {
                Ok(ClientDay {
                    day: r.try_get("day")?,
                    calls: r.try_get("calls")?,
                    input: r.try_get("input")?,
                    output: r.try_get("output")?,
                    cache: r.try_get("cache")?,
                    price: Price::from_nanos(r.try_get("price")?),
                })
            })
            .collect()
    }

    /// The models a key used since `from`, by name.
    pub async fn models(&self, key: &BoundKey, from: DateTime<Utc>) -> Result<Vec<String>, StoreError> {
        let query = sqlx::query_scalar(include_str!("../sql/client_models.sql")).bind(key.key().0).bind(from);
        Ok(query.fetch_all(&self.pool).await?)
    }

    /// When each bound key was last used; a key without requests is absent.
    pub async fn last_calls(&self, user: UserId) -> Result<HashMap<KeyId, DateTime<Utc>>, StoreError> {
        let rows = sqlx::query(include_str!("../sql/client_last_calls.sql")).bind(user.0).fetch_all(&self.pool).await?;
        rows.iter().map(|r| Ok((KeyId(r.try_get(0)?), r.try_get(1)?))).collect()
    }
}
