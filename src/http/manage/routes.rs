//! The management routes: ours on dashboard and API host, the reference product's on the API host alone.

use actix_web::web::ServiceConfig;

use crate::http::json::routing::at;
use crate::http::manage::{
    account, keys, lines, money, preview, redemptions, reference, reference_self, referrals, topups,
};
use crate::http::site::{self, step_up};

/// Adds sign-in, the reseller's own record, money in and management; needs `Data<SiteState>` of the dashboard,
/// `Data<PaymentDesk>`, `Data<Redemptions>`, and `Data<ManageState>` with its session door.
pub fn add_dashboard(config: &mut ServiceConfig) {
    config
        .configure(site::routes::add)
        .service(at("/api/v1/step-up").post(step_up::ask))
        .service(at("/api/v1/step-up/verify").post(step_up::verify))
        .service(at("/api/v1/redemptions").post(redemptions::redeem))
        .service(at("/api/v1/top-ups").get(topups::list).post(topups::start))
        .service(at("/api/v1/top-ups/{id}").get(topups::get))
        .service(at("/api/v1/top-ups/{id}/cancel").post(topups::cancel))
        .configure(add_ours);
}

/// Adds management and the reference product's paths; needs `Data<ManageState>` with its credential door.
pub fn add_api(config: &mut ServiceConfig) {
    config
        .service(at("/balance").get(reference::balance))
        .service(at("/sub-keys").get(reference::list).post(reference::create))
        .service(at("/sub-keys/{id}").put(reference::update).delete(reference::delete))
        .service(at("/usage-logs").get(reference::usage_logs))
        .service(at("/sub-key/balance").get(reference_self::balance))
        .service(at("/sub-key/usage-logs").get(reference_self::usage_logs))
        .configure(add_ours);
}

fn add_ours(config: &mut ServiceConfig) {
    config
        .service(at("/api/v1/balance").get(account::balance))
        .service(at("/api/v1/journal").get(account::journal))
        .service(at("/api/v1/audit").get(account::audit))
        .service(at("/api/v1/account-key").get(account::account_key).post(account::set_account_key))
        .service(at("/api/v1/referrals").get(referrals::standing))
        .service(at("/api/v1/referrals/referees").get(referrals::referees))
        .service(at("/api/v1/referrals/lines").get(referrals::lines))
        .service(at("/api/v1/usage").get(lines::usage))
        .service(at("/api/v1/preview").post(preview::new_key))
        .service(at("/api/v1/keys").get(keys::list).post(money::create))
        .service(at("/api/v1/keys/{id}").get(keys::get).patch(keys::patch).delete(money::delete))
        .service(at("/api/v1/keys/{id}/preview").post(preview::top_up))
        .service(at("/api/v1/keys/{id}/top-up").post(money::top_up))
        .service(at("/api/v1/keys/{id}/pause").post(keys::pause))
        .service(at("/api/v1/keys/{id}/resume").post(keys::resume))
        .service(at("/api/v1/keys/{id}/rotate").post(keys::rotate));
}
