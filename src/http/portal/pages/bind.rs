//! Binding a key by pasting it. The pasted key is never sent back, and nobody learns why one was not taken.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::domain::label::Label;
use crate::http::json::error::JsonError;
use crate::http::page::parts::FieldError;
use crate::http::page::stage::Stage;
use crate::http::portal::binding::{NOT_TAKEN, TOO_MANY};
use crate::http::portal::pages::frame::PortalPage;
use crate::http::portal::pages::notices;
use crate::http::portal::pages::visit::Visit;
use crate::http::portal::state::PortalState;
use crate::identity::bindings::Bound;

/// What a name must be.
pub const BAD_NAME: &str = "Type a name of at most 64 plain characters, or none.";

/// portal/bind.html. The pasted key is never sent back.
#[derive(Clone, Debug, Default)]
pub struct BindForm {
    pub key_error: String,
    pub name: String,
    pub name_error: String,
    pub refusal: String,
    pub request_id: String,
    pub not_done: String,
    pub errors: Vec<FieldError>,
}

#[derive(Template)]
#[template(path = "portal/bind.html")]
struct Bind {
    page: PortalPage,
    form: BindForm,
}

/// `GET /bind`.
pub async fn show(http: HttpRequest, stage: Data<Stage>, portal: Data<PortalState>) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &stage, &portal).await?;
    answer(&visit, StatusCode::OK, BindForm::default()).await
}

/// `POST /bind`.
pub async fn submit(
    http: HttpRequest,
    payload: Payload,
    stage: Data<Stage>,
    portal: Data<PortalState>,
) -> Result<HttpResponse, JsonError> {
    let (visit, form) = Visit::submit(&http, payload, &stage, &portal, &["key", "name"]).await?;
    let typed = form.trimmed("name");
    let name = if typed.is_empty() { None } else { Some(Label::parse(typed)) };
    // Before the key is tried: a name that cannot be kept costs no try.
    let name = match name.transpose() {
        Ok(name) => name,
        Err(_) => return answer(&visit, StatusCode::UNPROCESSABLE_ENTITY, bad_name(typed)).await,
    };
    match portal.bindings.bind(visit.user, form.text("key"), &visit.trail).await? {
        Bound::Done(key) => {
            if let (Some(name), Some(bound)) = (name, portal.scope.bound_key(visit.user, &key.to_string()).await?) {
                portal.bindings.rename(&bound, Some(&name)).await?;
            }
            Ok(visit.see_other(&format!("/keys/{key}?did=bound")))
        }
        Bound::NotTaken => {
            let form = BindForm { key_error: NOT_TAKEN.to_owned(), ..refused("key", NOT_TAKEN, typed) };
            answer(&visit, StatusCode::UNPROCESSABLE_ENTITY, form).await
        }
        Bound::Throttled => {
            let form = BindForm { name: typed.to_owned(), refusal: TOO_MANY.to_owned(), ..BindForm::default() };
            answer(&visit, StatusCode::TOO_MANY_REQUESTS, form).await
        }
    }
}

fn bad_name(typed: &str) -> BindForm {
    BindForm { name_error: BAD_NAME.to_owned(), ..refused("name", BAD_NAME, typed) }
}

fn refused(field: &str, text: &str, typed: &str) -> BindForm {
    BindForm {
        name: typed.chars().take(256).collect(),
        not_done: "Nothing was bound.".to_owned(),
        errors: vec![FieldError { field: field.to_owned(), text: text.to_owned() }],
        ..BindForm::default()
    }
}

async fn answer(visit: &Visit<'_>, status: StatusCode, form: BindForm) -> Result<HttpResponse, JsonError> {
    let mut page = visit.page(None).await?;
    page.notice = notices::of(&visit.query("did"));
    visit.reply(status, &Bind { page, form })
}
