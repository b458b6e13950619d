//! Requests of all keys or of one, both sides.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::json;

use crate::domain::ids::CallId;
use crate::http::json::answer;
use crate::http::json::error::JsonError;
use crate::http::json::query::Params;
use crate::http::manage::caller::{self, Caller};
use crate::http::manage::show;
use crate::http::manage::state::ManageState;
use crate::store::views::lines::{Line, LinePage};

const PARAMS: [&str; 6] = ["key", "from", "to", "model", "cursor", "limit"];

/// `GET /api/v1/usage?key=&from=&to=&model=&cursor=&limit=`: the last 30 days unless asked otherwise.
pub async fn usage(http: HttpRequest, state: Data<ManageState>) -> Result<HttpResponse, JsonError> {
    let caller = caller::reseller(&http, &state).await?;
    let (lines, next) = page(&http, &state, &caller).await?;
    let lines: Vec<_> = lines.into_iter().map(show::line).collect();
    Ok(answer::ok(&json!({ "lines": lines, "next_cursor": next })))
}

/// One page of lines and the cursor of the next.
pub async fn page(
    http: &HttpRequest,
    state: &ManageState,
    caller: &Caller,
) -> Result<(Vec<Line>, Option<String>), JsonError> {
    let params = Params::read(http, &PARAMS)?;
    let key = match params.text("key")? {
        Some(raw) => Some(caller::owned(state, caller, raw).await?),
        None => None,
    };
    let list = format!("lines:{}", caller.account);
    let before = params.cursor(&state.cursors, &list)?;
    let page = LinePage {
        from: params.instant("from")?,
        to: params.instant("to")?,
        model: params.text("model")?.map(str::to_owned),
        before: before.and_then(|b| b.parse().ok()).map(CallId),
        limit: params.limit()?,
    };
    let lines = state.lines.list(caller.account, key.as_ref(), &page).await?;
    let full = i64::try_from(lines.len()).is_ok_and(|n| n == page.limit);
    let next = lines.last().filter(|_| full).map(|last| state.cursors.make(&list, &last.call.to_string()));
    Ok((lines, next))
}
