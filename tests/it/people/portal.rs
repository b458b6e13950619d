//! The portal: binding and what a client sees (`faults.md` I2, I12, I13).

use awc::http::Method;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::browser::Browser;

#[actix_web::test]
async fn several_people_share_one_key_and_see_its_price() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    for email in ["one@acme.com", "two@acme.com"] {
        let mut client = app.client(email, &key.secret).await;
        let listed = client.get("/api/v1/portal/keys").await.json();
        assert_eq!(listed["keys"][0]["budget"], "100");
        let shown = client.get(&format!("/api/v1/portal/keys/{}", key.id)).await.json();
        assert_eq!(
            (&shown["remaining"], &shown["now"]["requests_left"], &shown["state"]),
            (&json!("100"), &json!(60), &json!("active"))
        );
    }
    app.close().await;
}

#[actix_web::test]
async fn a_client_reads_its_requests_page_by_page() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let body =
        json!({ "model": "claude-haiku-4-5", "max_tokens": 20, "messages": [{ "role": "user", "content": "hi" }] });
    for _ in 0..3 {
        assert_eq!(app.call(&key, &body).await.status(), 200);
    }
    app.settled().await;
    let mut client = app.client("one@acme.com", &key.secret).await;
    let path = format!("/api/v1/portal/keys/{}/usage", key.id);
    let whole = client.get(&path).await.json();
    assert_eq!(whole["lines"].as_array().map(Vec::len), Some(3));
    assert_eq!((&whole["lines"][0]["state"], &whole["next_cursor"]), (&json!("measured"), &json!(null)));
    let first = client.get(&format!("{path}?limit=2")).await.json();
    let cursor = first["next_cursor"].as_str().expect("more").to_owned();
    let second = client.get(&format!("{path}?limit=2&cursor={cursor}")).await.json();
    assert_eq!(second["lines"][0], whole["lines"][2]);
    for odd in [
        "cursor=00",
        "limit=0",
        "limit=-1",
        "limit=x",
        "limit=2&limit=3",
        "ratio=1",
        "from=yesterday",
        "from=0000-01-01T00:00:00Z",
        "model=%00",
    ] {
        assert_eq!(client.get(&format!("{path}?{odd}")).await.status, 422, "{odd}");
    }
    assert_eq!(client.get(&format!("{path}?limit=1000000000&from=2016-01-01T00:00:00Z&model=x")).await.status, 200);
    app.close().await;
}

#[actix_web::test]
async fn a_client_names_and_unbinds_its_key() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let mut client = app.client("one@acme.com", &key.secret).await;
    let path = format!("/api/v1/portal/keys/{}", key.id);
    let rename = |name: &str| Some(json!({ "name": name }).to_string());
    assert_eq!(client.send(Method::PATCH, &path, &[], rename("Acme prod")).await.status, 204);
    assert_eq!(client.get(&path).await.json()["name"], "Acme prod");
    assert_eq!(client.send(Method::PATCH, &path, &[], rename("a\u{202e}b")).await.field(), "name");
    assert_eq!(client.delete(&format!("{path}/binding")).await.status, 204);
    assert_eq!(client.delete(&format!("{path}/binding")).await.status, 404);
    assert_eq!(client.get(&path).await.status, 404);
    app.close().await;
}

#[actix_web::test]
async fn i12_a_deleted_key_is_bound_by_nobody_new() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller("you@shop.com", "200").await;
    let order = json!({ "label": "acme", "budget": "100", "cost": "60" });
    let made = reseller.pay(Method::POST, "/api/v1/keys", "k", &order).await.json();
    let (id, secret) = (made["id"].as_str().expect("an id"), made["key"].as_str().expect("a secret"));
    let mut bound = app.client("one@acme.com", secret).await;
    assert_eq!(reseller.pay(Method::DELETE, &format!("/api/v1/keys/{id}"), "d", &json!(null)).await.status, 200);
    let mut late = Browser::at(app.portal);
    late.sign_in(&app, "two@acme.com").await;
    assert_eq!(late.post("/api/v1/portal/bind", &json!({ "key": secret })).await.field(), "key");
    assert_eq!(bound.get(&format!("/api/v1/portal/keys/{id}")).await.json()["state"], "closed");
    app.close().await;
}

#[actix_web::test]
async fn i13_wrong_keys_are_counted_and_tell_nothing() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 60, 5).await;
    let (mut reseller, _) = app.reseller("you@shop.com", "1").await;
    let account_key = app.program_of(&mut reseller).await.sent[0].1.trim_start_matches("Bearer ").to_owned();
    let mut client = app.client("one@acme.com", &key.secret).await;
    let unknown = format!("sk-ant-{}", "0".repeat(64));
    let mut said = Vec::new();
    for wrong in ["", "x", &unknown, &account_key, &key.secret[..70], &unknown, &unknown, &unknown, &unknown, &unknown]
    {
        said.push(client.post("/api/v1/portal/bind", &json!({ "key": wrong })).await);
    }
    assert!(said.iter().all(|a| a.status == 422 && a.text == said[0].text));
    let tired = client.post("/api/v1/portal/bind", &json!({ "key": key.secret })).await;
    assert_eq!((tired.status, tired.error().as_str()), (429, "throttled"));
    let mut neighbour = Browser::at(app.portal);
    neighbour.sign_in(&app, "two@acme.com").await;
    assert_eq!(neighbour.post("/api/v1/portal/bind", &json!({ "key": key.secret })).await.status, 429, "one network");
    app.close().await;
}
