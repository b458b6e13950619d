//! An orderly stop: refuse, let calls end, cut the rest, settle all, take everything down.

use crate::app::build::Parts;
use crate::app::serve::Listening;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep};

/// How often a stop looks whether what it waits for is done.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long settlements may take after the last call was cut; what is in the spool by then is replayed at the start.
const SETTLE_WITHIN: Duration = Duration::from_secs(10);

/// Serves until SIGTERM or SIGINT, then stops in order. A second signal exits at once; the next start repairs it.
///
/// # Errors
/// If signals cannot be heard.
pub async fn run_until_stopped(parts: Parts, listening: Vec<Listening>) -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let handles: Vec<_> = listening.into_iter().map(Listening::go).collect();
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: running calls may end, new ones get 503");
    actix_web::rt::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        std::process::exit(130);
    });
    stop(parts, handles).await;
    Ok(())
}

/// Takes the program down in order.
pub async fn stop(parts: Parts, handles: Vec<actix_web::dev::ServerHandle>) {
    let directory = parts.books.directory.clone();
    parts.leaving.begin();
    sleep(parts.settings.drain.grace).await;
    parts.draining.refuse();
    until(parts.settings.drain.limit, || directory.open_calls().count() == 0).await;
    parts.draining.cut();
    for handle in handles {
        handle.stop(false).await;
    }
    until(SETTLE_WITHIN, || directory.settlements().count() == 0 && directory.open_calls().count() == 0).await;
    tracing::info!(spooled = directory.spool().waiting(), open_calls = directory.open_calls().count(), "stopped");
    directory.spool().close();
    parts.books.stop();
    parts.pool.close().await;
    drop(parts.sandbox);
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
