//! The reseller guide, with figures of the reader's own: the key that its clients have used most, or an example.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::actors::messages::AccountView;
use crate::domain::key::KeyStatus;
use crate::domain::money::{Cost, NANOS_PER_USD, Price, Usd};
use crate::domain::ratio::Ratio;
use crate::http::dashboard::page::Page;
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::page::words;
use crate::store::views::keys::{KeyPage, KeyRow};

/// Among so many newest keys the one to speak of is looked for.
const LOOKED_AT: i64 = 50;
/// What the guide tops a key up by.
const MORE: Price = Price::from_nanos(50 * NANOS_PER_USD);

/// The figures of the text.
#[derive(Clone, Debug, Default)]
pub struct Example {
    pub own: bool,
    pub label: String,
    pub budget: String,
    pub cost: String,
    pub margin: String,
    pub balance: String,
    pub available: String,
    /// "acme-corp-prod has spent $34.20 so far."
    pub spent_words: String,
    /// "$34.20 × 40% = $13.68"
    pub sum: String,
    /// "type $50, and $30.00 is debited; the client’s new total is $150.00."
    pub more_words: String,
    /// "60 requests in any minute and 5 at the same time."
    pub limits: String,
}

#[derive(Template)]
#[template(path = "guide.html")]
struct Guide {
    page: Page,
    eg: Example,
}

/// `GET /guide`.
pub async fn show(http: HttpRequest, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &dash).await?;
    let balance = visit.balance().await?;
    let listed = KeyPage { closed: false, before: None, limit: LOOKED_AT };
    let keys = dash.manage.keys.list(visit.account, listed).await?;
    let open = keys.into_iter().filter(|row| row.status == KeyStatus::Active);
    // Of equals the newest, which the list has first.
    let told = open.reduce(|most, row| if row.spent > most.spent { row } else { most });
    let eg = match &told {
        Some(row) => own(row),
        None => standard(dash.manage.new_key.rpm, dash.manage.new_key.concurrency),
    };
    let page = Page { live_url: visit.live("page=guide"), ..visit.page_beside("guide", &balance)? };
    visit.show(&Guide { page, eg: with_balance(eg, &balance) })
}

fn with_balance(eg: Example, balance: &AccountView) -> Example {
    let (balance, available) = (words::dollars(balance.main.usd()), words::dollars(balance.available.usd()));
    Example { balance, available, ..eg }
}

fn own(row: &KeyRow) -> Example {
    let (spent, profit) = (words::dollars(row.spent.usd()), row.profit().usd());
    Example {
        own: true,
        label: row.label.clone(),
        budget: words::dollars(row.budget.usd()),
        cost: words::dollars(row.funded.usd()),
        margin: row.ratio.margin(),
        spent_words: format!("{} has spent {spent} so far.", row.label),
        sum: sum(row.spent.usd(), row.ratio, profit),
        more_words: more(row.ratio, row.budget, row.funded),
        limits: limits(row.rpm, row.concurrency),
        ..Example::default()
    }
}

/// $100 for $60, after a week of $34.20.
fn standard(rpm: i32, concurrency: i32) -> Example {
    let usd = |cents: i64| Usd::from_nanos(cents * (NANOS_PER_USD / 100));
    let (budget, cost, spent, profit) = (usd(10_000), usd(6_000), usd(3_420), usd(1_368));
    let ratio = Ratio::of(cost.into(), budget.into()).expect("60 of 100 is a ratio");
    Example {
        label: "acme-corp-prod".to_owned(),
        budget: words::dollars(budget),
        cost: words::dollars(cost),
        margin: ratio.margin(),
        spent_words: format!("Say the client has spent {} after a week.", words::dollars(spent)),
        sum: sum(spent, ratio, profit),
        more_words: more(ratio, budget.into(), cost.into()),
        limits: limits(rpm, concurrency),
        ..Example::default()
    }
}

/// Spending times margin, as they are shown; `≈` where rounding keeps them from being equal.
fn sum(spent: Usd, ratio: Ratio, profit: Usd) -> String {
    let margin = ratio.margin();
    let per_mille = margin.trim_end_matches('%').split_once('.').map_or_else(
        || margin.trim_end_matches('%').parse().unwrap_or(0) * 10,
        |(whole, tenth)| whole.parse().unwrap_or(0) * 10 + tenth.parse::<i64>().unwrap_or(0),
    );
    let cents = |amount: Usd| amount.nanos().div_euclid(NANOS_PER_USD / 100);
    let same = i128::from(cents(spent)) * i128::from(per_mille) == i128::from(cents(profit)) * 1_000;
    let sign = if same { '=' } else { '≈' };
    format!("{} × {margin} {sign} {}", words::dollars(spent), words::dollars(profit))
}

/// What the next top-up would do, by the rule that will do it.
fn more(ratio: Ratio, budget: Price, funded: Cost) -> String {
    let total = budget.saturating_add(MORE);
    let debit = ratio.cost_of_budget(total).unwrap_or(funded).saturating_sub(funded);
    let (debit, total) = (words::dollars(debit.usd()), words::dollars(total.usd()));
    format!("type $50, and {debit} is debited; the client’s new total is {total}.")
}

fn limits(rpm: i32, concurrency: i32) -> String {
    format!("{} requests in any minute and {concurrency} at the same time.", words::count(rpm.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_the_guides_to_the_cent() {
        let eg = standard(60, 5);
        assert_eq!((eg.budget.as_str(), eg.cost.as_str(), eg.margin.as_str()), ("$100.00", "$60.00", "40%"));
        assert_eq!(eg.sum, "$34.20 × 40% = $13.68");
        assert_eq!(eg.more_words, "type $50, and $30.00 is debited; the client’s new total is $150.00.");
        assert_eq!(eg.limits, "60 requests in any minute and 5 at the same time.");
    }

    #[test]
    fn a_sum_that_rounding_touches_says_so() {
        let usd = Usd::from_nanos;
        let thirds = Ratio::of(Cost::from_nanos(2), Price::from_nanos(3)).expect("a ratio");
        assert_eq!(sum(usd(10_000_000_000), thirds, usd(3_333_333_333)), "$10.00 × 33.3% = $3.33");
        assert_eq!(sum(usd(100_000_000_000), thirds, usd(33_333_333_333)), "$100.00 × 33.3% ≈ $33.33");
        let half = Ratio::of(Cost::from_nanos(1), Price::from_nanos(2)).expect("a ratio");
        assert_eq!(sum(usd(10_000_000_000), half, usd(5_000_000_000)), "$10.00 × 50% = $5.00");
    }
}
