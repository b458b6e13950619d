//! Redemption codes: minted, claimed by one account once, marked when the books have the credit.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};
use uuid::Uuid;

use crate::domain::ids::AccountId;
use crate::domain::money::Cost;
use crate::store::error::StoreError;
use crate::store::throttle::{self, Limit};

/// A code before it is written.
pub struct NewCode<'a> {
    pub id: Uuid,
    pub digest: [u8; 32],
    pub amount: Cost,
    pub note: Option<&'a str>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// A code that an account has claimed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Claimed {
    pub id: Uuid,
    pub account: AccountId,
    pub amount: Cost,
    /// The books had the credit when this was read.
    pub is_credited: bool,
}

/// A code as an operator lists it; the code itself is nowhere.
#[derive(Clone, Debug)]
pub struct ListedCode {
    pub id: Uuid,
    pub amount: Cost,
    pub note: Option<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub claimed_by: Option<AccountId>,
    pub claimed_at: Option<DateTime<Utc>>,
}

/// Rows of codes.
#[derive(Clone)]
pub struct RedemptionStore {
    pool: PgPool,
}

impl RedemptionStore {
    pub fn new(pool: PgPool) -> Self {
        RedemptionStore { pool }
    }

    /// Writes codes down, all or none.
    pub async fn mint(&self, codes: &[NewCode<'_>]) -> Result<(), StoreError> {
        let mut work = self.pool.begin().await?;
        for code in codes {
            sqlx::query(include_str!("sql/insert_redemption_code.sql"))
                .bind(code.id)
                .bind(&code.digest[..])
                .bind(code.amount.nanos())
                .bind(code.note)
                .bind(code.expires_at)
                .execute(&mut *work)
                .await?;
        }
        work.commit().await?;
        Ok(())
    }

    /// Counts a try against all limits, or none if one of them is full.
    pub async fn take_try(&self, limits: &[Limit]) -> Result<bool, StoreError> {
        throttle::take_all(&self.pool, limits).await
    }

    /// Takes a try back that turned out well.
    pub async fn give_back_try(&self, limits: &[Limit]) -> Result<(), StoreError> {
        throttle::give_back_all(&self.pool, limits).await
    }

    /// Claims a live code for an account, or finds the claim that this account made before. `None` for every code that
    /// this account cannot have: absent, another's, expired at `now`, revoked.
    pub async fn claim(
        &self,
        digest: &[u8; 32],
        account: AccountId,
        now: DateTime<Utc>,
    ) -> Result<Option<Claimed>, StoreError> {
        let row = sqlx::query(include_str!("sql/claim_redemption_code.sql"))
            .bind(&digest[..])
            .bind(account.0)
            .bind(now)
            .fetch_optional(&self.pool)
            .await?;
        row.as_ref().map(claimed).transpose()
    }

    /// Claims whose credit is not marked, oldest first.
    pub async fn unpaid(&self, most: i64) -> Result<Vec<Claimed>, StoreError> {
        let rows =
            sqlx::query(include_str!("sql/unpaid_redemption_codes.sql")).bind(most).fetch_all(&self.pool).await?;
        rows.iter().map(claimed).collect()
    }

    /// Marks that the books have the credit.
    pub async fn mark_credited(&self, id: Uuid) -> Result<(), StoreError> {
        sqlx::query(include_str!("sql/credit_redemption_code.sql")).bind(id).execute(&self.pool).await?;
        Ok(())
    }

    /// Newest first.
    pub async fn list(&self, most: i64) -> Result<Vec<ListedCode>, StoreError> {
        let rows = sqlx::query(include_str!("sql/list_redemption_codes.sql")).bind(most).fetch_all(&self.pool).await?;
        rows.iter().map(listed).collect()
    }

    pub async fn find(&self, id: Uuid) -> Result<Option<ListedCode>, StoreError> {
        let row = sqlx::query(include_str!("sql/show_redemption_code.sql")).bind(id).fetch_optional(&self.pool).await?;
        row.as_ref().map(listed).transpose()
    }

    /// Ends a code that nobody has claimed; false if there is none such.
    pub async fn revoke(&self, id: Uuid) -> Result<bool, StoreError> {
        let done = sqlx::query(include_str!("sql/revoke_redemption_code.sql")).bind(id).execute(&self.pool).await?;
        Ok(done.rows_affected() == 1)
    }
}

fn claimed(r: &PgRow) -> Result<Claimed, StoreError> {
    Ok(Claimed {
        id: r.try_get("code_id")?,
        account: AccountId(r.try_get("account_id")?),
        amount: Cost::from_nanos(r.try_get("amount")?),
        is_credited: r.try_get("is_credited")?,
    })
}

fn listed(r: &PgRow) -> Result<ListedCode, StoreError> {
    Ok(ListedCode {
        id: r.try_get("code_id")?,
        amount: Cost::from_nanos(r.try_get("amount")?),
        note: r.try_get("note")?,
        created_at: r.try_get("created_at")?,
        expires_at: r.try_get("expires_at")?,
        revoked_at: r.try_get("revoked_at")?,
        claimed_by: r.try_get::<Option<Uuid>, _>("account_id")?.map(AccountId),
        claimed_at: r.try_get("claimed_at")?,
    })
}
