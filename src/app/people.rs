//! The parts that people's sites share, and the mailer and the alerts beside them.

use crate::actors::directory::Directory;
use crate::actors::mailer::{self, Carrier, Relay, Tls};
use crate::alerts::balance_mail::Dashboard;
use crate::alerts::key_mail::Portal;
use crate::alerts::money_round::MoneyNews;
use crate::alerts::round::Alerts;
use crate::app::build::Parts;
use crate::config::settings::{MailKind, MailTls, Profile, Settings};
use crate::domain::site::Site;
use crate::http::manage::state::{Door, ManageState, NewKeyLimits, Referrals};
use crate::http::page::local::Table;
use crate::http::page::stage::{Names, Stage};
use crate::http::portal::state::PortalState;
use crate::http::site::cookies::Cookies;
use crate::http::site::state::{Place, SiteState};
use crate::identity::account_key_uses::AccountKeyUses;
use crate::identity::bindings::Bindings;
use crate::identity::code_mail::Sender;
use crate::identity::codes::Codes;
use crate::identity::cursors::Cursors;
use crate::identity::key_desk::KeyDesk;
use crate::identity::sessions::Sessions;
use crate::store::account_key_uses::AccountKeyUseStore;
use crate::store::balance_marks::BalanceMarkStore;
use crate::store::key_marks::KeyMarkStore;
use crate::store::mail::MailQueue;
use crate::store::money_news::MoneyNewsStore;
use crate::store::stores::Stores;
use crate::store::views::account_key::AccountKeyViews;
use crate::store::views::audit::AuditViews;
use crate::store::views::client_usage::ClientUsageViews;
use crate::store::views::keys::KeyViews;
use crate::store::views::lines::LineViews;
use crate::store::views::portal::PortalViews;
use crate::store::views::portal_look::PortalLookViews;
use crate::store::views::referrals::ReferralViews;
use crate::store::views::scope::Scope;
use crate::store::views::statement::StatementViews;
use actix_web::rt::task::JoinHandle;
use anyhow::Context;
use sqlx::PgPool;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Notify;

/// Starts what sends the mails until the program stops.
///
/// # Errors
/// If a mail setting cannot be used.
pub fn start_mailer(settings: &Settings, pool: &PgPool, bell: &Arc<Notify>) -> anyhow::Result<JoinHandle<()>> {
    let carrier = carrier(settings).context("mails cannot be sent")?;
    Ok(actix_web::rt::spawn(mailer::run(MailQueue::new(pool.clone()), carrier, bell.clone())))
}

/// Starts what looks for news that people are told by mail.
pub fn start_alerts(settings: &Settings, pool: &PgPool, directory: &Directory, bell: &Arc<Notify>) -> JoinHandle<()> {
    let alerts = alerts(settings, pool, directory, bell);
    let (dashboard, clock) = (alerts.dashboard.clone(), directory.clock().clone());
    let news = MoneyNews { store: MoneyNewsStore::new(pool.clone()), dashboard, clock, bell: bell.clone() };
    actix_web::rt::spawn(async move {
        tokio::join!(alerts.run(), news.run());
    })
}

fn alerts(settings: &Settings, pool: &PgPool, directory: &Directory, bell: &Arc<Notify>) -> Alerts {
    let (brand, listen) = (&settings.brand, &settings.listen);
    let portal = Portal {
        brand: brand.portal_name.clone(),
        origin: Place::of(&brand.portal_url, listen.portal).origin().to_owned(),
    };
    let dashboard = Dashboard {
        brand: brand.name.clone(),
        origin: Place::of(&brand.dashboard_url, listen.dashboard).origin().to_owned(),
    };
    let marks = (KeyMarkStore::new(pool.clone()), BalanceMarkStore::new(pool.clone()));
    Alerts::new(directory.clone(), marks, (portal, dashboard), bell.clone())
}

fn carrier(settings: &Settings) -> anyhow::Result<Carrier> {
    let mail = &settings.mail;
    if mail.kind == MailKind::Outbox {
        return Ok(Carrier::Outbox);
    }
    let relay = Relay {
        host: &mail.host,
        port: mail.port,
        tls: match mail.tls {
            MailTls::Starttls => Tls::Starttls,
            MailTls::Implicit => Tls::Implicit,
            MailTls::None => Tls::None,
        },
        user: &mail.user,
        password: &settings.secrets.smtp_password,
        from: &mail.from,
        root: Some(Path::new(&mail.root_certificate)).filter(|path| !path.as_os_str().is_empty()),
    };
    Ok(Carrier::smtp(&relay)?)
}

/// A site at the address it was bound to.
pub fn site(parts: &Parts, site: Site, bound: SocketAddr) -> SiteState {
    let (settings, stores) = (&parts.settings, Stores::new(&parts.pool));
    let (url, brand) = match site {
        Site::Dashboard => (&settings.brand.dashboard_url, &settings.brand.name),
        Site::Portal => (&settings.brand.portal_url, &settings.brand.portal_name),
    };
    let place = Place::of(url, bound);
    let origin = place.origin().to_owned();
    let Place { origins, host, secure } = place;
    let (rules, secrets) = (&settings.identity, &settings.secrets);
    SiteState {
        site,
        origins,
        cookies: Cookies::of(site, secure),
        trusted_hops: settings.listen.trusted_hops,
        sender: Sender { brand: brand.clone(), host, origin },
        codes: Codes::new(&stores, secrets.pepper.clone(), rules.clone(), parts.bell.clone(), parts.clock.clone()),
        sessions: Sessions::new(&stores, secrets.signing.clone(), rules),
        resend_after_s: rules.resend_after.as_secs(),
        code_lives_s: rules.code_ttl.as_secs(),
    }
}

/// What the pages of a site stand on.
pub fn stage(parts: &Parts, site: &SiteState, table: Table) -> Stage {
    let (brand, listen) = (&parts.settings.brand, &parts.settings.listen);
    let reached = |url: &str, at: SocketAddr| match url.trim_end_matches('/') {
        "" => format!("http://{at}"),
        url => url.to_owned(),
    };
    let (name, logo, checkouts) = match site.site {
        Site::Dashboard => (&brand.name, "", parts.payments.desk.providers().checkout_origins()),
        Site::Portal => (&brand.portal_name, brand.portal_logo.as_str(), Vec::new()),
    };
    let outbox = parts.settings.profile == Profile::Dev && parts.settings.mail.kind == MailKind::Outbox;
    let console = reached(&brand.console_url, listen.console);
    Stage {
        site: site.clone(),
        names: Names {
            brand: name.clone(),
            logo: logo.to_owned(),
            support: brand.support_address.clone(),
            portal_url: reached(&brand.portal_url, listen.portal),
            api_url: reached(&brand.api_url, listen.api),
            portal_name: brand.portal_name.clone(),
            portal_logo: brand.portal_logo.clone(),
            outbox: if outbox { format!("{console}/_dev/outbox") } else { String::new() },
        },
        assets: Arc::default(),
        csp: Stage::policy(&checkouts),
        clock: parts.clock.clone(),
        table,
    }
}

/// What the portal needs beside its site.
pub fn portal(parts: &Parts) -> PortalState {
    let pool = &parts.pool;
    PortalState {
        directory: parts.books.directory.clone(),
        bindings: Bindings::new(&Stores::new(pool), parts.credentials.clone(), parts.settings.identity.binds_per_hour),
        scope: Scope::new(pool.clone()),
        views: PortalViews::new(pool.clone()),
        usage: ClientUsageViews::new(pool.clone()),
        looks: PortalLookViews::new(pool.clone()),
        cursors: Cursors::new(parts.settings.secrets.signing.clone()),
    }
}

/// Management through a door.
///
/// # Errors
/// If the tiers of commission cannot work.
pub fn manage(parts: &Parts, door: Door) -> anyhow::Result<ManageState> {
    let (pool, directory, limits) = (&parts.pool, parts.books.directory.clone(), &parts.settings.limits);
    let most = |limit: u32| i32::try_from(limit).unwrap_or(i32::MAX);
    Ok(ManageState {
        referrals: referrals(parts, &door)?,
        door,
        desk: KeyDesk::new(
            &Stores::new(pool),
            directory.clone(),
            parts.credentials.clone(),
            parts.settings.secrets.pepper_version,
        ),
        directory,
        scope: Scope::new(pool.clone()),
        keys: KeyViews::new(pool.clone()),
        lines: LineViews::new(pool.clone()),
        portal: PortalViews::new(pool.clone()),
        statement: StatementViews::new(pool.clone()),
        account_key: AccountKeyViews::new(pool.clone()),
        audit: AuditViews::new(pool.clone()),
        cursors: Cursors::new(parts.settings.secrets.signing.clone()),
        new_key: NewKeyLimits { rpm: most(limits.rpm), concurrency: most(limits.concurrency) },
    })
}

/// What is told of referrals; a program's door names the dashboard as mails do.
fn referrals(parts: &Parts, door: &Door) -> anyhow::Result<Referrals> {
    let (rules, names) = (&parts.settings.referral, &parts.settings.brand);
    let origin = match door {
        Door::Session(site) => site.origins.first().cloned().unwrap_or_default(),
        Door::Credential { .. } => Place::of(&names.dashboard_url, parts.settings.listen.dashboard).origin().to_owned(),
    };
    Ok(Referrals {
        views: ReferralViews::new(parts.pool.clone()),
        tiers: rules.tiers().map_err(anyhow::Error::msg)?,
        hold_back_days: rules.hold_back_days,
        sign_in: format!("{origin}/login"),
    })
}

/// The door of the API host.
pub fn api_door(parts: &Parts) -> Door {
    Door::Credential {
        credentials: parts.credentials.clone(),
        trusted_hops: parts.settings.listen.trusted_hops,
        uses: AccountKeyUses::new(AccountKeyUseStore::new(parts.pool.clone()), parts.clock.clone()),
    }
}
