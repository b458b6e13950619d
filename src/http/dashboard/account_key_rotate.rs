//! Another Account Key, shown once: the first, or one in place of the old, which stops working at once.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::http::dashboard::account_key;
use crate::http::dashboard::key_created::{self, Made};
use crate::http::dashboard::money_form::{self, FormWords, Refused};
use crate::http::dashboard::page::Page;
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::step_up::{self, Proof, Wanted};
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::page::parts::FieldError;

const WORDS: FormWords =
    FormWords { button: "it", unsure: "Nothing was changed as far as we know.", field: "code", short: "" };

struct AccountKeyForm {
    step_up: bool,
    step_up_why: String,
    code_error: String,
    resend_s: String,
    operation_id: String,
    title: &'static str,
    text: String,
    submit: &'static str,
    refusal: String,
    request_id: String,
    not_done: &'static str,
    errors: Vec<FieldError>,
}

#[derive(Template)]
#[template(path = "account_key_rotate.html")]
struct AccountKeyRotate {
    page: Page,
    form: AccountKeyForm,
}

/// `GET /account-key/rotate`.
pub async fn show(http: HttpRequest, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &dash).await?;
    sheet(&visit, &money_form::new_operation(), Wanted::default(), Refused::default()).await
}

/// `POST /account-key/rotate`: the new key, this once; needs a fresh code.
pub async fn rotate(http: HttpRequest, payload: Payload, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let (visit, form) = Visit::submit(&http, payload, &dash, &["operation_id", "code", "do"]).await?;
    let operation = form.operation()?;
    if let Proof::Wanted(wanted) = step_up::prove(&visit, &form, "this key manages your money.").await? {
        let refused = Refused { status: StatusCode::FORBIDDEN, ..Refused::default() };
        return sheet(&visit, operation, wanted, refused).await;
    }
    match dash.manage.desk.set_account_key_once(visit.account, operation, &visit.trail).await {
        Ok(secret) => {
            let made = Made {
                title: "Account Key created".to_owned(),
                summary:
                    "It manages your account from your own programs and cannot call models. An older one no longer \
                          works."
                        .to_owned(),
                has_secret: secret.is_some(),
                secret: secret.as_ref().map(|s| s.reveal().to_owned()).unwrap_or_default(),
                message: String::new(),
                rotate_href: "/account-key/rotate".to_owned(),
            };
            key_created::reply(&visit, StatusCode::CREATED, "/account-key", made).await
        }
        Err(error) => {
            let refused = Refused::by_desk(&visit, error, &WORDS)?;
            sheet(&visit, operation, Wanted::default(), refused).await
        }
    }
}

async fn sheet(
    visit: &Visit<'_>,
    operation: &str,
    wanted: Wanted,
    refused: Refused,
) -> Result<HttpResponse, JsonError> {
    let old = account_key::shown(visit).await?;
    let (title, submit) = if old.exists { ("Rotate Account Key", "Rotate") } else { ("Create Account Key", "Create") };
    let form = AccountKeyForm {
        step_up: wanted.step_up,
        step_up_why: wanted.step_up_why,
        code_error: wanted.code_error,
        resend_s: wanted.resend_s,
        operation_id: refused.operation(operation),
        title,
        text: text(&old),
        submit,
        refusal: refused.refusal,
        request_id: refused.request_id,
        not_done: "Nothing was changed.",
        errors: refused.errors,
    };
    let page = visit.page_with("api", visit.balance().await.ok().as_ref())?;
    visit.reply(refused.status, &AccountKeyRotate { page: Page { back: "/account-key".to_owned(), ..page }, form })
}

fn text(old: &account_key::AccountKey) -> String {
    if old.exists {
        return format!(
            "The new key is shown once. The old one, {}, stops working at once, and so do the programs that use it.",
            old.masked
        );
    }
    "It is shown once. With it your programs read balance and usage and manage your keys; it cannot call models."
        .to_owned()
}
