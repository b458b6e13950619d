//! The management routes: ours on dashboard and API host, the reference product's on the API host alone.

use actix_web::web::ServiceConfig;

use crate::http::json::routing::{at, routes};
use crate::http::manage::{
    account, keys, lines, money, openapi, preview, redemptions, reference, reference_self, referrals, topups,
};
use crate::http::site::{self, step_up};

routes! { OURS, add_ours by at {
    "/api/v1/openapi.json" => get openapi::document;
    "/api/v1/balance" => get account::balance;
    "/api/v1/journal" => get account::journal;
    "/api/v1/audit" => get account::audit;
    "/api/v1/account-key" => get account::account_key, post account::set_account_key;
    "/api/v1/referrals" => get referrals::standing;
    "/api/v1/referrals/referees" => get referrals::referees;
    "/api/v1/referrals/lines" => get referrals::lines;
    "/api/v1/usage" => get lines::usage;
    "/api/v1/preview" => post preview::new_key;
    "/api/v1/keys" => get keys::list, post money::create;
    "/api/v1/keys/{id}" => get keys::get, patch keys::patch, delete money::delete;
    "/api/v1/keys/{id}/preview" => post preview::top_up;
    "/api/v1/keys/{id}/top-up" => post money::top_up;
    "/api/v1/keys/{id}/pause" => post keys::pause;
    "/api/v1/keys/{id}/resume" => post keys::resume;
    "/api/v1/keys/{id}/rotate" => post keys::rotate;
} }

routes! { DASHBOARD, add_dashboard_alone by at {
    "/api/v1/step-up" => post step_up::ask;
    "/api/v1/step-up/verify" => post step_up::verify;
    "/api/v1/redemptions" => post redemptions::redeem;
    "/api/v1/top-ups" => get topups::list, post topups::start;
    "/api/v1/top-ups/{id}" => get topups::get;
    "/api/v1/top-ups/{id}/cancel" => post topups::cancel;
} }

routes! { REFERENCE, add_reference by at {
    "/balance" => get reference::balance;
    "/sub-keys" => get reference::list, post reference::create;
    "/sub-keys/{id}" => put reference::update, delete reference::delete;
    "/usage-logs" => get reference::usage_logs;
    "/sub-key/balance" => get reference_self::balance;
    "/sub-key/usage-logs" => get reference_self::usage_logs;
} }

/// Adds sign-in, the reseller's own record, money in and management; needs `Data<SiteState>` of the dashboard,
/// `Data<PaymentDesk>`, `Data<Redemptions>`, and `Data<ManageState>` with its session door.
pub fn add_dashboard(config: &mut ServiceConfig) {
    config.configure(site::routes::add).configure(add_dashboard_alone).configure(add_ours);
}

/// Adds management and the reference product's paths; needs `Data<ManageState>` with its credential door.
pub fn add_api(config: &mut ServiceConfig) {
    config.configure(add_reference).configure(add_ours);
}
