//! The mails of the dev profile as they are read instead of being sent.

use chrono::{DateTime, Utc};
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::store::error::StoreError;

/// One mail.
#[derive(Clone, Debug)]
pub struct OutboxMail {
    pub id: Uuid,
    pub to: String,
    pub subject: String,
    pub text: Option<String>,
    pub html: Option<String>,
    pub state: String,
    pub at: DateTime<Utc>,
}

/// Reads of the queue.
#[derive(Clone)]
pub struct OutboxViews {
    pool: PgPool,
}

impl OutboxViews {
    pub fn new(pool: PgPool) -> Self {
        OutboxViews { pool }
    }

    /// Newest first.
    pub async fn newest(&self, most: i64) -> Result<Vec<OutboxMail>, StoreError> {
        let rows = sqlx::query(include_str!("../sql/outbox.sql")).bind(most).fetch_all(&self.pool).await?;
        rows.iter()
            .map(|r| {
                Ok(OutboxMail {
                    id: r.try_get("mail_id")?,
                    to: r.try_get("recipient")?,
                    subject: r.try_get("subject")?,
                    text: r.try_get("text_body")?,
                    html: r.try_get("html_body")?,
                    state: r.try_get("state")?,
                    at: r.try_get("created_at")?,
                })
            })
            .collect()
    }
}
