//! Every page of the dashboard.

use crate::http::dashboard::{guide, key_message, session, settings, settings_forms};
use crate::http::page::local::pages;
use crate::http::page::{assets, sign_in, theme};

pages! {
    get "/" => session::front,
    get "/login" => sign_in::show,
    post "/login" => sign_in::ask,
    get "/login/code" => sign_in::show_code,
    post "/login/code" => sign_in::verify,
    post "/sign-out" => session::sign_out,
    get "/guide" => guide::show,
    get "/keys/{id}/message" => key_message::show,
    get "/shortcuts" => session::shortcuts,
    get "/settings" => settings::show,
    post "/settings/theme" => theme::switch,
    post "/settings/display" => settings_forms::display,
    post "/settings/alerts" => settings_forms::alerts,
    post "/settings/message" => settings_forms::message,
    post "/settings/portal" => settings_forms::portal,
    post "/settings/sessions/{id}/revoke" => settings_forms::revoke,
    post "/settings/sign-out-everywhere" => settings_forms::sign_out_everywhere,
    get "/static/{name}" => assets::serve,
}
