//! The listeners of dashboard and portal.

use crate::app::build::Parts;
use crate::app::people;
use crate::app::serve::{Listening, listen};
use crate::domain::site::Site;
use crate::http::dashboard;
use crate::http::dashboard::state::Dashboard;
use crate::http::json::body::Patience;
use crate::http::manage::state::Door;
use crate::http::page::mishaps;
use crate::http::{host, manage, portal};
use crate::store::preferences::PreferenceStore;
use crate::store::views::account_totals::AccountTotalsViews;
use crate::store::views::key_list::KeyListViews;
use crate::store::views::movements::MovementViews;
use crate::store::views::usage::UsageViews;
use crate::store::views::usage_lines::UsageLineViews;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};

/// Threads of a people's site: pages are few beside calls.
pub(super) const WORKERS: usize = 2;

/// Listens for resellers.
///
/// # Errors
/// If the address is taken or may not be used; the message names it.
pub fn dashboard(parts: &Parts) -> anyhow::Result<Listening> {
    let at = &parts.settings.listen;
    let patience = Patience(parts.settings.limits.body_grace);
    listen("dashboard", at.dashboard, |listener| {
        let site = people::site(parts, Site::Dashboard, listener.local_addr()?);
        let manage = people::manage(parts, Door::Session(Box::new(site.clone())))?;
        let stage = people::stage(parts, &site, dashboard::routes::TABLE);
        let dash = Dashboard {
            stage: stage.clone(),
            manage: manage.clone(),
            key_list: KeyListViews::new(parts.pool.clone()),
            totals: AccountTotalsViews::new(parts.pool.clone()),
            usage: UsageViews::new(parts.pool.clone()),
            usage_lines: UsageLineViews::new(parts.pool.clone()),
            prices: parts.prices.clone(),
            movements: MovementViews::new(parts.pool.clone()),
            preferences: PreferenceStore::new(parts.pool.clone()),
        };
        let (desk, redemptions) = (parts.payments.desk.clone(), parts.payments.redemptions.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(patience)
                .app_data(Data::new(site.clone()))
                .app_data(Data::new(manage.clone()))
                .app_data(Data::new(stage.clone()))
                .app_data(Data::from(stage.assets.clone()))
                .app_data(Data::new(dash.clone()))
                .app_data(Data::new(desk.clone()))
                .app_data(Data::new(redemptions.clone()))
                .configure(manage::routes::add_dashboard)
                .configure(dashboard::routes::add)
                .default_service(web::to(mishaps::not_found))
                .wrap(from_fn(mishaps::dress))
                .wrap(from_fn(host::guard_site))
        });
        let server = server.workers(WORKERS).max_connections(parts.places.pages);
        let server = server.client_request_timeout(at.head_timeout).keep_alive(at.keep_alive);
        Ok(server.tcp_nodelay(true).disable_signals().listen(listener)?.run())
    })
}

/// Listens for their clients.
///
/// # Errors
/// As `dashboard`.
pub fn portal(parts: &Parts) -> anyhow::Result<Listening> {
    let at = &parts.settings.listen;
    let patience = Patience(parts.settings.limits.body_grace);
    listen("portal", at.portal, |listener| {
        let site = people::site(parts, Site::Portal, listener.local_addr()?);
        let state = people::portal(parts);
        let stage = people::stage(parts, &site, portal::pages::routes::TABLE);
        let server = HttpServer::new(move || {
            App::new()
                .app_data(patience)
                .app_data(Data::new(site.clone()))
                .app_data(Data::new(state.clone()))
                .app_data(Data::new(stage.clone()))
                .app_data(Data::from(stage.assets.clone()))
                .configure(portal::routes::add)
                .configure(portal::pages::routes::add)
                .default_service(web::to(mishaps::not_found))
                .wrap(from_fn(mishaps::dress))
                .wrap(from_fn(host::guard_site))
        });
        let server = server.workers(WORKERS).max_connections(parts.places.pages);
        let server = server.client_request_timeout(at.head_timeout).keep_alive(at.keep_alive);
        Ok(server.tcp_nodelay(true).disable_signals().listen(listener)?.run())
    })
}
