//! One task for what must happen now and then: idle actors leave, closings are finished, partitions are made ahead,
//! and calls that a crash cut are voided.

use crate::actors::directory::Directory;
use crate::actors::messages::KeyRef;
use crate::actors::settlement;
use crate::domain::call::{CallFacts, Meters};
use crate::domain::money::Cost;
use crate::domain::outcome::{Flags, Outcome};
use crate::store::error::StoreError;
use crate::store::ownership::{Orphan, Ownership};
use crate::store::people::PeopleStore;
use crate::store::upkeep::Upkeep;
use std::time::Duration;

/// How often the housekeeper makes its round.
const ROUND: Duration = Duration::from_secs(60);

/// Works until its task is dropped.
pub async fn run(directory: Directory, upkeep: Upkeep, people: PeopleStore, ownership: Ownership, idle_ms: u64) {
    let mut rounds = tokio::time::interval(ROUND);
    loop {
        rounds.tick().await;
        directory.passivate_idle(idle_ms);
        if let Err(error) = upkeep.make_partitions(directory.clock().now_utc().date_naive()).await {
            tracing::warn!(%error, "call partitions could not be made ahead");
        }
        // A batch that was under way when the older boot died may have been written after the start looked.
        if let Err(error) = void_orphans(&directory, &upkeep, &ownership).await {
            tracing::warn!(%error, "calls that a crash cut could not be listed");
        }
        finish_closings(&directory, &upkeep).await;
        if let Err(error) = people.sweep().await {
            tracing::warn!(%error, "what is long over could not be swept away");
        }
    }
}

/// Settles what an older boot of this node had dispatched: nobody is billed, its bound is listed as what we bear.
/// False if the store went away meanwhile; safe to repeat.
pub async fn void_orphans(directory: &Directory, upkeep: &Upkeep, ownership: &Ownership) -> Result<bool, StoreError> {
    let orphans = upkeep.orphans(ownership).await?;
    if !orphans.is_empty() {
        tracing::warn!(calls = orphans.len(), "calls were cut by a crash; none of them is billed");
    }
    let now_us = directory.clock().wall_us();
    let all = orphans.into_iter().map(|orphan| settlement::replay(directory, voided(orphan, now_us)));
    Ok(futures_util::future::join_all(all).await.into_iter().all(|settled| settled))
}

fn voided(orphan: Orphan, now_us: i64) -> CallFacts {
    CallFacts {
        call: orphan.call,
        account: orphan.account,
        key: orphan.key,
        outcome: Outcome::Crash,
        flags: Flags::NONE,
        cost: Cost::ZERO,
        absorbed: orphan.bound,
        model: orphan.model.into(),
        meters: Meters::default(),
        detail: None,
        started_us: orphan.at.timestamp_micros(),
        ended_us: now_us,
    }
}

/// Gives back what closing keys still hold; safe to repeat.
pub async fn finish_closings(directory: &Directory, upkeep: &Upkeep) {
    let closing = match upkeep.closing_keys().await {
        Ok(closing) => closing,
        Err(error) => return tracing::warn!(%error, "closing keys could not be listed"),
    };
    for (account, key) in closing {
        if let Err(error) = directory.finish_closing(KeyRef { account, key }).await {
            tracing::warn!(key.id = %key, %error, "a deletion waits for its next round");
        }
    }
}
