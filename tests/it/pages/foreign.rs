//! What is another reseller's looks like what is not there, on every page of the table (`faults.md` I1).

use derouter::http::dashboard::routes::TABLE;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::TestApp;
use crate::support::browser::{Answer, Browser};

/// What a form of a pattern would carry.
fn fields(pattern: &str) -> Vec<(&'static str, &'static str)> {
    let operation = ("operation_id", "019ab0c2-0000-7000-8000-000000000003");
    match pattern {
        "/keys/{id}/top-up" => vec![operation, ("amount", "1")],
        "/keys/{id}/rename" => vec![("label", "mine")],
        "/keys/{id}/rotate" => vec![operation, ("grace_s", "0")],
        "/keys/{id}/delete" => vec![operation, ("confirm", "theirs")],
        "/keys/{id}/pause" | "/keys/{id}/resume" => vec![("back", "/api")],
        _ => Vec::new(),
    }
}

#[actix_web::test]
async fn i01_a_foreign_key_call_session_or_payment_is_the_same_404_as_an_absent_one() {
    let app = TestApp::start().await;
    let (mut other, account) = app.reseller("other@shop.com", "200").await;
    let theirs = app.key_of(&account, "100", "60", 60, 5).await;
    app.play(&theirs, &json!({ "usage": { "input_tokens": 10, "output_tokens": 10 } }), false).await;
    app.settled().await;
    let call = other.get("/api/v1/usage").await.json()["lines"][0]["id"].as_str().expect("a call").to_owned();
    let session = other.get("/api/v1/sessions").await.json()["sessions"][0]["id"].as_str().expect("an id").to_owned();
    let (mut reseller, _) = app.reseller("you@shop.com", "200").await;
    let with_id = TABLE.iter().filter(|(_, pattern)| pattern.contains('{') && !pattern.starts_with("/static"));
    let with_id: Vec<_> = with_id.collect();
    assert!(with_id.len() >= 15, "the table has pages of keys: {with_id:?}");
    let before = state_of(&mut other, &theirs.id).await;
    for (method, pattern) in with_id {
        let foreign = match *pattern {
            "/usage/{request}" => &call,
            p if p.contains("/sessions/") => &session,
            _ => &theirs.id,
        };
        let said = ask(&mut reseller, method, pattern, foreign).await;
        assert_eq!(said.status, 404, "{method} {pattern}: {}", said.text);
        let absent = Uuid::now_v7();
        for id in [absent.to_string(), format!("req_{}", absent.simple()), "1".to_owned(), foreign.to_uppercase()] {
            let absent = ask(&mut reseller, method, pattern, &id).await;
            assert_eq!(shape(&absent, pattern, &id), shape(&said, pattern, foreign), "{method} {pattern} {id}");
        }
    }
    for query in ["/usage?key=", "/usage.csv?key=", "/live?page=key&key="] {
        assert_eq!(reseller.get(&format!("{query}{}", theirs.id)).await.status, 404, "{query}");
    }
    assert_eq!(state_of(&mut other, &theirs.id).await, before, "nothing of theirs was touched");
    assert_eq!(other.get("/api/v1/me").await.status, 200, "their session lives");
    app.close().await;
}

async fn state_of(owner: &mut Browser, key: &str) -> Value {
    let key = owner.get(&format!("/api/v1/keys/{key}")).await.json();
    json!([key["label"], key["state"], key["budget"], key["hint"], key["spent"]])
}

async fn ask(reseller: &mut Browser, method: &str, pattern: &str, id: &str) -> Answer {
    let path = pattern.replace("{id}", id).replace("{request}", id);
    if method == "get" {
        return reseller.get(&path).await;
    }
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("csrf", &reseller.csrf).extend_pairs(fields(pattern));
    reseller.post_form(&path, form.finish()).await
}

/// Status and body, less the address that was asked for.
fn shape(answer: &Answer, pattern: &str, id: &str) -> (u16, String) {
    let path = pattern.replace("{id}", id).replace("{request}", id);
    (answer.status, answer.text.replace(&path, pattern))
}
