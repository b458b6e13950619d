//! Whether the program lives and whether it should get calls.

use crate::actors::directory::Directory;
use crate::actors::draining::Draining;
use actix_web::HttpResponse;
use actix_web::web::{self, Data, ServiceConfig};
use serde_json::json;
use std::sync::atomic::Ordering::Relaxed;

/// What readiness is made of.
#[derive(Clone)]
pub struct Health {
    pub directory: Directory,
    pub draining: Draining,
}

/// Adds `/healthz` and `/readyz`.
pub fn add(config: &mut ServiceConfig) {
    config.route("/healthz", web::get().to(alive)).route("/readyz", web::get().to(ready));
}

async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "alive" }))
}

/// 200 with figures while calls are served, 503 with the same while they are not.
async fn ready(health: Data<Health>) -> HttpResponse {
    let (directory, refusing) = (&health.directory, health.draining.is_refusing());
    let store = directory.is_healthy();
    let (accounts, keys) = directory.live_counts();
    let lanes = directory.homes().iter().map(|home| home.lane.state());
    let (batches, ops) = lanes.fold((0, 0), |(b, o), s| (b + s.batches.load(Relaxed), o + s.ops.load(Relaxed)));
    let body = json!({
        "status": if refusing { "stopping" } else if store { "ready" } else { "store away" },
        "open_calls": directory.open_calls().count(),
        "settlements_under_way": directory.settlements().count(),
        "spooled": directory.spool().waiting(),
        "batches": batches,
        "ops": ops,
        "live_accounts": accounts,
        "live_keys": keys,
    });
    if store && !refusing { HttpResponse::Ok().json(body) } else { HttpResponse::ServiceUnavailable().json(body) }
}
