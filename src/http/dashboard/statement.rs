//! The statement of a month, to be printed, and its table for spreadsheets.

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use futures_util::{Stream, stream};

use crate::domain::money::Usd;
use crate::http::dashboard::move_line;
use crate::http::dashboard::moves::{Asked, Moves};
use crate::http::dashboard::page::Page;
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::page::parts::Pager;
use crate::http::page::{csv, words};
use crate::store::error::StoreError;
use crate::store::views::movements::{Movement, MovementAsk, MovementGroup, MovementViews};

/// Movements on one page of a statement: some twenty sheets of paper.
const SHOWN: usize = 1_000;
/// Movements read at a time for the table.
const PART: i64 = 1_000;
const HEADS: [&str; 7] = ["Time (UTC)", "No.", "What", "Note", "In (USD)", "Out (USD)", "Balance after (USD)"];

#[derive(Template)]
#[template(path = "statement.html")]
struct Statement {
    page: Page,
    moves: Moves,
    list: Pager,
}

/// Where a table goes on.
enum Place {
    Heads,
    Before(Option<i64>),
    End,
}

/// `GET /billing/statement?month`: oldest first, of every kind.
pub async fn show(http: HttpRequest, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &dash).await?;
    let asked = Asked::of(&visit, &dash, MovementGroup::All).await?;
    let ask = asked.ask(&visit, i64::try_from(SHOWN + 1).unwrap_or(i64::MAX));
    let (balance, mut found) = tokio::try_join!(visit.balance(), async { Ok(dash.movements.page(ask).await?) })?;
    let list = asked.pager(&dash, "/billing/statement", &mut found.rows, SHOWN);
    found.rows.reverse();
    visit.show(&Statement { page: visit.page_beside("billing", &balance)?, moves: asked.shown(&visit, &found), list })
}

/// `GET /billing.csv?month&kind`: the page's movements, newest first, sent while they are read.
pub async fn table(http: HttpRequest, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &dash).await?;
    let asked = Asked::of(&visit, &dash, MovementGroup::parse(&visit.query("kind"))).await?;
    let name = format!("movements-{}.csv", asked.month.text());
    let mut response = visit.file(&name, "text/csv; charset=utf-8");
    Ok(response.streaming(lines(dash.movements.clone(), asked.ask(&visit, PART))))
}

/// A table that breaks off where the store fails: the browser then says that the download failed.
fn lines(views: MovementViews, ask: MovementAsk) -> impl Stream<Item = Result<Bytes, StoreError>> {
    stream::try_unfold((views, Place::Heads), move |(views, place)| async move {
        match place {
            Place::Heads => Ok(Some((Bytes::from(csv::line(&HEADS)), (views, Place::Before(ask.before))))),
            Place::End => Ok(None),
            Place::Before(before) => {
                let found = views.page(MovementAsk { before, ..ask }).await?.rows;
                let whole = i64::try_from(found.len()).is_ok_and(|number| number < PART);
                let next = match found.last() {
                    Some(last) if !whole => Place::Before(Some(last.seq)),
                    _ => Place::End,
                };
                let text: String = found.iter().map(line).collect();
                Ok((!text.is_empty()).then(|| (Bytes::from(text), (views, next))))
            }
        }
    })
}

/// Amounts in columns of their own for in and out: no cell begins with a sign.
fn line(row: &Movement) -> String {
    let zero = Usd::default();
    let (comes, goes) = match row.change {
        change if change > zero => (change.fixed_floor(9), String::new()),
        change if change < zero => (String::new(), Usd::from_nanos(-change.nanos()).fixed_floor(9)),
        _ => (String::new(), String::new()),
    };
    csv::line(&[
        &words::iso(row.at),
        &row.seq.to_string(),
        &move_line::what(row),
        &move_line::note(row),
        &comes,
        &goes,
        &row.after.fixed_floor(9),
    ])
}
