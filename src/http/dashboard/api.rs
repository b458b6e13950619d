//! `/api`: the balance, what was earned, and the keys.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::actors::messages::AccountView;
use crate::actors::open_calls::InFlight;
use crate::http::dashboard::account_card::Account;
use crate::http::dashboard::key_card::{Key, KeyNow};
use crate::http::dashboard::key_list::{KeyList, Wanted};
use crate::http::dashboard::notices;
use crate::http::dashboard::page::Page;
use crate::http::dashboard::profit_card::Profit;
use crate::http::dashboard::start::Start;
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::top_up_line;
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::page::words;
use crate::payments::desk::PaymentDesk;
use crate::store::views::key_list::{KeyCounts, KeysPage, ListedKey};

/// Top-ups that may be on their way; an account has no more that wait.
const TOP_UPS: i64 = 20;

#[derive(Template)]
#[template(path = "api.html")]
struct Api {
    page: Page,
    account: Account,
    profit: Profit,
    not_started: bool,
    start: Start,
    has_keys: bool,
    list: KeyList,
}

/// `GET /api?q&state&sort&cursor&did&key`.
pub async fn show(
    http: HttpRequest,
    dash: Data<Dashboard>,
    desk: Data<PaymentDesk>,
) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &dash).await?;
    let (wanted, account) = (Wanted::of(&visit), visit.account);
    let ask = wanted.ask();
    let (balance, notice) = tokio::try_join!(visit.balance(), notices::of_key(&visit))?;
    let (totals, counts, keys, top_ups) = tokio::try_join!(
        dash.totals.get(account),
        dash.key_list.counts(account),
        dash.key_list.page(account, &ask),
        desk.list(account, TOP_UPS)
    )?;
    let profit = Profit::read(&dash.usage, account, visit.look.at, states(&balance, &counts)).await?;
    let running = dash.manage.directory.open_calls().in_flight_of(account);
    let in_flight = running.values().copied().fold(InFlight::default(), InFlight::and);
    let shown = |listed: &ListedKey| {
        let in_flight = running.get(&listed.row.key).copied().unwrap_or_default();
        let now = KeyNow {
            row: &listed.row,
            last_used: listed.last_call,
            in_flight,
            frozen: balance.frozen,
            display: visit.chosen.display,
        };
        now.shown(visit.look.at)
    };
    let rows: Vec<Key> = keys.keys.iter().map(shown).collect();
    let start = start(&wanted, &balance, &counts, &keys);
    let page = Page { live_url: visit.live(&live_query(&http)), notice, ..visit.page_beside("api", &balance)? };
    visit.show(&Api {
        page,
        account: Account {
            pending: top_up_line::pending(&top_ups),
            ..Account::of(&balance, totals.allocated, in_flight)
        },
        profit,
        not_started: start.is_some(),
        start: start.unwrap_or_default(),
        has_keys: counts.open + counts.deleted > 0,
        list: wanted.list_of(&visit, &counts, &keys, rows),
    })
}

/// The stream that follows the keys which this very page shows.
fn live_query(http: &HttpRequest) -> String {
    match http.query_string() {
        "" => "page=api".to_owned(),
        query => format!("page=api&{query}"),
    }
}

/// The steps that are left until the first client calls.
fn start(wanted: &Wanted, balance: &AccountView, counts: &KeyCounts, keys: &KeysPage) -> Option<Start> {
    if balance.frozen || counts.deleted > 0 {
        return None;
    }
    match (counts.open, keys.keys.as_slice()) {
        (0, _) => Some(Start::before_keys(balance.available)),
        (1, [first]) if wanted.is_plain() && first.last_call.is_none() => Some(Start::before_calls(&first.row)),
        _ => None,
    }
}

/// "1 active · 0 need attention"
fn states(balance: &AccountView, counts: &KeyCounts) -> String {
    let count = words::count;
    match counts.open {
        0 => "None yet".to_owned(),
        open if balance.frozen => format!("0 active · {} frozen", count(open)),
        _ if counts.low == 1 => format!("{} active · 1 needs attention", count(counts.active)),
        _ => format!("{} active · {} need attention", count(counts.active), count(counts.low)),
    }
}
