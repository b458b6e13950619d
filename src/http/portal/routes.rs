//! The routes of the portal's host.

use actix_web::web::ServiceConfig;

use crate::http::json::routing::{at, routes};
use crate::http::portal::{binding, keys};
use crate::http::site;

routes! { TABLE, add_own by at {
    "/api/v1/portal/bind" => post binding::bind;
    "/api/v1/portal/keys" => get keys::list;
    "/api/v1/portal/keys/{id}" => get keys::get, patch binding::rename;
    "/api/v1/portal/keys/{id}/usage" => get keys::usage;
    "/api/v1/portal/keys/{id}/binding" => delete binding::unbind;
} }

/// Adds the portal's routes; needs `Data<SiteState>` of the portal and `Data<PortalState>`.
pub fn add(config: &mut ServiceConfig) {
    config.configure(site::routes::add).configure(add_own);
}
