//! Nobody sets what is not theirs to set, and the operator's paths are on no public listener (`faults.md` I6, I10).

use awc::http::Method;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::browser::{Answer, Browser};
use crate::support::described::operations;

/// Every management operation that takes a body, with one that would do.
fn with_body() -> Vec<(Method, &'static str, Value)> {
    let of_account = operations().into_iter().filter(|o| o.told["security"][0].get("accountKey").is_some());
    let taken = of_account.filter_map(|o| Some((o.method.to_uppercase().parse().ok()?, o.path, o.example()?.clone())));
    taken.collect()
}

async fn ask(browser: &mut Browser, method: &Method, path: &str, id: &str, body: &Value) -> Answer {
    let operation = uuid::Uuid::new_v4().to_string();
    browser.pay(method.clone(), &path.replace("{id}", id), &operation, body).await
}

#[actix_web::test]
async fn i06_fields_that_nobody_may_set_are_refused() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller("you@shop.com", "200").await;
    let mut program = app.program_of(&mut reseller).await;
    let order = json!({ "label": "acme", "budget": "10", "cost": "6" });
    let key = reseller.pay(Method::POST, "/api/v1/keys", "k", &order).await.json();
    let id = key["id"].as_str().expect("an id").to_owned();
    let rows = with_body();
    assert!(rows.len() >= 8, "{rows:?}");
    for (method, path, body) in rows {
        for field in ["ratio", "status", "role", "main", "rpm", "account"] {
            let mut more = body.clone();
            more[field] = json!(1);
            let answer = ask(&mut program, &method, path, &id, &more).await;
            assert_eq!((answer.status, answer.field().as_str()), (422, field), "{method} {path}: {}", answer.text);
        }
    }
    app.close().await;
}

#[actix_web::test]
async fn i10_the_operators_paths_are_on_no_public_listener() {
    let app = TestApp::start().await;
    for site in [app.api, app.dashboard, app.portal] {
        for path in ["/op/accounts", "/op/prices", "/_dev/outbox", "/op/keys/1"] {
            assert_eq!(Browser::at(site).get(path).await.status, 404, "{path}");
        }
    }
    app.close().await;
}
