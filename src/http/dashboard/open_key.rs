//! The key of a form: owned by who asks, and not deleted.

use crate::domain::key::KeyStatus;
use crate::domain::op::Refusal;
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::identity::desk_error::DeskError;
use crate::store::views::keys::KeyRow;
use crate::store::views::scope::OwnedKey;

/// A key that can still be changed, as committed.
///
/// # Errors
/// 404 as `Visit::key`, 409 where it is deleted or being deleted.
pub async fn get(visit: &Visit<'_>, raw: &str) -> Result<(OwnedKey, KeyRow), JsonError> {
    let key = visit.key(raw).await?;
    let row = visit.dash.manage.keys.get(&key).await?;
    match row.status {
        KeyStatus::Active => Ok((key, row)),
        KeyStatus::Closing | KeyStatus::Closed => Err(DeskError::Refused(Refusal::KeyClosing).into()),
    }
}
