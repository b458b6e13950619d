//! The reference product's management API: its names and types (`peers.md` §1).

use awc::http::Method;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::clients;

#[actix_web::test]
async fn the_reference_calls_answer_in_the_reference_types() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller("you@shop.com", "200").await;
    let mut program = app.program_of(&mut reseller).await;
    let balance = program.get("/balance").await.json();
    assert_eq!(balance, json!({ "balance": "200.0000", "locked_balance": "0.0000", "available": "200.0000" }));
    let order = json!({ "budgetVirtual": 100, "label": "acme", "cost": "60" });
    let made = program.post("/sub-keys", &order).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.json();
    assert!(made["key"].as_str().expect("a key").len() == 71 && made["budgetVirtual"] == json!(100));
    let id = made["id"].as_str().expect("an id").to_owned();
    assert_eq!(program.get("/balance").await.json()["balance"], "140.0000");
    let listed = program.get("/sub-keys").await.json()["subKeys"][0].clone();
    for (field, value) in [
        ("label", json!("acme")),
        ("spentVirtual", json!(0)),
        ("remainingVirtual", json!(100)),
        ("rpmLimit", json!(60)),
        ("concurrentLimit", json!(5)),
        ("displayMultiplier", json!(1.666667)),
    ] {
        assert_eq!(listed[field], value, "{field}");
    }
    assert_eq!(listed["key"], format!("{}…", &made["key"].as_str().expect("a key")[..12]));
    let path = format!("/sub-keys/{id}");
    let change = json!({ "label": "acme 2", "addBudget": "50", "paused": true });
    let changed = program.pay(Method::PUT, &path, "t", &change).await.json();
    assert_eq!(
        (&changed["budgetVirtual"], &changed["label"], &changed["paused"]),
        (&json!(150), &json!("acme 2"), &json!(true))
    );
    program.pay(Method::PUT, &path, "t", &change).await;
    assert_eq!(program.get("/balance").await.json()["balance"], "110.0000", "a repeat adds nothing");
    for field in ["cost", "displayMultiplier", "budgetVirtual"] {
        let answer = program.pay(Method::PUT, &path, "u", &json!({ field: 3 })).await;
        assert_eq!((answer.status, answer.field().as_str()), (422, field));
    }
    let unsound = program.pay(Method::PUT, &path, "two words", &json!({ "label": "acme 3" })).await;
    assert_eq!((unsound.status, unsound.field().as_str()), (400, "Idempotency-Key"), "also where no money moves");
    let gone = program.delete(&path).await;
    assert_eq!((gone.status, &gone.json()["returned"]), (200, &json!("90")));
    assert_eq!(program.get("/balance").await.json()["balance"], "200.0000");
    app.close().await;
}

#[actix_web::test]
async fn a_new_key_is_priced_by_cost_by_multiplier_or_not_at_all() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller("you@shop.com", "1000").await;
    let mut program = app.program_of(&mut reseller).await;
    let rows = [
        (json!({ "budgetVirtual": 30 }), "970.0000", json!(1)),
        (json!({ "budgetVirtual": "30", "displayMultiplier": 1.5 }), "950.0000", json!(1.5)),
        (json!({ "budgetVirtual": 30, "cost": "10" }), "940.0000", json!(3)),
        // A third of 20 dollars rounds up to the nano-dollar, and 3 was asked for.
        (json!({ "budgetVirtual": 20, "displayMultiplier": 3 }), "933.3333", json!(3)),
    ];
    for (order, left, multiplier) in rows {
        let made = program.post("/sub-keys", &order).await.json();
        assert_eq!(made["displayMultiplier"], multiplier, "{order}");
        assert_eq!(program.get("/balance").await.json()["available"], left);
    }
    let bad = [
        json!({ "budgetVirtual": 30, "cost": "10", "displayMultiplier": 3 }),
        json!({ "budgetVirtual": 30, "displayMultiplier": 0.5 }),
        json!({ "budgetVirtual": 30, "displayMultiplier": 1001 }),
        json!({ "budgetVirtual": 30, "displayMultiplier": "x" }),
    ];
    for order in bad {
        assert_eq!(program.post("/sub-keys", &order).await.field(), "displayMultiplier", "{order}");
    }
    assert_eq!(program.post("/sub-keys", &json!({})).await.field(), "budgetVirtual");
    app.close().await;
}

#[actix_web::test]
async fn usage_logs_show_both_sides_to_the_account_key() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller("you@shop.com", "200").await;
    let mut program = app.program_of(&mut reseller).await;
    let made = program.post("/sub-keys", &json!({ "budgetVirtual": 100, "cost": 50 })).await.json();
    let body =
        json!({ "model": "claude-haiku-4-5", "max_tokens": 20, "messages": [{ "role": "user", "content": "hi" }] });
    let url = format!("http://{}/v1/messages", app.api);
    let secret = made["key"].as_str().expect("a key");
    let called = clients::plain().post(url).insert_header(("x-api-key", secret)).send_json(&body).await;
    assert_eq!(called.expect("an answer").status(), 200);
    app.settled().await;
    let log = program.get("/usage-logs").await.json()["usageLogs"][0].clone();
    let number = |v: &Value| v.as_f64().expect("a number");
    assert!((number(&log["costVirtual"]) / number(&log["cost"]) - 2.0).abs() < 1e-9, "{log}");
    assert_eq!((&log["keyId"], &log["state"]), (&made["id"], &json!("measured")));
    app.close().await;
}
