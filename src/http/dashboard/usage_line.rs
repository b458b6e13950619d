//! One request in full: its meters, what each costs, price, cost and profit to the nano-dollar.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::domain::ids::CallId;
use crate::domain::money::{Cost, Usd};
use crate::domain::price_row::{Day, PriceRow, Rates};
use crate::domain::pricing::PriceBook;
use crate::domain::quote::nanos_up;
use crate::http::dashboard::page::Page;
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::usage_words;
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::page::parts::Fact;
use crate::http::page::words;
use crate::store::views::usage_lines::UsageLine;

/// Atto-USD in a pico-USD.
const ATTOS_PER_PICO: u128 = 1_000_000;

#[derive(Template)]
#[template(path = "usage_line.html")]
struct LinePage {
    page: Page,
    line: LineDetail,
    facts: Vec<Fact>,
    meters: Vec<Meter>,
}

struct LineDetail {
    request_id: String,
    /// "claude-sonnet-5-5, price 2 of 2026-11-01"
    price_version: String,
    price_exact: String,
    cost_exact: String,
    profit_exact: String,
    /// What the state means, in a sentence; empty for measured
    state_words: &'static str,
}

struct Meter {
    /// "Cache write, 5 min"
    word: &'static str,
    tokens: String,
    rate: String,
    cost: String,
}

/// What was used of one kind, and its rate in pico-USD a token, where the row has one.
struct Used {
    word: &'static str,
    tokens: u64,
    rate: Option<u64>,
}

/// `GET /usage/{request}`.
pub async fn show(http: HttpRequest, request: Path<String>, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &dash).await?;
    let call = CallId::of_request(&request).ok_or_else(JsonError::not_found)?;
    let line = dash.usage_lines.one(visit.account, call).await?.ok_or_else(JsonError::not_found)?;
    let row = row_of(&dash.prices.load(), &line);
    visit.show(&LinePage {
        page: Page { back: "/usage".to_owned(), ..visit.page("usage").await? },
        line: LineDetail {
            request_id: line.call.request_id(),
            price_version: priced_at(row.as_ref(), &line),
            price_exact: words::dollars_9(line.price.usd()),
            cost_exact: words::dollars_9(line.cost.usd()),
            profit_exact: words::dollars_9(usage_words::profit(&line).usd()),
            state_words: usage_words::meaning(line.state),
        },
        facts: facts(&line),
        meters: meters(row.as_ref(), &line),
    })
}

/// The version of the price row under which the call was admitted.
fn row_of(book: &PriceBook, line: &UsageLine) -> Option<PriceRow> {
    let version = line.detail.price_version?;
    let text = book.texts().iter().find(|text| text.id == line.model && text.version == version)?;
    PriceRow::read(text, book.today()).ok()
}

fn priced_at(row: Option<&PriceRow>, line: &UsageLine) -> String {
    match row {
        Some(row) if row.effective_from == Day::EVER => format!("{}, price {}", line.model, row.version),
        Some(row) => format!("{}, price {} of {}", line.model, row.version, row.effective_from),
        None => line.model.clone(),
    }
}

/// `14.2 s`, `38 ms`.
fn took(line: &UsageLine) -> String {
    match (line.ended - line.started).num_milliseconds().max(0) {
        millis @ 0..1_000 => format!("{millis} ms"),
        millis => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
    }
}

fn facts(line: &UsageLine) -> Vec<Fact> {
    let fact = |word: &str, value: String| Fact { word: word.to_owned(), value };
    let mut facts = vec![fact("Key", line.label.clone()), fact("Model", line.model.clone())];
    facts.extend(line.detail.requested.clone().map(|model| fact("Asked for", model)));
    facts.push(fact("Began", words::second(line.started)));
    facts.push(fact("Took", took(line)));
    facts.push(fact("State", usage_words::state(line.state).to_owned()));
    facts
}

/// The meters with rates and costs, if those make up the line's cost exactly; tokens alone where a tier, a region, a
/// speed or a cap had its part in it.
fn meters(row: Option<&PriceRow>, line: &UsageLine) -> Vec<Meter> {
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    let detail = &line.detail;
    let rates = row.map(|row| row.rates_at(count(line.input) + count(line.cache_read) + count(line.cache_write)));
    let rate = |of: fn(&Rates) -> Option<u64>| rates.as_ref().and_then(of);
    let used = [
        Used { word: "Input", tokens: count(line.input), rate: rate(|r| Some(r.input)) },
        Used { word: "Output", tokens: count(line.output), rate: rate(|r| Some(r.output)) },
        Used { word: "Cache read", tokens: count(line.cache_read), rate: rate(|r| r.cache_read) },
        Used { word: "Cache write, 5 min", tokens: detail.cache_write_5m, rate: rate(|r| r.cache_write_5m) },
        Used { word: "Cache write, 1 h", tokens: detail.cache_write_1h, rate: rate(|r| r.cache_write_1h) },
    ];
    let exact = detail.web_searches == 0 && sum(&used) == Some(line.cost);
    let mut meters: Vec<Meter> = used
        .iter()
        .filter(|used| used.tokens > 0 || ["Input", "Output"].contains(&used.word))
        .map(|used| meter(used, exact))
        .collect();
    if detail.web_searches > 0 {
        let tokens = detail.web_searches.to_string();
        meters.push(Meter { word: "Web searches", tokens, rate: "–".to_owned(), cost: "–".to_owned() });
    }
    meters
}

fn attos(used: &Used) -> Option<u128> {
    if used.tokens == 0 {
        return Some(0);
    }
    Some(u128::from(used.tokens) * u128::from(used.rate?) * ATTOS_PER_PICO)
}

fn sum(used: &[Used]) -> Option<Cost> {
    nanos_up(used.iter().map(attos).sum::<Option<u128>>())
}

fn meter(used: &Used, exact: bool) -> Meter {
    let tokens = words::count(i64::try_from(used.tokens).unwrap_or(i64::MAX));
    let dash = || "–".to_owned();
    let rate = used.rate.filter(|_| exact).map(|rate| {
        // Pico-USD a token are micro-USD a million.
        let nanos = i64::try_from(rate).unwrap_or(i64::MAX).saturating_mul(1_000);
        Usd::from_nanos(nanos).exact()
    });
    let cost = attos(used).filter(|_| exact).and_then(|attos| nanos_up(Some(attos)));
    Meter {
        word: used.word,
        tokens,
        rate: rate.unwrap_or_else(dash),
        cost: cost.map_or_else(dash, |cost| words::dollars_6(cost.usd())),
    }
}
