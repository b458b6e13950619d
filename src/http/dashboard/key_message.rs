//! The message for a client of a key that was made before: it carries the key's first characters only.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::domain::key::KeyStatus;
use crate::domain::op::Refusal;
use crate::http::dashboard::page::Page;
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::identity::desk_error::DeskError;

/// What the page shows.
#[derive(Clone, Debug, Default)]
pub struct MessageForm {
    pub id: String,
    pub masked: String,
    pub label: String,
    pub message: String,
}

#[derive(Template)]
#[template(path = "key_message.html")]
struct KeyMessage {
    page: Page,
    form: MessageForm,
}

/// `GET /keys/{id}/message`.
pub async fn show(http: HttpRequest, id: Path<String>, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &dash).await?;
    let key = visit.key(&id).await?;
    let row = dash.manage.keys.get(&key).await?;
    if row.status != KeyStatus::Active {
        return Err(DeskError::Refused(Refusal::KeyClosing).into());
    }
    let masked = format!("{}…", row.hint);
    let message = visit.message(&masked, &row.label);
    let form = MessageForm { id: row.key.to_string(), masked, label: row.label, message };
    let page = Page { back: format!("/keys/{}", row.key), ..visit.page("api").await? };
    visit.show(&KeyMessage { page, form })
}
