//! Every page of the dashboard.

use crate::http::dashboard::{
    api, key_delete, key_new, key_page, key_pause, key_rename, key_rotate, key_top_up, session,
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
    get "/shortcuts" => session::shortcuts,
    post "/settings/theme" => theme::switch,
    get "/static/{name}" => assets::serve,
}
