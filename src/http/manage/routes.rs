//! The management routes: ours on dashboard and API host, the reference product's on the API host alone.

use actix_web::web::{self, ServiceConfig};

use crate::http::json::routing::at;
use crate::http::manage::{account, keys, lines, money, preview, redemptions, reference, reference_self, topups};
use crate::http::site::{self, step_up};

/// Adds sign-in, the reseller's own record, money in and management; needs `Data<SiteState>` of the dashboard,
/// `Data<PaymentDesk>`, `Data<Redemptions>`, and `Data<ManageState>` with its session door.
pub fn add_dashboard(config: &mut ServiceConfig) {
    config
        .configure(site::routes::add)
        .service(at("/api/v1/step-up").route(web::post().to(step_up::ask)))
        .service(at("/api/v1/step-up/verify").route(web::post().to(step_up::verify)))
        .service(at("/api/v1/redemptions").route(web::post().to(redemptions::redeem)))
        .service(at("/api/v1/top-ups").route(web::get().to(topups::list)).route(web::post().to(topups::start)))
        .service(at("/api/v1/top-ups/{id}").route(web::get().to(topups::get)))
        .service(at("/api/v1/top-ups/{id}/cancel").route(web::post().to(topups::cancel)))
        .configure(add_ours);
}

/// Adds management and the reference product's paths; needs `Data<ManageState>` with its credential door.
pub fn add_api(config: &mut ServiceConfig) {
    config
        .service(at("/balance").route(web::get().to(reference::balance)))
        .service(at("/sub-keys").route(web::get().to(reference::list)).route(web::post().to(reference::create)))
        .service(
            at("/sub-keys/{id}").route(web::put().to(reference::update)).route(web::delete().to(reference::delete)),
        )
        .service(at("/usage-logs").route(web::get().to(reference::usage_logs)))
        .service(at("/sub-key/balance").route(web::get().to(reference_self::balance)))
        .service(at("/sub-key/usage-logs").route(web::get().to(reference_self::usage_logs)))
        .configure(add_ours);
}

fn add_ours(config: &mut ServiceConfig) {
    config
        .service(at("/api/v1/balance").route(web::get().to(account::balance)))
        .service(at("/api/v1/journal").route(web::get().to(account::journal)))
        .service(at("/api/v1/audit").route(web::get().to(account::audit)))
        .service(
            at("/api/v1/account-key")
                .route(web::get().to(account::account_key))
                .route(web::post().to(account::set_account_key)),
        )
        .service(at("/api/v1/usage").route(web::get().to(lines::usage)))
        .service(at("/api/v1/preview").route(web::post().to(preview::new_key)))
        .service(at("/api/v1/keys").route(web::get().to(keys::list)).route(web::post().to(money::create)))
        .service(
            at("/api/v1/keys/{id}")
                .route(web::get().to(keys::get))
                .route(web::patch().to(keys::patch))
                .route(web::delete().to(money::delete)),
        )
        .service(at("/api/v1/keys/{id}/preview").route(web::post().to(preview::top_up)))
        .service(at("/api/v1/keys/{id}/top-up").route(web::post().to(money::top_up)))
        .service(at("/api/v1/keys/{id}/pause").route(web::post().to(keys::pause)))
        .service(at("/api/v1/keys/{id}/resume").route(web::post().to(keys::resume)))
        .service(at("/api/v1/keys/{id}/rotate").route(web::post().to(keys::rotate)));
}
