//! Every page of the portal.

use crate::http::page::local::pages;
use crate::http::page::{assets, sign_in, theme};
use crate::http::portal::pages::{account, alerts, bind, export, home, key, live, naming, session};

pages! {
    get "/" => home::front,
    get "/sign-in" => sign_in::show,
    post "/sign-in" => sign_in::ask,
    get "/sign-in/code" => sign_in::show_code,
    post "/sign-in/code" => sign_in::verify,
    post "/sign-out" => session::sign_out,
    get "/bind" => bind::show,
    post "/bind" => bind::submit,
    get "/keys" => home::keys,
    get "/keys/{id}" => key::show,
    get "/keys/{id}/usage.csv" => export::usage,
    post "/keys/{id}/alerts" => alerts::save,
    get "/keys/{id}/name" => naming::show_name,
    post "/keys/{id}/name" => naming::name,
    get "/keys/{id}/unbind" => naming::show_unbind,
    post "/keys/{id}/unbind" => naming::unbind,
    get "/live" => live::stream,
    get "/account" => account::show,
    post "/account/sessions/{id}/revoke" => account::revoke,
    post "/account/sign-out-everywhere" => account::sign_out_everywhere,
    post "/theme" => theme::switch,
    get "/static/{name}" => assets::serve,
}
