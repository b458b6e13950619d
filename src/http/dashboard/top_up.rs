//! *Top Up*: an amount and a way to pay; leads to the provider's checkout. One form is one order, however often it is
//! sent.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::actors::messages::AccountView;
use crate::domain::money::Cost;
use crate::domain::payment::Method;
use crate::http::dashboard::money_form::{self, Refused, field_error};
use crate::http::dashboard::page::Page;
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::step_up::{self, Proof, Wanted};
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::page::parts::{Choice, FieldError, Pick};
use crate::http::page::{amount, words};
use crate::http::site::guard;
use crate::payments::desk::{PaymentDesk, Wish};
use crate::payments::error::{ProviderError, StartError};
use crate::store::payments::TopupRow;

const BUTTON: &str = "Continue to payment";

/// The form with what was typed.
struct TopUpForm {
    operation_id: String,
    available: String,
    has_methods: bool,
    methods: Vec<Choice>,
    amount: String,
    amount_error: String,
    limits: String,
    picks: Vec<Pick>,
    step_up: bool,
    step_up_why: String,
    code_error: String,
    resend_s: String,
    refusal: String,
    request_id: String,
    not_done: &'static str,
    errors: Vec<FieldError>,
}

#[derive(Template)]
#[template(path = "top_up.html")]
struct TopUp {
    page: Page,
    form: TopUpForm,
}

/// The fields as they were typed.
struct Typed {
    operation_id: String,
    amount: String,
    method: String,
}

/// What a form that was not done is shown with.
#[derive(Default)]
struct Shown {
    refused: Refused,
    wanted: Wanted,
}

/// `GET /top-up?amount&method`.
pub async fn show(
    http: HttpRequest,
    dash: Data<Dashboard>,
    desk: Data<PaymentDesk>,
) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &dash).await?;
    let typed = Typed {
        operation_id: money_form::new_operation(),
        amount: visit.query("amount"),
        method: visit.query("method"),
    };
    sheet(&visit, &desk, &typed, Shown::default()).await
}

/// `POST /top-up`: to the checkout, or to the order if it is past that.
pub async fn pay(
    http: HttpRequest,
    payload: Payload,
    dash: Data<Dashboard>,
    desk: Data<PaymentDesk>,
) -> Result<HttpResponse, JsonError> {
    let known = ["operation_id", "amount", "method", "code", "do"];
    let (visit, form) = Visit::submit(&http, payload, &dash, &known).await?;
    let text = |field: &str| form.text(field).to_owned();
    let typed = Typed { operation_id: text("operation_id"), amount: text("amount"), method: text("method") };
    let (amount, method) = match read(&desk, &typed) {
        Ok(read) => read,
        Err(errors) => {
            let refused = Refused::fields(errors);
            return sheet(&visit, &desk, &typed, Shown { refused, ..Shown::default() }).await;
        }
    };
    if amount > desk.rules().proof_above {
        let above = words::dollars(desk.rules().proof_above.usd());
        let why = format!("you are about to pay more than {}.", whole(&above));
        if let Proof::Wanted(wanted) = step_up::prove(&visit, &form, &why).await? {
            let refused = Refused { status: StatusCode::FORBIDDEN, ..Refused::default() };
            return sheet(&visit, &desk, &typed, Shown { refused, wanted }).await;
        }
    }
    let attempt = form.identity(&["account-top-up", &typed.amount, method.word()])?.id;
    let (email, home) = (visit.session.address.clone(), guard::home(&http, &dash.stage.site));
    let wish = Wish { amount, method, attempt, email, home };
    match desk.start(visit.account, &wish, &visit.trail).await {
        Ok(row) => Ok(visit.see_other(&onwards(&row))),
        Err(error) => {
            let refused = refusal(&visit, error)?;
            sheet(&visit, &desk, &typed, Shown { refused, ..Shown::default() }).await
        }
    }
}

/// The checkout, as long as there is something to pay.
fn onwards(row: &TopupRow) -> String {
    match &row.checkout_url {
        Some(url) if row.order.state.is_waiting() => url.clone(),
        _ => format!("/billing/{}", row.order.id),
    }
}

fn read(desk: &PaymentDesk, typed: &Typed) -> Result<(Cost, Method), Vec<FieldError>> {
    let mut errors = Vec::new();
    let amount = amount::parse(&typed.amount).map(Cost::from);
    if let Err(text) = amount {
        errors.push(field_error("amount", text));
    }
    let method = Method::parse(&typed.method).filter(|m| desk.providers().of(*m).is_some());
    if method.is_none() {
        errors.push(field_error("method", "Choose how to pay."));
    }
    match (amount, method) {
        (Ok(amount), Some(method)) => Ok((amount, method)),
        _ => Err(errors),
    }
}

fn refusal(visit: &Visit<'_>, error: StartError) -> Result<Refused, JsonError> {
    let at = |field: &str, text: &str| Refused::fields(vec![field_error(field, text)]);
    let says = |status, refusal: String| Refused { status, refusal, ..Refused::default() };
    let (conflict, away) = (StatusCode::CONFLICT, StatusCode::SERVICE_UNAVAILABLE);
    Ok(match error {
        StartError::NoSuchMethod => at("method", "Choose how to pay."),
        StartError::NotWholeCents => at("amount", "Type an amount in whole cents, such as 34.20."),
        StartError::AmountOutOfRange { min, max } => {
            at("amount", &format!("Choose an amount {}.", range(min, max).to_lowercase()))
        }
        StartError::TooManyOpen { limit } => {
            says(conflict, format!("{limit} top-ups wait for their payment. Pay or cancel one under Billing first."))
        }
        StartError::IdReused => {
            let text = format!(
                "This form opened another top-up before, and nothing more was done now. If you want this one too, press \
                 {BUTTON} again."
            );
            Refused { id_is_used: true, ..says(conflict, text) }
        }
        StartError::Provider(ProviderError::Refused(_)) => {
            let text =
                "The payment provider did not open a checkout. Nothing was charged. Try another amount or way to pay.";
            Refused { id_is_used: true, ..says(conflict, text.to_owned()) }
        }
        StartError::Provider(ProviderError::Unreachable(_)) => {
            let text =
                format!("The payment provider does not answer. Nothing was charged. Press {BUTTON} again in a minute.");
            says(away, text)
        }
        StartError::Store(error) => {
            tracing::warn!(%error, request.id = %visit.trail.request, "a top-up was not answered");
            let text = format!("Our books did not answer in time. Nothing was charged. Press {BUTTON} again.");
            Refused { request_id: visit.trail.request.to_string(), ..says(away, text) }
        }
    })
}

async fn sheet(visit: &Visit<'_>, desk: &PaymentDesk, typed: &Typed, shown: Shown) -> Result<HttpResponse, JsonError> {
    let balance = visit.balance().await.ok();
    let Shown { refused, wanted } = shown;
    let methods = choices(desk, &typed.method);
    let form = TopUpForm {
        operation_id: refused.operation(&typed.operation_id),
        available: available(balance.as_ref()),
        has_methods: !methods.is_empty(),
        methods,
        amount: typed.amount.clone(),
        amount_error: refused.at("amount"),
        limits: range(desk.rules().min, desk.rules().max),
        picks: picks(desk),
        step_up: wanted.step_up,
        step_up_why: wanted.step_up_why,
        code_error: wanted.code_error,
        resend_s: wanted.resend_s,
        refusal: refused.refusal,
        request_id: refused.request_id,
        not_done: "Nothing was charged.",
        errors: refused.errors,
    };
    let page = visit.page_with("billing", balance.as_ref())?;
    visit.reply(refused.status, &TopUp { page, form })
}

fn available(balance: Option<&AccountView>) -> String {
    balance.map_or_else(|| "–".to_owned(), |b| words::dollars(b.available.usd()))
}

fn choices(desk: &PaymentDesk, typed: &str) -> Vec<Choice> {
    let methods = desk.providers().methods();
    let chosen = Method::parse(typed).filter(|m| methods.contains(m)).or_else(|| methods.first().copied());
    let choice = |method: Method| {
        let (word, hint) = match method {
            Method::Card => ("Card", "Credited within seconds"),
            Method::Crypto => ("Crypto", "Credited after the network confirms it"),
        };
        Choice {
            value: method.word().to_owned(),
            word: word.to_owned(),
            chosen: chosen == Some(method),
            hint: hint.to_owned(),
        }
    };
    methods.into_iter().map(choice).collect()
}

fn picks(desk: &PaymentDesk) -> Vec<Pick> {
    let pick =
        |preset: &Cost| Pick { value: preset.to_string(), word: whole(&words::dollars(preset.usd())).to_owned() };
    desk.rules().presets.iter().map(pick).collect()
}

/// "From $5 to $10,000".
fn range(min: Cost, max: Cost) -> String {
    let (min, max) = (words::dollars(min.usd()), words::dollars(max.usd()));
    format!("From {} to {}", whole(&min), whole(&max))
}

/// Dollars without cents that are none.
fn whole(dollars: &str) -> &str {
    dollars.strip_suffix(".00").unwrap_or(dollars)
}
