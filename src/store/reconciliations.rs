//! Comparisons of providers' lists with our orders, kept whether or not they found anything.

use crate::domain::ids::TopupId;
use crate::domain::money::Cost;
use crate::store::error::StoreError;
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use sqlx::{PgPool, Row};
use uuid::Uuid;

/// What was credited in a day through a provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Gross {
    /// UTC.
    pub day: NaiveDate,
    pub provider: String,
    pub orders: i64,
    pub credited: Cost,
}

/// Comparison rows.
#[derive(Clone)]
pub struct Reconciliations {
    pool: PgPool,
}

impl Reconciliations {
    pub fn new(pool: PgPool) -> Self {
        Reconciliations { pool }
    }

    /// Orders with a payment of this provider that were made in the span, oldest first.
    pub async fn orders(
        &self,
        provider: &str,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<TopupId>, StoreError> {
        let found =
            sqlx::query_scalar(include_str!("sql/orders_of_provider.sql")).bind(provider).bind(from).bind(until);
        let ids: Vec<Uuid> = found.fetch_all(&self.pool).await?;
        Ok(ids.into_iter().map(TopupId).collect())
    }

    /// What was credited in the span, by UTC day and provider.
    pub async fn gross(&self, from: DateTime<Utc>, until: DateTime<Utc>) -> Result<Vec<Gross>, StoreError> {
        let found = sqlx::query(include_str!("sql/gross_credited.sql")).bind(from).bind(until);
        let rows = found.fetch_all(&self.pool).await?;
        rows.iter()
            .map(|r| {
                Ok(Gross {
                    day: r.try_get("day")?,
                    provider: r.try_get("provider")?,
                    orders: r.try_get("orders")?,
                    credited: Cost::from_nanos(r.try_get("credited")?),
                })
            })
            .collect()
    }

    /// Keeps the result of a comparison.
    pub async fn keep(
        &self,
        run: Uuid,
        span: (DateTime<Utc>, DateTime<Utc>),
        gross: &Value,
        differences: &Value,
    ) -> Result<(), StoreError> {
        let kept = sqlx::query(include_str!("sql/keep_reconciliation.sql"))
            .bind(run)
            .bind(span.0)
            .bind(span.1)
            .bind(gross)
            .bind(differences);
        kept.execute(&self.pool).await?;
        Ok(())
    }

    /// True if none was kept for a day.
    pub async fn is_due(&self) -> Result<bool, StoreError> {
        Ok(sqlx::query_scalar(include_str!("sql/reconciliation_is_due.sql")).fetch_one(&self.pool).await?)
    }
}
