//! The queue of mails: written in the commit that causes them, sent by the mailer, erased once they are gone.

use std::time::Duration;

use sqlx::{PgConnection, PgPool, Row};
use uuid::Uuid;

use crate::store::error::StoreError;
use crate::store::throttle;

/// A mail to be sent. Line breaks cannot be in `to`, a normal address, and must not be in `subject`.
pub struct NewMail {
    /// One mail for each, however often it is queued.
    pub dedup_key: String,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// The code it carries: void if the mail cannot be sent.
    pub challenge: Option<[u8; 32]>,
    /// Not sent later than this.
    pub useful_for: Duration,
}

/// A mail whose turn has come.
pub struct DueMail {
    pub id: Uuid,
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// How often it was tried, this time included.
    pub attempts: i32,
    /// It carries a code, which dies with it.
    pub carries_code: bool,
}

/// How a mail ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MailEnd {
    /// Stays readable in the outbox.
    Kept,
    Sent,
    /// Given up; its code is void.
    Failed,
}

/// Queues a mail in the transaction of its cause.
pub async fn enqueue(on: &mut PgConnection, mail: &NewMail) -> Result<(), StoreError> {
    sqlx::query(include_str!("sql/insert_mail.sql"))
        .bind(Uuid::now_v7())
        .bind(&mail.dedup_key)
        .bind(&mail.to)
        .bind(&mail.subject)
        .bind(&mail.text)
        .bind(&mail.html)
        .bind(mail.challenge.map(|c| c.to_vec()))
        .bind(throttle::seconds(mail.useful_for))
        .execute(on)
        .await?;
    Ok(())
}

/// Mails with a code that were queued in the last hour, by anybody.
pub async fn recent(on: &mut PgConnection) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(include_str!("sql/count_recent_mails.sql")).fetch_one(on).await?)
}

/// The queue as its mailer sees it.
#[derive(Clone)]
pub struct MailQueue {
    pool: PgPool,
}

impl MailQueue {
    pub fn new(pool: PgPool) -> Self {
        MailQueue { pool }
    }

    /// Takes up to `most` due mails; they come again after a growing pause unless they are finished.
    pub async fn claim(&self, most: i64) -> Result<Vec<DueMail>, StoreError> {
        sqlx::query(include_str!("sql/expire_mails.sql")).execute(&self.pool).await?;
        let rows = sqlx::query(include_str!("sql/claim_mails.sql")).bind(most).fetch_all(&self.pool).await?;
        rows.iter()
            .map(|r| {
                Ok(DueMail {
                    id: r.try_get(0)?,
                    to: r.try_get(1)?,
                    subject: r.try_get(2)?,
                    text: r.try_get(3)?,
                    html: r.try_get(4)?,
                    attempts: r.try_get(5)?,
                    carries_code: r.try_get(6)?,
                })
            })
            .collect()
    }

    /// Ends a mail.
    pub async fn finish(&self, mail: Uuid, end: MailEnd) -> Result<(), StoreError> {
        let state = match end {
            MailEnd::Kept => "kept",
            MailEnd::Sent => "sent",
            MailEnd::Failed => "failed",
        };
        sqlx::query(include_str!("sql/finish_mail.sql")).bind(mail).bind(state).execute(&self.pool).await?;
        Ok(())
    }
}
