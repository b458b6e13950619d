//! `GET /v1/models` and `GET /v1/models/{id}`: from our price book, never proxied, never with a price.

use crate::domain::price_row::PriceRow;
use crate::http::error::ApiError;
use crate::http::proxy::state::ProxyState;
use crate::http::{limits, principal};
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};

/// Models in one page unless asked otherwise, and at most.
const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 1_000;
const PAGE: &str =
    "Give limit as a whole number from 1 to 1000, after_id or before_id as a model's id, each at most once.";

/// One list for both families of official clients.
#[derive(Serialize)]
struct Model<'a> {
    r#type: &'static str,
    object: &'static str,
    id: &'a str,
    display_name: &'a str,
    created_at: &'static str,
    created: u64,
    owned_by: &'a str,
    max_input_tokens: u64,
    max_tokens: u64,
}

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<Model<'a>>,
    has_more: bool,
    first_id: Option<&'a str>,
    last_id: Option<&'a str>,
}

/// Cursor paging as both SDKs send it.
#[derive(Deserialize)]
struct Page {
    limit: Option<usize>,
    after_id: Option<String>,
    before_id: Option<String>,
}

/// Lists enabled models.
///
/// # Errors
/// 401 without a valid key, 400 for a limit out of range.
pub async fn list(http: HttpRequest, state: Data<ProxyState>) -> Result<HttpResponse, ApiError> {
    let request = state.new_call();
    principal::client_key(&http, &state.credentials, request).await?;
    let page = Query::<Page>::from_query(http.query_string()).map_err(|_| ApiError::bad_request(PAGE, request))?;
    let limit = page.limit.unwrap_or(DEFAULT_LIMIT);
    if !(1..=MAX_LIMIT).contains(&limit) {
        return Err(ApiError::bad_request(PAGE, request));
    }
    let prices = state.prices.load();
    let rows: Vec<&PriceRow> = prices.models().map(AsRef::as_ref).collect();
    let (slice, has_more) = slice(&rows, &page, limit);
    let data: Vec<Model<'_>> = slice.iter().map(|row| model(row)).collect();
    let (first_id, last_id) = (data.first().map(|m| m.id), data.last().map(|m| m.id));
    let mut answer = HttpResponse::Ok();
    limits::own_headers(&mut answer, request, None);
    Ok(answer.json(List { object: "list", data, has_more, first_id, last_id }))
}

/// One model.
///
/// # Errors
/// 401 without a valid key, 404 for a model that is not enabled.
pub async fn retrieve(http: HttpRequest, id: Path<String>, state: Data<ProxyState>) -> Result<HttpResponse, ApiError> {
    let request = state.new_call();
    principal::client_key(&http, &state.credentials, request).await?;
    let row = state.prices.load().find(&id).ok_or_else(|| ApiError::model_not_found(&id, request))?;
    let mut answer = HttpResponse::Ok();
    limits::own_headers(&mut answer, request, None);
    Ok(answer.json(model(&row)))
}

fn slice<'a>(rows: &'a [&'a PriceRow], page: &Page, limit: usize) -> (&'a [&'a PriceRow], bool) {
    let at = |id: &Option<String>| id.as_ref().and_then(|id| rows.iter().position(|r| *r.id == **id));
    match (at(&page.after_id), at(&page.before_id)) {
        (Some(after), _) => {
            let rest = &rows[after + 1..];
            (&rest[..rest.len().min(limit)], rest.len() > limit)
        }
        (None, Some(before)) => {
            let from = before.saturating_sub(limit);
            (&rows[from..before], from > 0)
        }
        (None, None) => (&rows[..rows.len().min(limit)], rows.len() > limit),
    }
}

fn model(row: &PriceRow) -> Model<'_> {
    Model {
        r#type: "model",
        object: "model",
        id: &row.id,
        display_name: &row.display_name,
        created_at: "1970-01-01T00:00:00Z",
        created: 0,
        owned_by: &row.provider,
        max_input_tokens: row.max_input_tokens,
        max_tokens: row.max_output_tokens,
    }
}
