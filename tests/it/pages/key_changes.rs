//! Changes of keys that move no money, and codes in the forms of dangerous acts.

use crate::support::app::TestApp;
use crate::support::browser::Browser;

async fn with_key(app: &TestApp, label: &str, budget: &str, cost: &str) -> (Browser, String, String) {
    let (mut reseller, _) = app.reseller("you@shop.com", "500").await;
    let made = reseller.fill_in("/keys/new", &[("label", label), ("budget", budget), ("cost", cost)]).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let id = reseller.get("/api/v1/keys").await.json()["keys"][0]["id"].as_str().expect("an id").to_owned();
    let secret = made.text.split("<code id=\"secret\"").nth(1).expect("the secret's place");
    let secret = secret.split('>').nth(1).and_then(|rest| rest.split('<').next()).expect("a secret").to_owned();
    (reseller, id, secret)
}

async fn age_the_proof(app: &TestApp) {
    let aged = sqlx::query("UPDATE web.session SET proved_at = proved_at - interval '11 minutes'");
    aged.execute(&app.pool).await.expect("aged");
}

/// What the API says of a secret.
async fn is_taken(app: &TestApp, secret: &str) -> bool {
    Browser::with_key(app.api, secret).get("/sub-key/balance").await.status == 200
}

#[actix_web::test]
async fn a_label_is_never_read_as_markup() {
    let app = TestApp::start().await;
    let label = "<img src=x onerror=alert(1)>\"'&";
    let (mut reseller, id, _) = with_key(&app, label, "100", "60").await;
    for page in ["", "/top-up", "/rename", "/rotate", "/delete"] {
        let shown = reseller.open(&format!("/keys/{id}{page}")).await;
        assert!(!shown.text.contains("<img"), "{page}: {}", shown.text);
        shown.says(&[label]);
    }
    let rename = format!("/keys/{id}/rename");
    assert_eq!(reseller.open(&rename).await.value("label"), label);
    let echoed = reseller.get("/keys/new?label=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&budget=%3Cb%3E").await;
    assert!(!echoed.text.contains("<script>alert") && !echoed.text.contains("<b>"), "{}", echoed.text);
    app.close().await;
}

#[actix_web::test]
async fn a_key_is_renamed_paused_and_resumed_where_its_buttons_are() {
    let app = TestApp::start().await;
    let (mut reseller, id, secret) = with_key(&app, "acme", "100", "60").await;
    let path = format!("/keys/{id}");
    let empty = reseller.fill_in(&format!("{path}/rename"), &[("label", " ")]).await;
    assert_eq!(empty.status, 422);
    empty.says(&["The label was not changed.", "Type a label of 1 to 64 characters."]);
    let renamed = reseller.fill_in(&format!("{path}/rename"), &[("label", "acme-eu")]).await;
    assert_eq!(renamed.leads(), format!("/api?did=renamed&key={id}"));

    let page = reseller.open(&path).await;
    page.says(&["acme-eu", "Active", "Last call: none yet", "60 RPM · 5 concurrent", "Ratio, locked 3 : 5"]);
    let csrf = [("csrf", page.value("csrf")), ("back", page.value("back"))];
    let sent = form_urlencoded::Serializer::new(String::new()).extend_pairs(&csrf).finish();
    let paused = reseller.post_form(&format!("{path}/pause"), sent).await;
    assert_eq!(paused.leads(), format!("{path}?did=paused&key={id}"));
    let shown = reseller.follow(&paused).await;
    shown.says(&["Paused acme-eu. Its calls are refused from now on.", "Undo", "Paused by you"]);
    assert!(
        !is_taken(&app, &secret).await || reseller.get(&format!("/api/v1{path}")).await.json()["state"] == "paused"
    );
    let undo = shown.text.split("action=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("the way back");
    let undo = shown.text.split('"').find(|text| text.contains("/resume?back=")).unwrap_or(undo).to_owned();
    let resumed = reseller.post_form(&undo, format!("csrf={}", shown.value("csrf"))).await;
    assert_eq!(resumed.leads(), format!("{path}?did=resumed&key={id}"));
    reseller.follow(&resumed).await.says(&["Resumed acme-eu. Its calls are served again.", "Active"]);
    let stale = reseller.open(&format!("{path}?did=paused&key={id}")).await;
    assert!(!stale.reads().contains("Undo"), "what is not so any more is not said");
    let odd = format!("csrf={}&back=https://evil.example", shown.value("csrf"));
    assert_eq!(reseller.post_form(&format!("{path}/pause"), odd).await.leads(), format!("/api?did=paused&key={id}"));
    app.close().await;
}

#[actix_web::test]
async fn a_rotation_gives_one_secret_a_form() {
    let app = TestApp::start().await;
    let (mut reseller, id, first) = with_key(&app, "acme", "100", "60").await;
    let path = format!("/keys/{id}/rotate");
    let page = reseller.open(&path).await;
    page.says(&["Rotate acme", "The old key ends", "Now It stops at once", "In 24 hours"]);
    let again = page.clone();
    let clicks = (0..4).map(|_| {
        let (mut browser, page, path) = (reseller.clone(), again.clone(), path.clone());
        async move { browser.submit(&page, &path, &[("grace_s", "3600")]).await }
    });
    let answers = futures_util::future::join_all(clicks).await;
    assert!(answers.iter().all(|a| a.status == 200), "{:?}", answers.iter().map(|a| a.status).collect::<Vec<_>>());
    let shown: Vec<_> = answers.iter().filter(|a| a.text.contains("<code id=\"secret\"")).collect();
    assert_eq!(shown.len(), 1, "four clicks rotate once");
    shown[0].says(&["Key rotated", "the old secret still works for 1 hour", "Hi acme, Your API key: sk-ant-"]);
    let told = answers.iter().find(|a| a.reads().contains("shown once already")).expect("the others say so");
    told.says(&["Key rotated"]);
    assert!(is_taken(&app, &first).await, "the old secret has its hour");

    age_the_proof(&app).await;
    let asked = reseller.submit(&page, &path, &[("grace_s", "0")]).await;
    assert_eq!(asked.status, 403);
    asked.says(&["One more check: a new secret is about to be shown.", "Six digits, sent to you@shop.com."]);
    let odd = reseller.fill_in(&path, &[("grace_s", "5")]).await;
    assert_eq!(odd.status, 422, "{}", odd.text);
    app.close().await;
}

#[actix_web::test]
async fn deleting_with_much_left_asks_for_a_code_in_the_form() {
    let app = TestApp::start().await;
    let (mut reseller, id, _) = with_key(&app, "big", "200", "100.000001").await;
    age_the_proof(&app).await;
    let path = format!("/keys/{id}/delete");
    let codes =
        async || app.mails_to("you@shop.com").await.iter().filter(|m| m["subject"] == "Your derouter code").count();
    let mails = codes().await;
    let asked = reseller.fill_in(&path, &[("confirm", "big")]).await;
    assert_eq!((asked.status, asked.value("confirm").as_str()), (403, "big"));
    asked.says(&["One more check: more than $100 comes back from this key.", "Code from your mail"]);
    assert_eq!(codes().await, mails + 1);
    let wrong = reseller.submit(&asked, &path, &[("confirm", "big"), ("code", "000000x")]).await;
    assert_eq!(wrong.status, 403);
    wrong.says(&["Type the six digits from the mail."]);
    assert_eq!(reseller.get("/api/v1/balance").await.json()["balance"], "399.999999");
    let code = app.code_for("you@shop.com").await;
    let deleted = reseller.submit(&wrong, &path, &[("confirm", "big"), ("code", &code)]).await;
    assert_eq!(deleted.leads(), format!("/api?did=deleted&key={id}"));
    assert_eq!(reseller.get("/api/v1/balance").await.json()["balance"], "500", "the renewed session goes on");
    app.close().await;
}
