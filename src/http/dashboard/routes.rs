//! Every page of the dashboard.

use crate::http::dashboard::{
    account_key, account_key_rotate, api, guide, key_delete, key_message, key_new, key_page, key_pause, key_rename,
    key_rotate, key_top_up, live, session, settings, settings_forms,
};
use crate::http::page::local::pages;
use crate::http::page::{assets, sign_in, theme};

pages! {
    get "/" => session::front,
    get "/login" => sign_in::show,
    post "/login" => sign_in::ask,
    get "/login/code" => sign_in::show_code,
    post "/login/code" => sign_in::verify,
    post "/sign-out" => session::sign_out,
    get "/api" => api::show,
    get "/keys/new" => key_new::show,
    post "/keys/new" => key_new::create,
    get "/keys/{id}" => key_page::show,
    get "/keys/{id}/top-up" => key_top_up::show,
    post "/keys/{id}/top-up" => key_top_up::confirm,
    get "/keys/{id}/rename" => key_rename::show,
    post "/keys/{id}/rename" => key_rename::save,
    get "/keys/{id}/rotate" => key_rotate::show,
    post "/keys/{id}/rotate" => key_rotate::rotate,
    get "/keys/{id}/delete" => key_delete::show,
    post "/keys/{id}/delete" => key_delete::delete,
    post "/keys/{id}/pause" => key_pause::pause,
    post "/keys/{id}/resume" => key_pause::resume,
    get "/keys/{id}/message" => key_message::show,
    get "/account-key" => account_key::show,
    get "/account-key/rotate" => account_key_rotate::show,
    post "/account-key/rotate" => account_key_rotate::rotate,
    get "/guide" => guide::show,
    get "/shortcuts" => session::shortcuts,
    get "/live" => live::stream,
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
