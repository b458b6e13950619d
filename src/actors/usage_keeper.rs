//! One task that makes the marks of usage of hours that are over. Nothing waits for it: what has no mark yet is summed
//! from the hours.

use crate::clock::Clock;
use crate::domain::ids::AccountId;
use crate::store::error::StoreError;
use crate::store::usage_marks::{Brought, UsageMarks};
use std::time::Duration;

/// How often it looks.
const ROUND: Duration = Duration::from_secs(60);

/// Works until its task is dropped.
pub async fn run(marks: UsageMarks, clock: Clock) {
    let mut rounds = tokio::time::interval(ROUND);
    loop {
        rounds.tick().await;
        match marks.due(clock.now_utc()).await {
            Ok(due) => bring_all(&marks, &clock, due).await,
            Err(error) => tracing::warn!(%error, "accounts whose usage is to be summed could not be listed"),
        }
    }
}

async fn bring_all(marks: &UsageMarks, clock: &Clock, due: Vec<AccountId>) {
    for account in due {
        if let Err(error) = bring(marks, clock, account).await {
            tracing::warn!(account.id = %account, %error, "usage could not be summed; the next round tries again");
        }
    }
}

async fn bring(marks: &UsageMarks, clock: &Clock, account: AccountId) -> Result<(), StoreError> {
    while marks.bring_up(account, clock.now_utc()).await? == Brought::Further {}
    Ok(())
}
