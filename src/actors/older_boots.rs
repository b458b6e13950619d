//! What older boots of this node left: settlements in their spools, and notes of calls that a crash cut. A spool is read
//! first: what an older boot made durable was answered and is billed. Only what no spool holds is voided. A start makes
//! one round before it serves, the housekeeper one a minute; each may be repeated any number of times.

use crate::actors::directory::Directory;
use crate::actors::lane::MAX_BATCH;
use crate::actors::messages::KeyRef;
use crate::actors::settlement;
use crate::domain::call::{CallFacts, Meters};
use crate::domain::ids::{AccountId, CallId};
use crate::domain::money::Cost;
use crate::domain::outcome::{Flags, Outcome};
use crate::store::error::StoreError;
use crate::store::ownership::{Orphan, Ownership};
use crate::store::spool;
use crate::store::upkeep::Upkeep;
use futures_util::stream::{self, StreamExt};
use parking_lot::Mutex;
use std::collections::HashSet;
use std::path::PathBuf;

/// Where older boots left things, and who takes them.
pub struct OlderBoots {
    pub directory: Directory,
    pub upkeep: Upkeep,
    pub ownership: Ownership,
    /// Spools of all boots of this node.
    pub spool_folder: PathBuf,
}

impl OlderBoots {
    /// Settles what older boots left; false if some of it must wait for the next round.
    ///
    /// # Errors
    /// If a spool cannot be read, or the notes cannot be listed.
    pub async fn settle(&self) -> Result<bool, StoreError> {
        let kept = self.replay_spools().await?;
        let orphans = self.upkeep.orphans(&self.ownership).await?;
        Ok(void_all(&self.directory, orphans, &kept).await && kept.is_empty())
    }

    /// The calls that still wait in a spool.
    async fn replay_spools(&self) -> Result<HashSet<CallId>, StoreError> {
        let mut kept = HashSet::new();
        for leftover in spool::leftovers(&self.spool_folder, self.ownership.boot)? {
            let waiting = replay_all(&self.directory, &leftover.records).await;
            if !waiting.is_empty() {
                tracing::error!(
                    records = waiting.len(),
                    "a spool keeps settlements that cannot be made now; tried again"
                );
                kept.extend(waiting);
                continue;
            }
            leftover.put_away()?;
            tracing::info!(
                records = leftover.records.len(),
                damaged = leftover.damaged,
                "settlements of an older start are in the ledger now"
            );
        }
        Ok(kept)
    }
}

/// Makes the settlements of an older boot's spool; the calls that must wait, because the store went away or their
/// account is out of service.
pub async fn replay_all(directory: &Directory, records: &[CallFacts]) -> HashSet<CallId> {
    // All of them first: a key that is being deleted gives back what no call needs, and these have no hold any more.
    for facts in records {
        directory.open_calls().keep_for(KeyRef { account: facts.account, key: facts.key }, facts.call, facts.cost);
    }
    let stuck: Mutex<HashSet<AccountId>> = Mutex::default();
    let replayed = stream::iter(records).map(async |facts| {
        let is_made = !stuck.lock().contains(&facts.account) && settlement::replay(directory, facts.clone()).await;
        if is_made {
            directory.open_calls().remove(facts.key, facts.call);
        } else {
            stuck.lock().insert(facts.account);
        }
        (!is_made).then_some(facts.call)
    });
    // As many at once as share a commit.
    replayed.buffer_unordered(MAX_BATCH).filter_map(async |call| call).collect().await
}

/// Settles calls that a crash cut, unbilled, but for those `kept` in a spool; false where some must wait.
pub async fn void_all(directory: &Directory, mut orphans: Vec<Orphan>, kept: &HashSet<CallId>) -> bool {
    orphans.retain(|orphan| !kept.contains(&orphan.call));
    if !orphans.is_empty() {
        tracing::warn!(calls = orphans.len(), "calls were cut by a crash; none of them is billed");
    }
    let now_us = directory.clock().wall_us();
    let all = orphans.into_iter().map(|orphan| settlement::replay(directory, voided(orphan, now_us)));
    futures_util::future::join_all(all).await.into_iter().all(|settled| settled)
}

/// Nobody is billed; the call's bound is listed as what we bear.
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
