//! The checkout of the simulated payment provider: another origin than the dashboard, as a real provider's is. It says
//! that it only pretends, and lets a person play what real payments do.

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Form, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::DateTime;
use serde::Deserialize;

use crate::domain::payment::{Method, Received};
use crate::http::dev_pages;
use crate::http::json::answer;
use crate::http::json::error::JsonError;
use crate::http::page::assets::Assets;
use crate::http::page::parts::{Bare, Choice, Fact};
use crate::http::page::stage::Stage;
use crate::http::page::{reply, words};
use crate::payments::sandbox::back::{KeptDispute, KeptState};
use crate::payments::sandbox::payment::{SandboxPayment, Stage as PaymentStage};
use crate::payments::sandbox::play::Play;
use crate::payments::sandbox::provider::{CHECKOUT_PATH, PaymentSandbox, Sending};

/// What the page is called.
const BRAND: &str = "Sandbox Checkout";

/// The pressed button, and how its notice is to be sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pressed {
    r#do: String,
    notice: Option<String>,
}

#[derive(Template)]
#[template(path = "checkout.html")]
struct CheckoutPage {
    page: Bare,
    pay: Checkout,
}

/// What the page shows of a payment.
struct Checkout {
    action: String,
    amount: String,
    state: &'static str,
    tone: &'static str,
    icon: &'static str,
    facts: Vec<Fact>,
    /// The likeliest button; none where nothing is left to do.
    first: Vec<Choice>,
    others: Vec<Choice>,
    /// Back to the dashboard.
    away: String,
    is_open: bool,
}

/// Adds the checkout; its `Data<PaymentSandbox>` too. Needs `Data<Assets>`.
pub fn add(config: &mut ServiceConfig, sandbox: PaymentSandbox) {
    config
        .app_data(Data::new(sandbox))
        .route("/_dev/checkout/{payment}", web::get().to(show))
        .route("/_dev/checkout/{payment}", web::post().to(press));
}

async fn show(
    http: HttpRequest,
    payment: Path<String>,
    sandbox: Data<PaymentSandbox>,
    files: Data<Assets>,
) -> Result<HttpResponse, JsonError> {
    let payment = sandbox.show(&payment).ok_or_else(JsonError::not_found)?;
    let possible = sandbox.possible(&payment);
    let path = format!("{CHECKOUT_PATH}{}", payment.id);
    let stage = sandbox.stage(&payment);
    let (state, tone, icon) = told(stage);
    let mut buttons = possible.into_iter().map(button);
    let is_open = stage == PaymentStage::Open;
    let pay = Checkout {
        action: path.clone(),
        amount: dollars(&payment.amount),
        state,
        tone,
        icon,
        facts: facts(&payment),
        first: buttons.next().into_iter().collect(),
        others: buttons.collect(),
        away: if is_open { payment.cancel_url.clone() } else { payment.return_url.clone() },
        is_open,
    };
    let page = CheckoutPage { page: dev_pages::bare(&http, &files, BRAND, &path), pay };
    // A pressed button leads back to the dashboard, and browsers hold redirects to the policy too.
    let policy = Stage::policy(&[origin_of(&payment.return_url).to_owned()]);
    reply::page_under(&policy, &http, StatusCode::OK, &page)
}

async fn press(
    payment: Path<String>,
    pressed: Form<Pressed>,
    sandbox: Data<PaymentSandbox>,
) -> Result<HttpResponse, JsonError> {
    let wish = Play::parse(&pressed.r#do).ok_or_else(|| JsonError::invalid("do", "There is no such button."))?;
    let sending = match pressed.notice.as_deref() {
        None | Some("once") => Sending::Once,
        Some("twice") => Sending::Twice,
        Some("never") => Sending::Never,
        Some(_) => return Err(JsonError::invalid("notice", "Choose once, twice or never.")),
    };
    if sandbox.show(&payment).is_none() {
        return Err(JsonError::not_found());
    }
    if !sandbox.play(&payment, wish, sending).map_err(|_| JsonError::try_again())? {
        let words = "This is not possible any more. Load the page again.";
        return Err(JsonError::new(StatusCode::CONFLICT, "not_possible", words));
    }
    let payment = sandbox.show(&payment).ok_or_else(JsonError::not_found)?;
    Ok(answer::with_headers(StatusCode::SEE_OTHER)
        .insert_header(("location", onwards(&sandbox, &payment, wish)))
        .finish())
}

/// Back to the dashboard, unless there is more to play here: confirming, paying late, what may happen after a refund.
fn onwards(sandbox: &PaymentSandbox, payment: &SandboxPayment, pressed: Play) -> String {
    let more = pressed.is_later() || sandbox.possible(payment).iter().any(|play| play.leads_on());
    if more { format!("{CHECKOUT_PATH}{}", payment.id) } else { payment.return_url.clone() }
}

fn button(play: Play) -> Choice {
    let (value, word) = play.words();
    Choice { value: value.to_owned(), word: word.to_owned(), ..Choice::default() }
}

/// The stage in words, with tone and icon.
fn told(stage: PaymentStage) -> (&'static str, &'static str, &'static str) {
    match stage {
        PaymentStage::Open => ("Waiting for you", "", "clock"),
        PaymentStage::Seen => ("Sent, waiting for its confirmations", "", "clock"),
        PaymentStage::Paid => ("Paid", "good", "check"),
        PaymentStage::Late => ("Paid after it had expired", "good", "check"),
        PaymentStage::Expired => ("Expired", "warn", "alert"),
        PaymentStage::Failed => ("Failed", "bad", "alert"),
    }
}

fn facts(payment: &SandboxPayment) -> Vec<Fact> {
    let fact = |word: &str, value: String| Fact { word: word.to_owned(), value };
    let method = match payment.method() {
        Method::Card => "Card",
        Method::Crypto => "Crypto",
    };
    let expires = DateTime::from_timestamp_micros(payment.expires_us).unwrap_or_default();
    let mut facts = vec![fact("Way to pay", method.to_owned()), fact("For", payment.email.clone())];
    if payment.received != "0" {
        facts.push(fact("Received", dollars(&payment.received)));
    }
    for refund in &payment.refunds {
        let how = if refund.has_failed { "Refund, failed" } else { "Refund" };
        facts.push(fact(how, dollars(&refund.amount)));
    }
    for dispute in &payment.disputes {
        facts.push(fact(disputed(dispute), dollars(&dispute.amount)));
    }
    facts.push(fact("To be paid by", words::second(expires)));
    facts.push(fact("Payment", payment.id.clone()));
    facts
}

fn disputed(dispute: &KeptDispute) -> &'static str {
    match (dispute.state, dispute.is_withdrawn) {
        (KeptState::Open, false) => "Disputed",
        (KeptState::Open, true) => "Disputed, withdrawn",
        (KeptState::Won, _) => "Dispute won",
        (KeptState::Lost, _) => "Dispute lost",
    }
}

/// An amount as the sandbox keeps it; what is none is shown as it is.
fn dollars(text: &str) -> String {
    Received::decimal(text, "usd").usd().map_or_else(|| text.to_owned(), |amount| words::dollars(amount.usd()))
}

fn origin_of(url: &str) -> &str {
    let from = url.find("://").map_or(0, |at| at + 3);
    let to = url[from..].find('/').map_or(url.len(), |at| from + at);
    &url[..to]
}
