//! Tables of routes: what a listener serves, and what it says to another method.

use std::future::ready;

use actix_web::{HttpResponse, Resource, web};

use crate::http::json::error::JsonError;

/// Method and path of each route of a listener.
pub type Table = &'static [(&'static str, &'static str)];

/// Registers routes and lists them: `routes! { OURS, add_ours by at { "/a/{id}" => get a::show, delete a::end; } }` gives
/// the table `OURS` and the function `add_ours`. A resource is made by `at`, which answers to every other method.
macro_rules! routes {
    ($table:ident, $add:ident by $at:path { $($pattern:literal => $($method:ident $handler:path),+;)* }) => {
        /// Method and path of each of these routes.
        pub const $table: $crate::http::json::routing::Table = &[$($((stringify!($method), $pattern)),+),*];

        /// Adds these routes.
        pub fn $add(config: &mut actix_web::web::ServiceConfig) {
            $(config.service(
                $at($pattern, &[$(stringify!($method)),+])$(.route(actix_web::web::$method().to($handler)))+,
            );)*
        }
    };
}

pub(crate) use routes;

/// A resource that answers 405 to every method but these, and names them (RFC 9110 §15.5.6).
pub fn at(path: &str, methods: &[&str]) -> Resource {
    let allow = methods.join(", ").to_ascii_uppercase();
    let refuse = move || ready(Err::<HttpResponse, _>(JsonError::method_not_allowed(allow.clone())));
    web::resource(path).default_service(web::to(refuse))
}
