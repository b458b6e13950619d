//! The listeners of dashboard and portal.

use crate::app::build::Parts;
use crate::app::people;
use crate::app::serve::{Listening, listen};
use crate::domain::site::Site;
use crate::http::json::routing;
use crate::http::manage::state::Door;
use crate::http::{manage, portal};
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};

/// Threads of a people's site: pages are few beside calls.
const WORKERS: usize = 2;

/// Listens for resellers.
///
/// # Errors
/// If the address is taken or may not be used; the message names it.
pub fn dashboard(parts: &Parts) -> anyhow::Result<Listening> {
    let at = &parts.settings.listen;
    listen("dashboard", at.dashboard, |listener| {
        let site = people::site(parts, Site::Dashboard, listener.local_addr()?);
        let manage = people::manage(parts, Door::Session(Box::new(site.clone())));
        let desk = parts.payments.desk.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(Data::new(site.clone()))
                .app_data(Data::new(manage.clone()))
                .app_data(Data::new(desk.clone()))
                .configure(manage::routes::add_dashboard)
                .default_service(web::to(routing::not_found))
        });
        let server = server.workers(WORKERS).client_request_timeout(at.head_timeout).keep_alive(at.keep_alive);
        Ok(server.tcp_nodelay(true).disable_signals().listen(listener)?.run())
    })
}

/// Listens for their clients.
///
/// # Errors
/// As `dashboard`.
pub fn portal(parts: &Parts) -> anyhow::Result<Listening> {
    let at = &parts.settings.listen;
    listen("portal", at.portal, |listener| {
        let site = people::site(parts, Site::Portal, listener.local_addr()?);
        let state = people::portal(parts);
        let server = HttpServer::new(move || {
            App::new()
                .app_data(Data::new(site.clone()))
                .app_data(Data::new(state.clone()))
                .configure(portal::routes::add)
                .default_service(web::to(routing::not_found))
        });
        let server = server.workers(WORKERS).client_request_timeout(at.head_timeout).keep_alive(at.keep_alive);
        Ok(server.tcp_nodelay(true).disable_signals().listen(listener)?.run())
    })
}
