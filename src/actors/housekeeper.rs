//! One task for what must happen now and then: idle actors leave, closings are finished, partitions are made ahead.

use crate::actors::directory::Directory;
use crate::actors::messages::KeyRef;
use crate::store::upkeep::Upkeep;
use std::time::Duration;

/// How often the housekeeper makes its round.
const ROUND: Duration = Duration::from_secs(60);

/// Works until its task is dropped.
pub async fn run(directory: Directory, upkeep: Upkeep, idle_ms: u64) {
    let mut rounds = tokio::time::interval(ROUND);
    loop {
        rounds.tick().await;
        directory.passivate_idle(idle_ms);
        if let Err(error) = upkeep.make_partitions(directory.clock().now_utc().date_naive()).await {
            tracing::warn!(%error, "call partitions could not be made ahead");
        }
        finish_closings(&directory, &upkeep).await;
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
