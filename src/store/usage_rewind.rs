//! Takes marks of usage back to before the first call that was settled late, into an hour that had its mark.

use crate::domain::ids::AccountId;
use crate::store::error::StoreError;
use crate::store::usage_reach::Reach;
use chrono::{DateTime, Utc};
use sqlx::Row;
use sqlx::postgres::PgConnection;

/// The end of the last mark that holds every call before it; later ones are gone then.
pub async fn before_late_calls(tx: &mut PgConnection, reach: &Reach) -> Result<Option<DateTime<Utc>>, StoreError> {
    let Some(until) = reach.until else { return Ok(None) };
    let open: i64 = sqlx::query_scalar(include_str!("sql/usage_calls_since.sql"))
        .bind(reach.account.0)
        .bind(until)
        .fetch_one(&mut *tx)
        .await?;
    let late = reach.late(open);
    if late == 0 {
        return Ok(Some(until));
    }
    tracing::info!(account.id = %reach.account, calls = late, "calls were settled into hours that were over");
    let whole = last_whole(tx, reach.account, late).await?;
    remove_after(tx, reach.account, whole.unwrap_or(DateTime::UNIX_EPOCH)).await?;
    Ok(whole)
}

/// Looks from the newest mark back until all late calls were met.
async fn last_whole(tx: &mut PgConnection, account: AccountId, late: i64) -> Result<Option<DateTime<Utc>>, StoreError> {
    let rows = sqlx::query(include_str!("sql/usage_mark_ends.sql")).bind(account.0).fetch_all(&mut *tx).await?;
    let marks: Vec<(DateTime<Utc>, i64)> =
        rows.iter().map(|r| Ok((r.try_get(0)?, r.try_get(1)?))).collect::<Result<_, StoreError>>()?;
    let mut met = 0;
    for (at, (until, calls)) in marks.iter().enumerate() {
        let before = marks.get(at + 1);
        let (from, known) = before.copied().unwrap_or((DateTime::UNIX_EPOCH, 0));
        let there: i64 = sqlx::query_scalar(include_str!("sql/usage_calls_between.sql"))
            .bind(account.0)
            .bind(from)
            .bind(until)
            .fetch_one(&mut *tx)
            .await?;
        met += there - (calls - known);
        if met == late {
            return Ok(before.map(|(from, _)| *from));
        }
    }
    // The marks are not what they should be: all are made again.
    Ok(None)
}

async fn remove_after(tx: &mut PgConnection, account: AccountId, until: DateTime<Utc>) -> Result<(), StoreError> {
    for statement in [include_str!("sql/usage_rewind_marks.sql"), include_str!("sql/usage_rewind_unusual.sql")] {
        sqlx::query(statement).bind(account.0).bind(until).execute(&mut *tx).await?;
    }
    Ok(())
}
