//! Nobody reaches what is somebody else's, and its absence looks like any other (`faults.md` I1, I2, I6).

use awc::http::Method;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::browser::{Answer, Browser};

/// Every management path with an id, its method and a body that would do.
fn by_id() -> Vec<(Method, &'static str, Value)> {
    vec![
        (Method::GET, "/api/v1/keys/{id}", Value::Null),
        (Method::PATCH, "/api/v1/keys/{id}", json!({ "label": "mine" })),
        (Method::DELETE, "/api/v1/keys/{id}", Value::Null),
        (Method::POST, "/api/v1/keys/{id}/preview", json!({ "amount": "1" })),
        (Method::POST, "/api/v1/keys/{id}/top-up", json!({ "amount": "1" })),
        (Method::POST, "/api/v1/keys/{id}/pause", json!({})),
        (Method::POST, "/api/v1/keys/{id}/resume", json!({})),
        (Method::POST, "/api/v1/keys/{id}/rotate", json!({})),
        (Method::GET, "/api/v1/usage?key={id}", Value::Null),
        (Method::PUT, "/sub-keys/{id}", json!({ "label": "mine", "addBudget": 1, "paused": true })),
        (Method::DELETE, "/sub-keys/{id}", Value::Null),
        (Method::GET, "/usage-logs?key={id}", Value::Null),
    ]
}

async fn ask(browser: &mut Browser, method: &Method, path: &str, id: &str, body: &Value) -> Answer {
    let operation = uuid::Uuid::new_v4().to_string();
    browser.pay(method.clone(), &path.replace("{id}", id), &operation, body).await
}

#[actix_web::test]
async fn i01_a_foreign_key_looks_like_an_absent_one_everywhere() {
    let app = TestApp::start().await;
    let foreign = app.key("100", "60", 60, 5).await;
    let (mut reseller, _) = app.reseller("you@shop.com", "200").await;
    let mut program = app.program_of(&mut reseller).await;
    let absent = uuid::Uuid::now_v7().to_string();
    for (method, path, body) in by_id() {
        let browsers = if path.starts_with("/api/") { vec![&mut reseller, &mut program] } else { vec![&mut program] };
        for browser in browsers {
            let theirs = ask(browser, &method, path, &foreign.id, &body).await;
            assert_eq!(theirs.status, 404, "{method} {path}: {}", theirs.text);
            for nothing in [absent.as_str(), "1", &foreign.id.to_uppercase(), "00000000-0000-0000-0000-000000000000"] {
                assert_eq!(ask(browser, &method, path, nothing, &body).await.text, theirs.text, "{method} {path}");
            }
        }
    }
    let view = app.view(&foreign).await;
    assert_eq!((&view["budget"], &view["paused"]), (&json!("100"), &json!(false)));
    app.close().await;
}

#[actix_web::test]
async fn i02_an_unbound_key_looks_like_an_absent_one_in_the_portal() {
    let app = TestApp::start().await;
    let (bound, other) = (app.key("100", "60", 60, 5).await, app.key("100", "60", 60, 5).await);
    let mut client = app.client("one@acme.com", &bound.secret).await;
    let absent = uuid::Uuid::now_v7().to_string();
    let rows = [
        (Method::GET, "/api/v1/portal/keys/{id}", Value::Null),
        (Method::GET, "/api/v1/portal/keys/{id}/usage", Value::Null),
        (Method::PATCH, "/api/v1/portal/keys/{id}", json!({ "name": "mine" })),
        (Method::DELETE, "/api/v1/portal/keys/{id}/binding", Value::Null),
    ];
    for (method, path, body) in rows {
        let theirs = ask(&mut client, &method, path, &other.id, &body).await;
        assert_eq!((theirs.status, &theirs.text), (404, &ask(&mut client, &method, path, &absent, &body).await.text));
    }
    app.close().await;
}

#[actix_web::test]
async fn i06_fields_that_nobody_may_set_are_refused() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller("you@shop.com", "200").await;
    let mut program = app.program_of(&mut reseller).await;
    let order = json!({ "label": "acme", "budget": "10", "cost": "6" });
    let key = reseller.pay(Method::POST, "/api/v1/keys", "k", &order).await.json();
    let id = key["id"].as_str().expect("an id").to_owned();
    let mut rows: Vec<(Method, &str, Value)> = by_id()
        .into_iter()
        .filter(|(m, p, b)| b.is_object() && *m != Method::DELETE && !p.contains("pause") && !p.contains("resume"))
        .collect();
    rows.push((Method::POST, "/api/v1/keys", order));
    rows.push((Method::POST, "/api/v1/preview", json!({ "budget": "10", "cost": "6" })));
    rows.push((Method::POST, "/sub-keys", json!({ "budgetVirtual": 10 })));
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
