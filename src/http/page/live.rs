//! The stream of live figures behind an open page: the whole state first, then what changed, at most four times a
//! second. Every figure is a finished text for the element of its id; what is shown is what is committed.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;
use serde::Serialize;

use crate::actors::onlookers::{Looks, Mark, Onlookers};
use crate::domain::ids::AccountId;
use crate::http::json::error::JsonError;
use crate::http::page::stage::Stage;
use crate::http::page::{local, reply};

/// Between two messages at least: four a second.
const PACE: Duration = Duration::from_millis(250);
/// Silence after which a comment shows that the line stands; the session is looked at again then.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// The parameter that carries the mark of a page.
const SEEN: &str = "seen";

/// What a page shows at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// Text of `[data-live=id]`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
    /// Title of the same element: the exact amount.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub exact: BTreeMap<String, String>,
    /// Width of `[data-bar=id]`, in per cent.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub bar: BTreeMap<String, String>,
    /// Look of `[data-chip=id]`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub chip: BTreeMap<String, Chip>,
    /// The page has another shape now: to be loaded again.
    #[serde(skip_serializing_if = "is_false")]
    pub reload: bool,
}

/// A state in a word, with tone and icon.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Chip {
    pub tone: String,
    pub icon: String,
    pub word: String,
}

impl Figures {
    /// Shows a text and its exact amount.
    pub fn amount(&mut self, id: impl Into<String>, text: impl Into<String>, exact: impl Into<String>) {
        let id = id.into();
        self.exact.insert(id.clone(), exact.into());
        self.set.insert(id, text.into());
    }

    /// Shows a text.
    pub fn text(&mut self, id: impl Into<String>, text: impl Into<String>) {
        self.set.insert(id.into(), text.into());
    }

    /// What differs from `before`; `None` where nothing does.
    fn since(&self, before: &Figures) -> Option<Figures> {
        let news = Figures {
            set: newer(&self.set, &before.set),
            exact: newer(&self.exact, &before.exact),
            bar: newer(&self.bar, &before.bar),
            chip: newer(&self.chip, &before.chip),
            reload: self.reload,
        };
        (news != Figures::default()).then_some(news)
    }
}

/// Where the figures of a page are, which asks for `query`. The mark was taken before the page was read: if the accounts
/// were reshaped since, the first message says that it is to be loaded again.
pub fn url(mark: Mark, query: &str) -> String {
    // The mark comes first: a page's own query may name anything.
    format!("/live?{SEEN}={mark}&{query}")
}

/// The figures once, for pages that cannot hold a stream or where nothing is to be looked at; else the stream. `read`
/// gives the figures of this moment and fails where the session ended or the store is away: the stream ends then, and
/// the page says that it is stale.
///
/// # Errors
/// If the first reading fails.
pub async fn answer<R, F>(
    stage: &Stage,
    http: &HttpRequest,
    onlookers: &Onlookers,
    accounts: &[AccountId],
    read: R,
) -> Result<HttpResponse, JsonError>
where
    R: Fn() -> F + 'static,
    F: Future<Output = Result<Figures, JsonError>> + 'static,
{
    let looks = if wants_stream(http) { onlookers.look(accounts) } else { None };
    // After the look: what comes later is told by it.
    let seen = Mark::parse(&local::parameter(http.query_string(), SEEN));
    let reload = seen.is_some_and(|seen| onlookers.is_old(seen, accounts));
    let first = Figures { reload, ..read().await? };
    let Some(looks) = looks else { return Ok(reply::headed(stage, StatusCode::OK).json(first)) };
    let mut response = reply::headed(stage, StatusCode::OK);
    response
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        // A proxy in front that collects answers would hold the figures back.
        .insert_header(("x-accel-buffering", "no"));
    let watching = Watching { looks, read, shown: first.clone(), told: Some(first) };
    Ok(response.streaming(stream::unfold(watching, |watching| watching.next())))
}

struct Watching<R> {
    looks: Looks,
    read: R,
    shown: Figures,
    /// The first message, until it is sent.
    told: Option<Figures>,
}

impl<R, F> Watching<R>
where
    R: Fn() -> F,
    F: Future<Output = Result<Figures, JsonError>>,
{
    /// The next message; `None` ends the stream.
    async fn next(mut self) -> Option<(Result<Bytes, actix_web::Error>, Self)> {
        if let Some(first) = self.told.take() {
            return Some((Ok(message(&first)), self));
        }
        loop {
            tokio::time::sleep(PACE).await;
            let silent = tokio::time::timeout(HEARTBEAT, self.looks.changed()).await.is_err();
            // Before the reading: a change during it is read again.
            let reload = self.looks.take();
            let now = Figures { reload, ..(self.read)().await.ok()? };
            let news = now.since(&self.shown);
            self.shown = now;
            match news {
                Some(news) => return Some((Ok(message(&news)), self)),
                None if silent => return Some((Ok(Bytes::from_static(b": here\n\n")), self)),
                None => {}
            }
        }
    }
}

fn wants_stream(http: &HttpRequest) -> bool {
    let accepts = http.headers().get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    accepts.contains("text/event-stream")
}

fn message(figures: &Figures) -> Bytes {
    let json = serde_json::to_string(figures).expect("texts are always JSON");
    Bytes::from(format!("data: {json}\n\n"))
}

fn newer<V: Clone + PartialEq>(now: &BTreeMap<String, V>, before: &BTreeMap<String, V>) -> BTreeMap<String, V> {
    let differs = now.iter().filter(|(id, value)| before.get(*id) != Some(value));
    differs.map(|(id, value)| (id.clone(), value.clone())).collect()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changed_is_sent_again() {
        let mut before = Figures::default();
        before.amount("balance.available", "$140.00", "$140.000000000");
        before.text("key.1.flight", "None");
        let mut now = before.clone();
        assert_eq!(now.since(&before), None);
        now.amount("balance.available", "$140.00", "$140.000000001");
        let news = now.since(&before).expect("news");
        assert_eq!(serde_json::to_string(&news).expect("JSON"), r#"{"exact":{"balance.available":"$140.000000001"}}"#);
        now.reload = true;
        assert!(now.since(&now).expect("news").reload);
    }
}
