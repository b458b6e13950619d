//! Credential rows by their digest.

use crate::domain::ids::{AccountId, KeyId};
use crate::store::error::StoreError;
use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row};

/// Look-ups of secrets; never a secret itself, only its digest.
#[derive(Clone)]
pub struct CredentialStore {
    pool: PgPool,
}

/// A credential's row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CredentialRow {
    pub account: AccountId,
    /// `None`: an Account Key.
    pub key: Option<KeyId>,
    /// Microseconds since the Unix epoch; `None` until rotated or closed.
    pub valid_until_us: Option<i64>,
}

impl CredentialStore {
    pub fn new(pool: PgPool) -> Self {
        CredentialStore { pool }
    }

    /// The row of a digest, expired or not.
    pub async fn find(&self, digest: &[u8; 32]) -> Result<Option<CredentialRow>, StoreError> {
        let row =
            sqlx::query(include_str!("sql/find_credential.sql")).bind(&digest[..]).fetch_optional(&self.pool).await?;
        row.map(|r| {
            let until: Option<DateTime<Utc>> = r.try_get(2)?;
            let key: Option<uuid::Uuid> = r.try_get(1)?;
            Ok(CredentialRow {
                account: AccountId(r.try_get(0)?),
                key: key.map(KeyId),
                valid_until_us: until.map(|u| u.timestamp_micros()),
            })
        })
        .transpose()
    }
}
