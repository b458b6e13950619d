//! The requests behind `/usage` as a table for spreadsheets, sent while it is read: memory holds one part at a time.

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::{Stream, stream};

use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::usage_wanted::Wanted;
use crate::http::dashboard::usage_words;
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::page::{csv, words};
use crate::store::error::StoreError;
use crate::store::views::usage_lines::{LineAsk, LinePlace, UsageLine, UsageLineViews};

/// Requests read at a time.
const PART: usize = 1_000;
const HEADS: [&str; 14] = [
    "Time (UTC)",
    "Request",
    "Key",
    "Key id",
    "Model",
    "Requested model",
    "Input tokens",
    "Output tokens",
    "Cache read",
    "Cache written",
    "Client price (USD)",
    "Your cost (USD)",
    "Profit (USD)",
    "State",
];

/// Where a table goes on.
enum Part {
    Heads,
    From(Option<LinePlace>),
    End,
}

/// `GET /usage.csv?range&from&to&key&model&state`.
pub async fn table(http: HttpRequest, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &dash).await?;
    let ask = Wanted::of(&visit).await?.lines();
    let name = format!("usage-{}.csv", visit.look.at.format("%Y-%m-%d"));
    Ok(visit.file(&name, "text/csv; charset=utf-8").streaming(parts(dash.usage_lines.clone(), ask)))
}

/// A table that breaks off where the store fails: the browser then says that the download failed.
fn parts(views: UsageLineViews, ask: LineAsk) -> impl Stream<Item = Result<Bytes, StoreError>> {
    stream::try_unfold((views, ask, Part::Heads), |(views, ask, part)| async move {
        match part {
            Part::End => Ok(None),
            Part::Heads => Ok(Some((Bytes::from(csv::line(&HEADS)), (views, ask, Part::From(None))))),
            Part::From(place) => {
                let page = views.batch(&ask, place, PART).await?;
                let text: String = page.lines.iter().map(row).collect();
                let next = page.older.map_or(Part::End, |place| Part::From(Some(place)));
                Ok(Some((Bytes::from(text), (views, ask, next))))
            }
        }
    })
}

fn row(line: &UsageLine) -> String {
    let number = |n: i64| n.to_string();
    csv::line(&[
        &words::second(line.ended),
        &line.call.request_id(),
        &line.label,
        &line.key.to_string(),
        &line.model,
        line.detail.requested.as_deref().unwrap_or_default(),
        &number(line.input),
        &number(line.output),
        &number(line.cache_read),
        &number(line.cache_write),
        &line.price.usd().exact(),
        &line.cost.usd().exact(),
        &usage_words::profit(line).usd().exact(),
        usage_words::state(line.state),
    ])
}
