//! Under which name and logo a client reads its portal: what the seller of the key chose, and nothing else of the seller.

use sqlx::PgPool;

use crate::domain::ids::UserId;
use crate::domain::portal_look::PortalLook;
use crate::store::error::StoreError;
use crate::store::preferences;
use crate::store::views::scope::BoundKey;

/// Reads of looks.
#[derive(Clone)]
pub struct PortalLookViews {
    pool: PgPool,
}

impl PortalLookViews {
    pub fn new(pool: PgPool) -> Self {
        PortalLookViews { pool }
    }

    /// The look of the pages of one key.
    pub async fn of_key(&self, key: &BoundKey) -> Result<PortalLook, StoreError> {
        let query = sqlx::query(include_str!("../sql/portal_look.sql")).bind(key.user().0).bind(key.key().0);
        let found = query.fetch_optional(&self.pool).await?;
        found.map_or_else(|| Ok(PortalLook::default()), |row| preferences::look(&row))
    }

    /// The look of pages of no key: that of the user's keys if they share one seller, else the platform's.
    pub async fn of_user(&self, user: UserId) -> Result<PortalLook, StoreError> {
        let query = sqlx::query(include_str!("../sql/portal_look_of_user.sql")).bind(user.0);
        let found = query.fetch_optional(&self.pool).await?;
        found.map_or_else(|| Ok(PortalLook::default()), |row| preferences::look(&row))
    }
}
