//! The routes of the portal's host.

use actix_web::web::{self, ServiceConfig};

use crate::http::json::routing::at;
use crate::http::portal::{binding, keys};
use crate::http::site;

/// Adds the portal's routes; needs `Data<SiteState>` of the portal and `Data<PortalState>`.
pub fn add(config: &mut ServiceConfig) {
    config
        .configure(site::routes::add)
        .service(at("/api/v1/portal/bind").route(web::post().to(binding::bind)))
        .service(at("/api/v1/portal/keys").route(web::get().to(keys::list)))
        .service(at("/api/v1/portal/keys/{id}").route(web::get().to(keys::get)).route(web::patch().to(binding::rename)))
        .service(at("/api/v1/portal/keys/{id}/usage").route(web::get().to(keys::usage)))
        .service(at("/api/v1/portal/keys/{id}/binding").route(web::delete().to(binding::unbind)));
}
