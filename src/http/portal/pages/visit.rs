//! One request of a signed-in client to a page.

use actix_web::http::StatusCode;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::domain::ids::{AccountId, KeyId, UserId};
use crate::domain::site::Person;
use crate::domain::trail::{Actor, Trail};
use crate::http::json::error::JsonError;
use crate::http::page::form::Form;
use crate::http::page::parts::{Link, Notice};
use crate::http::page::stage::{Look, Stage};
use crate::http::page::{local, reply};
use crate::http::portal::pages::frame::PortalPage;
use crate::http::portal::state::PortalState;
use crate::http::site::guard;
use crate::identity::form_token;
use crate::identity::sessions::Session;
use crate::store::views::portal::ClientKeyRow;
use crate::store::views::scope::BoundKey;

/// Keys in the menu; the rest is in the list of all.
const LISTED: usize = 12;

/// Who asks, and what every page shows of it.
pub struct Visit<'a> {
    pub http: &'a HttpRequest,
    pub stage: &'a Stage,
    pub portal: &'a PortalState,
    pub user: UserId,
    pub session: Session,
    pub trail: Trail,
    pub look: Look,
}

impl<'a> Visit<'a> {
    /// A page that is looked at.
    ///
    /// # Errors
    /// 401 without a session.
    pub async fn open(http: &'a HttpRequest, stage: &'a Stage, portal: &'a PortalState) -> Result<Self, JsonError> {
        let session = guard::session(http, &stage.site).await?;
        Self::of(http, stage, portal, session)
    }

    /// A form that was sent: read, from our own page, with the session's token.
    ///
    /// # Errors
    /// As `open` and `Form::read`; 403 for a form of another session or site.
    pub async fn submit(
        http: &'a HttpRequest,
        payload: Payload,
        stage: &'a Stage,
        portal: &'a PortalState,
        known: &[&str],
    ) -> Result<(Self, Form), JsonError> {
        guard::same_origin(http, &stage.site)?;
        let form = Form::read(http, payload, known).await?;
        let session = guard::session_of_form(http, &stage.site, form.text("csrf")).await?;
        Ok((Self::of(http, stage, portal, session)?, form))
    }

    fn of(
        http: &'a HttpRequest,
        stage: &'a Stage,
        portal: &'a PortalState,
        session: Session,
    ) -> Result<Self, JsonError> {
        let Person::User(user) = session.person else { return Err(JsonError::signed_out()) };
        let trail = guard::trail(http, stage.site.trusted_hops, Actor::PortalUser(user));
        Ok(Visit { http, stage, portal, user, session, trail, look: stage.look(http) })
    }

    /// The key of this id, if the client has bound it.
    ///
    /// # Errors
    /// 404 for an absent and an unbound key alike.
    pub async fn key(&self, raw: &str) -> Result<BoundKey, JsonError> {
        self.portal.scope.bound_key(self.user, raw).await?.ok_or_else(JsonError::not_found)
    }

    /// The accounts of the bound keys: to be looked at, never to be shown.
    pub async fn accounts(&self) -> Result<Vec<AccountId>, JsonError> {
        Ok(self.portal.scope.bound_keys(self.user).await?.iter().map(BoundKey::account).collect())
    }

    /// The frame of a page; `current` is the key it shows.
    pub async fn page(&self, current: Option<&BoundKey>) -> Result<PortalPage, JsonError> {
        let keys = self.portal.views.keys(self.user).await?;
        self.page_beside(&keys, current).await
    }

    /// As `page`, where the bound keys are known already.
    pub async fn page_beside(
        &self,
        keys: &[ClientKeyRow],
        current: Option<&BoundKey>,
    ) -> Result<PortalPage, JsonError> {
        let (names, look) = (&self.stage.names, self.look.clone());
        let chosen = match current {
            Some(key) => self.portal.looks.of_key(key).await?,
            None => self.portal.looks.of_user(self.user).await?,
        };
        let current = current.map(BoundKey::key);
        let shown = keys.iter().find(|row| Some(row.key) == current).map(name_of);
        Ok(PortalPage {
            csrf: form_token::masked(&self.session.csrf)?,
            path: look.path,
            back: "/".to_owned(),
            live_url: String::new(),
            email: self.session.address.clone(),
            has_keys: !keys.is_empty(),
            key_name: shown.unwrap_or_else(|| "Your keys".to_owned()),
            key_links: links(keys, current),
            theme: look.theme.to_owned(),
            theme_action: self.stage.theme_action().to_owned(),
            brand: chosen.name.map_or_else(|| names.brand.clone(), |name| name.as_str().to_owned()),
            logo: chosen.logo.map_or_else(|| names.logo.clone(), |logo| logo.as_str().to_owned()),
            home: "/".to_owned(),
            support: names.support.clone(),
            css: look.css,
            js: look.js,
            icon: look.icon,
            now: look.now,
            notice: Notice::default(),
        })
    }

    /// A page as the answer.
    pub fn reply(&self, status: StatusCode, template: &impl Template) -> Result<HttpResponse, JsonError> {
        reply::page(self.stage, self.http, status, template)
    }

    /// 200.
    pub fn show(&self, template: &impl Template) -> Result<HttpResponse, JsonError> {
        self.reply(StatusCode::OK, template)
    }

    /// The way to another page after a form was done.
    pub fn see_other(&self, path: &str) -> HttpResponse {
        reply::see_other(self.stage, path)
    }

    /// A query parameter that a link of ours carries; empty where it is absent. Foreign ones are ignored.
    pub fn query(&self, name: &str) -> String {
        local::parameter(self.http.query_string(), name)
    }
}

/// The menu of keys: the latest bound, the shown one among them, and the way to all.
fn links(keys: &[ClientKeyRow], current: Option<KeyId>) -> Vec<Link> {
    let listed = keys.iter().enumerate().filter(|(at, row)| *at < LISTED || Some(row.key) == current);
    let mut links: Vec<Link> = listed
        .map(|(_, row)| Link {
            href: format!("/keys/{}", row.key),
            word: name_of(row),
            current: Some(row.key) == current,
            icon: "api".to_owned(),
        })
        .collect();
    if keys.len() > 1 {
        let (href, word, icon) = ("/keys".to_owned(), "All keys".to_owned(), "menu".to_owned());
        links.push(Link { href, word, icon, current: false });
    }
    links
}

fn name_of(row: &ClientKeyRow) -> String {
    row.name.clone().unwrap_or_else(|| format!("{}…", row.hint))
}
