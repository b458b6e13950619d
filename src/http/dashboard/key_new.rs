//! *Create API Key*: a label, the client's budget, the reseller's cost. No percentage is typed; the two numbers say it.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::actors::messages::AccountView;
use crate::actors::new_key::KeyOrder;
use crate::domain::money::{Cost, Price, Usd};
use crate::domain::ratio::Ratio;
use crate::http::dashboard::key_created::{self, Made};
use crate::http::dashboard::key_preview::KeyPreview;
use crate::http::dashboard::money_form::{self, FormWords, OVER, Refused, THIN, field_error};
use crate::http::dashboard::page::Page;
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::manage::keys;
use crate::http::page::form::Form;
use crate::http::page::parts::FieldError;
use crate::http::page::{amount, words};
use crate::identity::key_desk::Operation;

const SHORT: &str = "This is more than what is available. Top up your balance first, or lower your cost.";
const BLANK: &str = "Type a label of 1 to 64 characters.";
const WORDS: FormWords =
    FormWords { button: "Create", unsure: "Nothing was debited as far as we know.", field: "cost", short: SHORT };

/// The form with what was typed and what is wrong with it.
struct KeyForm {
    operation_id: String,
    available: String,
    /// What the module's preview counts with; empty while the books do not answer: then only the server looks.
    available_nanos: String,
    label: String,
    budget: String,
    cost: String,
    label_error: String,
    budget_error: String,
    cost_error: String,
    refusal: String,
    request_id: String,
    not_done: &'static str,
    errors: Vec<FieldError>,
    words_bad: &'static str,
    words_zero: &'static str,
    words_over: &'static str,
    words_thin: &'static str,
    words_short: &'static str,
    words_blank: &'static str,
}

#[derive(Template)]
#[template(path = "key_new.html")]
struct KeyNew {
    page: Page,
    form: KeyForm,
    preview: KeyPreview,
}

/// The fields as they were typed.
struct Typed {
    operation_id: String,
    label: String,
    budget: String,
    cost: String,
}

/// `GET /keys/new?label&budget&cost`.
pub async fn show(http: HttpRequest, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &dash).await?;
    let [label, budget, cost] = ["label", "budget", "cost"].map(|name| visit.query(name));
    let typed = Typed { operation_id: money_form::new_operation(), label, budget, cost };
    let balance = visit.balance().await?;
    sheet(&visit, &typed, Some(balance), Refused::default())
}

/// `POST /keys/new`: the key with its secret, this once; with `do=preview` only what the numbers mean.
pub async fn create(http: HttpRequest, payload: Payload, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let known = ["operation_id", "label", "budget", "cost", "do"];
    let (visit, form) = Visit::submit(&http, payload, &dash, &known).await?;
    let typed = Typed::of(&form);
    let balance = visit.balance().await.ok();
    if form.text("do") == "preview" {
        let wrong = typed.wrong_numbers(balance.map(|b| b.available));
        let refused = if wrong.is_empty() { Refused::default() } else { Refused::fields(wrong) };
        return sheet(&visit, &typed, balance, refused);
    }
    let idem = form.identity(&["create", &typed.label, &typed.budget, &typed.cost])?;
    let order = match typed.order(&dash) {
        Ok(order) => order,
        Err(wrong) => return sheet(&visit, &typed, balance, Refused::fields(wrong)),
    };
    let (desk, trail) = (&dash.manage.desk, &visit.trail);
    let asked =
        money_form::settled(async || desk.create(visit.account, order.clone(), idem.clone(), trail).await).await;
    match asked {
        Ok(done) => created(&visit, &order.label, &done).await,
        Err(error) => {
            let refused = Refused::by_desk(&visit, error, &WORDS)?;
            sheet(&visit, &typed, visit.balance().await.ok(), refused)
        }
    }
}

impl Typed {
    fn of(form: &Form) -> Self {
        let [operation_id, label, budget, cost] =
            ["operation_id", "label", "budget", "cost"].map(|name| form.text(name).to_owned());
        Typed { operation_id, label, budget, cost }
    }

    fn numbers(&self) -> (Result<Usd, &'static str>, Result<Usd, &'static str>) {
        (amount::parse(&self.budget), amount::parse(&self.cost))
    }

    /// What is wrong with the two numbers, beside what is `available`; nothing where that is not known.
    fn wrong_numbers(&self, available: Option<Cost>) -> Vec<FieldError> {
        let wrong = match self.numbers() {
            (Ok(budget), Ok(cost)) => vec![("cost", unfit(budget.into(), cost.into(), available))],
            (budget, cost) => vec![("budget", budget.err()), ("cost", cost.err())],
        };
        wrong.into_iter().filter_map(|(field, text)| Some(field_error(field, text?))).collect()
    }

    /// What the desk is asked for; the balance is its to judge.
    fn order(&self, dash: &Dashboard) -> Result<KeyOrder, Vec<FieldError>> {
        let label = keys::label(&self.label);
        let mut wrong = self.wrong_numbers(None);
        if let Err(error) = &label {
            wrong.insert(0, field_error("label", error.message()));
        }
        let (Ok(label), (Ok(budget), Ok(cost)), true) = (label, self.numbers(), wrong.is_empty()) else {
            return Err(wrong);
        };
        let limits = dash.manage.new_key;
        let (budget, cost, label) = (budget.into(), cost.into(), label.into_string());
        Ok(KeyOrder { label, budget, cost, rpm: limits.rpm, concurrency: limits.concurrency })
    }
}

fn unfit(budget: Price, cost: Cost, available: Option<Cost>) -> Option<&'static str> {
    if cost > Cost::from_nanos(budget.nanos()) {
        return Some(OVER);
    }
    if Ratio::of(cost, budget).is_err() {
        return Some(THIN);
    }
    available.is_some_and(|available| cost > available).then_some(SHORT)
}

fn sheet(
    visit: &Visit<'_>,
    typed: &Typed,
    balance: Option<AccountView>,
    refused: Refused,
) -> Result<HttpResponse, JsonError> {
    let available = balance.map(|b| b.available);
    let (budget, cost) = typed.numbers();
    let mut preview = KeyPreview::of(budget.ok().map(Price::from), cost.ok().map(Cost::from), available);
    preview.stale |= !refused.errors.is_empty();
    let form = KeyForm {
        operation_id: refused.operation(&typed.operation_id),
        available: available.map_or_else(|| "–".to_owned(), |a| words::dollars_4(a.usd())),
        available_nanos: available.map(|a| a.nanos().to_string()).unwrap_or_default(),
        label: typed.label.clone(),
        budget: typed.budget.clone(),
        cost: typed.cost.clone(),
        label_error: refused.at("label"),
        budget_error: refused.at("budget"),
        cost_error: refused.at("cost"),
        refusal: refused.refusal,
        request_id: refused.request_id,
        not_done: "Nothing was created and nothing was debited.",
        errors: refused.errors,
        words_bad: amount::BAD,
        words_zero: amount::ZERO,
        words_over: OVER,
        words_thin: THIN,
        words_short: SHORT,
        words_blank: BLANK,
    };
    let page = visit.page_with("api", balance.as_ref())?;
    visit.reply(refused.status, &KeyNew { page, form, preview })
}

async fn created(visit: &Visit<'_>, label: &str, done: &Operation) -> Result<HttpResponse, JsonError> {
    let recorded = &done.recorded;
    let once = if done.replayed { "debited once" } else { "debited" };
    let made = Made {
        title: "Key created".to_owned(),
        summary: format!(
            "{label}: {} for your client. {} were {once}; your balance is {}.",
            words::dollars(recorded.price.usd()),
            words::dollars_4(recorded.cost.usd()),
            words::dollars_4(recorded.main_after.usd()),
        ),
        rotate_href: recorded.key.map(|key| format!("/keys/{key}/rotate")).unwrap_or_default(),
        ..Made::default()
    };
    let made = match &done.secret {
        Some(secret) => made.with_key(visit, secret, label),
        None => made,
    };
    key_created::reply(visit, StatusCode::CREATED, "/api", made).await
}
