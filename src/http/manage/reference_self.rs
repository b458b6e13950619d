//! A client key that asks about itself: client price alone.

use actix_web::HttpRequest;
use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::json;

use crate::domain::ids::CallId;
use crate::http::json::answer;
use crate::http::json::error::JsonError;
use crate::http::json::query::Params;
use crate::http::manage::state::ManageState;
use crate::http::manage::{caller, reference_show};
use crate::store::views::portal::ClientLinePage;

/// `GET /sub-key/balance`.
pub async fn balance(http: HttpRequest, state: Data<ManageState>) -> Result<HttpResponse, JsonError> {
    let key = caller::client_key(&http, &state).await?;
    let view = state.directory.client_view(key).await?;
    Ok(answer::ok(&json!({
        "keyId": key.key,
        "budgetVirtual": reference_show::price(view.budget),
        "spentVirtual": reference_show::price(view.spent),
        "remainingVirtual": reference_show::price(view.remaining),
        "rpmLimit": view.rpm,
        "concurrentLimit": view.concurrency,
        "paused": view.paused,
    })))
}

/// `GET /sub-key/usage-logs`.
pub async fn usage_logs(http: HttpRequest, state: Data<ManageState>) -> Result<HttpResponse, JsonError> {
    let key = caller::client_key(&http, &state).await?.key;
    let params = Params::read(&http, &["from", "to", "model", "cursor", "limit"])?;
    let list = format!("client-lines:{key}");
    let before = params.cursor(&state.cursors, &list)?;
    let page = ClientLinePage {
        from: params.instant("from")?,
        to: params.instant("to")?,
        model: params.text("model")?.map(str::to_owned),
        before: before.and_then(|b| b.parse().ok()).map(CallId),
        limit: params.limit()?,
    };
    let lines = state.portal.lines(key, &page).await?;
    let full = i64::try_from(lines.len()).is_ok_and(|n| n == page.limit);
    let next = lines.last().filter(|_| full).map(|last| state.cursors.make(&list, &last.call.to_string()));
    let logs: Vec<_> = lines.into_iter().map(reference_show::self_usage_log).collect();
    Ok(answer::ok(&json!({ "usageLogs": logs, "nextCursor": next })))
}
