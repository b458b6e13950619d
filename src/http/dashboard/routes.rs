//! Every page of the dashboard.

use crate::http::dashboard::session;
use crate::http::page::local::pages;
use crate::http::page::{assets, sign_in, theme};

pages! {
    get "/" => session::front,
    get "/login" => sign_in::show,
    post "/login" => sign_in::ask,
    get "/login/code" => sign_in::show_code,
    post "/login/code" => sign_in::verify,
    post "/sign-out" => session::sign_out,
    get "/shortcuts" => session::shortcuts,
    post "/settings/theme" => theme::switch,
    get "/static/{name}" => assets::serve,
}
