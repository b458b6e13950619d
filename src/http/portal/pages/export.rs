//! A key's requests as a table for spreadsheets, sent while it is read: memory holds one part of it at a time.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::{Stream, stream};

use crate::domain::ids::{CallId, KeyId};
use crate::http::json::error::JsonError;
use crate::http::page::stage::Stage;
use crate::http::page::{csv, reply, words};
use crate::http::portal::pages::lines::{self, Filter};
use crate::http::portal::pages::visit::Visit;
use crate::http::portal::state::PortalState;
use crate::store::error::StoreError;
use crate::store::views::portal::{ClientLine, PortalViews};

/// Requests read at a time.
const PART: i64 = 1_000;
const HEADS: [&str; 9] = [
    "Time (UTC)",
    "Request",
    "Model",
    "Input tokens",
    "Output tokens",
    "Cache read",
    "Cache written",
    "Price (USD)",
    "State",
];

/// Where a table goes on.
enum Place {
    Heads,
    After(Option<CallId>),
    End,
}

/// `GET /keys/{id}/usage.csv?days&model`.
pub async fn usage(
    http: HttpRequest,
    id: Path<String>,
    stage: Data<Stage>,
    portal: Data<PortalState>,
) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &stage, &portal).await?;
    let key = visit.key(&id).await?;
    let filter = Filter::of(&visit, &key);
    let name = format!("requests-{}.csv", filter.period.now.format("%Y-%m-%d"));
    let mut response = reply::headed(&stage, StatusCode::OK);
    response
        .insert_header((header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")));
    Ok(response.streaming(table(portal.views.clone(), key.key(), filter)))
}

/// A table that breaks off where the store fails: the browser then says that the download failed.
fn table(views: PortalViews, key: KeyId, filter: Filter) -> impl Stream<Item = Result<Bytes, StoreError>> {
    stream::try_unfold((views, filter, Place::Heads), move |(views, filter, place)| async move {
        match place {
            Place::Heads => Ok(Some((Bytes::from(csv::line(&HEADS)), (views, filter, Place::After(None))))),
            Place::End => Ok(None),
            Place::After(before) => {
                let found = views.lines(key, &filter.page(before, PART)).await?;
                let whole = i64::try_from(found.len()).is_ok_and(|number| number < PART);
                let next = match found.last() {
                    Some(last) if !whole => Place::After(Some(last.call)),
                    _ => Place::End,
                };
                let text: String = found.iter().map(line).collect();
                Ok((!text.is_empty()).then(|| (Bytes::from(text), (views, filter, next))))
            }
        }
    })
}

fn line(line: &ClientLine) -> String {
    csv::line(&[
        &words::iso(line.at),
        &line.call.request_id(),
        &line.model,
        &line.input.to_string(),
        &line.output.to_string(),
        &line.cache_read.to_string(),
        &line.cache_write.to_string(),
        &line.price.usd().fixed_floor(9),
        lines::state_words(line.state).0,
    ])
}
