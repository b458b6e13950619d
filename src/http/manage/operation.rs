//! The identity of a money request: the caller's `Idempotency-Key` and the hash of what was typed (`ledger.md` §10).

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponseBuilder};
use uuid::Uuid;

use crate::domain::op::Idem;
use crate::http::json::answer;
use crate::http::json::error::JsonError;
use crate::identity::key_desk::Operation;

/// The header of an answer that was given before.
const REPLAYED: (&str, &str) = ("idempotency-replayed", "true");
/// Longest id a caller may choose.
const MAX_ID: usize = 200;

/// Whether a request may come without an id of its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Identified {
    /// Our own money calls: a repeat that moves money twice must be impossible.
    Always,
    /// The reference product's calls, which know of no id.
    IfSent,
}

/// The identity of a request. `typed` is what the person typed: what is done, to what, with which amounts.
///
/// # Errors
/// 400 without an id where one is needed, or with one that is no plain text of 1 to 200 characters.
pub fn identity(http: &HttpRequest, rule: Identified, typed: &[&str]) -> Result<Idem, JsonError> {
    let mut sent = http.headers().get_all("idempotency-key");
    let id = match (sent.next(), sent.next()) {
        (None, _) if rule == Identified::IfSent => Uuid::now_v7().to_string(),
        (None, _) => {
            let words =
                "Send an Idempotency-Key of your own choice, such as a UUID. A repeat with it does nothing twice.";
            return Err(JsonError::bad_request(words).at("Idempotency-Key"));
        }
        (Some(id), None) => id.to_str().map(str::to_owned).unwrap_or_default(),
        (Some(_), Some(_)) => String::new(),
    };
    let plain = (1..=MAX_ID).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    if !plain {
        let words = "Send one Idempotency-Key of 1 to 200 letters, digits and signs.";
        return Err(JsonError::bad_request(words).at("Idempotency-Key"));
    }
    // A name space of its own: no caller can take an id that the platform uses.
    Ok(Idem::of(format!("api:{id}"), typed))
}

/// Says that an answer repeats an earlier one.
pub fn mark(response: &mut HttpResponseBuilder, operation: &Operation) {
    if operation.replayed {
        response.insert_header(REPLAYED);
    }
}

/// A 200 that says whether it repeats an earlier one.
pub fn answer(replayed: bool) -> HttpResponseBuilder {
    let mut response = answer::with_headers(StatusCode::OK);
    if replayed {
        response.insert_header(REPLAYED);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn money_calls_need_an_id_and_the_hash_covers_every_typed_part() {
        let bare = TestRequest::default().to_http_request();
        assert!(identity(&bare, Identified::Always, &[]).is_err());
        assert!(identity(&bare, Identified::IfSent, &[]).is_ok());
        let sent = |id: &str| TestRequest::default().insert_header(("idempotency-key", id)).to_http_request();
        let one = identity(&sent("a"), Identified::Always, &["ab", "c"]).expect("an id");
        let two = identity(&sent("a"), Identified::Always, &["a", "bc"]).expect("an id");
        assert_eq!((one.id.as_str(), one.hash == two.hash), ("api:a", false));
        for bad in ["", "a b", &"x".repeat(201)] {
            assert!(identity(&sent(bad), Identified::Always, &[]).is_err(), "{bad}");
        }
    }
}
