//! The Account Key by page: made and replaced with a fresh code, shown once, and where it was used.

use crate::support::app::TestApp;
use crate::support::browser::{Answer, Browser};

const YOU: &str = "you@shop.com";
const ROTATE: &str = "/account-key/rotate";

async fn age_the_proof(app: &TestApp) {
    let aged = sqlx::query("UPDATE web.session SET proved_at = proved_at - interval '11 minutes'");
    aged.execute(&app.pool).await.expect("aged");
}

fn secret_of(made: &Answer) -> String {
    assert_eq!(made.status, 201, "{}", made.text);
    let (_, rest) = made.text.split_once("<code id=\"secret\"").expect("the secret's place");
    rest.split(['>', '<']).nth(1).expect("a secret").to_owned()
}

/// What the API says of an Account Key.
async fn is_taken(app: &TestApp, secret: &str) -> bool {
    Browser::with_key(app.api, secret).get("/api/v1/balance").await.status == 200
}

#[actix_web::test]
async fn an_account_key_is_made_once_a_form_and_the_next_one_ends_it() {
    let app = TestApp::start().await;
    let (mut you, _) = app.reseller(YOU, "200").await;
    you.open("/account-key").await.says(&["Client Keys (0)", "You have none.", "Create Account Key"]);
    let form = you.open(ROTATE).await;
    form.says(&["Create Account Key", "It is shown once."]);
    let made = you.submit(&form, ROTATE, &[]).await;
    made.says(&["Account Key created", "Shown once. Store it now."]);
    let first = secret_of(&made);
    assert!(is_taken(&app, &first).await);
    let again = you.submit(&form, ROTATE, &[]).await;
    assert_eq!(again.status, 201);
    again.says(&["This key was shown once already"]);
    assert!(!again.text.contains(&first) && is_taken(&app, &first).await, "a second click makes no second key");

    let page = you.open("/account-key").await;
    page.says(&[&format!("Key {}…", &first[..12]), "Last used just now", "/api/v1/keys"]);
    assert!(!page.text.contains(&first));
    let settings = you.open("/settings").await;
    settings.says(&["Made the Account Key", "First use from 127.0.0.1", "Rotate Account Key", "last used just now"]);
    let second = secret_of(&you.fill_in(ROTATE, &[]).await);
    assert!(!is_taken(&app, &first).await && is_taken(&app, &second).await);
    app.close().await;
}

#[actix_web::test]
async fn another_account_key_needs_a_fresh_code_in_the_same_form() {
    let app = TestApp::start_with(&[("DEROUTER__IDENTITY__RESEND_AFTER_S", "0")]).await;
    let (mut you, _) = app.reseller(YOU, "200").await;
    let first = secret_of(&you.fill_in(ROTATE, &[]).await);
    age_the_proof(&app).await;
    let form = you.open(ROTATE).await;
    form.says(&["Rotate Account Key", &format!("The old one, {}…, stops working at once", &first[..12])]);
    let asked = you.submit(&form, ROTATE, &[]).await;
    assert_eq!(asked.status, 403);
    asked.says(&["One more check: this key manages your money.", "Six digits, sent to you@shop.com."]);
    assert!(is_taken(&app, &first).await, "nothing was done yet");
    let wrong = you.submit(&asked, ROTATE, &[("code", "12")]).await;
    assert_eq!(wrong.status, 403);
    wrong.says(&["Type the six digits from the mail."]);
    let code = app.code_for(YOU).await;
    let second = secret_of(&you.submit(&wrong, ROTATE, &[("code", &code)]).await);
    assert!(!is_taken(&app, &first).await && is_taken(&app, &second).await);
    app.close().await;
}

#[actix_web::test]
async fn an_account_key_form_of_nobody_or_without_its_id_makes_nothing() {
    let app = TestApp::start().await;
    let (mut you, _) = app.reseller(YOU, "200").await;
    let form = you.open(ROTATE).await;
    let mut nobody = Browser::at(app.dashboard);
    assert_eq!(nobody.submit(&form, ROTATE, &[]).await.leads(), "/login?next=%2Faccount-key%2Frotate");
    let (mut other, _) = app.reseller("other@shop.com", "200").await;
    assert_eq!(other.submit(&form, ROTATE, &[]).await.status, 403);
    let csrf = form.value("csrf");
    for sent in [format!("csrf={csrf}"), format!("csrf={csrf}&operation_id=%00"), format!("csrf={csrf}&admin=1")] {
        assert_eq!(you.post_form(ROTATE, sent).await.status, 422);
    }
    you.open("/account-key").await.says(&["You have none."]);
    app.close().await;
}
