//! Light, dark or as the system has it: a cookie, so that no page flashes in the wrong colours.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::json::error::JsonError;
use crate::http::page::form::Form;
use crate::http::page::stage::Stage;
use crate::http::page::{local, reply};
use crate::http::site::{cookies, guard};

const COOKIE: &str = "theme";
const THEMES: [&str; 3] = ["system", "light", "dark"];
/// A year, in seconds.
const KEPT_S: u32 = 31_536_000;

/// The theme of a request.
pub fn of(http: &HttpRequest) -> &'static str {
    let sent = cookies::one(http, COOKIE).unwrap_or_default();
    THEMES.into_iter().find(|theme| *theme == sent).unwrap_or(THEMES[0])
}

/// `POST /settings/theme`, `POST /theme`: open to whoever is not signed in yet, since it changes this browser alone.
pub async fn switch(http: HttpRequest, payload: Payload, stage: Data<Stage>) -> Result<HttpResponse, JsonError> {
    guard::same_origin(&http, &stage.site)?;
    let form = Form::read(&http, payload, &["theme", "back"]).await?;
    let wanted = form.text("theme");
    let theme = THEMES.into_iter().find(|theme| *theme == wanted);
    let theme = theme.ok_or_else(|| JsonError::invalid("theme", "Choose system, light or dark."))?;
    let back = local::page(stage.table, form.text("back")).unwrap_or_else(|| stage.home().to_owned());
    let cookie = stage.site.cookies.set_plain(COOKIE, theme, KEPT_S);
    Ok(reply::with_cookies(reply::see_other(&stage, &back), &[cookie]))
}
