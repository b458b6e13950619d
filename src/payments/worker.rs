//! Works beside the listeners: follows notices as they come, looks at orders that had none for long, and carries
//! refunds on.
//!
//! Rows are the state; this task may die at any point and is only late then.

use crate::payments::desk::PaymentDesk;
use futures_util::future;
use std::time::Duration;

/// How often notices that were put off are looked for without the bell.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often orders without news are looked for; sooner only where the settings want them looked at sooner.
const ROUND: Duration = Duration::from_secs(60);
const SHORTEST_ROUND: Duration = Duration::from_secs(1);
/// Orders looked at in one round: each may take as long as a provider's answer.
const MOST_A_ROUND: i64 = 100;

/// Works until its task is dropped.
pub async fn run(desk: PaymentDesk) {
    future::join(follow_notices(&desk), make_rounds(&desk)).await;
}

async fn follow_notices(desk: &PaymentDesk) {
    if let Err(error) = desk.0.events.release().await {
        tracing::warn!(%error, "notices that an older start had taken come in their own time");
    }
    loop {
        if let Err(error) = desk.work_off().await {
            tracing::warn!(%error, "notices of payments could not be followed; they wait");
        }
        let _ = tokio::time::timeout(LOOK_EVERY, desk.0.bell.notified()).await;
    }
}

async fn make_rounds(desk: &PaymentDesk) {
    if let Err(error) = desk.release_refunds().await {
        tracing::warn!(%error, "refunds that an older start had begun come in their own time");
    }
    let mut rounds = tokio::time::interval(ROUND.min(desk.0.rules.check_after).max(SHORTEST_ROUND));
    loop {
        rounds.tick().await;
        if let Err(error) = desk.look_round(MOST_A_ROUND).await {
            tracing::warn!(%error, "orders without news could not be looked at; they wait");
        }
        if let Err(error) = desk.carry_round().await {
            tracing::warn!(%error, "refunds could not be carried on; they wait");
        }
        if let Err(error) = desk.reconcile_if_due().await {
            tracing::warn!(%error, "the daily comparison with the providers is not whole; it is made again");
        }
    }
}
