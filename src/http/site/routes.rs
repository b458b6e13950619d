//! The routes that both people's sites have.

use actix_web::web::{self, ServiceConfig};

use crate::http::json::routing::at;
use crate::http::site::{person, sign_in};

/// Adds sign-in by code and the person's own record; needs `Data<SiteState>`.
pub fn add(config: &mut ServiceConfig) {
    config
        .service(at("/api/v1/sign-in").route(web::post().to(sign_in::ask)))
        .service(at("/api/v1/sign-in/verify").route(web::post().to(sign_in::verify)))
        .service(at("/api/v1/sign-out").route(web::post().to(person::sign_out)))
        .service(at("/api/v1/me").route(web::get().to(person::me)))
        .service(
            at("/api/v1/sessions").route(web::get().to(person::sessions)).route(web::delete().to(person::revoke_all)),
        )
        .service(at("/api/v1/sessions/{id}").route(web::delete().to(person::revoke)));
}
