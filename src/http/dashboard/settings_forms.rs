//! The forms of the settings page. Each saves its own part and leads back; one that cannot be taken comes back as it was
//! typed. Saving what is saved already changes nothing.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use uuid::Uuid;

use crate::domain::client_message::MessageTemplate;
use crate::domain::portal_look::{Logo, PortalLook, PortalName};
use crate::domain::preference::{Change, Display, LowAlert};
use crate::domain::site::Site;
use crate::http::dashboard::settings::{self, SettingsForm};
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::page::amount;

/// `POST /settings/display`.
pub async fn display(http: HttpRequest, payload: Payload, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let (visit, form) = Visit::submit(&http, payload, &dash, &["exact_times", "shortcuts"]).await?;
    let (exact_times, single_keys) = (form.is_checked("exact_times"), form.is_checked("shortcuts"));
    save(&visit, Change::Display(Display { exact_times, single_keys })).await
}

/// `POST /settings/alerts`.
pub async fn alerts(http: HttpRequest, payload: Payload, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let (visit, form) = Visit::submit(&http, payload, &dash, &["low_on", "low"]).await?;
    let (on, typed) = (form.is_checked("low_on"), form.trimmed("low"));
    match amount::parse(typed) {
        Ok(below) => save(&visit, Change::LowAlert(LowAlert { on, below: below.into() })).await,
        Err(words) => {
            let typed = typed.to_owned();
            let form = SettingsForm { low_on: on, low: typed, low_error: words.to_owned(), ..stored(&visit) };
            settings::refused(&visit, with_summary(form, "The alert was not saved.", "low")).await
        }
    }
}

/// `POST /settings/message`; `do=reset` goes back to the standard text.
pub async fn message(http: HttpRequest, payload: Payload, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let (visit, form) = Visit::submit(&http, payload, &dash, &["template", "do"]).await?;
    if form.text("do") == "reset" {
        return save(&visit, Change::Message(None)).await;
    }
    match MessageTemplate::parse(form.text("template")) {
        Ok(template) => save(&visit, Change::Message(Some(template))).await,
        Err(error) => {
            let (template, template_error) = (form.text("template").to_owned(), error.to_string());
            let form = SettingsForm { template, template_error, ..stored(&visit) };
            settings::refused(&visit, with_summary(form, "The message was not saved.", "template")).await
        }
    }
}

/// `POST /settings/portal`. The platform's own name and logo, or an empty field, mean: none of one's own.
pub async fn portal(http: HttpRequest, payload: Payload, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let (visit, form) = Visit::submit(&http, payload, &dash, &["portal_name", "logo"]).await?;
    let names = &dash.stage.names;
    let own = |typed: &str, standard: &str| (!typed.is_empty() && typed != standard).then(|| typed.to_owned());
    let (typed_name, typed_logo) = (form.trimmed("portal_name"), form.trimmed("logo"));
    let name = own(typed_name, &names.portal_name).map(|name| PortalName::parse(&name)).transpose();
    let logo = own(typed_logo, &names.portal_logo).map(|logo| Logo::parse(&logo)).transpose();
    let (name_error, logo_error) = (name.as_ref().err(), logo.as_ref().err());
    let refused = SettingsForm {
        portal_name: typed_name.to_owned(),
        portal_name_error: name_error.map(ToString::to_string).unwrap_or_default(),
        logo: typed_logo.to_owned(),
        logo_error: logo_error.map(ToString::to_string).unwrap_or_default(),
        ..stored(&visit)
    };
    match (name, logo) {
        (Ok(name), Ok(logo)) => save(&visit, Change::Look(PortalLook { name, logo })).await,
        (name, _) => {
            let field = if name.is_err() { "portal_name" } else { "logo" };
            settings::refused(&visit, with_summary(refused, "The portal was not saved.", field)).await
        }
    }
}

/// `POST /settings/sessions/{id}/revoke`.
pub async fn revoke(
    http: HttpRequest,
    id: Path<String>,
    payload: Payload,
    dash: Data<Dashboard>,
) -> Result<HttpResponse, JsonError> {
    let (visit, _) = Visit::submit(&http, payload, &dash, &[]).await?;
    let (sessions, person) = (&dash.stage.site.sessions, visit.session.person);
    let id = Uuid::parse_str(&id).unwrap_or_default();
    let ended = sessions.revoke(Site::Dashboard, person, id, &visit.trail).await?;
    if ended { Ok(visit.see_other("/settings?did=ended")) } else { Err(JsonError::not_found()) }
}

/// `POST /settings/sign-out-everywhere`: here too.
pub async fn sign_out_everywhere(
    http: HttpRequest,
    payload: Payload,
    dash: Data<Dashboard>,
) -> Result<HttpResponse, JsonError> {
    let (visit, _) = Visit::submit(&http, payload, &dash, &[]).await?;
    let site = &dash.stage.site;
    site.sessions.revoke_all(Site::Dashboard, visit.session.person, &visit.trail).await?;
    visit.give_cookie(site.cookies.drop_session());
    Ok(visit.see_other(dash.stage.sign_in()))
}

async fn save(visit: &Visit<'_>, change: Change) -> Result<HttpResponse, JsonError> {
    visit.dash.preferences.save(visit.account, change, &visit.trail).await?;
    Ok(visit.see_other("/settings?did=saved"))
}

fn stored(visit: &Visit<'_>) -> SettingsForm {
    SettingsForm::stored(visit)
}

fn with_summary(form: SettingsForm, text: &str, field: &str) -> SettingsForm {
    SettingsForm { errors_text: text.to_owned(), errors_field: field.to_owned(), ..form }
}
