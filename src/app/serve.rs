//! The listeners: one a site, each with the routes of its host and no other.

use crate::app::build::Parts;
use crate::app::{operator_token, people};
use crate::config::settings::{MailKind, Profile};
use crate::http::health::{self, Health};
use crate::http::manage;
use crate::http::operator;
use crate::http::operator::state::OperatorState;
use crate::http::proxy::routes;
use crate::http::proxy::state::ProxyState;
use crate::http::site::outbox;
use crate::http::strangers::Strangers;
use crate::store::accounts::AccountStore;
use crate::store::payments::PaymentStore;
use crate::store::people::PeopleStore;
use crate::store::prices::PriceStore;
use crate::store::views::outbox::OutboxViews;
use crate::store::views::statement::StatementViews;
use crate::store::volatile::{RedisSettings, Volatile};
use crate::upstream::client::UpstreamClient;
use actix_web::dev::{Server, ServerHandle};
use actix_web::rt::net::TcpStream;
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};
use anyhow::Context;
use secrecy::ExposeSecret;
use std::any::Any;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

impl Listening {
    /// Serves on the current arbiter; gives what stops it.
    pub fn go(self) -> ServerHandle {
        actix_web::rt::spawn(self.server);
        self.handle
    }
}

/// Connections the kernel keeps until a worker accepts them.
const BACKLOG: u32 = 8_192;

/// A listener that serves, and how to stop it.
pub struct Listening {
    pub name: &'static str,
    pub addr: SocketAddr,
    pub handle: ServerHandle,
    server: Server,
}

/// Listens for model calls and the management API.
///
/// # Errors
/// If the address is taken or may not be used; the message names it.
pub fn api(parts: &Parts) -> anyhow::Result<Listening> {
    let settings = &parts.settings;
    let workers = if settings.listen.workers == 0 {
        std::thread::available_parallelism().map_or(1, usize::from)
    } else {
        settings.listen.workers
    };
    let (directory, prices, credentials) =
        (parts.books.directory.clone(), parts.prices.clone(), parts.credentials.clone());
    let (upstream, parked) = (parts.upstream.clone(), parts.parked.clone());
    let (bodies, draining, limits) = (parts.bodies.clone(), parts.draining.clone(), settings.limits.clone());
    let manage = people::manage(parts, people::api_door(parts));
    let (health, strangers) = (health(parts), Data::new(strangers(parts)?));
    let server = HttpServer::new(move || {
        let state = ProxyState {
            directory: directory.clone(),
            prices: prices.clone(),
            credentials: credentials.clone(),
            upstream: UpstreamClient::new(upstream.clone(), parked.clone()),
            bodies: bodies.clone(),
            draining: draining.clone(),
            body_limit: limits.body_bytes,
            answer_limit: limits.answer_bytes,
        };
        App::new()
            .app_data(Data::new(state))
            .app_data(Data::new(health.clone()))
            .app_data(strangers.clone())
            .configure(health::add)
            .app_data(Data::new(manage.clone()))
            .configure(routes::add)
            .configure(manage::routes::add_api)
            .default_service(web::to(routes::not_found))
    });
    let stall = settings.limits.stall;
    let server = server
        .workers(workers)
        .backlog(BACKLOG)
        .max_connections(settings.listen.max_connections)
        .client_request_timeout(settings.listen.head_timeout)
        .client_disconnect_timeout(Duration::from_secs(1))
        .keep_alive(settings.listen.keep_alive)
        // A FIN means the client is gone: else its leaving would not be seen, and the upstream would run on unpaid.
        .h1_allow_half_closed(false)
        // Else each stream stalls about 40 ms.
        .tcp_nodelay(true)
        .disable_signals()
        .on_connect(move |connection, _| limit_stall(connection, stall));
    listen("api", settings.listen.api, |listener| Ok(server.listen(listener)?.run()))
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
        price_store: PriceStore::new(parts.pool.clone()),
        price_turn: Arc::default(),
        accounts: AccountStore::new(parts.pool.clone()),
        people: PeopleStore::new(parts.pool.clone()),
        statement: StatementViews::new(parts.pool.clone()),
        credentials: parts.credentials.clone(),
        pepper_version: parts.settings.secrets.pepper_version,
        token: Arc::new(operator_token::kept(&parts.settings.data_dir)?),
    };
    let kept = parts.settings.profile == Profile::Dev && parts.settings.mail.kind == MailKind::Outbox;
    let mails = kept.then(|| OutboxViews::new(parts.pool.clone()));
    let health = health(parts);
    let server = HttpServer::new(move || {
        let mails = mails.clone();
        App::new()
            .app_data(Data::new(state.clone()))
            .app_data(Data::new(health.clone()))
            .configure(health::add_with_figures)
            .configure(operator::routes::add)
            .configure(move |config| {
                if let Some(mails) = mails {
                    outbox::add(config, mails);
                }
            })
    });
    let server = server.workers(1).disable_signals();
    listen("console", parts.settings.listen.console, |listener| Ok(server.listen(listener)?.run()))
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
fn limit_stall(connection: &dyn Any, stall: Duration) {
    if let Some(stream) = connection.downcast_ref::<TcpStream>() {
        let limited = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(stall));
        if let Err(error) = limited {
            tracing::debug!(%error, "a connection has no stall limit");
        }
    }
}

/// Binds first, so that a taken port is named before anything else happens.
pub(super) fn listen(
    name: &'static str,
    addr: SocketAddr,
    run: impl FnOnce(TcpListener) -> anyhow::Result<Server>,
) -> anyhow::Result<Listening> {
    let listener = TcpListener::bind(addr).with_context(|| {
        format!(
            "cannot listen on {addr} for {name}: choose another address by DEROUTER__LISTEN__{}",
            name.to_uppercase()
        )
    })?;
    let addr = listener.local_addr()?;
    let server = run(listener)?;
    Ok(Listening { name, addr, handle: server.handle(), server })
}
