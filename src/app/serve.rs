//! The listeners: one a site, each with the routes of its host and no other.

use crate::app::build::Parts;
use crate::app::door::{Door, OpenDoor};
use crate::app::{operator_token, people};
use crate::clock::Clock;
use crate::config::settings::{Limits, Listen, MailKind, Profile};
use crate::http::dev_pages::{self, DevPages};
use crate::http::health::{self, Health};
use crate::http::host;
use crate::http::json::answer;
use crate::http::json::body::Patience;
use crate::http::manage;
use crate::http::operator;
use crate::http::operator::state::OperatorState;
use crate::http::proxy::body_in::BodyRules;
use crate::http::proxy::state::ProxyState;
use crate::http::proxy::{expect, routes};
use crate::http::strangers::Strangers;
use crate::http::webhooks;
use crate::store::accounts::AccountStore;
use crate::store::payments::PaymentStore;
use crate::store::people::PeopleStore;
use crate::store::prices::PriceStore;
use crate::store::take_backs::TakeBacks;
use crate::store::views::outbox::OutboxViews;
use crate::store::views::statement::StatementViews;
use crate::store::volatile::{RedisSettings, Volatile};
use crate::upstream::client::UpstreamClient;
use actix_http::body::MessageBody;
use actix_http::{HttpService, Request, Response};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::dev::{AppConfig, Server, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::rt::net::TcpStream;
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};
use anyhow::Context;
use secrecy::ExposeSecret;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

/// Connections the kernel keeps until a worker accepts them.
const BACKLOG: i32 = 8_192;

/// A bound listener that does not serve yet.
pub struct Listening {
    pub name: &'static str,
    pub addr: SocketAddr,
    serving: Serving,
}

enum Serving {
    Server(Server),
    Door(Door),
}

/// A listener that serves.
pub enum Running {
    Server(ServerHandle),
    Door(OpenDoor),
}

impl Listening {
    /// Serves from now on; gives what stops it.
    pub fn go(self) -> Running {
        match self.serving {
            Serving::Door(door) => Running::Door(door.open()),
            Serving::Server(server) => {
                let handle = server.handle();
                actix_web::rt::spawn(server);
                Running::Server(handle)
            }
        }
    }
}

impl Running {
    /// Accepts no more and drops every connection.
    pub async fn stop(self) {
        match self {
            Running::Server(handle) => handle.stop(false).await,
            Running::Door(door) => door.close().await,
        }
    }
}

/// Listens for model calls and the management API.
///
/// # Errors
/// If the address is taken or may not be used; the message names it.
pub fn api(parts: &Parts) -> anyhow::Result<Listening> {
    let settings = &parts.settings;
    let (directory, prices, credentials) =
        (parts.books.directory.clone(), parts.prices.clone(), parts.credentials.clone());
    let (upstream, parked) = (parts.upstream.clone(), parts.parked.clone());
    let (bodies, draining) = (parts.bodies.clone(), parts.draining.clone());
    let (body, answer_limit) = (body_rules(&settings.limits), settings.limits.answer_bytes);
    let manage = people::manage(parts, people::api_door(parts))?;
    let (health, strangers) = (health(parts), Data::new(strangers(parts)?));
    let desk = parts.payments.desk.clone();
    let app = move || {
        let state = ProxyState {
            directory: directory.clone(),
            prices: prices.clone(),
            credentials: credentials.clone(),
            upstream: UpstreamClient::new(upstream.clone(), parked.clone()),
            bodies: bodies.clone(),
            draining: draining.clone(),
            body,
            answer_limit,
        };
        App::new()
            .wrap(from_fn(host::guard_api))
            .app_data(Data::new(state))
            .app_data(Data::new(health.clone()))
            .app_data(strangers.clone())
            .configure(health::add)
            .app_data(Data::new(manage.clone()))
            .app_data(Patience(body.grace))
            .configure(routes::add)
            .configure(manage::routes::add_api)
            .app_data(Data::new(desk.clone()))
            .configure(webhooks::add)
            .default_service(web::to(routes::not_found))
    };
    let homes = parts.books.directory.homes().iter().map(|h| h.arbiter.clone()).collect();
    let limit = settings.listen.max_connections.min(parts.places.calls);
    let (listen, limits, clock) = (settings.listen.clone(), settings.limits.clone(), parts.clock.clone());
    bind("api", settings.listen.api, |listener| {
        if let Some(sandbox) = &parts.payments.sandbox {
            sandbox.notify_at(format!("http://{}{}sandbox", listener.local_addr()?, webhooks::PATH));
        }
        Ok(Serving::Door(Door::new(listener, limit, homes, || {
            let (app, listen, limits, clock) = (app.clone(), listen.clone(), limits.clone(), clock.clone());
            Box::new(move || Box::pin(connections(app, listen, limits, clock)))
        })?))
    })
}

fn body_rules(limits: &Limits) -> BodyRules {
    BodyRules { bytes: limits.body_bytes, grace: limits.body_grace, bytes_per_s: limits.body_bytes_per_s }
}

/// What serves the API's connections on one thread.
async fn connections<F, I, S, B>(
    app: F,
    listen: Listen,
    limits: Limits,
    clock: Clock,
) -> impl Service<TcpStream, Response = ()>
where
    F: Fn() -> I,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Error = actix_web::Error> + 'static,
    S::InitError: std::fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    B: MessageBody + 'static,
{
    let (stall, body_limit) = (limits.stall, limits.body_bytes);
    let app = app().into_factory().map_err(|error: actix_web::Error| error.error_response());
    let http = HttpService::build()
        .client_request_timeout(listen.head_timeout)
        .client_disconnect_timeout(Duration::from_secs(1))
        .keep_alive(listen.keep_alive)
        // A FIN means the client is gone: else its leaving would not be seen, and the upstream would run on unpaid.
        .h1_allow_half_closed(false)
        // Else each stream stalls about 40 ms.
        .tcp_nodelay(true)
        .on_connect_ext(move |stream: &TcpStream, _| limit_stall(stream, stall))
        .expect(fn_service(move |request| {
            let clock = clock.clone();
            async move { expect::before_body(&clock, body_limit, request).await }
        }))
        .finish(map_config(app, |()| AppConfig::default()));
    let service = http.tcp().new_service(()).await;
    service.unwrap_or_else(|()| unreachable!("the routes of the API are the same on every thread"))
}

/// Listens for the operator; the token is in the data folder, readable by its owner alone.
///
/// # Errors
/// As `api`.
pub fn console(parts: &Parts) -> anyhow::Result<Listening> {
    let state = OperatorState {
        directory: parts.books.directory.clone(),
        prices: parts.prices.clone(),
        payments: PaymentStore::new(parts.pool.clone()),
        desk: parts.payments.desk.clone(),
        take_backs: TakeBacks::new(parts.pool.clone()),
        redemptions: parts.payments.redemptions.clone(),
        price_store: PriceStore::new(parts.pool.clone()),
        price_turn: Arc::default(),
        accounts: AccountStore::new(parts.pool.clone()),
        people: PeopleStore::new(parts.pool.clone()),
        statement: StatementViews::new(parts.pool.clone()),
        credentials: parts.credentials.clone(),
        pepper_version: parts.settings.secrets.pepper_version,
        token: Arc::new(operator_token::kept(&parts.settings.data_dir)?),
    };
    let dev = dev_pages(parts);
    let (health, sandbox) = (health(parts), dev.as_ref().and_then(|dev| dev.checkout.clone()));
    let server = HttpServer::new(move || {
        let dev = dev.clone();
        App::new()
            .wrap(from_fn(host::guard_console))
            .wrap(answer::default_headers())
            .app_data(Data::new(state.clone()))
            .app_data(Data::new(health.clone()))
            .configure(health::add_with_figures)
            .configure(operator::routes::add)
            .configure(move |config| {
                if let Some(dev) = dev {
                    dev_pages::add(config, dev);
                }
            })
            .default_service(web::to(operator::routes::not_found))
    });
    let server = server.workers(1).max_connections(parts.places.pages).disable_signals();
    listen("console", parts.settings.listen.console, |listener| {
        if let Some(sandbox) = sandbox {
            sandbox.serve_checkout_at(format!("http://{}", listener.local_addr()?));
        }
        Ok(server.listen(listener)?.run())
    })
}

/// What the console pretends with in the dev profile; nothing elsewhere.
fn dev_pages(parts: &Parts) -> Option<DevPages> {
    let settings = &parts.settings;
    let kept = settings.mail.kind == MailKind::Outbox;
    (settings.profile == Profile::Dev).then(|| DevPages {
        mails: kept.then(|| OutboxViews::new(parts.pool.clone())),
        checkout: parts.payments.sandbox.clone(),
    })
}

fn health(parts: &Parts) -> Health {
    Health {
        directory: parts.books.directory.clone(),
        draining: parts.draining.clone(),
        leaving: parts.leaving.clone(),
    }
}

/// The budget of unknown keys, with Redis where there is one.
fn strangers(parts: &Parts) -> anyhow::Result<Strangers> {
    let settings = &parts.settings;
    let redis = settings.redis_url().map(|url| RedisSettings {
        url: url.expose_secret().to_owned(),
        answer_within: settings.redis.answer_within,
        retry_after: settings.redis.retry_after,
    });
    Ok(Strangers {
        volatile: Volatile::new(redis).context("redis.url is not a redis:// address")?,
        per_minute: settings.identity.unknown_keys_per_minute,
        trusted_hops: settings.listen.trusted_hops,
        clock: parts.clock.clone(),
    })
}

/// A client that stops reading is dropped by the kernel: the body is not polled then and could not notice.
fn limit_stall(stream: &TcpStream, stall: Duration) {
    if let Err(error) = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(stall)) {
        tracing::debug!(%error, "a connection has no stall limit");
    }
}

/// Binds first, so that a taken port is named before anything else happens.
fn bind(
    name: &'static str,
    addr: SocketAddr,
    serve: impl FnOnce(&TcpListener) -> anyhow::Result<Serving>,
) -> anyhow::Result<Listening> {
    let listener = TcpListener::bind(addr).with_context(|| {
        format!(
            "cannot listen on {addr} for {name}: choose another address by DEROUTER__LISTEN__{}",
            name.to_uppercase()
        )
    })?;
    socket2::SockRef::from(&listener).listen(BACKLOG)?;
    let addr = listener.local_addr()?;
    Ok(Listening { name, addr, serving: serve(&listener)? })
}

/// As `bind`, for a site with threads of its own.
pub(super) fn listen(
    name: &'static str,
    addr: SocketAddr,
    run: impl FnOnce(TcpListener) -> anyhow::Result<Server>,
) -> anyhow::Result<Listening> {
    bind(name, addr, |listener| Ok(Serving::Server(run(listener.try_clone()?)?)))
}
