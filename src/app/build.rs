//! Builds the parts in order; the first that cannot be built says so in a sentence, and nothing is left running.

use crate::actors::draining::Draining;
use crate::actors::older_boots::OlderBoots;
use crate::actors::{housekeeper, usage_keeper};
use crate::app::books::{self, Books};
use crate::app::descriptors::{self, Places};
use crate::app::payments::PaymentParts;
use crate::app::{cluster_keeper, people, recovery, rounds};
use crate::clock::Clock;
use crate::config::settings::{Settings, UpstreamKind};
use crate::domain::ids::BootId;
use crate::domain::price_row::Day;
use crate::domain::pricing::PriceBook;
use crate::http::health::Leaving;
use crate::http::proxy::body_in::BodyBudget;
use crate::identity::credentials::Credentials;
use crate::referrals::keeper::Keeper;
use crate::store::credentials::CredentialStore;
use crate::store::data_folder::DataFolder;
use crate::store::ledger::PgJournal;
use crate::store::ownership::{self, Ownership};
use crate::store::people::PeopleStore;
use crate::store::pool::{self, Database, ProgramLock, Tuning};
use crate::store::prices::PriceStore;
use crate::store::private_postgres::PrivatePostgres;
use crate::store::referrals::ReferralStore;
use crate::store::spool::Spool;
use crate::store::upkeep::Upkeep;
use crate::store::usage_marks::UsageMarks;
use crate::upstream::client::UpstreamSettings;
use crate::upstream::headers::AuthStyle;
use crate::upstream::sandbox::server::{Sandbox, SandboxHandle, SandboxSettings};
use actix_web::rt::task::JoinHandle;
use anyhow::Context;
use arc_swap::ArcSwap;
use secrecy::ExposeSecret;
use sqlx::PgPool;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::Notify;
use uuid::Uuid;

/// The price book the program ships with.
const PRICES: &str = include_str!("../../config/prices.toml");

/// Every part but the listeners.
pub struct Parts {
    pub settings: Arc<Settings>,
    pub clock: Clock,
    pub pool: PgPool,
    pub database: Database,
    pub ownership: Ownership,
    pub books: Books,
    pub prices: Arc<ArcSwap<PriceBook>>,
    pub credentials: Credentials,
    pub upstream: Arc<UpstreamSettings>,
    pub parked: Arc<AtomicU64>,
    pub bodies: BodyBudget,
    pub draining: Draining,
    /// Wakes the mailer.
    pub bell: Arc<Notify>,
    pub(super) mailer: JoinHandle<()>,
    pub(super) alerts: JoinHandle<()>,
    pub leaving: Leaving,
    pub payments: PaymentParts,
    pub sandbox: Option<Arc<SandboxHandle>>,
    pub places: Places,
    pub(super) housekeeper: JoinHandle<()>,
    pub(super) rounds: JoinHandle<()>,
    pub(super) usage_keeper: JoinHandle<()>,
    pub(super) referrals: JoinHandle<()>,
    pub(super) cluster: Option<PrivatePostgres>,
    /// Of the private cluster.
    pub(super) keeper: Option<JoinHandle<()>>,
    pub(super) _lock: ProgramLock,
    pub(super) _folder: DataFolder,
}

/// Builds everything and recovers what an older start left.
///
/// # Errors
/// The first part that cannot be built, in words for the operator.
pub async fn build(settings: Settings, clock: Clock) -> anyhow::Result<Parts> {
    let folder = DataFolder::open(&settings.data_dir)?;
    if let Some(url) = settings.database_url() {
        let url = url.expose_secret().to_owned();
        return build_on(&url, settings, clock, folder).await;
    }
    let cluster = PrivatePostgres::start(folder.path()).await?;
    match build_on(&cluster.url(), settings, clock, folder).await {
        Ok(parts) => {
            let keeper = Some(actix_web::rt::spawn(cluster_keeper::run(cluster.clone())));
            Ok(Parts { cluster: Some(cluster), keeper, ..parts })
        }
        Err(error) => {
            let _ = cluster.stop().await;
            Err(error)
        }
    }
}

async fn build_on(url: &str, settings: Settings, clock: Clock, folder: DataFolder) -> anyhow::Result<Parts> {
    let data = folder.path();
    let database = Database::at(url)?.tuned(tuning(&settings));
    let lock = database.lock_program().await?;
    let pool = database.pool();
    pool::migrate(&pool).await?;
    let upkeep = Upkeep::new(pool.clone());
    upkeep.make_partitions(clock.now_utc().date_naive()).await?;
    let boot = BootId(Uuid::new_v4());
    let ownership = ownership::take(&pool, ownership::node_id(data)?, boot, &settings.listen.api.to_string()).await?;
    let spool_folder = data.join("spool");
    let spool = Arc::new(Spool::open(&spool_folder, boot).context("the spool cannot be opened")?);
    let books = start_books(&settings, &database, &ownership, spool, &clock);
    let older = OlderBoots { directory: books.directory.clone(), upkeep, ownership: ownership.clone(), spool_folder };
    recovery::recover(&older).await?;
    let sandbox = start_sandbox(&settings).await?;
    let upstream = Arc::new(upstream_settings(&settings, sandbox.as_deref()));
    let prices = price_book(&pool, &clock).await?;
    let prices = Arc::new(ArcSwap::from_pointee(prices));
    let (pepper, previous) = (settings.secrets.pepper.clone(), settings.previous_pepper().cloned());
    let idle_ms = u64::try_from(settings.ledger.idle_passivate.as_millis()).unwrap_or(u64::MAX);
    let swept = PeopleStore::new(pool.clone());
    let housekeeper = actix_web::rt::spawn(housekeeper::run(older, swept, idle_ms));
    let bell = Arc::default();
    let mailer = people::start_mailer(&settings, &pool, &bell)?;
    let alerts = people::start_alerts(&settings, &pool, &books.directory, &bell);
    let payments = PaymentParts::start(&settings, &pool, &books.directory, data)?;
    let usage_keeper = actix_web::rt::spawn(usage_keeper::run(UsageMarks::new(pool.clone()), clock.clone()));
    let referrals = referrals(&settings, &pool, &books, &clock)?;
    let rounds = rounds::run(Upkeep::new(pool.clone()), ownership.clone(), prices.clone(), clock.clone());
    Ok(Parts {
        credentials: Credentials::new(CredentialStore::new(pool.clone()), pepper, previous, clock.clone()),
        bodies: BodyBudget::new(settings.limits.body_budget_bytes),
        prices,
        places: places(&settings, books.directory.homes().len()),
        settings: Arc::new(settings),
        clock,
        pool,
        database,
        ownership,
        draining: books.directory.draining().clone(),
        books,
        upstream,
        parked: Arc::default(),
        bell,
        mailer,
        alerts,
        leaving: Leaving::default(),
        payments,
        sandbox,
        housekeeper,
        rounds: actix_web::rt::spawn(rounds),
        usage_keeper,
        referrals: actix_web::rt::spawn(referrals.run()),
        cluster: None,
        keeper: None,
        _lock: lock,
        _folder: folder,
    })
}

/// With the provider simulated here, a call takes a file at its end as well.
fn places(settings: &Settings, threads: usize) -> Places {
    let simulated = settings.upstream.kind == UpstreamKind::Sandbox;
    let files = descriptors::raise();
    let places = Places::of(files, if simulated { 3 } else { 2 }, threads);
    let wanted = settings.listen.max_connections;
    if places.calls < wanted {
        tracing::warn!(
            files,
            "the limit of open files is enough for {} connections to the API a thread, fewer than listen.max_connections \
             ({wanted}): raise it with ulimit -n or LimitNOFILE=",
            places.calls
        );
    }
    places
}

fn tuning(settings: &Settings) -> Tuning {
    let given = &settings.database;
    Tuning { pool: given.pool, connect_within: given.connect_timeout, lock_within: given.lock_timeout }
}

fn referrals(settings: &Settings, pool: &PgPool, books: &Books, clock: &Clock) -> anyhow::Result<Keeper> {
    let (store, directory) = (ReferralStore::new(pool.clone()), books.directory.clone());
    Keeper::new(store, directory, clock.clone(), &settings.referral).map_err(anyhow::Error::msg)
}

/// The book the program ships with and the versions the operator added, as they stand today.
async fn price_book(pool: &PgPool, clock: &Clock) -> anyhow::Result<PriceBook> {
    let today = day(clock.now_utc().date_naive());
    let shipped = PriceBook::from_toml(PRICES, today).context("the price book cannot be read")?;
    let added = PriceStore::new(pool.clone()).all().await?;
    let texts = shipped.texts().iter().cloned().chain(added).collect();
    PriceBook::of(texts, today).context("an added price does not fit the price book")
}

fn start_books(
    settings: &Settings,
    database: &Database,
    ownership: &Ownership,
    spool: Arc<Spool>,
    clock: &Clock,
) -> Books {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let homes = if settings.ledger.arbiters == 0 { cores.div_ceil(2) } else { settings.ledger.arbiters };
    let (node, boot, connector) = (ownership.node, ownership.boot, database.lane_connector());
    books::start(homes.max(1), &ownership.epochs, spool, clock.clone(), settings.ledger.note_delay, || {
        Box::new(PgJournal::new(node, boot, connector.clone()))
    })
}

async fn start_sandbox(settings: &Settings) -> anyhow::Result<Option<Arc<SandboxHandle>>> {
    if settings.upstream.kind != UpstreamKind::Sandbox {
        return Ok(None);
    }
    let credential = settings.secrets.upstream_credential.expose_secret().to_owned();
    let sandbox = SandboxSettings { listen: settings.listen.sandbox, credential, record: true };
    let started = Sandbox::start(sandbox).await;
    let sandbox = started.with_context(|| format!("the sandbox cannot listen on {}", settings.listen.sandbox))?;
    Ok(Some(Arc::new(sandbox)))
}

fn upstream_settings(settings: &Settings, sandbox: Option<&SandboxHandle>) -> UpstreamSettings {
    use crate::config::settings::AuthStyle as Style;
    let upstream = &settings.upstream;
    UpstreamSettings {
        base_url: sandbox
            .map_or_else(|| upstream.base_url.trim_end_matches('/').to_owned(), |s| format!("http://{}", s.addr())),
        credential: settings.secrets.upstream_credential.clone(),
        auth_style: match upstream.auth_style {
            Style::Auto => AuthStyle::Auto,
            Style::XApiKey => AuthStyle::ApiKey,
            Style::Bearer => AuthStyle::Bearer,
        },
        connect: upstream.connect_timeout,
        head: upstream.head_timeout,
        idle: upstream.idle_timeout,
        total: upstream.total_timeout,
        connections: upstream.max_connections,
        retries: upstream.retries,
        denied_betas: upstream.denied_betas.clone(),
    }
}

/// The day of a date, as the price book counts.
pub fn day(date: chrono::NaiveDate) -> Day {
    Day::parse(&date.format("%Y-%m-%d").to_string()).expect("a date of our time has that form")
}
