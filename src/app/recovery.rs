//! What a start does before it serves: the spools of older boots, the calls a crash cut, and deletions half done.
//! Every step may be repeated any number of times.

use crate::actors::directory::Directory;
use crate::actors::housekeeper;
use crate::actors::settlement;
use crate::domain::call::CallFacts;
use crate::domain::ids::BootId;
use crate::store::ownership::Ownership;
use crate::store::spool;
use crate::store::upkeep::Upkeep;
use anyhow::{Context, ensure};
use sqlx::PgPool;
use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How often a start looks whether its lanes are connected, and how long it waits for them.
const LOOK_EVERY: Duration = Duration::from_millis(5);
const CONNECT_WITHIN: Duration = Duration::from_secs(30);

/// Brings the books to where they would be had nothing happened.
///
/// # Errors
/// If the store goes away meanwhile: the start is given up and may be repeated.
pub async fn recover(
    directory: &Directory,
    pool: &PgPool,
    ownership: &Ownership,
    spool_folder: &Path,
) -> anyhow::Result<()> {
    until_connected(directory).await?;
    replay_spools(directory, spool_folder, ownership.boot).await?;
    let upkeep = Upkeep::new(pool.clone());
    let all_voided = housekeeper::void_orphans(directory, &upkeep, ownership).await?;
    ensure!(all_voided || directory.is_healthy(), "the store went away while cut calls were listed");
    housekeeper::finish_closings(directory, &upkeep).await;
    Ok(())
}

/// Lanes connect in their own time, and refuse what comes before.
async fn until_connected(directory: &Directory) -> anyhow::Result<()> {
    let connected = async {
        while !directory.is_healthy() {
            sleep(LOOK_EVERY).await;
        }
    };
    timeout(CONNECT_WITHIN, connected).await.context("the store takes no connection of the ledger")
}

/// Before anything is voided: what an older boot made durable here was answered, and is billed.
async fn replay_spools(directory: &Directory, folder: &Path, boot: BootId) -> anyhow::Result<()> {
    for leftover in spool::leftovers(folder, boot).context("the spool folder cannot be read")? {
        if !replay_all(directory, &leftover.records).await? {
            tracing::error!("a spool keeps settlements of accounts out of service; the next start tries again");
            continue;
        }
        leftover.put_away().context("a replayed spool cannot be put away")?;
        tracing::info!(
            records = leftover.records.len(),
            damaged = leftover.damaged,
            "settlements of an older start are in the ledger now"
        );
    }
    Ok(())
}

/// False if an account is out of service; the settlements of the others are made.
async fn replay_all(directory: &Directory, records: &[CallFacts]) -> anyhow::Result<bool> {
    let mut stuck = HashSet::new();
    for facts in records {
        if stuck.contains(&facts.account) || settlement::replay(directory, facts.clone()).await {
            continue;
        }
        ensure!(directory.is_healthy(), "the store went away while the spool was replayed");
        stuck.insert(facts.account);
    }
    Ok(stuck.is_empty())
}
