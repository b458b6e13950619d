//! What the forms of keys refuse: with the words at the field, the values as typed, and nothing done.

use crate::support::app::TestApp;
use crate::support::browser::Answer;

const OVER: &str = "Your cost must not be above the client budget: you would sell at a loss.";
const THIN: &str = "The client budget must be at most 1000 times your cost.";
const BAD: &str = "Type an amount such as 100 or 34.20.";
const ZERO: &str = "The amount must be more than 0.";
const BLANK: &str = "Type a label of 1 to 64 characters.";

/// The text below a field.
fn error_at(page: &Answer, field: &str) -> String {
    let (_, from) = page.text.split_once(&format!("id=\"{field}-err\"")).expect("a place for the error");
    let (open, _) = from.split_once("</p>").expect("its end");
    assert!(!open.starts_with(" hidden"), "{field}: {open}");
    open.split_once("<span>").expect("a text").1.trim_end_matches("</span>").to_owned()
}

#[actix_web::test]
async fn numbers_that_cannot_be_are_refused_at_their_field() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller("you@shop.com", "200").await;
    let page = reseller.open("/keys/new").await;
    let long = "x".repeat(65);
    let rows = [
        (["acme", "100", "130"], "cost", OVER),
        (["acme", "1000.000001", "1"], "cost", THIN),
        (["acme", "ten", "5"], "budget", BAD),
        (["acme", "", "5"], "budget", BAD),
        (["acme", "1,000", "5"], "budget", BAD),
        (["acme", "1e3", "5"], "budget", BAD),
        (["acme", "5", "5.0000001"], "cost", BAD),
        (["acme", "5", "0.00"], "cost", ZERO),
        (["acme", "-5", "1"], "budget", BAD),
        (["", "5", "1"], "label", BLANK),
        (["\u{200d}", "5", "1"], "label", BLANK),
        ([&long, "5", "1"], "label", BLANK),
        (["a\u{202e}b", "5", "1"], "label", "The label contains a control or direction character; type plain text."),
    ];
    for (typed, field, words) in rows {
        let fields: Vec<_> = ["label", "budget", "cost"].into_iter().zip(typed).collect();
        let refused = reseller.submit(&page, "/keys/new", &fields).await;
        assert_eq!((refused.status, error_at(&refused, field).as_str()), (422, words), "{typed:?}");
        refused.says(&["Nothing was created and nothing was debited."]);
        assert!(refused.text.contains(&format!("<a href=\"#{field}\">{words}</a>")), "the summary leads to the field");
        let kept = ["label", "budget", "cost"].map(|name| refused.value(name));
        assert_eq!(kept, typed.map(str::to_owned), "what was typed stays");
        assert_eq!(refused.value("operation_id"), page.value("operation_id"));
    }
    assert_eq!(reseller.get("/api/v1/keys").await.json()["keys"], serde_json::json!([]));
    app.close().await;
}

#[actix_web::test]
async fn a_cost_beyond_the_balance_is_refused_where_it_was_typed() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller("you@shop.com", "200").await;
    let typed = [("label", "acme"), ("budget", "500"), ("cost", "200.000001")];
    let refused = reseller.fill_in("/keys/new", &typed).await;
    let words = "This is more than what is available. Top up your balance first, or lower your cost.";
    assert_eq!((refused.status, error_at(&refused, "cost").as_str()), (402, words));
    refused.says(&["Debited from your main balance · Available: $200.0000"]);

    reseller.fill_in("/keys/new", &[("label", "acme"), ("budget", "100"), ("cost", "60")]).await;
    let id = reseller.get("/api/v1/keys").await.json()["keys"][0]["id"].as_str().expect("an id").to_owned();
    let refused = reseller.fill_in(&format!("/keys/{id}/top-up"), &[("amount", "234")]).await;
    let words = "This debits more than what is available. Top up your balance first, or add less.";
    assert_eq!((refused.status, error_at(&refused, "amount").as_str()), (402, words));
    refused.says(&["You pay (ratio locked, 40%) −$140.4000", "Available: $140.0000 → –"]);
    for (amount, words) in [("", BAD), ("0", ZERO), ("many", BAD)] {
        let refused = reseller.fill_in(&format!("/keys/{id}/top-up"), &[("amount", amount)]).await;
        assert_eq!((refused.status, error_at(&refused, "amount").as_str()), (422, words));
        refused.says(&["Nothing was debited."]);
    }
    app.close().await;
}

#[actix_web::test]
async fn a_form_of_another_session_or_site_changes_nothing() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller("you@shop.com", "200").await;
    let (mut other, _) = app.reseller("other@shop.com", "200").await;
    let typed = [("label", "acme"), ("budget", "100"), ("cost", "60")];
    let foreign = other.open("/keys/new").await;
    let refused = reseller.submit(&foreign, "/keys/new", &typed).await;
    assert_eq!(refused.status, 403);
    refused.says(&["This form is too old", "nothing was changed"]);
    let again = "href=\"/keys/new?label=acme&#38;budget=100&#38;cost=60\" data-again";
    assert!(refused.text.contains(again), "it leads to the form as it was typed: {}", refused.text);
    let missing = reseller.post_form("/keys/new", "label=acme&budget=100&cost=60&operation_id=1".to_owned()).await;
    assert_eq!(missing.status, 403);

    let page = reseller.open("/keys/new").await;
    let mut elsewhere = reseller.clone();
    elsewhere.sent = vec![("origin", "https://evil.example".to_owned())];
    assert_eq!(elsewhere.submit(&page, "/keys/new", &typed).await.status, 403);
    let extra = reseller.submit(&page, "/keys/new", &[("label", "a"), ("ratio", "2")]).await;
    assert_eq!(extra.status, 422);
    let bare = format!("csrf={}&label=acme&budget=100&cost=60", page.value("csrf"));
    let bare = reseller.post_form("/keys/new", bare).await;
    assert_eq!(bare.status, 422);
    bare.says(&["This form is incomplete. Open the page again. Nothing was changed."]);
    assert_eq!(reseller.get("/api/v1/balance").await.json()["balance"], "200");
    app.close().await;
}

#[actix_web::test]
async fn somebody_elses_key_is_not_there_on_any_page_of_keys() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller("you@shop.com", "200").await;
    let (mut other, _) = app.reseller("other@shop.com", "200").await;
    other.fill_in("/keys/new", &[("label", "theirs"), ("budget", "100"), ("cost", "60")]).await;
    let theirs = other.get("/api/v1/keys").await.json()["keys"][0]["id"].as_str().expect("an id").to_owned();
    let own_form = reseller.open("/keys/new").await;
    for id in [theirs.as_str(), "00000000-0000-7000-8000-000000000000", "x"] {
        for page in ["", "/top-up", "/rename", "/rotate", "/delete"] {
            let seen = reseller.get(&format!("/keys/{id}{page}")).await;
            assert_eq!(seen.status, 404, "{id}{page}");
            seen.says(&["There is no such page, or it is not yours."]);
        }
        for (act, fields) in [
            ("top-up", vec![("amount", "50")]),
            ("rename", vec![("label", "mine")]),
            ("rotate", vec![("grace_s", "0")]),
            ("delete", vec![("confirm", "theirs")]),
        ] {
            let path = format!("/keys/{id}/{act}");
            let form: Vec<_> = if act == "rename" {
                let csrf = format!("csrf={}&label=mine", own_form.value("csrf"));
                assert_eq!(reseller.post_form(&path, csrf).await.status, 404, "{path}");
                continue;
            } else {
                fields
            };
            assert_eq!(reseller.submit(&own_form, &path, &form).await.status, 404, "{path}");
        }
        for act in ["pause", "resume"] {
            let csrf = format!("csrf={}", own_form.value("csrf"));
            assert_eq!(reseller.post_form(&format!("/keys/{id}/{act}"), csrf).await.status, 404, "{act}");
        }
    }
    let untouched = other.get(&format!("/api/v1/keys/{theirs}")).await.json();
    assert_eq!(
        (&untouched["label"], &untouched["state"], &untouched["budget"]),
        (&serde_json::json!("theirs"), &serde_json::json!("active"), &serde_json::json!("100"))
    );
    app.close().await;
}

#[actix_web::test]
async fn a_frozen_account_is_told_what_waits_and_what_still_works() {
    let app = TestApp::start().await;
    let (mut reseller, account) = app.reseller("you@shop.com", "200").await;
    reseller.fill_in("/keys/new", &[("label", "acme"), ("budget", "100"), ("cost", "60")]).await;
    let id = reseller.get("/api/v1/keys").await.json()["keys"][0]["id"].as_str().expect("an id").to_owned();
    let freeze = serde_json::json!({ "reason": "a dispute", "frozen": true, "id": uuid::Uuid::new_v4() });
    app.operator(&format!("/op/accounts/{account}/freeze"), &freeze).await;
    let create = [("label", "b"), ("budget", "10"), ("cost", "6")];
    for (path, fields) in [("/keys/new".to_owned(), &create[..]), (format!("/keys/{id}/top-up"), &[("amount", "5")])] {
        let refused = reseller.fill_in(&path, fields).await;
        assert_eq!(refused.status, 403, "{path}");
        refused.says(&["Your account is frozen.", "Deposits and deletions still work."]);
    }
    reseller.open(&format!("/keys/{id}")).await.says(&["Frozen"]);
    let deleted = reseller.fill_in(&format!("/keys/{id}/delete"), &[("confirm", "acme")]).await;
    assert_eq!(deleted.status, 303);
    app.close().await;
}
