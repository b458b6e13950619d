//! Every page of the portal.

use crate::http::page::local::pages;
use crate::http::page::{assets, sign_in, theme};
use crate::http::portal::pages::session;

pages! {
    get "/sign-in" => sign_in::show,
    post "/sign-in" => sign_in::ask,
    get "/sign-in/code" => sign_in::show_code,
    post "/sign-in/code" => sign_in::verify,
    post "/sign-out" => session::sign_out,
    post "/theme" => theme::switch,
    get "/static/{name}" => assets::serve,
}
