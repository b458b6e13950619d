//! What every page of a site stands on: the site, its names and files, the time.

use std::sync::Arc;

use actix_web::HttpRequest;
use chrono::{DateTime, Utc};

use crate::clock::Clock;
use crate::domain::site::Site;
use crate::http::page::assets::Assets;
use crate::http::page::local::Table;
use crate::http::page::parts::Bare;
use crate::http::page::{theme, words};
use crate::http::site::state::SiteState;

/// The policy of pages: nothing from elsewhere, no code in a page. `{checkouts}` are the origins forms may lead to.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
                   connect-src 'self'; form-action 'self'{checkouts}; base-uri 'none'; frame-ancestors 'none'; \
                   object-src 'none'";

/// Names as pages show them.
#[derive(Clone, Debug)]
pub struct Names {
    pub brand: String,
    /// One to three letters in place of a picture.
    pub logo: String,
    pub support: String,
    /// Origin of the portal as clients type it: `https://apikey.cloud`.
    pub portal_url: String,
    /// What clients read at the top of the portal, and its logo text, where their reseller chose nothing else.
    pub portal_name: String,
    pub portal_logo: String,
    /// Origin of the API.
    pub api_url: String,
    /// Where the mails of the dev profile are kept; empty elsewhere.
    pub outbox: String,
}

/// One site, shared by all workers.
#[derive(Clone)]
pub struct Stage {
    pub site: SiteState,
    pub names: Names,
    pub assets: Arc<Assets>,
    pub csp: String,
    pub clock: Clock,
    /// Every page of the site: where `next` and `back` may lead.
    pub table: Table,
}

/// What a page shows of the request it answers.
#[derive(Clone, Debug)]
pub struct Look {
    /// Own path and query: the theme switch comes back to it.
    pub path: String,
    pub theme: &'static str,
    pub css: String,
    pub js: String,
    pub icon: String,
    pub at: DateTime<Utc>,
    /// `at`, to the minute.
    pub now: String,
}

impl Stage {
    /// The policy with the origins that forms may lead to.
    pub fn policy(checkouts: &[String]) -> String {
        let listed: String = checkouts.iter().map(|origin| format!(" {origin}")).collect();
        CSP.replace("{checkouts}", &listed)
    }

    pub fn look(&self, http: &HttpRequest) -> Look {
        let at = self.clock.now_utc();
        Look {
            path: http.uri().path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
            theme: theme::of(http),
            css: self.assets.href("derouter.css").to_owned(),
            js: self.assets.href("derouter.js").to_owned(),
            icon: self.assets.href("icon.svg").to_owned(),
            at,
            now: words::minute(at),
        }
    }

    /// A page that stands alone.
    pub fn bare(&self, http: &HttpRequest) -> Bare {
        let look = self.look(http);
        Bare {
            path: look.path,
            theme: look.theme.to_owned(),
            theme_action: self.theme_action().to_owned(),
            brand: self.names.brand.clone(),
            logo: self.names.logo.clone(),
            home: self.home().to_owned(),
            support: self.names.support.clone(),
            css: look.css,
            js: look.js,
            icon: look.icon,
            ..Bare::default()
        }
    }

    /// Where the theme switch posts.
    pub fn theme_action(&self) -> &'static str {
        match self.site.site {
            Site::Dashboard => "/settings/theme",
            Site::Portal => "/theme",
        }
    }

    /// Where a signed-in person starts.
    pub fn home(&self) -> &'static str {
        match self.site.site {
            Site::Dashboard => "/api",
            Site::Portal => "/",
        }
    }

    /// Where signing in begins.
    pub fn sign_in(&self) -> &'static str {
        match self.site.site {
            Site::Dashboard => "/login",
            Site::Portal => "/sign-in",
        }
    }
}
