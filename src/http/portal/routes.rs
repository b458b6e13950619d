//! The routes of the portal's host.

use actix_web::web::ServiceConfig;

use crate::http::json::routing::at;
use crate::http::portal::{binding, keys};
use crate::http::site;

/// Adds the portal's routes; needs `Data<SiteState>` of the portal and `Data<PortalState>`.
pub fn add(config: &mut ServiceConfig) {
    config
        .configure(site::routes::add)
        .service(at("/api/v1/portal/bind").post(binding::bind))
        .service(at("/api/v1/portal/keys").get(keys::list))
        .service(at("/api/v1/portal/keys/{id}").get(keys::get).patch(binding::rename))
        .service(at("/api/v1/portal/keys/{id}/usage").get(keys::usage))
        .service(at("/api/v1/portal/keys/{id}/binding").delete(binding::unbind));
}
