//! What a reseller chose for its clients, where they read it: the portal's name and logo on pages and in mails, and each
//! client's own switch of the alerts.

use crate::people::alerts::{looker, spend};
use crate::support::app::TestApp;
use crate::support::browser::Browser;
use crate::support::site::TestKey;
use crate::support::wishes::USD;

const ACME: &str = "one@acme.com";

async fn reseller_with_look(app: &TestApp, email: &str, look: Option<(&str, &str)>) -> (Browser, TestKey) {
    let (mut reseller, account) = app.reseller(email, "200").await;
    if let Some((name, logo)) = look {
        let page = reseller.open("/settings").await;
        let saved = reseller.submit(&page, "/settings/portal", &[("portal_name", name), ("logo", logo)]).await;
        assert_eq!(saved.leads(), "/settings?did=saved");
    }
    let key = app.key_of(&account, "100", "60", 60, 5).await;
    (reseller, key)
}

/// What stands at the top of a portal page.
async fn top(client: &mut Browser, path: &str) -> String {
    let page = client.open(path).await;
    let (_, rest) = page.text.split_once("<header").expect("a header");
    rest.split("<nav").next().expect("a brand").to_owned()
}

#[actix_web::test]
async fn clients_read_the_name_their_reseller_chose_and_nobody_elses() {
    let app = TestApp::start().await;
    let (mut shop, ours) = reseller_with_look(&app, "canary@shop.com", Some(("Shop <API>", "sh"))).await;
    let (_, theirs) = reseller_with_look(&app, "other@shop.com", None).await;
    let mut client = app.client(ACME, &ours.secret).await;
    let page = format!("/keys/{}", ours.id);
    for path in [page.as_str(), "/account"] {
        let top = top(&mut client, path).await;
        assert!(top.contains("Shop &#60;API&#62;") && top.contains(">sh<") && !top.contains("canary"), "{path}: {top}");
    }
    let mut stranger = app.client("two@acme.com", &theirs.secret).await;
    assert!(top(&mut stranger, &format!("/keys/{}", theirs.id)).await.contains("API Portal"));

    spend(&app, ours.owned(), 48 * USD).await;
    looker(&app).look().await.expect("the store answers");
    let mail = &app.mails_to(ACME).await[0];
    let (subject, html) = (mail["subject"].as_str().expect("a subject"), mail["html"].as_str().expect("a text"));
    assert!(subject.starts_with("Shop <API>: 80%") && html.contains(">Shop &#60;API&#62;</td>"), "{mail}");
    client.open(&page).await.says(&["Sent ", "to one@acme.com"]);

    // Keys of two sellers: pages of both carry the platform's name, which tells nothing of either.
    let bind = client.open("/bind").await;
    assert_eq!(client.submit(&bind, "/bind", &[("key", &theirs.secret), ("name", "")]).await.status, 303);
    assert!(top(&mut client, "/keys").await.contains("API Portal"));
    assert!(top(&mut client, &page).await.contains("Shop &#60;API&#62;"));
    let settings = shop.open("/settings").await;
    shop.submit(&settings, "/settings/portal", &[("portal_name", ""), ("logo", "")]).await;
    assert!(top(&mut client, &page).await.contains("API Portal"));
    app.close().await;
}

#[actix_web::test]
async fn a_client_switches_its_alerts_on_the_keys_page() {
    let app = TestApp::start().await;
    let (_, key) = reseller_with_look(&app, "you@shop.com", None).await;
    let mut client = app.client(ACME, &key.secret).await;
    let mut other = app.client("two@acme.com", &key.secret).await;
    let (page, action) = (format!("/keys/{}", key.id), format!("/keys/{}/alerts", key.id));
    let checked = |text: &str, name: &str| text.contains(&format!("name=\"{name}\" value=\"yes\" checked"));
    let shown = client.open(&page).await;
    assert!(checked(&shown.text, "at_80") && checked(&shown.text, "at_100"), "both are on at first");
    for _ in 0..2 {
        let saved = client.submit(&shown, &action, &[("at_100", "yes")]).await;
        assert_eq!(saved.leads(), format!("{page}?did=saved"));
    }
    let shown = client.open(&page).await;
    assert!(!checked(&shown.text, "at_80") && checked(&shown.text, "at_100"));
    let acts: i64 = sqlx::query_scalar("SELECT count(*) FROM web.audit WHERE action = 'key_alerts_saved'")
        .fetch_one(&app.pool)
        .await
        .expect("a number");
    assert_eq!(acts, 1, "a second click is no second act");
    let theirs = other.open(&page).await;
    assert!(checked(&theirs.text, "at_80"), "each client has its own switch");
    let mut stranger = Browser::at(app.portal);
    stranger.sign_in(&app, "three@acme.com").await;
    let bind = stranger.open("/bind").await;
    assert_eq!(stranger.submit(&bind, &action, &[]).await.status, 404);
    assert_eq!(client.submit(&theirs, &action, &[]).await.status, 403, "a form of another session");
    spend(&app, key.owned(), 48 * USD).await;
    looker(&app).look().await.expect("the store answers");
    let heard =
        async |email: &str| app.mails_to(email).await.iter().filter(|m| m["subject"] != "Your API Portal code").count();
    assert_eq!((heard(ACME).await, heard("two@acme.com").await), (0, 1));
    app.close().await;
}
