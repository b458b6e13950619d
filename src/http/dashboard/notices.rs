//! `did=…`: what was just done, said above the page that comes after it. It names one of these sentences and nothing
//! else, so a page may be loaded twice and a foreign `did` says nothing; the figures are those of now.

use crate::domain::key::KeyStatus;
use crate::domain::money::Cost;
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::page::parts::Notice;
use crate::http::page::words;
use crate::store::views::keys::KeyRow;

/// A path of ours with what was done to which key; takes the place of what it said before.
pub fn with(path: &str, did: &str, key: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    let kept = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "did" && name != "key");
    pairs.extend_pairs(kept).append_pair("did", did).append_pair("key", key);
    format!("{path}?{}", pairs.finish())
}

/// The sentence of this request, if its key is the reseller's.
///
/// # Errors
/// If the store does not answer.
pub async fn of_key(visit: &Visit<'_>) -> Result<Notice, JsonError> {
    let did = visit.query("did");
    if did.is_empty() {
        return Ok(Notice::default());
    }
    let views = &visit.dash.manage;
    match views.scope.owned_key(visit.account, &visit.query("key")).await? {
        Some(key) => Ok(sentence(&did, &views.keys.get(&key).await?, visit.http.path())),
        None => Ok(Notice::default()),
    }
}

fn sentence(did: &str, row: &KeyRow, path: &str) -> Notice {
    let label = &row.label;
    let done = |text: String| Notice { text, tone: "good".to_owned(), icon: "check".to_owned(), ..Notice::default() };
    match (did, row.status, row.paused) {
        ("top-up", _, _) => {
            let total = words::dollars(row.budget.usd());
            done(format!("Topped up {label}. Your client’s new total is {total}."))
        }
        ("renamed", _, _) => done(format!("Renamed. The key is now called {label}.")),
        ("paused", KeyStatus::Active, true) => Notice {
            text: format!("Paused {label}. Its calls are refused from now on."),
            icon: "pause".to_owned(),
            word: "Undo".to_owned(),
            post_action: undo(row, path),
            ..Notice::default()
        },
        ("resumed", KeyStatus::Active, false) => done(format!("Resumed {label}. Its calls are served again.")),
        ("deleted", KeyStatus::Closing | KeyStatus::Closed, _) => done(deleted(row)),
        _ => Notice::default(),
    }
}

/// Resumes, and comes back to the page that says it.
fn undo(row: &KeyRow, path: &str) -> String {
    let back: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
    format!("/keys/{}/resume?back={back}", row.key)
}

fn deleted(row: &KeyRow) -> String {
    let (label, returned) = (&row.label, words::dollars(row.refunded.usd()));
    let text = format!("Deleted {label}. {returned} came back to your balance.");
    if row.left() == Cost::ZERO {
        return text;
    }
    format!("{text} Calls in flight may finish; what they do not use comes back as they end.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_takes_the_place_of_what_was_done_before() {
        let rows = [
            ("/api", "/api?did=paused&key=7"),
            ("/api?sort=label&q=a%26b", "/api?sort=label&q=a%26b&did=paused&key=7"),
            ("/api?did=resumed&key=5&state=paused", "/api?state=paused&did=paused&key=7"),
        ];
        for (before, after) in rows {
            assert_eq!(with(before, "paused", "7"), after);
        }
    }
}
