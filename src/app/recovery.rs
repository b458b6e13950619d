//! What a start does before it serves: the spools of older boots, the calls a crash cut, and deletions half done.
//! Every step may be repeated any number of times.

use crate::actors::directory::Directory;
use crate::actors::housekeeper;
use crate::actors::older_boots::OlderBoots;
use anyhow::{Context, bail};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How often a start begins anew because the store went away meanwhile, before it is given up.
const ROUNDS: u32 = 10;
/// How often a start looks whether its lanes are connected, and how long it waits for them.
const LOOK_EVERY: Duration = Duration::from_millis(5);
const CONNECT_WITHIN: Duration = Duration::from_secs(30);

/// Brings the books to where they would be had nothing happened.
///
/// # Errors
/// If the store goes away meanwhile: the start is given up and may be repeated.
pub async fn recover(older: &OlderBoots) -> anyhow::Result<()> {
    let directory = &older.directory;
    for _ in 0..ROUNDS {
        until_connected(directory).await?;
        let is_all = older.settle().await.context("what an older start left cannot be settled")?;
        // What only one account keeps waiting, the housekeeper tries again.
        if is_all || directory.is_healthy() {
            housekeeper::finish_closings(directory, &older.upkeep).await;
            return Ok(());
        }
    }
    bail!("the store goes away again and again while an older start's calls are settled")
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
