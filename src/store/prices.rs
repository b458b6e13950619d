//! Price versions that the operator added; append-only.

use crate::domain::price_row::PriceText;
use crate::store::error::StoreError;
use sqlx::types::Json;
use sqlx::{PgPool, Row};

/// The operator's price versions.
#[derive(Clone)]
pub struct PriceStore {
    pool: PgPool,
}

impl PriceStore {
    pub fn new(pool: PgPool) -> Self {
        PriceStore { pool }
    }

    /// All versions, oldest first.
    pub async fn all(&self) -> Result<Vec<PriceText>, StoreError> {
        let rows = sqlx::query("SELECT text FROM ledger.price ORDER BY model, version").fetch_all(&self.pool).await?;
        rows.iter().map(|r| Ok(r.try_get::<Json<PriceText>, _>(0)?.0)).collect()
    }

    /// Adds a version.
    ///
    /// # Errors
    /// `Refused` where another operator added the same version first.
    pub async fn add(&self, text: &PriceText, by: &str) -> Result<(), StoreError> {
        sqlx::query("INSERT INTO ledger.price (model, version, text, set_by) VALUES ($1, $2, $3, $4)")
            .bind(&text.id)
            .bind(i32::try_from(text.version).unwrap_or(i32::MAX))
            .bind(Json(text))
            .bind(by)
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}
