//! The live figures of the reseller's pages: balance on all of them, and the keys that a page shows.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use uuid::Uuid;

use crate::actors::open_calls::InFlight;
use crate::domain::ids::{AccountId, KeyId};
use crate::domain::preference::Display;
use crate::domain::site::Site;
use crate::http::dashboard::account_card::Account;
use crate::http::dashboard::key_card::{Key, KeyNow};
use crate::http::dashboard::key_list::Wanted;
use crate::http::dashboard::profit_card::Profit;
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::page::live::{self, Chip, Figures};

/// Whose figures are read, again and again.
#[derive(Clone)]
struct Reader {
    dash: Dashboard,
    account: AccountId,
    session: Uuid,
    /// The keys on the page when it was opened: a stream that follows a list would show other keys than the page.
    keys: Vec<KeyId>,
    display: Display,
    /// The page shows what was earned.
    earned: bool,
}

/// `GET /live?seen=…&page=api` with the query of its list, `&page=key&key=…`, `&page=…`.
pub async fn stream(http: HttpRequest, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &dash).await?;
    let page = visit.query("page");
    let keys = match page.as_str() {
        "api" => {
            let listed = dash.key_list.page(visit.account, &Wanted::of(&visit).ask()).await?;
            listed.keys.iter().map(|listed| listed.row.key).collect()
        }
        "key" => vec![visit.key(&visit.query("key")).await?.key()],
        _ => Vec::new(),
    };
    let (account, session, display) = (visit.account, visit.session.id, visit.chosen.display);
    let reader = Reader { dash: dash.as_ref().clone(), account, session, keys, display, earned: page == "api" };
    let onlookers = dash.manage.directory.onlookers();
    live::answer(&dash.stage, &http, onlookers, &[account], move || reader.clone().read()).await
}

impl Reader {
    async fn read(self) -> Result<Figures, JsonError> {
        let (dash, account) = (&self.dash, self.account);
        if !dash.stage.site.sessions.is_live(Site::Dashboard, self.session).await? {
            return Err(JsonError::signed_out());
        }
        let view = dash.manage.directory.view_account(account).await?;
        let (totals, keys) = tokio::try_join!(dash.totals.get(account), dash.key_list.those(account, &self.keys))?;
        let running = dash.manage.directory.open_calls().in_flight_of(account);
        let all = running.values().copied().fold(InFlight::default(), InFlight::and);
        let mut figures = Figures::default();
        add_account(&mut figures, &Account::of(&view, totals.allocated, all));
        let now = dash.stage.clock.now_utc();
        for listed in &keys {
            let shown = KeyNow {
                row: &listed.row,
                last_used: listed.last_call,
                in_flight: running.get(&listed.row.key).copied().unwrap_or_default(),
                frozen: view.frozen,
                display: self.display,
            };
            add_key(&mut figures, &shown.shown(now));
        }
        if self.earned {
            add_profit(&mut figures, &Profit::read(&dash.usage, account, now, String::new()).await?);
        }
        Ok(figures)
    }
}

fn add_account(figures: &mut Figures, account: &Account) {
    figures.amount("balance.balance", &account.balance, &account.balance_exact);
    figures.amount("balance.available", &account.available, &account.available_exact);
    figures.amount("balance.allocated", &account.allocated, &account.allocated_exact);
    figures.text("balance.flight", &account.flight);
}

fn add_profit(figures: &mut Figures, profit: &Profit) {
    figures.amount("profit.total", &profit.total, &profit.total_exact);
    figures.text("profit.spent", &profit.spent);
    figures.text("profit.cost", &profit.cost);
}

fn add_key(figures: &mut Figures, key: &Key) {
    let id = |name: &str| format!("key.{}.{name}", key.id);
    figures.text(id("budget"), &key.budget);
    figures.amount(id("spent"), &key.spent, &key.spent_exact);
    figures.amount(id("remaining"), &key.remaining, &key.remaining_exact);
    figures.text(id("cost"), &key.cost);
    figures.amount(id("profit"), &key.profit, &key.profit_exact);
    figures.text(id("flight"), &key.flight);
    figures.text(id("used"), &key.used_text);
    figures.text(id("last"), &key.last_used);
    figures.bar.insert(id("used"), key.used.clone());
    let chip = Chip { tone: key.tone.to_owned(), icon: key.icon.to_owned(), word: key.state.clone() };
    figures.chip.insert(format!("key.{}", key.id), chip);
}
