//! One-time codes: issued with their mail in one commit, every try counted before it is compared.

use std::time::Duration;

use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::domain::email::EmailAddress;
use crate::domain::site::Purpose;
use crate::store::error::StoreError;
use crate::store::mail::{self, NewMail};
use crate::store::throttle::{self, Limit};

/// SHA-256 of the challenge id that the browser holds.
pub type ChallengeHash = [u8; 32];

/// A code about to be sent.
pub struct NewCode {
    pub challenge: ChallengeHash,
    pub purpose: Purpose,
    pub address: EmailAddress,
    /// Step-up only: the session that asked.
    pub session: Option<Uuid>,
    pub digest: [u8; 32],
    pub lives: Duration,
}

/// What somebody claims a typed code to be.
#[derive(Clone)]
pub struct Claim {
    pub challenge: ChallengeHash,
    pub purpose: Purpose,
    pub address: EmailAddress,
    pub session: Option<Uuid>,
}

/// Whether a code was issued; the person hears the same either way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Issued {
    Queued,
    /// This limit is used up.
    Throttled(&'static str),
}

/// A try at a code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tried {
    /// Counted; compare now. `tries` includes this one.
    Counted { digest: [u8; 32], tries: i16 },
    /// No such live code: wrong browser, address or purpose, used, void, expired, or tried too often.
    NotLive,
    /// Too many wrong tries for this address today.
    Throttled,
}

/// Rows of codes.
#[derive(Clone)]
pub struct CodeStore {
    pool: PgPool,
}

impl CodeStore {
    pub fn new(pool: PgPool) -> Self {
        CodeStore { pool }
    }

    /// Voids the live code of the same purpose and address, writes the new one and queues its mail. Throttled by
    /// `limits`, counted in their order, and by `mails_per_hour` of the whole platform.
    pub async fn issue(
        &self,
        code: &NewCode,
        mail: &NewMail,
        limits: &[Limit],
        mails_per_hour: u32,
    ) -> Result<Issued, StoreError> {
        let mut work = self.pool.begin().await?;
        for limit in limits {
            if !throttle::take(&mut work, limit).await? {
                return Ok(Issued::Throttled(limit.scope));
            }
        }
        if mail::recent(&mut work).await? >= i64::from(mails_per_hour) {
            return Ok(Issued::Throttled("mails_per_hour"));
        }
        sqlx::query(include_str!("sql/void_live_code.sql"))
            .bind(code.purpose.word())
            .bind(code.address.as_str())
            .execute(&mut *work)
            .await?;
        sqlx::query(include_str!("sql/insert_code.sql"))
            .bind(&code.challenge[..])
            .bind(code.purpose.word())
            .bind(code.address.as_str())
            .bind(code.session)
            .bind(&code.digest[..])
            .bind(throttle::seconds(code.lives))
            .execute(&mut *work)
            .await?;
        mail::enqueue(&mut work, mail).await?;
        work.commit().await?;
        Ok(Issued::Queued)
    }

    /// Counts a try, and commits the count, before anybody compares: of any number of parallel guesses at most
    /// `most_tries` are compared (`faults.md` H2). `wrong` counts the tries of the address over all its codes.
    pub async fn count_try(&self, claim: &Claim, wrong: &Limit, most_tries: u32) -> Result<Tried, StoreError> {
        let mut work = self.pool.begin().await?;
        if !throttle::take(&mut work, wrong).await? {
            return Ok(Tried::Throttled);
        }
        let row = sqlx::query(include_str!("sql/try_code.sql"))
            .bind(&claim.challenge[..])
            .bind(claim.purpose.word())
            .bind(claim.address.as_str())
            .bind(claim.session)
            .bind(i16::try_from(most_tries).unwrap_or(i16::MAX))
            .fetch_optional(&mut *work)
            .await?;
        let Some(row) = row else { return Ok(Tried::NotLive) };
        work.commit().await?;
        let digest: Vec<u8> = row.try_get(0)?;
        let digest = digest.try_into().map_err(|_| StoreError::broken_row("login_code", Uuid::nil()))?;
        Ok(Tried::Counted { digest, tries: row.try_get(1)? })
    }
}
