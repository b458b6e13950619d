//! Forms that move money: what they show, and that a double click, a reload or *Try again* is one effect.

use awc::http::Method;
use derouter::domain::ids::AccountId;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::browser::{Answer, Browser};
use crate::support::wishes::{self, USD};

const ACME: [(&str, &str); 3] = [("label", "acme-corp-prod"), ("budget", "100"), ("cost", "60")];

async fn balance(browser: &mut Browser) -> String {
    browser.get("/api/v1/balance").await.json()["balance"].as_str().expect("a balance").to_owned()
}

/// The id of the only key.
async fn only_key(browser: &mut Browser) -> String {
    let keys = browser.get("/api/v1/keys").await.json()["keys"].clone();
    assert_eq!(keys.as_array().map(Vec::len), Some(1), "{keys}");
    keys[0]["id"].as_str().expect("an id").to_owned()
}

/// Sends the same form many times at once.
async fn clicks(browser: &Browser, page: &Answer, path: &str, fields: &[(&str, &str)]) -> Vec<Answer> {
    let clicks = (0..8).map(|_| {
        let mut browser = browser.clone();
        async move { browser.submit(page, path, fields).await }
    });
    futures_util::future::join_all(clicks).await
}

#[actix_web::test]
async fn a_new_key_is_paid_once_and_its_secret_shown_once() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller("you@shop.com", "200").await;
    let page = reseller.open("/keys/new").await;
    page.says(&[
        "Create API Key",
        "Label Only you see it",
        "Client budget $ What your client will see on",
        "Your cost $ Debited from your main balance · Available: $200.0000",
        "The ratio is locked at creation.",
    ]);
    let answers = clicks(&reseller, &page, "/keys/new", &ACME).await;
    let statuses: Vec<u16> = answers.iter().map(|a| a.status).collect();
    assert!(statuses.iter().all(|s| *s == 201), "{statuses:?}");
    let (shown, hidden): (Vec<_>, Vec<_>) = answers.iter().partition(|a| a.reads().contains("Shown once."));
    assert_eq!(shown.len(), 1, "the secret is shown once");
    shown[0].says(&[
        "Key created",
        "acme-corp-prod: $100.00 for your client. $60.0000 were debited; your balance is $140.0000.",
        "Hi acme-corp-prod, Your API key: sk-ant-",
        "To track usage, visit: http://127.0.0.1:",
        "(Sign in with your email OTP, bind the key once.)",
    ]);
    let id = only_key(&mut reseller).await;
    for again in hidden {
        again.says(&["Key created", "$60.0000 were debited once; your balance is $140.0000.", "shown once already"]);
        assert!(!again.text.contains("Your API key"), "{}", again.text);
        assert!(again.text.contains(&format!("href=\"/keys/{id}/rotate\"")));
    }
    assert_eq!(balance(&mut reseller).await, "140");
    app.close().await;
}

#[actix_web::test]
async fn a_top_up_debits_at_the_locked_ratio_once() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller("you@shop.com", "200").await;
    reseller.fill_in("/keys/new", &ACME).await;
    let id = only_key(&mut reseller).await;
    let path = format!("/keys/{id}/top-up");
    let page = reseller.open(&format!("{path}?amount=50")).await;
    page.says(&[
        "Top Up Client Key",
        "· acme-corp-prod",
        "$10 $50 $100",
        "You pay (ratio locked, 40%) −$30.0000",
        "Client’s new total $150.00",
        "Available: $140.0000 → $110.0000",
    ]);
    assert_eq!(page.value("amount"), "50");
    for answer in clicks(&reseller, &page, &path, &[("amount", "50")]).await {
        assert_eq!(answer.leads(), format!("/api?did=top-up&key={id}"));
    }
    assert_eq!(balance(&mut reseller).await, "110");
    let reused = reseller.submit(&page, &path, &[("amount", "60")]).await;
    assert_eq!(reused.status, 409, "{}", reused.text);
    reused.says(&["This form was done before with other values, and nothing more was done now."]);
    assert_ne!(reused.value("operation_id"), page.value("operation_id"), "the next press is another act");
    let more = reseller.submit(&reused, &path, &[("amount", &reused.value("amount"))]).await;
    assert_eq!((more.status, balance(&mut reseller).await.as_str()), (303, "74"));
    app.close().await;
}

#[actix_web::test]
async fn deleting_shows_what_comes_back_and_needs_its_label_typed() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller("you@shop.com", "200").await;
    reseller.fill_in("/keys/new", &ACME).await;
    let id = only_key(&mut reseller).await;
    let path = format!("/keys/{id}/delete");
    let page = reseller.open(&path).await;
    page.says(&[
        "Delete acme-corp-prod",
        "Returned to you now $60.00",
        "Stays billed (already used) $0.00",
        "Your balance $140.00 → $200.00",
        "Type the label to confirm",
    ]);
    let wrong = reseller.submit(&page, &path, &[("confirm", "acme")]).await;
    assert_eq!((wrong.status, wrong.value("confirm").as_str()), (422, "acme"));
    wrong.says(&["Nothing was deleted.", "This is not the label. Type acme-corp-prod."]);
    assert_eq!(wrong.value("operation_id"), page.value("operation_id"));
    assert_eq!(balance(&mut reseller).await, "140");
    for answer in clicks(&reseller, &wrong, &path, &[("confirm", " acme-corp-prod ")]).await {
        assert_eq!(answer.leads(), format!("/api?did=deleted&key={id}"));
    }
    assert_eq!(balance(&mut reseller).await, "200");
    assert_eq!(reseller.get(&path).await.leads(), format!("/keys/{id}"));
    let gone = reseller.open(&format!("/keys/{id}")).await;
    gone.says(&["Deleted", "$60.00 came back to your balance; $0.00 stay billed for what the client used."]);
    for form in ["top-up", "rename", "rotate"] {
        let refused = reseller.get(&format!("/keys/{id}/{form}")).await;
        assert_eq!(refused.status, 409, "{form}");
        refused.says(&["This key is deleted or being deleted. Create a new one. Nothing was changed."]);
    }
    app.close().await;
}

#[actix_web::test]
async fn without_script_the_server_says_what_the_numbers_mean() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller("you@shop.com", "200").await;
    let page = reseller.open("/keys/new?label=acme&budget=100&cost=60").await;
    let figures = [
        "Client sees $100.00 to spend",
        "Profit when fully used $40.00",
        "Debited now −$60.0000",
        "Your balance $200.0000 → $140.0000",
    ];
    page.says(&figures);
    let preview = [("budget", "100"), ("cost", "$60"), ("do", "preview")];
    let shown = reseller.submit(&page, "/keys/new", &preview).await;
    assert_eq!(shown.status, 200);
    shown.says(&figures);
    assert_eq!(shown.value("operation_id"), page.value("operation_id"));
    let even = reseller.submit(&page, "/keys/new", &[("budget", "100"), ("cost", "100"), ("do", "preview")]).await;
    assert!(even.text.contains("<span data-out=\"share\" hidden>"), "{}", even.text);
    assert!(even.text.contains("<span data-out=\"even\">No markup (internal share)</span>"), "{}", even.text);
    let short = reseller.submit(&page, "/keys/new", &[("budget", "500"), ("cost", "300"), ("do", "preview")]).await;
    assert_eq!(short.status, 422);
    short.says(&["This is more than what is available.", "→ –"]);
    assert_eq!(balance(&mut reseller).await, "200", "a preview does nothing");

    reseller.submit(&page, "/keys/new", &ACME).await;
    let path = format!("/keys/{}/top-up", only_key(&mut reseller).await);
    let more = reseller.fill_in(&path, &[("amount", "50"), ("do", "preview")]).await;
    assert_eq!(more.status, 200);
    more.says(&["−$30.0000", "$150.00", "Available: $140.0000 → $110.0000"]);
    let short = reseller.fill_in(&path, &[("amount", "500"), ("do", "preview")]).await;
    assert_eq!(short.status, 422);
    short.says(&["This debits more than what is available."]);
    assert_eq!(balance(&mut reseller).await, "140");
    app.close().await;
}

#[actix_web::test]
async fn a_form_that_the_books_did_not_answer_comes_back_as_typed_and_goes_through_later() {
    let app = TestApp::start().await;
    let (mut reseller, account) = app.reseller("you@shop.com", "1").await;
    let account = AccountId(account.parse().expect("an id"));
    wishes::grant(&app.directory, account, 199 * USD, wishes::new_idem()).await.expect("an answer").expect("granted");
    let page = reseller.open("/keys/new").await;
    // Its actor believes in 200 dollars, so the store refuses what the books decide, and they are thrown away.
    let add = "UPDATE ledger.account SET main = main + $2, granted = granted + $2 WHERE account_id = $1";
    let add_to_main = async |nanos: i64| {
        sqlx::query(add).bind(account.0).bind(nanos).execute(&app.pool).await.expect("the row changes");
    };
    add_to_main(-150 * USD).await;
    let unsure = reseller.submit(&page, "/keys/new", &ACME).await;
    add_to_main(150 * USD).await;
    app.directory.discard(account);
    assert_eq!(unsure.status, 503, "{}", unsure.text);
    unsure.says(&[
        "Our books did not answer in time. Nothing was debited as far as we know. Press Create again: it is done once at \
         most.",
    ]);
    let typed = ["operation_id", "label", "budget", "cost"].map(|name| unsure.value(name));
    assert_eq!(typed, [&page.value("operation_id"), "acme-corp-prod", "100", "60"].map(str::to_owned));
    let done = reseller.submit(&unsure, "/keys/new", &ACME).await;
    assert_eq!(done.status, 201, "{}", done.text);
    assert_eq!(balance(&mut reseller).await, "140");
    app.close().await;
}

#[actix_web::test]
async fn a_page_and_a_program_never_share_an_operation_id() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller("you@shop.com", "200").await;
    let page = reseller.open("/keys/new").await;
    assert_eq!(reseller.submit(&page, "/keys/new", &ACME).await.status, 201);
    let order = json!({ "label": "acme-corp-prod", "budget": "100", "cost": "60" });
    let id = page.value("operation_id");
    assert_eq!(reseller.pay(Method::POST, "/api/v1/keys", &id, &order).await.status, 201);
    assert_eq!(balance(&mut reseller).await, "80");
    app.close().await;
}
