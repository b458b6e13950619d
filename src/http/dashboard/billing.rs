//! `/billing`: top-ups with their state, and every movement of the balance, by month and kind.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use uuid::Uuid;

use crate::actors::open_calls::InFlight;
use crate::domain::topup::TopupState;
use crate::http::dashboard::account_card::Account;
use crate::http::dashboard::moves::{Asked, Moves};
use crate::http::dashboard::page::Page;
use crate::http::dashboard::receipt;
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::top_up_line::{self, TopUp};
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::page::parts::{Notice, Pager};
use crate::http::page::words;
use crate::payments::desk::PaymentDesk;
use crate::payments::redemption::Redemptions;
use crate::store::payments::TopupRow;
use crate::store::redemptions::ListedCode;
use crate::store::views::movements::MovementGroup;

/// Top-ups shown; the receipts of older ones are behind their movements.
const TOP_UPS: i64 = 8;
/// Movements a page.
const SHOWN: usize = 50;

#[derive(Template)]
#[template(path = "billing.html")]
struct Billing {
    page: Page,
    account: Account,
    top_ups: Vec<TopUp>,
    moves: Moves,
    list: Pager,
}

/// `GET /billing?month&kind&cursor`; `?topup` is where a checkout leads back to, `?redeemed` a code.
pub async fn show(
    http: HttpRequest,
    dash: Data<Dashboard>,
    desk: Data<PaymentDesk>,
    redemptions: Data<Redemptions>,
) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &dash).await?;
    // Before anything is read: the look may credit it.
    let notice = came_back(&visit, &desk, &redemptions).await?;
    let asked = Asked::of(&visit, &dash, MovementGroup::parse(&visit.query("kind"))).await?;
    let ask = asked.ask(&visit, i64::try_from(SHOWN + 1).unwrap_or(i64::MAX));
    let (balance, totals) = tokio::try_join!(visit.balance(), async { Ok(dash.totals.get(visit.account).await?) })?;
    let (top_ups, mut found) = tokio::try_join!(desk.list(visit.account, TOP_UPS), dash.movements.page(ask))?;
    let list = asked.pager(&dash, "/billing", &mut found.rows, SHOWN);
    let running = dash.manage.directory.open_calls().in_flight_of(visit.account);
    let in_flight = running.into_values().fold(InFlight::default(), InFlight::and);
    let page = Page { live_url: visit.live("page=billing"), notice, ..visit.page_beside("billing", &balance)? };
    visit.show(&Billing {
        page,
        account: Account {
            pending: top_up_line::pending(&top_ups),
            ..Account::of(&balance, totals.allocated, in_flight)
        },
        top_ups: top_ups.iter().map(|row| TopUp::of(&visit, row)).collect(),
        moves: asked.shown(&visit, &found),
        list,
    })
}

/// What became of the top-up that the address names, by our own row after a look at the provider; the rest of the
/// address claims nothing but that the person turned back.
async fn came_back(visit: &Visit<'_>, desk: &PaymentDesk, codes: &Redemptions) -> Result<Notice, JsonError> {
    if let Ok(id) = visit.query("redeemed").parse::<Uuid>() {
        let code = codes.own(visit.account, id).await?;
        return Ok(code.map(|code| redeemed(&code)).unwrap_or_default());
    }
    let row = receipt::looked_at(visit, desk, &visit.query("topup")).await?;
    Ok(row.map(|row| notice(&row, visit.query("cancelled") == "1")).unwrap_or_default())
}

fn redeemed(code: &ListedCode) -> Notice {
    let text = format!("{} from your code is on your balance.", words::change(code.amount.usd()));
    Notice { text, tone: "good".to_owned(), icon: "check".to_owned(), ..Notice::default() }
}

fn notice(row: &TopupRow, turned_back: bool) -> Notice {
    let says = |text: String, tone: &str, icon: &str| Notice {
        text,
        tone: tone.to_owned(),
        icon: icon.to_owned(),
        ..Notice::default()
    };
    let (amount, state) = (top_up_line::amount(row), top_up_line::state(row));
    match row.order.state {
        TopupState::Credited => says(format!("{amount} is on your balance."), "good", "check"),
        TopupState::RefundedPart | TopupState::Refunded => says(format!("{}.", state.text), "", "info"),
        TopupState::Disputed | TopupState::Lost => says(format!("{}.", state.text), "bad", "lock"),
        TopupState::Processing => {
            says(format!("Your payment of {amount} is on its way. It counts as soon as it is confirmed."), "", "clock")
        }
        TopupState::Created | TopupState::Open if turned_back => {
            says(format!("You came back without paying. Nothing was charged; {amount} can still be paid."), "", "info")
        }
        TopupState::Created | TopupState::Open => {
            says(format!("The provider has not confirmed your payment of {amount} yet."), "", "clock")
        }
        TopupState::Parked => says(format!("{}.", state.text), "warn", "alert"),
        TopupState::Expired | TopupState::Failed | TopupState::Cancelled => Notice {
            word: "Top up again".to_owned(),
            href: top_up_line::again(row),
            ..says(format!("{}.", state.text), "", "info")
        },
    }
}
