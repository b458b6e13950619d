//! `/api` itself: which keys it lists, what it says of running calls, and that looking wakes nobody.

use derouter::actors::messages::KeyRef;
use derouter::domain::ids::{AccountId, KeyId};
use derouter::domain::money::Cost;

use crate::support::app::TestApp;
use crate::support::browser::{Answer, Browser};
use crate::support::wishes;

/// A reseller with so many keys of 10 for 6 dollars, `key-00` the oldest; their ids in that order.
async fn with_keys(app: &TestApp, number: usize) -> (Browser, AccountId, Vec<KeyId>) {
    let (reseller, account) = app.reseller("you@shop.com", "1000").await;
    let mut ids = Vec::new();
    for n in 0..number {
        let body = serde_json::json!({
            "label": format!("key-{n:02}"), "budget": "10", "cost": "6", "rpm": 60, "concurrency": 5,
            "id": uuid::Uuid::new_v4(),
        });
        let made = app.operator(&format!("/op/accounts/{account}/keys"), &body).await;
        ids.push(KeyId(made["id"].as_str().expect("an id").parse().expect("an id")));
    }
    (reseller, AccountId(account.parse().expect("an id")), ids)
}

/// The labels of the keys, from above.
fn labels(page: &Answer) -> Vec<String> {
    let links = page.text.split("href=\"/keys/").skip(1);
    let labels = links.filter_map(|rest| rest.split_once('>')?.1.split_once("</a>"));
    labels.map(|(label, _)| label).filter(|label| label.starts_with("key-")).map(str::to_owned).collect()
}

/// Where the pager leads.
fn pager(page: &Answer, rel: &str) -> Option<String> {
    let (before, _) = page.text.split_once(&format!("\" rel=\"{rel}\""))?;
    Some(before.rsplit_once("href=\"")?.1.replace("&#38;", "&"))
}

#[actix_web::test]
async fn few_keys_are_cards_and_more_than_twelve_are_a_table_by_pages() {
    let app = TestApp::start().await;
    let (mut reseller, account, _) = with_keys(&app, 12).await;
    let cards = reseller.open("/api").await;
    assert_eq!((cards.text.matches("<article").count(), cards.text.contains("<table")), (12, false));
    app.key_of(&account.to_string(), "10", "6", 60, 5).await;
    let table = reseller.open("/api").await;
    assert_eq!((table.text.matches("<article").count(), table.text.contains("<table class=\"keys-table")), (0, true));
    table.says(&["Client Keys (13)"]);
    assert!(pager(&table, "next").is_none(), "one page holds them");
    app.close().await;
}

#[actix_web::test]
async fn a_long_list_is_walked_there_and_back_in_any_order() {
    let app = TestApp::start().await;
    let (mut reseller, ..) = with_keys(&app, 53).await;
    for (first, order) in [("/api", false), ("/api?sort=label&q=key", true)] {
        let page = reseller.open(first).await;
        page.says(&["50 keys a page"]);
        let mut shown = labels(&page);
        let next = pager(&page, "next").expect("a next page");
        let rest = reseller.open(&next).await;
        shown.extend(labels(&rest));
        let mut all: Vec<String> = (0..53).map(|n| format!("key-{n:02}")).collect();
        if !order {
            all.reverse();
        }
        assert_eq!(shown, all, "{first}");
        let back = reseller.open(&pager(&rest, "prev").expect("a way back")).await;
        assert_eq!(labels(&back), labels(&page));
        // A cursor of another list is no cursor: the list begins anew.
        let cursor = next.split_once("cursor=").expect("a cursor").1;
        let foreign = reseller.open(&format!("/api?state=active&cursor={cursor}")).await;
        assert_eq!(labels(&foreign).len(), 50);
    }
    app.close().await;
}

#[actix_web::test]
async fn keys_are_found_and_what_is_not_there_says_what_to_do() {
    let app = TestApp::start().await;
    let (mut reseller, ..) = with_keys(&app, 3).await;
    assert_eq!(labels(&reseller.open("/api?q=KEY-01").await), ["key-01"]);
    let listed = reseller.open("/api?sort=label").await;
    let masked = listed.text.split_once("<code class=\"muted\">").expect("a start").1[..12].to_owned();
    assert_eq!(labels(&reseller.open(&format!("/api?q={masked}%E2%80%A6")).await).len(), 1, "with its dots");
    let nothing = reseller.open("/api?q=%3Cb%3Eacmee").await;
    nothing.says(&["No key matches “<b>acmee”.", "Search looks at labels and at the start of keys", "Show all keys"]);
    assert!(!nothing.text.contains("<b>acmee") && !nothing.text.contains("<table"));
    reseller.open("/api?state=paused").await.says(&["No paused keys."]);
    reseller.open("/api?state=deleted").await.says(&["No deleted keys."]);
    let odd = reseller.open("/api?state=x&sort=y&cursor=z&did=everything&key=1").await;
    assert_eq!(labels(&odd).len(), 3, "what it does not know, it leaves out");
    app.close().await;
}

#[actix_web::test]
async fn what_runs_is_shown_and_nobody_is_woken_for_it() {
    let app = TestApp::start().await;
    let (mut reseller, account, ids) = with_keys(&app, 5).await;
    let key = KeyRef { account, key: ids[2] };
    let call = wishes::live_call(&app.directory, key, wishes::quote(100_000)).await;
    let (_, keys) = app.directory.live_counts();
    let held = app.directory.open_calls().in_flight(key.key).held;
    let page = reseller.open("/api").await;
    let shown = format!("${}", held.usd().fixed_floor(2));
    page.says(&[&format!("In flight {shown}"), &format!("In flight 1 · {shown}")]);
    assert_eq!(app.directory.live_counts().1, keys, "looking wakes no key");
    let form = reseller.open(&format!("/keys/{}/delete", key.key)).await;
    let returned = Cost::from_nanos(6_000_000_000).saturating_sub(held);
    form.says(&[
        &format!("In flight: 1 call up to {shown}"),
        &format!("Returned to you now ${}", returned.usd().fixed_floor(2)),
        "What they do not use comes back as they end.",
    ]);
    let path = format!("/keys/{}/delete", key.key);
    let deleted = reseller.submit(&form, &path, &[("confirm", "key-02")]).await;
    reseller.follow(&deleted).await.says(&["Calls in flight may finish", "Closing: 1 call finishing"]);
    reseller.open(&format!("/keys/{}", key.key)).await.says(&["It is being deleted.", "Closing: 1 call finishing"]);
    wishes::settle(call, Cost::from_nanos(1_000_000)).await.expect("settled");
    app.settled().await;
    app.until("the rest came back", async || {
        let balance = reseller.clone().get("/api/v1/balance").await.json();
        balance["balance"] == "975.999"
    })
    .await;
    reseller.open(&format!("/keys/{}", key.key)).await.says(&["Deleted. $5.99 came back", "$0.00 stay billed"]);
    app.close().await;
}

#[actix_web::test]
async fn a_signed_out_reseller_is_led_to_sign_in_and_back() {
    let app = TestApp::start().await;
    let mut stranger = Browser::at(app.dashboard);
    assert_eq!(stranger.get("/api").await.leads(), "/login");
    assert_eq!(stranger.get("/keys/new?budget=5").await.leads(), "/login?next=%2Fkeys%2Fnew%3Fbudget%3D5");
    let sent = stranger.post_form("/keys/new", "label=a&budget=1&cost=1&operation_id=1".to_owned()).await;
    assert_eq!(sent.leads(), "/login?next=%2Fkeys%2Fnew%3Flabel%3Da%26budget%3D1%26cost%3D1");
    app.close().await;
}
