//! The guide's flow through people's JSON: $200, a key of $100 for $60, a client, a top-up of $50, the key's end.

use awc::http::Method;
use serde_json::json;

use crate::support::app::TestApp;

#[actix_web::test]
async fn from_two_hundred_dollars_to_the_first_profit() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller("xiaoming@shop.com", "200").await;
    let two = json!({ "budget": "100", "cost": "60" });
    let preview = reseller.post("/api/v1/preview", &two).await.json();
    let shown = ["margin_label", "profit_when_used", "available", "available_after"].map(|f| preview[f].clone());
    assert_eq!(json!(shown), json!(["40%", "40", "200", "140"]));
    let order = json!({ "label": "acme-corp-prod", "budget": "100", "cost": "60" });
    let made = reseller.pay(Method::POST, "/api/v1/keys", "create", &order).await.json();
    assert_eq!((&made["debited"], &made["balance_after"]), (&json!("60"), &json!("140")));
    let id = made["id"].as_str().expect("an id").to_owned();
    let secret = made["key"].as_str().expect("a secret").to_owned();

    let mut acme = app.client("dev@acme.com", &secret).await;
    let seen = acme.get(&format!("/api/v1/portal/keys/{id}")).await;
    assert_eq!(seen.json()["remaining"], "100");
    assert!(!seen.text.contains("60\""), "{}", seen.text);

    let key = format!("/api/v1/keys/{id}");
    let preview = reseller.post(&format!("{key}/preview"), &json!({ "amount": "50" })).await.json();
    assert_eq!((&preview["debit"], &preview["new_budget"]), (&json!("30"), &json!("150")));
    let funded = reseller.pay(Method::POST, &format!("{key}/top-up"), "more", &json!({ "amount": "50" })).await.json();
    assert_eq!(
        (&funded["debited"], &funded["budget"], &funded["balance_after"]),
        (&json!("30"), &json!("150"), &json!("110"))
    );
    assert_eq!(acme.get(&format!("/api/v1/portal/keys/{id}")).await.json()["budget"], "150");

    let gone = reseller.pay(Method::DELETE, &key, "end", &json!(null)).await.json();
    assert_eq!((&gone["returned"], &gone["stays_billed"]), (&json!("90"), &json!("0")));
    let journal = reseller.get("/api/v1/journal").await.json();
    let entries = journal["entries"].as_array().expect("entries").iter();
    let changes: Vec<_> = entries.map(|e| (e["kind"].clone(), e["change"].clone())).collect();
    assert_eq!(
        json!(changes),
        json!([["refund", "90"], ["close_key", "0"], ["fund_key", "-30"], ["create_key", "-60"], ["deposit", "200"]])
    );
    let share = json!({ "label": "team", "budget": "20", "cost": "20" });
    let share = reseller.pay(Method::POST, "/api/v1/keys", "share", &share).await.json();
    assert_eq!(share["details"]["margin_label"], "No markup (internal share)");
    app.close().await;
}
