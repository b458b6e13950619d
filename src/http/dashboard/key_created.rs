//! A new secret, shown this once: of a new key, a rotated key, a new Account Key.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use crate::domain::secret::ClientSecret;
use crate::http::dashboard::page::Page;
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;

/// What was made.
#[derive(Clone, Default)]
pub struct Made {
    /// "Key created"
    pub title: String,
    /// "acme-corp-prod: $100.00 for your client. $60.0000 were debited; your balance is $140.0000."
    pub summary: String,
    /// False where the form was sent again
    pub has_secret: bool,
    pub secret: String,
    /// Empty: none (Account Key)
    pub message: String,
    /// Where a lost secret is replaced
    pub rotate_href: String,
}

#[derive(Template)]
#[template(path = "key_created.html")]
struct KeyCreated {
    page: Page,
    made: Made,
}

impl Made {
    /// A client key's secret with the message that carries it.
    pub fn with_key(self, visit: &Visit<'_>, secret: &ClientSecret, label: &str) -> Self {
        let message = visit.message(secret.reveal(), label);
        Made { has_secret: true, secret: secret.reveal().to_owned(), message, ..self }
    }
}

/// The page of a secret; it is shown now or never, so the balance beside it may be missing.
pub async fn reply(visit: &Visit<'_>, status: StatusCode, back: &str, made: Made) -> Result<HttpResponse, JsonError> {
    let balance = visit.balance().await.ok();
    let page = Page { back: back.to_owned(), ..visit.page_with("api", balance.as_ref())? };
    visit.reply(status, &KeyCreated { page, made })
}
