//! One task for what must happen now and then: idle actors leave, closings are finished, partitions are made ahead,
//! and what older boots left is settled.

use crate::actors::directory::Directory;
use crate::actors::messages::KeyRef;
use crate::actors::older_boots::OlderBoots;
use crate::domain::ids::{AccountId, KeyId};
use crate::store::people::PeopleStore;
use crate::store::upkeep::Upkeep;
use std::time::Duration;

/// How often the housekeeper makes its round.
const ROUND: Duration = Duration::from_secs(60);

/// Works until its task is dropped.
pub async fn run(older: OlderBoots, people: PeopleStore, idle_ms: u64) {
    let (directory, upkeep) = (&older.directory, &older.upkeep);
    let mut rounds = tokio::time::interval(ROUND);
    loop {
        rounds.tick().await;
        directory.passivate_idle(idle_ms);
        if let Err(error) = upkeep.make_partitions(directory.clock().now_utc().date_naive()).await {
            tracing::warn!(%error, "call partitions could not be made ahead");
        }
        // A batch that was under way when the older boot died may have been written after the start looked.
        if let Err(error) = older.settle().await {
            tracing::warn!(%error, "what an older start left could not be settled");
        }
        finish_closings(directory, upkeep).await;
        if let Err(error) = people.sweep().await {
            tracing::warn!(%error, "what is long over could not be swept away");
        }
    }
}

/// Gives back what closing keys still hold; safe to repeat.
pub async fn finish_closings(directory: &Directory, upkeep: &Upkeep) {
    match upkeep.closing_keys().await {
        Ok(closing) => finish_each(directory, closing).await,
        Err(error) => tracing::warn!(%error, "closing keys could not be listed"),
    }
}

/// Gives back what these closing keys still hold.
pub async fn finish_each(directory: &Directory, closing: Vec<(AccountId, KeyId)>) {
    for (account, key) in closing {
        if let Err(error) = directory.finish_closing(KeyRef { account, key }).await {
            tracing::warn!(key.id = %key, %error, "a deletion waits for its next round");
        }
    }
}
