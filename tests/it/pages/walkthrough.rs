//! The guide's flow by pages: $200, a key of $100 for $60, real use, $50 more, the key's end.

use derouter::actors::messages::KeyRef;
use derouter::domain::ids::{AccountId, KeyId};
use derouter::domain::money::Cost;
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::browser::{Answer, Browser};
use crate::support::wishes;

/// A call of this key that costs its reseller this much.
async fn consume(app: &TestApp, account: &str, key: &str, nanos: i64) {
    let id = |text: &str| text.parse().expect("an id");
    let key = KeyRef { account: AccountId(id(account)), key: KeyId(id(key)) };
    let call = wishes::live_call(&app.directory, key, wishes::quote(1)).await;
    wishes::settle(call, Cost::from_nanos(nanos)).await.expect("settled");
    app.settled().await;
}

/// The page of a reseller who came by the sign-in page.
async fn signed_in(app: &TestApp, email: &str) -> (Browser, Answer) {
    let mut browser = Browser::at(app.dashboard);
    let asked = browser.post_form("/login", format!("email={email}")).await;
    assert_eq!(asked.leads(), "/login/code");
    let code = app.code_for(email).await;
    let entered = browser.post_form("/login/code", format!("email={email}&code={code}")).await;
    assert_eq!(entered.leads(), "/api");
    let page = browser.open("/api").await;
    (browser, page)
}

#[actix_web::test]
async fn from_two_hundred_dollars_to_the_first_profit_by_pages() {
    let app = TestApp::start().await;
    let (mut reseller, empty) = signed_in(&app, "xiaoming@shop.com").await;
    empty.says(&["Account Balance $0.00 Available: $0.00", "Three steps to your first client"]);
    assert!(empty.text.contains("aria-label=\"Nothing earned yet\""));
    let account = reseller.get("/api/v1/balance").await.json()["account"].as_str().expect("an id").to_owned();
    let deposit = json!({ "amount": "200", "id": uuid::Uuid::new_v4() });
    app.operator(&format!("/op/accounts/{account}/deposit"), &deposit).await;
    let topped = reseller.open("/api").await;
    topped.says(&["Account Balance $200.00 Available: $200.00", "Two steps left", "Create your first key"]);

    let form = reseller.open("/keys/new").await;
    form.says(&["Create API Key", "Debited from your main balance · Available: $200.0000"]);
    let typed = [("label", "acme-corp-prod"), ("budget", "100"), ("cost", "60")];
    let made = reseller.submit(&form, "/keys/new", &typed).await;
    assert_eq!(made.status, 201);
    made.says(&["Key created", "Shown once. Store it now.", "Hi acme-corp-prod, Your API key: sk-ant-"]);
    let fresh = reseller.open("/api").await;
    fresh.says(&[
        "Account Balance $140.00 Available: $140.00",
        "Allocated to keys $60.00",
        "One step left",
        "Client Keys (1)",
        "Budget $100.00 Spent $0.00 Remaining $100.00",
        "Your cost $60.00 Margin 40% In flight None",
        "1 active · 0 need attention",
        "Last call: none yet",
    ]);
    let id = fresh.text.split_once("id=\"key-").expect("a card").1[..36].to_owned();

    spend(&app, &mut reseller, &account, &id).await;
    top_up_and_delete(&mut reseller, &id).await;
    app.close().await;
}

/// A week later the client has spent $34.20.
async fn spend(app: &TestApp, reseller: &mut Browser, account: &str, id: &str) {
    consume(app, account, id, 20_520_000_000).await;
    let used = reseller.open("/api").await;
    used.says(&[
        "Earned profit last 30 days $13.68",
        "Clients spent $34.20 Your cost $20.52",
        "34% used",
        "Budget $100.00 Spent $34.20 Remaining $65.80",
        "Earned $13.68",
        "Allocated to keys $39.48",
        "Last call: just now",
    ]);
    assert!(used.text.contains("aria-label=\"Earned per day, most on "), "{}", used.text);
    assert!(!used.reads().contains("One step left"), "the client calls: nothing is left to do");
}

/// A month later $50 more, at the locked ratio; then the key goes, and what is unused comes back.
async fn top_up_and_delete(reseller: &mut Browser, id: &str) {
    let path = format!("/keys/{id}/top-up");
    let more = reseller.open(&path).await;
    more.says(&["Top Up Client Key", "· acme-corp-prod", "Available: $140.0000"]);
    let topped = reseller.submit(&more, &path, &[("amount", "50")]).await;
    let after = reseller.follow(&topped).await;
    after.says(&[
        "Topped up acme-corp-prod. Your client’s new total is $150.00.",
        "Account Balance $110.00",
        "Budget $150.00 Spent $34.20 Remaining $115.80",
        "Your cost $90.00 Margin 40%",
    ]);

    let path = format!("/keys/{id}/delete");
    let last = reseller.open(&path).await;
    last.says(&["Returned to you now $69.48", "Stays billed (already used) $20.52", "$110.00 → $179.48"]);
    let deleted = reseller.submit(&last, &path, &[("confirm", "acme-corp-prod")]).await;
    let gone = reseller.follow(&deleted).await;
    gone.says(&[
        "Deleted acme-corp-prod. $69.48 came back to your balance.",
        "Account Balance $179.48",
        "Allocated to keys $0.00",
        "Earned profit last 30 days $13.68",
        "Client Keys (0)",
        "No keys now.",
    ]);
    let kept = reseller.open("/api?state=deleted").await;
    kept.says(&["acme-corp-prod", "Deleted", "Spent $34.20", "Earned $13.68"]);
}

#[actix_web::test]
async fn equal_numbers_are_a_share_without_markup() {
    let app = TestApp::start().await;
    let (mut reseller, _) = app.reseller("you@shop.com", "200").await;
    let typed = [("label", "internal-eng"), ("budget", "100"), ("cost", "100")];
    let made = reseller.fill_in("/keys/new", &typed).await;
    made.says(&["internal-eng: $100.00 for your client. $100.0000 were debited; your balance is $100.0000."]);
    let listed = reseller.open("/api").await;
    listed.says(&["No markup (internal share)", "Margin None", "Your cost $100.00"]);
    let id = listed.text.split_once("id=\"key-").expect("a card").1[..36].to_owned();
    let more = reseller.open(&format!("/keys/{id}/top-up?amount=10")).await;
    more.says(&["You pay (ratio locked, no markup) −$10.0000", "Client’s new total $110.00"]);
    app.close().await;
}
