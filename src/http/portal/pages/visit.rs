//! One request of a signed-in client to a page.

use actix_web::http::StatusCode;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::domain::ids::UserId;
use crate::domain::site::Person;
use crate::domain::trail::{Actor, Trail};
use crate::http::json::error::JsonError;
use crate::http::page::form::Form;
use crate::http::page::parts::{Link, Notice};
use crate::http::page::reply;
use crate::http::page::stage::{Look, Stage};
use crate::http::portal::pages::frame::PortalPage;
use crate::http::portal::state::PortalState;
use crate::http::site::guard;
use crate::identity::form_token;
use crate::identity::sessions::Session;
use crate::store::views::scope::BoundKey;

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

    /// The frame of a page; `current` is the key it shows.
    pub async fn page(&self, current: Option<&BoundKey>) -> Result<PortalPage, JsonError> {
        let keys = self.portal.views.keys(self.user).await?;
        let (names, look) = (&self.stage.names, self.look.clone());
        let is_current = |id| current.is_some_and(|key| key.key() == id);
        let links = keys.iter().map(|key| Link {
            href: format!("/keys/{}", key.key),
            word: key.name.clone().unwrap_or_else(|| format!("{}…", key.hint)),
            current: is_current(key.key),
            icon: "api".to_owned(),
        });
        let links: Vec<Link> = links.collect();
        let shown = links.iter().find(|link| link.current).map(|link| link.word.clone());
        Ok(PortalPage {
            csrf: form_token::masked(&self.session.csrf)?,
            path: look.path,
            back: "/".to_owned(),
            live_url: String::new(),
            email: self.session.address.clone(),
            has_keys: !links.is_empty(),
            key_name: shown.unwrap_or_else(|| "Your keys".to_owned()),
            key_links: links,
            theme: look.theme.to_owned(),
            theme_action: self.stage.theme_action().to_owned(),
            brand: names.brand.clone(),
            logo: names.logo.clone(),
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
        let pairs = form_urlencoded::parse(self.http.query_string().as_bytes());
        let found = pairs.into_iter().find(|(n, _)| n == name).map(|(_, value)| value);
        found.map(|v| v.chars().filter(|c| !c.is_control()).take(512).collect()).unwrap_or_default()
    }
}
