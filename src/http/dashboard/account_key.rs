//! The Account Key: what there is of it.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::http::dashboard::key_list;
use crate::http::dashboard::page::Page;
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::page::words;

/// The Account Key as pages show it.
#[derive(Clone, Debug, Default)]
pub struct AccountKey {
    pub exists: bool,
    /// "sk-ant-9f27b…"
    pub masked: String,
    pub created: String,
    pub created_iso: String,
    pub created_exact: String,
    pub last_used: String,
    pub snippet: String,
}

/// The tab beside this one.
struct KeyTab {
    /// "Client Keys (1)"
    tab: String,
}

#[derive(Template)]
#[template(path = "account_key.html")]
struct AccountKeyPage {
    page: Page,
    list: KeyTab,
    account_key: AccountKey,
}

/// `GET /account-key`.
pub async fn show(http: HttpRequest, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &dash).await?;
    let open = dash.key_list.counts(visit.account).await?.open;
    let (page, account_key) = (visit.page("api").await?, shown(&visit).await?);
    visit.show(&AccountKeyPage { page, list: KeyTab { tab: key_list::tab(open) }, account_key })
}

/// The reseller's Account Key, if there is one.
///
/// # Errors
/// If the store does not answer.
pub async fn shown(visit: &Visit<'_>) -> Result<AccountKey, JsonError> {
    let Some(row) = visit.dash.manage.account_key.get(visit.account).await? else { return Ok(AccountKey::default()) };
    let unknown = || "before this was noted".to_owned();
    Ok(AccountKey {
        exists: true,
        masked: format!("{}…", row.hint),
        created: row.made.map_or_else(unknown, |at| words::day(visit.look.at, at)),
        created_iso: row.made.map(words::iso).unwrap_or_default(),
        created_exact: row.made.map(words::second).unwrap_or_default(),
        last_used: row.last_used.map_or_else(|| "never".to_owned(), |at| visit.when(at)),
        snippet: snippet(&visit.dash.stage.names.api_url),
    })
}

/// A command that lists the keys; the key itself is never on a page again.
fn snippet(api: &str) -> String {
    format!("curl {api}/api/v1/keys \\\n  -H \"Authorization: Bearer YOUR_ACCOUNT_KEY\"")
}
