//! The list of a reseller's keys: every order can be walked page by page, there and back, and no key is lost.

use derouter::domain::ids::AccountId;
use derouter::domain::money::Price;
use derouter::store::views::account_totals::AccountTotalsViews;
use derouter::store::views::key_list::{KeyAsk, KeyFilter, KeyListViews, KeyOrdering, KeyPlace, ListedKey};
use serde_json::json;
use uuid::Uuid;

use crate::support::app::TestApp;

/// Ten keys, some alike; the second is used up, the third nearly, the fourth paused, the fifth deleted.
async fn shop(app: &TestApp) -> AccountId {
    let account = app.account("1000").await;
    let (mut reseller, other) = app.reseller("you@shop.com", "1000").await;
    for n in 0..10 {
        let budget = format!("{}", 1 + n / 2);
        let order = json!({ "label": format!("Client {}", char::from(b'J' - n)), "budget": budget, "cost": "1" });
        let made = reseller.pay(awc::http::Method::POST, "/api/v1/keys", &format!("k{n}"), &order).await;
        assert_eq!(made.status, 201, "{}", made.text);
    }
    app.key_of(&account, "5", "5", 60, 5).await;
    let keys = reseller.get("/api/v1/keys?limit=100").await.json();
    let id = |n: usize| keys["keys"][9 - n]["id"].as_str().expect("an id").to_owned();
    let spend = |n: usize, nanos: i64| {
        let text = "UPDATE ledger.client_key SET spent_price = $2, posted = $2 WHERE key_id = $1::uuid";
        sqlx::query(text).bind(id(n)).bind(nanos).execute(&app.pool)
    };
    spend(1, 1_000_000_000).await.expect("spent");
    spend(0, 850_000_000).await.expect("spent");
    let pause = format!("/api/v1/keys/{}/pause", id(3));
    assert_eq!(reseller.post(&pause, &json!({})).await.status, 200);
    let gone = format!("/api/v1/keys/{}", id(4));
    assert_eq!(reseller.pay(awc::http::Method::DELETE, &gone, "d", &json!({})).await.status, 200);
    AccountId(Uuid::parse_str(&other).expect("an id"))
}

fn labels(keys: &[ListedKey]) -> Vec<String> {
    keys.iter().map(|key| key.row.label.clone()).collect()
}

/// Undoes what `shop` planted, so that the books are clean at the end.
async fn unspend(app: &TestApp) {
    let text = "UPDATE ledger.client_key SET spent_price = 0, posted = 0 WHERE posted > 0";
    sqlx::query(text).execute(&app.pool).await.expect("the plant is taken back");
}

#[actix_web::test]
async fn every_order_can_be_walked_there_and_back() {
    let app = TestApp::start().await;
    let account = shop(&app).await;
    let views = KeyListViews::new(app.pool.clone());
    for ordering in KeyOrdering::ALL {
        let ask = |from: Option<KeyPlace>, limit| KeyAsk { ordering, from, limit, ..KeyAsk::default() };
        let whole = views.page(account, &ask(None, 100)).await.expect("all keys");
        assert_eq!((whole.keys.len(), &whole.newer, &whole.older), (9, &None, &None), "{ordering:?}");
        let (mut walked, mut places, mut at) = (Vec::new(), Vec::new(), None);
        loop {
            let page = views.page(account, &ask(at.clone(), 4)).await.expect("a page");
            walked.extend(labels(&page.keys));
            places.push(page.newer.clone());
            let Some(next) = page.older else { break };
            at = KeyPlace::parse(&next.text());
            assert_eq!(at.as_ref(), Some(&next), "a place survives its text");
        }
        assert_eq!(walked, labels(&whole.keys), "{ordering:?}");
        let back = views.page(account, &ask(places[2].clone(), 4)).await.expect("the page before");
        assert_eq!(labels(&back.keys), walked[4..8], "{ordering:?}");
        assert!(back.newer.is_some() && back.older.is_some());
        let first = views.page(account, &ask(places[1].clone(), 4)).await.expect("the first page");
        assert_eq!((labels(&first.keys), first.newer), (walked[..4].to_vec(), None), "{ordering:?}");
    }
    unspend(&app).await;
    app.close().await;
}

#[actix_web::test]
async fn keys_are_found_by_label_by_their_start_and_by_state() {
    let app = TestApp::start().await;
    let account = shop(&app).await;
    let views = KeyListViews::new(app.pool.clone());
    let find = async |search: &str, filter| {
        let ask = KeyAsk { search: search.to_owned(), filter, limit: 50, ..KeyAsk::default() };
        labels(&views.page(account, &ask).await.expect("keys").keys)
    };
    let all = views.page(account, &KeyAsk { limit: 50, ..KeyAsk::default() }).await.expect("keys");
    let hint = all.keys[0].row.hint.clone();
    assert_eq!(find(&hint, KeyFilter::Open).await, ["Client A"]);
    assert_eq!(find("client j", KeyFilter::Open).await, ["Client J"]);
    for nothing in ["%", "_", "Client Z", "' OR 1=1 --"] {
        assert!(find(nothing, KeyFilter::Open).await.is_empty(), "{nothing}");
    }
    let rows = [
        (KeyFilter::Active, 8),
        (KeyFilter::Paused, 1),
        (KeyFilter::Low, 2),
        (KeyFilter::UsedUp, 1),
        (KeyFilter::Closing, 0),
        (KeyFilter::Deleted, 1),
    ];
    for (filter, number) in rows {
        assert_eq!(find("", filter).await.len(), number, "{filter:?}");
        assert_eq!(KeyFilter::parse(filter.word()), Some(filter));
    }
    let counts = views.counts(account).await.expect("counts");
    assert_eq!((counts.open, counts.active, counts.low, counts.deleted), (9, 8, 2, 1));
    unspend(&app).await;
    app.close().await;
}

#[actix_web::test]
async fn a_listed_key_says_when_it_was_last_called_and_the_account_what_is_allocated() {
    let app = TestApp::start().await;
    let account = app.account("200").await;
    let key = app.key_of(&account, "100", "60", 60, 5).await;
    let account = AccountId(Uuid::parse_str(&account).expect("an id"));
    let views = KeyListViews::new(app.pool.clone());
    let ask = KeyAsk { limit: 5, ..KeyAsk::default() };
    assert!(views.page(account, &ask).await.expect("keys").keys[0].last_call.is_none());
    app.play(&key, &json!({ "usage": { "input_tokens": 1_000, "output_tokens": 10 } }), false).await;
    app.settled().await;
    let listed = &views.page(account, &ask).await.expect("keys").keys[0];
    let ended: chrono::DateTime<chrono::Utc> =
        sqlx::query_scalar("SELECT max(ended_at) FROM ledger.call").fetch_one(&app.pool).await.expect("a call");
    assert_eq!(listed.last_call, Some(ended));
    assert!(listed.row.spent > Price::ZERO);
    let those = views.those(account, &[listed.row.key]).await.expect("keys");
    assert_eq!((those.len(), those[0].last_call), (1, Some(ended)));
    let totals = AccountTotalsViews::new(app.pool.clone()).get(account).await.expect("totals");
    assert_eq!(totals.main.to_string(), "140");
    assert_eq!(totals.allocated.nanos(), 60_000_000_000 - listed.row.posted.nanos());
    app.close().await;
}
