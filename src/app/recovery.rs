//! What a start does before it serves: the spools of older boots, the calls a crash cut, and deletions half done.
//! Every step may be repeated any number of times.

use crate::actors::directory::Directory;
use crate::actors::housekeeper;
use crate::actors::settlement;
use crate::domain::call::{CallFacts, Meters};
use crate::domain::ids::BootId;
use crate::domain::money::Cost;
use crate::domain::outcome::{Flags, Outcome};
use crate::store::ownership::{self, Orphan, Ownership};
use crate::store::spool;
use crate::store::upkeep::Upkeep;
use anyhow::{Context, ensure};
use sqlx::PgPool;
use std::path::Path;
use std::time::Duration;
use tokio::time::Instant;

/// How long the lanes may take to connect at a start.
const CONNECT_WITHIN: Duration = Duration::from_secs(30);
/// Spooled settlements under way together: they share commits.
const REPLAYED_AT_ONCE: usize = 500;

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
    lanes_connected(directory).await?;
    replay_spools(directory, spool_folder, ownership.boot).await?;
    void_orphans(directory, pool, ownership).await?;
    housekeeper::finish_closings(directory, &Upkeep::new(pool.clone())).await;
    Ok(())
}

/// Waits until every lane has its connection: before, it answers that the store is away.
async fn lanes_connected(directory: &Directory) -> anyhow::Result<()> {
    let end = Instant::now() + CONNECT_WITHIN;
    while !directory.is_healthy() {
        ensure!(Instant::now() < end, "the ledger's connections could not be made");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Before anything is voided: what an older boot made durable here was answered, and is billed.
async fn replay_spools(directory: &Directory, folder: &Path, boot: BootId) -> anyhow::Result<()> {
    for leftover in spool::leftovers(folder, boot).context("the spool folder cannot be read")? {
        let count = leftover.records.len();
        for group in leftover.records.chunks(REPLAYED_AT_ONCE) {
            let all = group.iter().map(|facts| settlement::replay(directory, facts.clone()));
            let replayed = futures_util::future::join_all(all).await.into_iter().all(|r| r);
            ensure!(replayed, "the store went away while the spool was replayed");
        }
        leftover.put_away().context("a replayed spool cannot be put away")?;
        tracing::info!(
            records = count,
            damaged = leftover.damaged,
            "settlements of an older start are in the ledger now"
        );
    }
    Ok(())
}

/// A call that was dispatched and not settled is not billed; its bound is listed as what we bear.
async fn void_orphans(directory: &Directory, pool: &PgPool, ownership: &Ownership) -> anyhow::Result<()> {
    let orphans = ownership::orphans(pool, ownership).await?;
    if !orphans.is_empty() {
        tracing::warn!(calls = orphans.len(), "calls were cut by a crash; none of them is billed");
    }
    let now_us = directory.clock().wall_us();
    let all = orphans.into_iter().map(|orphan| settlement::replay(directory, voided(orphan, now_us)));
    let settled = futures_util::future::join_all(all).await;
    ensure!(settled.into_iter().all(|s| s), "the store went away while cut calls were listed");
    Ok(())
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
