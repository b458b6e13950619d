//! Keeps the private database up: one that was killed, by the kernel for want of memory or by mistake, is started again.

use crate::store::private_postgres::PrivatePostgres;
use std::time::Duration;

/// How often it is looked for; the time without a database is this much, and its repair.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Works until its task is dropped. A database that was stopped in order stays so: whoever did that has a reason.
pub async fn run(cluster: PrivatePostgres) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if !cluster.was_killed() {
            continue;
        }
        tracing::error!("the private database was killed; it is started again and repairs itself");
        match cluster.revive().await {
            Ok(()) => tracing::info!("the private database is back"),
            Err(error) => {
                tracing::error!(%error, "the private database could not be started again; the next look tries")
            }
        }
    }
}
