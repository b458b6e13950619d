//! The settings page: what the reseller chose, its Account Key, its sessions and its trail.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::domain::money::{Cost, Usd};
use crate::domain::portal_look::{Logo, PortalName};
use crate::domain::site::Site;
use crate::http::dashboard::account_key::{self, AccountKey};
use crate::http::dashboard::acts::{self, Act};
use crate::http::dashboard::page::Page;
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::page::parts::{Notice, Pager, Session};
use crate::http::page::sessions;

/// Every form of the page, as stored or as typed.
#[derive(Clone, Debug, Default)]
pub struct SettingsForm {
    pub exact_times: bool,
    pub single_keys: bool,
    pub low_on: bool,
    pub low: String,
    pub low_error: String,
    pub template: String,
    pub template_error: String,
    pub portal_name: String,
    pub portal_name_error: String,
    pub logo: String,
    pub logo_error: String,
    /// The summary, where a form was refused.
    pub errors_text: String,
    /// Id of the field.
    pub errors_field: String,
}

#[derive(Template)]
#[template(path = "settings.html")]
struct Settings {
    page: Page,
    form: SettingsForm,
    account_key: AccountKey,
    sessions: Vec<Session>,
    trail: Vec<Act>,
    list: Pager,
}

/// `GET /settings?did&cursor`.
pub async fn show(http: HttpRequest, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &dash).await?;
    let form = SettingsForm::stored(&visit);
    page(&visit, StatusCode::OK, form).await
}

/// The page with a form that was not saved, as it was typed.
///
/// # Errors
/// If the store does not answer.
pub async fn refused(visit: &Visit<'_>, form: SettingsForm) -> Result<HttpResponse, JsonError> {
    page(visit, StatusCode::UNPROCESSABLE_ENTITY, form).await
}

async fn page(visit: &Visit<'_>, status: StatusCode, form: SettingsForm) -> Result<HttpResponse, JsonError> {
    let mut page = visit.page("settings").await?;
    page.notice = notice(&visit.query("did"));
    // A form that was refused is shown at its own address, which nobody may look at.
    page.path = "/settings".to_owned();
    let (trail, list) = acts::page(visit).await?;
    let account_key = account_key::shown(visit).await?;
    visit.reply(status, &Settings { page, form, account_key, sessions: listed(visit).await?, trail, list })
}

async fn listed(visit: &Visit<'_>) -> Result<Vec<Session>, JsonError> {
    let (now, current) = (visit.look.at, visit.session.id);
    let listed = visit.dash.stage.site.sessions.list(Site::Dashboard, visit.session.person).await?;
    Ok(listed.iter().map(|s| sessions::shown(s, current, "/settings", now, |at| visit.when(at))).collect())
}

fn notice(did: &str) -> Notice {
    let text = match did {
        "saved" => "Saved.",
        "ended" => "That session is signed out.",
        _ => return Notice::default(),
    };
    Notice { text: text.to_owned(), tone: "good".to_owned(), icon: "check".to_owned(), ..Notice::default() }
}

impl SettingsForm {
    /// What is stored now.
    pub fn stored(visit: &Visit<'_>) -> Self {
        let (chosen, names) = (&visit.chosen, &visit.dash.stage.names);
        SettingsForm {
            exact_times: chosen.display.exact_times,
            single_keys: chosen.display.single_keys,
            low_on: chosen.low.on,
            low: as_typed(chosen.low.below),
            template: chosen.message().as_str().to_owned(),
            portal_name: chosen.look.name.as_ref().map_or(names.portal_name.as_str(), PortalName::as_str).to_owned(),
            logo: chosen.look.logo.as_ref().map_or(names.portal_logo.as_str(), Logo::as_str).to_owned(),
            ..SettingsForm::default()
        }
    }
}

/// An amount as a person would type it: `20.00`, or with more decimals where it has them.
fn as_typed(amount: Cost) -> String {
    let cents = amount.usd().fixed_floor(2);
    if Usd::parse(&cents) == Ok(amount.usd()) { cents } else { amount.usd().exact() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_shown_as_it_may_be_typed_again() {
        for (nanos, typed) in [(20_000_000_000, "20.00"), (7_500_000_000, "7.50"), (1_000, "0.000001")] {
            assert_eq!(as_typed(Cost::from_nanos(nanos)), typed);
        }
    }
}
