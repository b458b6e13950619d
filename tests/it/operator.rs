//! The operator's console and what a start, a stop and a change of secrets leave intact.

use crate::support::app::{TestApp, until};
use crate::support::calls::bytes_of;
use crate::support::clients;
use crate::support::site::Site;
use derouter::domain::ids::{BootId, NodeId};
use derouter::store::ownership::Ownership;
use derouter::store::upkeep::Upkeep;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

fn plain() -> Value {
    json!({ "model": "claude-haiku-4-5", "max_tokens": 50, "messages": [{ "role": "user", "content": "hi" }] })
}

/// Every kind of operation, and a field with another value.
fn operations(account: &str) -> [(String, Value, &'static str, &'static str); 4] {
    let at = |what: &str| format!("/op/accounts/{account}/{what}");
    [
        (at("deposit"), json!({ "amount": "200", "id": "one" }), "amount", "7"),
        (at("adjust"), json!({ "amount": "+5", "reason": "a gift", "id": "one" }), "amount", "+7"),
        (
            at("keys"),
            json!({ "label": "k", "budget": "10", "cost": "6", "rpm": 60, "concurrency": 5, "id": "one" }),
            "budget",
            "7",
        ),
        (at("freeze"), json!({ "frozen": true, "reason": "a dispute", "id": "one" }), "reason", "another"),
    ]
}

#[actix_web::test]
async fn an_operation_that_was_done_is_answered_as_done_after_a_restart_too() {
    let app = TestApp::start().await;
    let account = app.operator("/op/accounts", &json!({})).await["account"].as_str().expect("an id").to_owned();
    for (path, body, ..) in operations(&account) {
        assert_eq!(app.operator(&path, &body).await["repeated"], Value::Null, "{path}");
        assert_eq!(app.operator(&path, &body).await["repeated"], true, "{path}");
    }
    let (database, data) = app.stop_only().await;
    let app = TestApp::start_on(database, data, &[]).await;
    for (path, body, field, value) in operations(&account) {
        let (status, again) = app.operator_says(&path, &body).await;
        assert_eq!((status, &again["repeated"], &again["key"]), (200, &json!(true), &Value::Null), "{path} {again}");
        let mut other = body.clone();
        other[field] = json!(value);
        assert_eq!(app.operator_says(&path, &other).await.0, 422, "another request under a used id: {path}");
        for id in [String::new(), "x".repeat(201)] {
            other["id"] = json!(id);
            assert_eq!(app.operator_says(&path, &other).await.0, 422, "an id that is none: {path}");
        }
    }
    let view = app.operator(&format!("/op/accounts/{account}"), &Value::Null).await;
    assert_eq!((&view["balance"], &view["frozen"]), (&json!("199.0000"), &json!(true)));
    app.close().await;
}

#[actix_web::test]
async fn two_prices_set_at_once_are_two_versions() {
    let app = TestApp::start().await;
    let new = |input: &str| json!({ "model": "claude-haiku-4-5", "rates": { "input": input } });
    let (one, two) = (new("2"), new("3"));
    let (one, two) = tokio::join!(app.operator("/op/prices", &one), app.operator("/op/prices", &two));
    assert_ne!(one["version"], two["version"]);
    let list = app.operator("/op/prices", &Value::Null).await;
    for set in [one, two] {
        let kept = list["prices"].as_array().expect("rows").iter();
        let mut kept = kept.filter(|row| row["model"] == set["model"] && row["version"] == set["version"]);
        assert_eq!(kept.next().map(|row| &row["usd_per_million_tokens"]), Some(&set["usd_per_million_tokens"]));
    }
    app.close().await;
}

#[actix_web::test]
async fn a_price_that_would_never_be_charged_is_not_taken() {
    let app = TestApp::start().await;
    let set = async |model: &str, from: &str| {
        app.operator_says("/op/prices", &json!({ "model": model, "rates": { "input": "9" }, "from": from })).await
    };
    for from in ["2020-01-01", "2099-02-31", "2099-13-01", "tomorrow", ""] {
        assert_eq!(set("claude-haiku-4-5", from).await.0, 422, "{from:?}");
    }
    let (status, future) = set("claude-haiku-4-5", "2099-02-28").await;
    assert_eq!((status, &future["offered"]), (201, &json!(false)), "{future}");
    let unserved = app.operator("/op/prices", &json!({ "model": "gpt-5", "rates": { "input": "9" } })).await;
    assert_eq!(unserved["offered"], false, "no client is offered a provider that is not served");
    app.close().await;
}

#[actix_web::test]
async fn a_deposit_beyond_every_total_is_refused_for_good_and_the_account_goes_on() {
    let app = TestApp::start().await;
    let account = app.operator("/op/accounts", &json!({})).await["account"].as_str().expect("an id").to_owned();
    let most = "999999999.999999";
    let deposit = async |id: usize, amount: &str| {
        let body = json!({ "amount": amount, "id": format!("d{id}") });
        app.operator_says(&format!("/op/accounts/{account}/deposit"), &body).await
    };
    for id in 0..9 {
        assert_eq!(deposit(id, most).await.0, 200);
    }
    // Money in keys has left the balance, and came in all the same.
    let key = json!({ "label": "k", "budget": most, "cost": most, "rpm": 60, "concurrency": 5, "id": "k" });
    app.operator(&format!("/op/accounts/{account}/keys"), &key).await;
    let (status, told) = deposit(9, most).await;
    assert_eq!((status, &told["error"]["type"]), (422, &json!("refused")), "{told}");
    let gift = json!({ "amount": format!("+{most}"), "reason": "a gift", "id": "g" });
    let (status, told) = app.operator_says(&format!("/op/accounts/{account}/adjust"), &gift).await;
    assert_eq!((status, &told["error"]["type"]), (422, &json!("refused")), "{told}");
    assert_eq!(deposit(10, "5").await.1["balance"], "8000000004.9999");
    app.close().await;
}

#[actix_web::test]
async fn what_an_operator_mistypes_is_told_in_words_and_books_stay_loaded() {
    let app = TestApp::start().await;
    let account = app.operator("/op/accounts", &json!({})).await["account"].as_str().expect("an id").to_owned();
    let at = |what: &str| format!("/op/accounts/{account}/{what}");
    let key =
        |label: &str| json!({ "label": label, "budget": "1", "cost": "1", "rpm": 60, "concurrency": 5, "id": "k" });
    let adjust = |reason: &str| json!({ "amount": "+5", "reason": reason, "id": "a" });
    let rows = [
        (at("keys"), key("a\0b"), 422),
        (at("keys"), key("a\u{202e}b"), 422),
        (at("keys"), key("a\nb"), 422),
        (at("keys"), key(" "), 422),
        (at("adjust"), adjust("a\0b"), 422),
        (at("adjust"), adjust("a\nb"), 422),
        (at("freeze"), json!({ "frozen": false, "reason": "was never frozen", "id": "f" }), 422),
        (at("deposit"), json!({ "amount": 5, "id": "d" }), 422),
        (at("deposit"), json!({ "amount": "5", "id": "d", "more": 1 }), 422),
        (at("nothing"), json!({}), 404),
    ];
    for (path, body, wanted) in rows {
        let (status, told) = app.operator_says(&path, &body).await;
        let message = told["error"]["message"].as_str().unwrap_or_default();
        assert!(status == wanted && !message.is_empty(), "{path} {body}: {status} {told}");
    }
    app.close().await;
}

#[actix_web::test]
async fn a_key_of_the_previous_pepper_is_found_beside_new_ones() {
    let (old, new) = ("old-pepper-of-more-than-32-characters", "new-pepper-of-more-than-32-characters");
    let app = TestApp::start_with(&[("DEROUTER_PEPPER", old)]).await;
    let before = app.key("100", "60", 60, 5).await;
    let (database, data) = app.stop_only().await;
    let changed = [("DEROUTER_PEPPER", new), ("DEROUTER_PREVIOUS_PEPPER", old), ("DEROUTER_PEPPER_VERSION", "2")];
    let app = TestApp::start_on(database, data, &changed).await;
    let after = app.key("100", "60", 60, 5).await;
    for key in [&before, &after] {
        assert_eq!(app.ask(key, &plain()).await.status, 200);
    }
    app.close().await;
}

#[actix_web::test]
async fn a_stop_is_announced_before_calls_are_refused() {
    let app = TestApp::start_with(&[("DEROUTER__DRAIN__GRACE_S", "2"), ("DEROUTER__DRAIN__LIMIT_S", "2")]).await;
    let key = app.wide_key(&app.account("100").await).await;
    let ready = async |addr| {
        let mut got = clients::plain().get(format!("http://{addr}/readyz")).send().await.expect("an answer");
        let figures: Value = got.json().await.expect("JSON");
        (got.status().as_u16(), figures)
    };
    assert_eq!(ready(app.api).await, (200, json!({ "status": "ready" })), "nobody learns our figures");
    assert_eq!(ready(app.console).await.1["open_calls"], 0);
    let open = app.start_call(&key, &json!({ "scenario": "stall_after_n" }), true).await;
    app.provider_until("it runs", |all| all.len() == 1).await;
    let site = Site::new(app.api, app.console, app.operator_token.clone());
    let closing = actix_web::rt::spawn(app.close());
    until("it is not ready", async || ready(site.api).await == (503, json!({ "status": "stopping" }))).await;
    assert_eq!(site.ask(&key, &plain()).await.status, 200, "the grace is served");
    until("calls are refused", async || {
        let got = site.exchange(&bytes_of(&key, "/v1/messages", "", &plain().to_string())).await;
        assert!(got.status == 200 || (got.status, got.header("connection")) == (503, Some("close")), "{}", got.head);
        got.status == 503
    })
    .await;
    drop(open);
    closing.await.expect("it stops in order");
}

#[actix_web::test]
async fn a_running_node_says_so() {
    let app = TestApp::start().await;
    // A node beside the one that runs, which beats for itself at moments of its own.
    let (node, boot) = (Uuid::new_v4(), Uuid::new_v4());
    sqlx::query("INSERT INTO ledger.node (node_id, boot_id, address, last_seen) VALUES ($1, $2, 'x', now() - interval '1 hour')")
        .bind(node)
        .bind(boot)
        .execute(&app.pool)
        .await
        .expect("a row");
    let seen = async || {
        let seconds = "SELECT extract(epoch FROM now() - last_seen)::bigint FROM ledger.node WHERE node_id = $1";
        let seconds: i64 = sqlx::query_scalar(seconds).bind(node).fetch_one(&app.pool).await.expect("a row");
        Duration::from_secs(seconds as u64)
    };
    let beat = async |boot| {
        let ownership = Ownership { node: NodeId(node), boot: BootId(boot), epochs: [].into() };
        Upkeep::new(app.pool.clone()).beat(&ownership).await.expect("it is written");
    };
    beat(Uuid::new_v4()).await;
    assert!(seen().await > Duration::from_secs(3_000), "another boot's beat counts for nothing");
    beat(boot).await;
    assert!(seen().await < Duration::from_secs(60));
    app.close().await;
}
