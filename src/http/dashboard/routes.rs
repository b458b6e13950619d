//! Every page of the dashboard.

use crate::http::dashboard::{guide, receipt, session, settings, settings_forms, top_up};
use crate::http::dashboard::{
    key_delete, key_message, key_new, key_page, key_pause, key_rename, key_rotate, key_top_up,
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
    get "/top-up" => top_up::show,
    post "/top-up" => top_up::pay,
    get "/billing/{id}" => receipt::show,
    post "/billing/{id}/cancel" => receipt::cancel,
    get "/guide" => guide::show,
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
