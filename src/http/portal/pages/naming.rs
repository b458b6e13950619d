//! The client's own name for a key, and letting a key go. Neither changes the key itself.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::domain::label::Label;
use crate::http::json::error::JsonError;
use crate::http::page::parts::FieldError;
use crate::http::page::stage::Stage;
use crate::http::portal::pages::bind::BAD_NAME;
use crate::http::portal::pages::frame::PortalPage;
use crate::http::portal::pages::visit::Visit;
use crate::http::portal::state::PortalState;
use crate::store::views::portal::ClientKeyRow;
use crate::store::views::scope::BoundKey;

/// portal/name.html, portal/unbind.html.
#[derive(Clone, Debug, Default)]
pub struct PortalKeyForm {
    pub id: String,
    pub name: String,
    pub masked: String,
    pub name_error: String,
    pub refusal: String,
    pub request_id: String,
    pub not_done: String,
    pub errors: Vec<FieldError>,
}

#[derive(Template)]
#[template(path = "portal/name.html")]
struct Name {
    page: PortalPage,
    form: PortalKeyForm,
}

#[derive(Template)]
#[template(path = "portal/unbind.html")]
struct Unbind {
    page: PortalPage,
    form: PortalKeyForm,
}

/// `GET /keys/{id}/name`.
pub async fn show_name(
    http: HttpRequest,
    id: Path<String>,
    stage: Data<Stage>,
    portal: Data<PortalState>,
) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &stage, &portal).await?;
    let key = visit.key(&id).await?;
    let (page, row) = sheet(&visit, &key).await?;
    let form = PortalKeyForm { name: row.name.clone().unwrap_or_default(), ..form_of(&row) };
    visit.show(&Name { page, form })
}

/// `POST /keys/{id}/name`; an empty name takes it away.
pub async fn name(
    http: HttpRequest,
    id: Path<String>,
    payload: Payload,
    stage: Data<Stage>,
    portal: Data<PortalState>,
) -> Result<HttpResponse, JsonError> {
    let (visit, sent) = Visit::submit(&http, payload, &stage, &portal, &["name"]).await?;
    let key = visit.key(&id).await?;
    let typed = sent.trimmed("name");
    let name = if typed.is_empty() { None } else { Some(Label::parse(typed)) };
    let Ok(name) = name.transpose() else {
        let (page, row) = sheet(&visit, &key).await?;
        let form = PortalKeyForm {
            name: typed.chars().take(256).collect(),
            name_error: BAD_NAME.to_owned(),
            not_done: "Nothing was changed.".to_owned(),
            errors: vec![FieldError { field: "name".to_owned(), text: BAD_NAME.to_owned() }],
            ..form_of(&row)
        };
        return visit.reply(StatusCode::UNPROCESSABLE_ENTITY, &Name { page, form });
    };
    if !portal.bindings.rename(&key, name.as_ref()).await? {
        return Err(JsonError::not_found());
    }
    Ok(visit.see_other(&format!("/keys/{}?did=named", key.key())))
}

/// `GET /keys/{id}/unbind`.
pub async fn show_unbind(
    http: HttpRequest,
    id: Path<String>,
    stage: Data<Stage>,
    portal: Data<PortalState>,
) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &stage, &portal).await?;
    let key = visit.key(&id).await?;
    let (page, row) = sheet(&visit, &key).await?;
    visit.show(&Unbind { page, form: form_of(&row) })
}

/// `POST /keys/{id}/unbind`.
pub async fn unbind(
    http: HttpRequest,
    id: Path<String>,
    payload: Payload,
    stage: Data<Stage>,
    portal: Data<PortalState>,
) -> Result<HttpResponse, JsonError> {
    let (visit, _) = Visit::submit(&http, payload, &stage, &portal, &[]).await?;
    let key = visit.key(&id).await?;
    if !portal.bindings.unbind(&key, &visit.trail).await? {
        return Err(JsonError::not_found());
    }
    Ok(visit.see_other("/?did=unbound"))
}

/// The frame of a sheet over a key's page, and the key.
async fn sheet(visit: &Visit<'_>, key: &BoundKey) -> Result<(PortalPage, ClientKeyRow), JsonError> {
    let keys = visit.portal.views.keys(visit.user).await?;
    let mut page = visit.page_beside(&keys, Some(key)).await?;
    page.back = format!("/keys/{}", key.key());
    let row = keys.into_iter().find(|row| row.key == key.key()).ok_or_else(JsonError::not_found)?;
    Ok((page, row))
}

fn form_of(row: &ClientKeyRow) -> PortalKeyForm {
    let masked = format!("{}…", row.hint);
    PortalKeyForm {
        id: row.key.to_string(),
        name: row.name.clone().unwrap_or_else(|| masked.clone()),
        masked,
        ..PortalKeyForm::default()
    }
}
