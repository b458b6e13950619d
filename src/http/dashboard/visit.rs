//! One request of a signed-in reseller to a page.

use std::cell::{Cell, RefCell};

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::{DateTime, Utc};

use crate::actors::messages::AccountView;
use crate::actors::onlookers::Mark;
use crate::domain::client_message::Filling;
use crate::domain::ids::AccountId;
use crate::domain::money::Cost;
use crate::domain::preference::Preferences;
use crate::domain::site::Person;
use crate::domain::trail::{Actor, Trail};
use crate::http::dashboard::page::Page;
use crate::http::dashboard::state::Dashboard;
use crate::http::json::error::JsonError;
use crate::http::page::form::Form;
use crate::http::page::parts::Notice;
use crate::http::page::stage::Look;
use crate::http::page::{live, local, reply, words};
use crate::http::site::guard;
use crate::identity::form_token;
use crate::identity::sessions::Session;
use crate::store::views::scope::OwnedKey;

/// Who asks, and what every page shows of it.
pub struct Visit<'a> {
    pub http: &'a HttpRequest,
    pub dash: &'a Dashboard,
    pub account: AccountId,
    pub session: Session,
    pub trail: Trail,
    pub look: Look,
    /// What the reseller chose under Settings.
    pub chosen: Preferences,
    /// Of the account, before anything was read that the page shows.
    seen: Cell<Mark>,
    /// Set with the answer.
    cookies: RefCell<Vec<String>>,
}

impl<'a> Visit<'a> {
    /// A page that is looked at.
    ///
    /// # Errors
    /// 401 without a session.
    pub async fn open(http: &'a HttpRequest, dash: &'a Dashboard) -> Result<Self, JsonError> {
        let session = guard::session(http, &dash.stage.site).await?;
        Self::of(http, dash, session).await
    }

    /// A form that was sent: read, from our own page, with the session's token.
    ///
    /// # Errors
    /// As `open` and `Form::read`; 403 for a form of another session or site.
    pub async fn submit(
        http: &'a HttpRequest,
        payload: Payload,
        dash: &'a Dashboard,
        known: &[&str],
    ) -> Result<(Self, Form), JsonError> {
        guard::same_origin(http, &dash.stage.site)?;
        let form = Form::read(http, payload, known).await?;
        let session = guard::session_of_form(http, &dash.stage.site, form.text("csrf")).await;
        let session = session.map_err(|error| error.typed(form.in_address()))?;
        Ok((Self::of(http, dash, session).await?, form))
    }

    async fn of(http: &'a HttpRequest, dash: &'a Dashboard, session: Session) -> Result<Self, JsonError> {
        let Person::Reseller(account) = session.person else { return Err(JsonError::signed_out()) };
        let trail = guard::trail(http, dash.stage.site.trusted_hops, Actor::Reseller(account));
        let look = dash.stage.look(http);
        let seen = Cell::new(dash.manage.directory.onlookers().mark(&[account]));
        let chosen = dash.preferences.get(account).await?;
        Ok(Visit { http, dash, account, session, trail, look, chosen, seen, cookies: RefCell::default() })
    }

    /// Begins to read what the page shows: what the request itself has done until now is no news to it.
    pub fn read_from_now(&self) {
        self.seen.set(self.dash.manage.directory.onlookers().mark(&[self.account]));
    }

    /// Where the live figures of a page are.
    pub fn live(&self, query: &str) -> String {
        live::url(self.seen.get(), query)
    }

    /// The balance as its actor sees it.
    pub async fn balance(&self) -> Result<AccountView, JsonError> {
        Ok(self.dash.manage.directory.view_account(self.account).await?)
    }

    /// The key of this id, if the reseller owns it.
    ///
    /// # Errors
    /// 404 for a foreign, absent or malformed id alike.
    pub async fn key(&self, raw: &str) -> Result<OwnedKey, JsonError> {
        self.dash.manage.scope.owned_key(self.account, raw).await?.ok_or_else(JsonError::not_found)
    }

    /// The frame of a page below the entry `nav` of the side list: `api`, `usage`, `billing`, `settings`, `guide`.
    pub async fn page(&self, nav: &str) -> Result<Page, JsonError> {
        let balance = self.balance().await?;
        self.page_beside(nav, &balance)
    }

    /// As `page`, where the balance is known already.
    pub fn page_beside(&self, nav: &str, balance: &AccountView) -> Result<Page, JsonError> {
        self.page_with(nav, Some(balance))
    }

    /// As `page`, for what must be shown even if the books do not answer just now: the balance is a dash then.
    pub fn page_with(&self, nav: &str, balance: Option<&AccountView>) -> Result<Page, JsonError> {
        let (names, look) = (&self.dash.stage.names, self.look.clone());
        Ok(Page {
            csrf: form_token::masked(&self.session.csrf)?,
            path: look.path,
            nav: nav.to_owned(),
            back: "/api".to_owned(),
            available: balance.map_or_else(|| "–".to_owned(), |b| words::dollars(b.available.usd())),
            email: self.session.address.clone(),
            theme: look.theme.to_owned(),
            theme_action: self.dash.stage.theme_action().to_owned(),
            shortcuts: if self.chosen.display.single_keys { "on" } else { "off" }.to_owned(),
            brand: names.brand.clone(),
            home: "/api".to_owned(),
            support: names.support.clone(),
            portal_host: host_of(&names.portal_url).to_owned(),
            css: look.css,
            js: look.js,
            icon: look.icon,
            now: look.now,
            frozen: balance.is_some_and(|b| b.frozen),
            frozen_why: balance.map(frozen_why).unwrap_or_default(),
            frozen_lift: balance.map(frozen_lift).unwrap_or_default(),
            live_url: String::new(),
            notice: Notice::default(),
        })
    }

    /// A moment of the past, near or exact as the reseller chose.
    pub fn when(&self, at: DateTime<Utc>) -> String {
        if self.chosen.display.exact_times { words::minute(at) } else { words::ago(self.look.at, at) }
    }

    /// The message of a key for its client, in the reseller's words.
    pub fn message(&self, key: &str, label: &str) -> String {
        let portal = &self.dash.stage.names.portal_url;
        self.chosen.message().fill(Filling { key, portal, label })
    }

    /// Sets a cookie with the answer.
    pub fn give_cookie(&self, cookie: String) {
        self.cookies.borrow_mut().push(cookie);
    }

    /// A page as the answer.
    pub fn reply(&self, status: StatusCode, template: &impl Template) -> Result<HttpResponse, JsonError> {
        let response = reply::page(&self.dash.stage, self.http, status, template)?;
        Ok(reply::with_cookies(response, &self.cookies.borrow()))
    }

    /// 200.
    pub fn show(&self, template: &impl Template) -> Result<HttpResponse, JsonError> {
        self.reply(StatusCode::OK, template)
    }

    /// The way to another page after a form was done.
    pub fn see_other(&self, path: &str) -> HttpResponse {
        reply::with_cookies(reply::see_other(&self.dash.stage, path), &self.cookies.borrow())
    }

    /// A path of this site that came with a form or a query; else `otherwise`.
    pub fn local(&self, raw: &str, otherwise: &str) -> String {
        local::page(self.dash.stage.table, raw).unwrap_or_else(|| otherwise.to_owned())
    }

    /// A query parameter that a link of ours carries; empty where it is absent. Foreign ones are ignored.
    pub fn query(&self, name: &str) -> String {
        local::parameter(self.http.query_string(), name)
    }

    /// Marks an answer as something that is downloaded: `text/csv` and the like.
    pub fn file(&self, name: &str, media_type: &'static str) -> actix_web::HttpResponseBuilder {
        let mut response = reply::headed(&self.dash.stage, StatusCode::OK);
        response
            .insert_header((header::CONTENT_TYPE, media_type))
            .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
        response
    }
}

/// The host of an origin, as people type it.
fn host_of(origin: &str) -> &str {
    origin.split_once("://").map_or(origin, |(_, host)| host)
}

fn frozen_why(balance: &AccountView) -> String {
    let owes = balance.receivable > Cost::ZERO;
    let owed = words::dollars_up(balance.receivable.usd());
    match (balance.frozen, balance.held, owes) {
        (false, ..) => String::new(),
        (true, false, _) => format!("A payment was taken back after it was spent, and {owed} is owed."),
        (true, true, false) => "A payment is disputed, or the operator suspended the account.".to_owned(),
        (true, true, true) => {
            format!("A payment is disputed, or the operator suspended the account, and {owed} is owed.")
        }
    }
}

fn frozen_lift(balance: &AccountView) -> String {
    let owes = balance.receivable > Cost::ZERO;
    match (balance.frozen, balance.held, owes) {
        (false, ..) => "",
        (true, false, _) => "The freeze lifts by itself once a deposit repays it.",
        (true, true, false) => "The freeze lifts when the dispute ends or the operator releases it.",
        (true, true, true) => {
            "The freeze lifts once the dispute has ended or the operator has released it, and a deposit has repaid what \
             is owed."
        }
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_that_a_deposit_lifts_a_freeze_which_a_dispute_keeps() {
        let view = |nanos, held| AccountView {
            main: Cost::ZERO,
            available: Cost::ZERO,
            receivable: Cost::from_nanos(nanos),
            frozen: held || nanos > 0,
            held,
        };
        for (nanos, held, why, lift) in [
            (0, false, "", ""),
            (89_990_000_001, false, "A payment was taken back after it was spent, and $90.00 is owed.", "by itself"),
            (0, true, "A payment is disputed, or the operator suspended the account.", "when the dispute ends"),
            (90_000_000_000, true, "suspended the account, and $90.00 is owed.", "has ended or the operator"),
        ] {
            let view = view(nanos, held);
            assert!(frozen_why(&view).ends_with(why), "{}", frozen_why(&view));
            assert!(frozen_lift(&view).contains(lift), "{}", frozen_lift(&view));
            assert_eq!(frozen_lift(&view).contains("by itself"), nanos > 0 && !held);
        }
    }
}
