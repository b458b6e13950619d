//! Whether the program lives and whether it should get calls; the figures behind that are for the operator alone.

use crate::actors::directory::Directory;
use crate::actors::draining::Draining;
use crate::http::json::answer;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data, ServiceConfig};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

/// False from the first moment of a stop, while calls are still served: balancers look elsewhere in time.
#[derive(Clone, Default)]
pub struct Leaving(Arc<AtomicBool>);

impl Leaving {
    /// From now on this program is not ready; it cannot be taken back.
    pub fn begin(&self) {
        self.0.store(true, Relaxed);
    }
}

/// What readiness is made of.
#[derive(Clone)]
pub struct Health {
    pub directory: Directory,
    pub draining: Draining,
    pub leaving: Leaving,
}

impl Health {
    fn status(&self) -> (StatusCode, &'static str) {
        match (self.leaving.0.load(Relaxed) || self.draining.is_refusing(), self.directory.is_healthy()) {
            (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
            (false, true) => (StatusCode::OK, "ready"),
            (false, false) => (StatusCode::SERVICE_UNAVAILABLE, "store away"),
        }
    }
}

/// Adds `/healthz` and `/readyz` for anybody: one word.
pub fn add(config: &mut ServiceConfig) {
    config.route("/healthz", web::get().to(alive)).route("/readyz", web::get().to(ready));
}

/// Adds the same for the operator: with figures.
pub fn add_with_figures(config: &mut ServiceConfig) {
    config.route("/healthz", web::get().to(alive)).route("/readyz", web::get().to(figures));
}

async fn alive() -> HttpResponse {
    answer::ok(&json!({ "status": "alive" }))
}

/// 200 while calls are served, 503 while they are not or soon will not be.
async fn ready(health: Data<Health>) -> HttpResponse {
    let (code, status) = health.status();
    answer::with_headers(code).json(json!({ "status": status }))
}

async fn figures(health: Data<Health>) -> HttpResponse {
    let directory = &health.directory;
    let (code, status) = health.status();
    let (accounts, keys) = directory.live_counts();
    let lanes = directory.homes().iter().map(|home| home.lane.state());
    let (batches, ops) = lanes.fold((0, 0), |(b, o), s| (b + s.batches.load(Relaxed), o + s.ops.load(Relaxed)));
    answer::with_headers(code).json(json!({
        "status": status,
        "open_calls": directory.open_calls().count(),
        "settlements_under_way": directory.settlements().count(),
        "spooled": directory.spool().waiting(),
        "batches": batches,
        "ops": ops,
        "live_accounts": accounts,
        "live_keys": keys,
    }))
}
