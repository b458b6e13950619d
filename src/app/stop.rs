//! An orderly stop: refuse, let calls end, cut the rest, settle all, take everything down.

use crate::app::build::Parts;
use crate::app::serve::{Listening, Running};
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep};

/// How often a stop looks whether what it waits for is done.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long settlements may take after the last call was cut; what is in the spool by then is replayed at the start.
const SETTLE_WITHIN: Duration = Duration::from_secs(10);

/// SIGTERM and SIGINT, heard from `listen` on: before it they end the process at once.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Begins to hear them; to be called before anyone is told that the program is ready.
    ///
    /// # Errors
    /// If they cannot be heard.
    pub fn listen() -> anyhow::Result<Self> {
        Ok(Signals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn one(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Serves until a signal, then stops in order. A second signal exits at once; the next start repairs it.
pub async fn run_until_stopped(parts: Parts, listening: Vec<Listening>, mut signals: Signals) {
    let sites: Vec<_> = listening.into_iter().map(Listening::go).collect();
    signals.one().await;
    tracing::info!("stopping: running calls may end, new ones get 503");
    actix_web::rt::spawn(async move {
        signals.one().await;
        std::process::exit(130);
    });
    stop(parts, sites).await;
}

/// Takes the program down in order.
pub async fn stop(parts: Parts, sites: Vec<Running>) {
    let directory = parts.books.directory.clone();
    parts.leaving.begin();
    sleep(parts.settings.drain.grace).await;
    parts.draining.refuse();
    until(parts.settings.drain.limit, || directory.open_calls().count() == 0).await;
    parts.draining.cut();
    for site in sites {
        site.stop().await;
    }
    parts.housekeeper.abort();
    parts.alerts.abort();
    parts.mailer.abort();
    parts.payments.stop();
    parts.rounds.abort();
    parts.usage_keeper.abort();
    parts.referrals.abort();
    until(SETTLE_WITHIN, || directory.settlements().count() == 0 && directory.open_calls().count() == 0).await;
    tracing::info!(spooled = directory.spool().waiting(), open_calls = directory.open_calls().count(), "stopped");
    directory.spool().close();
    parts.books.stop();
    parts.pool.close().await;
    drop(parts.sandbox);
    if let Some(keeper) = parts.keeper {
        keeper.abort();
    }
    if let Some(cluster) = parts.cluster
        && let Err(error) = cluster.stop().await
    {
        tracing::warn!(%error, "the private cluster did not stop; the next start adopts it");
    }
}

async fn until(limit: Duration, done: impl Fn() -> bool) {
    let end = Instant::now() + limit;
    while !done() && Instant::now() < end {
        sleep(LOOK_EVERY).await;
    }
}
