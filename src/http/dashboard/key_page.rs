//! One key with its exact figures, and what became of it once it is deleted.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::domain::key::KeyStatus;
use crate::http::dashboard::key_card::{Key, KeyNow};
use crate::http::dashboard::notices;
use crate::http::dashboard::page::Page;
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::page::parts::Fact;
use crate::http::page::words;
use crate::store::views::key_list::ListedKey;
use crate::store::views::keys::KeyRow;

#[derive(Template)]
#[template(path = "key.html")]
struct KeyPage {
    page: Page,
    key: Key,
    facts: Vec<Fact>,
    closed_words: String,
}

/// `GET /keys/{id}`.
pub async fn show(http: HttpRequest, id: Path<String>, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &dash).await?;
    let key = visit.key(&id).await?.key();
    let mut listed = dash.key_list.those(visit.account, &[key]).await?;
    let ListedKey { row, last_call } = listed.pop().ok_or_else(JsonError::not_found)?;
    let balance = visit.balance().await?;
    let in_flight = dash.manage.directory.open_calls().in_flight(key);
    let now =
        KeyNow { row: &row, last_used: last_call, in_flight, frozen: balance.frozen, display: visit.chosen.display };
    let live_url = match row.status {
        KeyStatus::Closed => String::new(),
        _ => visit.live(&format!("page=key&key={id}")),
    };
    let notice = notices::of_key(&visit).await?;
    let page = Page { live_url, notice, ..visit.page_beside("api", &balance)? };
    visit.show(&KeyPage { page, key: now.shown(visit.look.at), facts: facts(&row), closed_words: closed(&row) })
}

fn facts(row: &KeyRow) -> Vec<Fact> {
    let (cost, price) = row.ratio.parts();
    let fact = |word: &str, value: String| Fact { word: word.to_owned(), value };
    let mut facts = vec![
        fact("Your cost, used", words::dollars_9(row.posted.usd())),
        fact("Your cost, unused", words::dollars_9(row.left().usd())),
    ];
    if row.status != KeyStatus::Active {
        facts.push(fact("Your cost, returned", words::dollars_9(row.refunded.usd())));
    }
    facts.push(fact("Ratio, locked", format!("{cost} : {price}")));
    facts.push(fact("Key id", row.key.to_string()));
    facts
}

fn closed(row: &KeyRow) -> String {
    let (returned, billed) = (words::dollars(row.refunded.usd()), words::dollars(row.posted.usd()));
    match row.status {
        KeyStatus::Active => String::new(),
        KeyStatus::Closing => format!(
            "It is being deleted. {returned} came back to your balance so far; what calls in flight do not use comes back \
             as they end."
        ),
        KeyStatus::Closed => {
            format!("Deleted. {returned} came back to your balance; {billed} stay billed for what the client used.")
        }
    }
}
