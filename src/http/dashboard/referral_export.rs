//! The statement of commission as a table for spreadsheets.

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::{Stream, stream};
use uuid::Uuid;

use crate::domain::ids::AccountId;
use crate::http::dashboard::state::Dashboard;
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::page::{csv, words};
use crate::store::error::StoreError;
use crate::store::views::referrals::{CommissionRow, ReferralViews};

/// Lines read at a time.
const PART: i64 = 1_000;
const HEADS: [&str; 6] =
    ["Time (UTC)", "Referee", "Referred consumption (USD)", "Commission (USD)", "State", "Due (UTC)"];

/// Where the table goes on.
enum Place {
    Heads,
    Before(Option<Uuid>),
    End,
}

/// `GET /referrals.csv`: every line, newest first, sent while it is read.
pub async fn table(http: HttpRequest, dash: Data<Dashboard>) -> Result<HttpResponse, JsonError> {
    let visit = Visit::open(&http, &dash).await?;
    let mut response = visit.file("commission.csv", "text/csv; charset=utf-8");
    Ok(response.streaming(lines(dash.manage.referrals.views.clone(), visit.account)))
}

/// A table that breaks off where the store fails: the browser then says that the download failed.
fn lines(views: ReferralViews, whose: AccountId) -> impl Stream<Item = Result<Bytes, StoreError>> {
    stream::try_unfold((views, Place::Heads), move |(views, place)| async move {
        match place {
            Place::Heads => Ok(Some((Bytes::from(csv::line(&HEADS)), (views, Place::Before(None))))),
            Place::End => Ok(None),
            Place::Before(before) => {
                let found = views.lines(whose, before, PART).await?;
                let whole = i64::try_from(found.len()).is_ok_and(|number| number < PART);
                let next = match found.last() {
                    Some(last) if !whole => Place::Before(Some(last.id)),
                    _ => Place::End,
                };
                let text: String = found.iter().map(line).collect();
                Ok((!text.is_empty()).then(|| (Bytes::from(text), (views, next))))
            }
        }
    })
}

fn line(row: &CommissionRow) -> String {
    csv::line(&[
        &words::iso(row.at),
        &row.masked,
        &row.length.usd().fixed_floor(9),
        &row.amount.usd().fixed_floor(9),
        row.state.word(),
        &words::iso(row.due),
    ])
}
