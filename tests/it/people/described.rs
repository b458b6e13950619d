//! Our OpenAPI document says what is there, all of it, and nothing else.

use std::collections::BTreeSet;

use awc::http::Method;
use derouter::http::manage::openapi::DOCUMENT;
use derouter::http::manage::routes::{OURS, REFERENCE};
use derouter::http::proxy;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::browser::{Answer, Browser};
use crate::support::described::{Operation, operations};

#[test]
fn the_document_has_the_routes_of_the_api_host_and_no_other() {
    let tables = [OURS, REFERENCE, proxy::routes::TABLE];
    let served: BTreeSet<_> = tables.into_iter().flatten().copied().collect();
    let described: BTreeSet<_> = operations().iter().map(|o| (o.method, o.path)).collect();
    assert_eq!(described, served);
    let names: BTreeSet<_> = operations().iter().map(Operation::id).collect();
    assert_eq!(names.len(), served.len(), "each operation has a name of its own");
}

#[actix_web::test]
async fn the_document_is_served_to_anybody_where_management_is() {
    let app = TestApp::start().await;
    for site in [app.api, app.dashboard] {
        let got = Browser::at(site).get("/api/v1/openapi.json").await;
        assert_eq!((got.status, got.text.as_str()), (200, DOCUMENT));
        assert_eq!(got.header("content-type"), Some("application/json"));
    }
    app.close().await;
}

/// What ends something comes last, so that everything before it has what it asks about.
fn rank(operation: &Operation) -> u8 {
    match operation.id() {
        "createMessage" => 0,
        "rotateKey" => 2,
        "deleteKey" | "deleteSubKey" => 3,
        "replaceAccountKey" => 4,
        _ => 1,
    }
}

#[actix_web::test]
async fn every_operation_of_the_document_does_what_it_says() {
    let app = TestApp::start().await;
    let (mut reseller, account) = app.reseller("you@shop.com", "1000").await;
    let mut program = app.program_of(&mut reseller).await;
    let (key, other) = (app.key_of(&account, "10", "6", 60, 5).await, app.key_of(&account, "10", "6", 60, 5).await);
    let mut client = Browser::with_key(app.api, &key.secret);
    let mut all = operations();
    all.sort_by_key(rank);
    for operation in &all {
        let (is_client, id) =
            (of_client(operation), if operation.id() == "deleteSubKey" { &other.id } else { &key.id });
        let id = if operation.path.starts_with("/v1/models") { "claude-haiku-4-5" } else { id };
        let told = ask(if is_client { &mut client } else { &mut program }, operation, id).await;
        // That the rest is as declared is checked where the answer is read.
        assert!((200..300).contains(&told.status), "{}: {} {}", operation.id(), told.status, told.text);
    }
    app.settled().await;
    app.close().await;
}

fn of_client(operation: &Operation) -> bool {
    operation.told["security"][0].get("clientKey").is_some()
}

async fn ask(browser: &mut Browser, operation: &Operation, id: &str) -> Answer {
    let method: Method = operation.method.to_uppercase().parse().expect("a method");
    let body = operation.example().unwrap_or(&serde_json::Value::Null);
    browser.pay(method, &operation.path.replace("{id}", id), operation.id(), body).await
}

#[actix_web::test]
async fn another_method_is_told_which_there_are() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller("you@shop.com", "1000").await;
    let mut program = app.program_of(&mut reseller).await;
    let paths: BTreeSet<_> = operations().iter().map(|o| o.path).collect();
    for path in paths {
        let there: Vec<String> =
            operations().iter().filter(|o| o.path == path).map(|o| o.method.to_uppercase()).collect();
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] {
            if there.iter().any(|m| m == method) {
                continue;
            }
            let got = program.send(method.parse().expect("a method"), &path.replace("{id}", "1"), &[], None).await;
            let mut allowed: Vec<&str> = got.header("allow").unwrap_or_default().split(", ").collect();
            allowed.sort_unstable();
            let mut there = there.clone();
            there.sort_unstable();
            assert_eq!((got.status, allowed), (405, there.iter().map(String::as_str).collect()), "{method} {path}");
        }
    }
    app.close().await;
}

#[test]
fn an_answer_that_is_not_described_is_noticed() {
    let headers =
        vec![("content-type".to_owned(), "application/json".into()), ("cache-control".into(), "no-store".into())];
    let good = json!({ "hint": null });
    let bad = [json!({ "hint": 1 }), json!({}), json!({ "hint": null, "more": 1 })];
    let hold = |status, headers: &[(String, String)], body: &str| {
        crate::support::described::hold("GET", "/api/v1/account-key", status, headers, body);
    };
    hold(200, &headers, &good.to_string());
    for body in bad {
        let noticed = std::panic::catch_unwind(|| hold(200, &headers, &body.to_string()));
        assert!(noticed.is_err(), "{body}");
    }
    for (status, headers) in [(418, &headers[..]), (200, &headers[..1])] {
        let noticed = std::panic::catch_unwind(|| hold(status, headers, &good.to_string()));
        assert!(noticed.is_err(), "{status}");
    }
}
