//! The routes that both people's sites have: sign-in by code and the person's own record. They need `Data<SiteState>`.

use crate::http::json::routing::{at, routes};
use crate::http::site::{person, sign_in};

routes! { TABLE, add by at {
    "/api/v1/sign-in" => post sign_in::ask;
    "/api/v1/sign-in/verify" => post sign_in::verify;
    "/api/v1/sign-out" => post person::sign_out;
    "/api/v1/me" => get person::me;
    "/api/v1/sessions" => get person::sessions, delete person::revoke_all;
    "/api/v1/sessions/{id}" => delete person::revoke;
} }
