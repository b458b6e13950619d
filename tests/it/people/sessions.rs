//! Sessions and the guard against foreign pages (`faults.md` H9 to H14, I7, I8).

use awc::http::Method;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::browser::Browser;

const YOU: &str = "you@shop.com";

#[actix_web::test]
async fn h09_a_sign_in_gives_a_token_that_nobody_could_plant() {
    let app = TestApp::start().await;
    let mut browser = Browser::at(app.dashboard);
    let planted = "a".repeat(64);
    browser.cookies.insert("dash".into(), planted.clone());
    assert_eq!(browser.get("/api/v1/me").await.status, 401);
    browser.sign_in(&app, YOU).await;
    let first = browser.cookies["dash"].clone();
    browser.sign_in(&app, YOU).await;
    assert!(first != planted && browser.cookies["dash"] != first);
    app.close().await;
}

#[actix_web::test]
async fn h10_sign_out_revoke_and_everywhere_end_sessions_at_once() {
    let app = TestApp::start().await;
    let mut browsers = [Browser::at(app.dashboard), Browser::at(app.dashboard), Browser::at(app.dashboard)];
    for browser in &mut browsers {
        browser.sign_in(&app, YOU).await;
    }
    let [one, two, three] = &mut browsers;
    let kept = one.clone();
    assert_eq!(one.post("/api/v1/sign-out", &json!({})).await.status, 204);
    assert_eq!(kept.clone().get("/api/v1/me").await.status, 401);
    let listed = two.get("/api/v1/sessions").await.json();
    let listed = listed["sessions"].as_array().expect("a list").clone();
    assert_eq!(listed.len(), 2);
    let other =
        listed.iter().find(|s| s["this"] == false).expect("the third")["id"].as_str().expect("an id").to_owned();
    assert_eq!(two.delete(&format!("/api/v1/sessions/{other}")).await.status, 204);
    assert_eq!(two.delete(&format!("/api/v1/sessions/{other}")).await.status, 404);
    assert_eq!(three.get("/api/v1/me").await.status, 401);
    three.sign_in(&app, YOU).await;
    assert_eq!(three.delete("/api/v1/sessions").await.status, 204);
    assert_eq!(two.get("/api/v1/me").await.status, 401);
    app.close().await;
}

#[actix_web::test]
async fn h11_the_cookie_is_closed_to_scripts_and_other_hosts() {
    let app = TestApp::start_with(&[("DEROUTER__BRAND__DASHBOARD_URL", "https://dash.example")]).await;
    let mut browser = Browser::at(app.dashboard);
    browser.sent = vec![("origin", "https://dash.example".into())];
    let answer = browser.sign_in(&app, YOU).await;
    let cookie = answer.headers.iter().find(|(n, v)| n == "set-cookie" && v.starts_with("__Host-dash=")).expect("it");
    assert!(cookie.1.ends_with("; Path=/; Max-Age=604800; HttpOnly; SameSite=Lax; Secure"), "{}", cookie.1);
    assert!(!cookie.1.to_lowercase().contains("domain"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let text = app.mails_to(YOU).await[0]["text"].as_str().expect("text").to_owned();
    assert!(text.contains("@dash.example #"), "{text}");
    app.close().await;
}

#[actix_web::test]
async fn h12_a_cookie_of_one_site_is_unknown_at_the_other() {
    let app = TestApp::start().await;
    let (mut dashboard, mut portal) = (Browser::at(app.dashboard), Browser::at(app.portal));
    dashboard.sign_in(&app, YOU).await;
    portal.sign_in(&app, YOU).await;
    let (dash, port) = (dashboard.cookies["dash"].clone(), portal.cookies["portal"].clone());
    dashboard.cookies.insert("dash".into(), port);
    portal.cookies.insert("portal".into(), dash);
    assert_eq!(dashboard.get("/api/v1/keys").await.status, 401);
    assert_eq!(portal.get("/api/v1/portal/keys").await.status, 401);
    app.close().await;
}

#[actix_web::test]
async fn h14_keys_are_no_sessions_and_sessions_no_keys() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller(YOU, "200").await;
    let token = reseller.cookies["dash"].clone();
    let program = app.program_of(&mut reseller).await;
    let secret = program.sent[0].1.trim_start_matches("Bearer ").to_owned();
    let mut as_session = Browser::at(app.dashboard);
    as_session.cookies.insert("dash".into(), secret.clone());
    assert_eq!(as_session.get("/api/v1/keys").await.status, 401);
    assert_eq!(Browser::with_key(app.dashboard, &secret).get("/api/v1/keys").await.status, 401);
    for credential in [token.clone(), format!("sk-ant-{token}")] {
        assert_eq!(Browser::with_key(app.api, &credential).get("/api/v1/keys").await.status, 401);
    }
    let mut with_cookie = Browser::at(app.api);
    with_cookie.cookies = reseller.cookies.clone();
    assert_eq!(with_cookie.get("/api/v1/keys").await.status, 401, "cookies mean nothing at the API");
    app.close().await;
}

#[actix_web::test]
async fn i07_a_change_from_a_foreign_page_is_refused() {
    let app = TestApp::start().await;
    let (reseller, _) = app.reseller(YOU, "200").await;
    let body = json!({ "budget": "1", "cost": "1" }).to_string();
    let own = reseller.sent[0].1.clone();
    type Row<'a> = (&'a [(&'static str, &'a str)], &'a str, u16);
    let rows: [Row<'_>; 8] = [
        (&[], "application/json", 403),
        (&[("origin", "http://evil.example")], "application/json", 403),
        (&[("origin", "null")], "application/json", 403),
        (&[("sec-fetch-site", "cross-site")], "application/json", 403),
        (&[("sec-fetch-site", "same-site"), ("origin", &own)], "application/json", 403),
        (&[("sec-fetch-site", "none")], "text/plain", 403),
        (&[("sec-fetch-site", "same-origin")], "text/plain", 415),
        (&[("sec-fetch-site", "same-origin")], "application/json", 200),
    ];
    for (sent, kind, status) in rows {
        let mut browser = reseller.clone();
        browser.sent = sent.iter().map(|(n, v)| (*n, (*v).to_owned())).collect();
        let answer = browser.send(Method::POST, "/api/v1/preview", &[("content-type", kind)], Some(body.clone())).await;
        assert_eq!(answer.status, status, "{sent:?} {kind}: {}", answer.text);
        assert!(answer.headers.iter().all(|(n, _)| !n.starts_with("access-control-")));
    }
    for csrf in ["", "0", &"0".repeat(64)] {
        let mut browser = reseller.clone();
        csrf.clone_into(&mut browser.csrf);
        assert_eq!(browser.post("/api/v1/sign-out", &json!({})).await.status, 403, "{csrf}");
    }
    let mut sign_in = Browser::at(app.portal);
    sign_in.sent.clear();
    assert_eq!(sign_in.ask_code(YOU).await.status, 403);
    app.close().await;
}

#[actix_web::test]
async fn sessions_end_by_idleness_and_by_age() {
    let app = TestApp::start().await;
    for column in ["last_seen_at", "created_at"] {
        let mut browser = Browser::at(app.dashboard);
        browser.sign_in(&app, YOU).await;
        let older = format!("UPDATE web.session SET {column} = {column} - interval '7 days'");
        sqlx::query(sqlx::AssertSqlSafe(older)).execute(&app.pool).await.expect("aged");
        assert_eq!(browser.get("/api/v1/me").await.status, 401, "{column}");
    }
    app.close().await;
}

#[actix_web::test]
async fn dangerous_acts_need_a_fresh_code_and_get_a_new_token() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller(YOU, "200").await;
    sqlx::query("UPDATE web.session SET proved_at = proved_at - interval '11 minutes'")
        .execute(&app.pool)
        .await
        .expect("aged");
    assert_eq!(reseller.post("/api/v1/account-key", &json!({})).await.error(), "step_up_required");
    assert_eq!(reseller.post("/api/v1/step-up", &json!({})).await.status, 202);
    let (code, before) = (app.code_for(YOU).await, reseller.cookies["dash"].clone());
    let proved = reseller.post("/api/v1/step-up/verify", &json!({ "code": code })).await;
    assert_eq!(proved.status, 200, "{}", proved.text);
    proved.json()["csrf"].as_str().expect("a token").clone_into(&mut reseller.csrf);
    assert_ne!(reseller.cookies["dash"], before);
    assert_eq!(reseller.post("/api/v1/account-key", &json!({})).await.status, 201);
    let mut old = reseller.clone();
    old.cookies.insert("dash".into(), before);
    assert_eq!(old.get("/api/v1/me").await.status, 401);
    app.close().await;
}
