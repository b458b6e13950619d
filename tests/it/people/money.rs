//! Money calls: amounts, operation ids, races (`faults.md` K1 to K3, L2, L8, L9).

use awc::http::Method;
use serde_json::{Value, json};

use crate::support::app::TestApp;

#[actix_web::test]
async fn k01_k02_bad_numbers_are_refused_with_their_field() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller("you@shop.com", "200").await;
    let bad = [
        "1e-9",
        "0",
        "-1",
        "\"NaN\"",
        "\"1,000\"",
        "\"١٢\"",
        "\"0x10\"",
        "\"+5\"",
        "\"200.0000001\"",
        "\"\"",
        "null",
        "true",
        "[]",
        "1e400",
        "1234567890",
    ];
    for (n, amount) in bad.iter().enumerate() {
        let body = format!("{{\"label\":\"a\",\"budget\":{amount},\"cost\":1}}");
        let id = format!("bad{n}");
        let answer = reseller.send(Method::POST, "/api/v1/keys", &[("idempotency-key", &id)], Some(body)).await;
        assert_eq!((answer.status, answer.field().as_str()), (422, "budget"), "{amount}: {}", answer.text);
    }
    for (budget, cost) in [("1", "2"), ("1000.000001", "1")] {
        let order = json!({ "label": "a", "budget": budget, "cost": cost });
        let answer = reseller.pay(Method::POST, "/api/v1/keys", "r", &order).await;
        assert_eq!((answer.status, answer.field().as_str()), (422, "cost"), "{budget}/{cost}");
    }
    let order = json!({ "label": "a", "budget": "500", "cost": "200.000001" });
    let answer = reseller.pay(Method::POST, "/api/v1/keys", "r", &order).await;
    assert_eq!((answer.status, answer.error().as_str()), (402, "balance_too_low"));
    assert_eq!(reseller.get("/api/v1/balance").await.json()["available"], "200");
    app.close().await;
}

#[actix_web::test]
async fn l08_l09_one_operation_id_is_one_effect_with_one_answer() {
    let app = TestApp::start().await;
    let (reseller, _) = app.reseller("you@shop.com", "200").await;
    let order = json!({ "label": "acme", "budget": "100", "cost": "60" });
    let repeats = (0..30).map(|_| {
        let (mut browser, order) = (reseller.clone(), order.clone());
        async move {
            loop {
                let answer = browser.pay(Method::POST, "/api/v1/keys", "once", &order).await;
                // Under way, or a loaded machine: nothing was done for this request, and it may be repeated.
                if ![408, 409, 503].contains(&answer.status) {
                    break answer;
                }
            }
        }
    });
    let answers = futures_util::future::join_all(repeats).await;
    let statuses: Vec<u16> = answers.iter().map(|a| a.status).collect();
    assert!(statuses.iter().all(|s| *s == 201), "{statuses:?}");
    let with_secret = answers.iter().filter(|a| a.json()["key"].is_string()).count();
    assert_eq!(with_secret, 1, "the secret is shown once");
    let same = |a: &Value| (a["id"].clone(), a["debited"].clone(), a["balance_after"].clone());
    assert!(answers.iter().all(|a| same(&a.json()) == same(&answers[0].json())));
    let mut reseller = reseller;
    let other = json!({ "label": "acme", "budget": "100", "cost": "61" });
    let reused = reseller.pay(Method::POST, "/api/v1/keys", "once", &other).await;
    assert_eq!((reused.status, reused.error().as_str()), (422, "idempotency_key_reused"));
    let without = reseller.post("/api/v1/keys", &order).await;
    assert_eq!((without.status, without.field().as_str()), (400, "Idempotency-Key"));
    assert_eq!(reseller.get("/api/v1/balance").await.json()["balance"], "140");
    app.close().await;
}

#[actix_web::test]
async fn l02_parallel_creates_take_no_more_than_there_is() {
    let app = TestApp::start().await;
    let (reseller, _) = app.reseller("you@shop.com", "200").await;
    let creates = (0..25).map(|n| {
        let mut browser = reseller.clone();
        async move {
            let order = json!({ "label": format!("k{n}"), "budget": 100, "cost": 60 });
            browser.pay(Method::POST, "/api/v1/keys", &format!("op{n}"), &order).await.status
        }
    });
    let answers = futures_util::future::join_all(creates).await;
    assert_eq!(answers.iter().filter(|s| **s == 201).count(), 3);
    assert_eq!(answers.iter().filter(|s| **s == 402).count(), 22);
    let mut reseller = reseller;
    assert_eq!(reseller.get("/api/v1/balance").await.json()["balance"], "20");
    app.close().await;
}

#[actix_web::test]
async fn deleting_twice_returns_once_and_says_the_same() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller("you@shop.com", "200").await;
    let order = json!({ "label": "acme", "budget": "100", "cost": "60" });
    let made = reseller.pay(Method::POST, "/api/v1/keys", "k", &order).await.json();
    let path = format!("/api/v1/keys/{}", made["id"].as_str().expect("an id"));
    let first = reseller.pay(Method::DELETE, &path, "d", &Value::Null).await;
    assert_eq!(
        (first.status, &first.json()["returned"], &first.json()["state"]),
        (200, &json!("60"), &json!("closed"))
    );
    for id in ["d", "another"] {
        let again = reseller.pay(Method::DELETE, &path, id, &Value::Null).await;
        assert_eq!((again.text.as_str(), again.header("idempotency-replayed")), (first.text.as_str(), Some("true")));
    }
    assert_eq!(reseller.get("/api/v1/balance").await.json()["balance"], "200");
    let late = reseller.pay(Method::POST, &format!("{path}/top-up"), "t", &json!({ "amount": 1 })).await;
    assert_eq!((late.status, late.error().as_str()), (409, "key_deleted"), "a deleted key takes nothing");
    assert_eq!(reseller.get("/api/v1/keys").await.json()["keys"], json!([]));
    assert_eq!(reseller.get("/api/v1/keys?state=deleted").await.json()["keys"][0]["id"], made["id"]);
    app.close().await;
}

#[actix_web::test]
async fn deleting_a_key_with_much_left_needs_a_fresh_code() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller("you@shop.com", "500").await;
    let order = json!({ "label": "big", "budget": "200", "cost": "100.000001" });
    let made = reseller.pay(Method::POST, "/api/v1/keys", "k", &order).await.json();
    let path = format!("/api/v1/keys/{}", made["id"].as_str().expect("an id"));
    sqlx::query("UPDATE web.session SET proved_at = proved_at - interval '11 minutes'")
        .execute(&app.pool)
        .await
        .expect("aged");
    assert_eq!(reseller.pay(Method::DELETE, &path, "d", &Value::Null).await.error(), "step_up_required");
    let mut fresh = crate::support::browser::Browser::at(app.dashboard);
    fresh.sign_in(&app, "you@shop.com").await;
    assert_eq!(fresh.pay(Method::DELETE, &path, "d", &Value::Null).await.status, 200);
    app.close().await;
}
