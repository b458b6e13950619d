//! The routes that both people's sites have.

use actix_web::web::ServiceConfig;

use crate::http::json::routing::at;
use crate::http::site::{person, sign_in};

/// Adds sign-in by code and the person's own record; needs `Data<SiteState>`.
pub fn add(config: &mut ServiceConfig) {
    config
        .service(at("/api/v1/sign-in").post(sign_in::ask))
        .service(at("/api/v1/sign-in/verify").post(sign_in::verify))
        .service(at("/api/v1/sign-out").post(person::sign_out))
        .service(at("/api/v1/me").get(person::me))
        .service(at("/api/v1/sessions").get(person::sessions).delete(person::revoke_all))
        .service(at("/api/v1/sessions/{id}").delete(person::revoke));
}
