//! Billing, statement and table: every movement with the balance after it, by month and kind, and top-ups as they stand.

use crate::payments::till;
use crate::support::app::TestApp;
use crate::support::browser::{Answer, Browser};
use awc::http::Method;
use derouter::clock::Clock;
use derouter::payments::sandbox::play::Play;
use derouter::payments::sandbox::provider::Sending;
use serde_json::{Value, json};

const YOU: &str = "you@shop.com";

/// A reseller whose balance moved in every way they can see, and their account.
async fn moved(app: &TestApp) -> (Browser, String) {
    let (mut reseller, account) = app.reseller(YOU, "200").await;
    let order = json!({ "label": "=acme,1", "budget": "100", "cost": "60" });
    let made = reseller.pay(Method::POST, "/api/v1/keys", "k", &order).await.json();
    let key = format!("/api/v1/keys/{}", made["id"].as_str().expect("an id"));
    reseller.pay(Method::POST, &format!("{key}/top-up"), "t", &json!({ "amount": "50" })).await;
    for amount in ["+5.00", "-1.50"] {
        let adjust = json!({ "amount": amount, "reason": "a <test>", "id": amount });
        app.operator(&format!("/op/accounts/{account}/adjust"), &adjust).await;
    }
    reseller.pay(Method::DELETE, &key, "d", &Value::Null).await;
    (reseller, account)
}

/// The cells of the page's table of movements, newest first.
fn rows(page: &Answer) -> Vec<String> {
    let table = page.text.split("<tbody>").nth(1).and_then(|rest| rest.split("</tbody>").next()).unwrap_or_default();
    let row = |text: &str| Answer { status: 200, headers: Vec::new(), text: text.to_owned() }.reads();
    table
        .split("<tr>")
        .skip(1)
        .map(row)
        .map(|r| r.get("2026-11-23 09:41 ".len()..).unwrap_or_default().to_owned())
        .collect()
}

#[actix_web::test]
async fn every_movement_is_listed_with_the_balance_after_it() {
    let app = TestApp::start().await;
    let (mut reseller, _) = moved(&app).await;
    let page = reseller.open("/billing").await;
    assert_eq!(
        rows(&page),
        [
            "Returned from key: =acme,1 Unused cost came back +$90.00 $203.50",
            "Key deleted: =acme,1 – $113.50",
            "Correction by support a <test> −$1.50 $113.50",
            "Correction by support a <test> +$5.00 $115.00",
            "Key topped up: =acme,1 $50.00 more for the client −$30.00 $110.00",
            "Key created: =acme,1 $100.00 for the client −$60.00 $140.00",
            "Paid in +$200.00 $200.00",
        ]
    );
    page.says(&["Account Balance $203.50", "Available: $203.50", "Allocated to keys $0.00"]);
    page.says(&["Paid in +$200.00", "Corrections +$3.50", "Put into keys −$90.00", "Returned from keys +$90.00"]);
    assert!(!page.text.contains("<test>"), "{}", page.text);
    let of = |kind: &str| format!("/billing?kind={kind}");
    for (kind, number, first) in
        [("payments", 1, "$200.00"), ("keys", 3, "$113.50"), ("back", 1, "$203.50"), ("other", 2, "$113.50")]
    {
        let listed = rows(&reseller.open(&of(kind)).await);
        assert_eq!((listed.len(), listed[0].rsplit(' ').next()), (number, Some(first)), "{kind}: {listed:?}");
    }
    let odd = reseller.open("/billing?kind=gold&month=1999-13&cursor=00&topup=1").await;
    assert_eq!(rows(&odd), rows(&page), "what is no such thing is ignored");
    app.close().await;
}

#[actix_web::test]
async fn the_statement_adds_up_and_reads_from_the_first_movement_on() {
    let app = TestApp::start().await;
    let (mut reseller, account) = moved(&app).await;
    let back = "UPDATE ledger.journal SET at = at - interval '40 days' WHERE seq <= 2";
    for statement in [
        "ALTER TABLE ledger.journal DISABLE TRIGGER journal_immutable",
        back,
        "ALTER TABLE ledger.journal ENABLE TRIGGER journal_immutable",
        "UPDATE ledger.journal_day SET day = day - 40 WHERE last_seq <= 2",
    ] {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&app.pool).await.expect("aged");
    }
    let month =
        |days: u64| (Clock::real().now_utc().date_naive() - chrono::Days::new(days)).format("%Y-%m").to_string();
    let (now, then) = (month(0), month(40));
    let page = reseller.open("/billing").await;
    assert_eq!(rows(&page).len(), 5, "the newest month");
    let old = reseller.open(&format!("/billing?month={then}")).await;
    assert_eq!(rows(&old).len(), 2);
    let statement = reseller.open("/billing/statement").await;
    statement.says(&["Statement, ", &account, YOU, "Opening balance $140.00", "Closing balance $203.50"]);
    statement.says(&["Corrections +$3.50", "Put into keys −$30.00", "Returned from keys +$90.00"]);
    assert!(rows(&statement)[0].starts_with("Key topped up"), "{:?}", rows(&statement));
    let first = reseller.open(&format!("/billing/statement?month={then}")).await;
    first.says(&["Opening balance $0.00", "Paid in +$200.00", "Put into keys −$60.00", "Closing balance $140.00"]);
    assert!(page.text.contains(&format!("/billing/statement?month={now}")), "{}", page.text);
    app.close().await;
}

#[actix_web::test]
async fn the_table_is_for_spreadsheets_and_runs_nothing() {
    let app = TestApp::start().await;
    let (mut reseller, _) = moved(&app).await;
    let table = reseller.get("/billing.csv").await;
    assert_eq!(table.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(table.header("content-disposition").is_some_and(|d| d.contains("filename=\"movements-")));
    let lines: Vec<&str> = table.text.split("\r\n").collect();
    assert_eq!(lines[0], "Time (UTC),No.,What,Note,In (USD),Out (USD),Balance after (USD)");
    assert_eq!(lines.len(), 9, "heads, seven movements and the last line's end");
    assert!(lines[1].ends_with(",\"Returned from key: =acme,1\",Unused cost came back,90.000000000,,203.500000000"));
    assert!(lines[6].ends_with(",$100.00 for the client,,60.000000000,140.000000000"), "{}", lines[6]);
    let payments = reseller.get("/billing.csv?kind=payments").await;
    assert_eq!(payments.text.split("\r\n").count(), 3);
    app.close().await;
}

#[actix_web::test]
async fn top_ups_are_shown_as_our_rows_have_them_wherever_the_address_says_otherwise() {
    let app = TestApp::start().await;
    let mut reseller = Browser::at(app.dashboard);
    reseller.sign_in(&app, YOU).await;
    reseller.open("/billing").await.says(&["None yet. Your first deposit", "Nothing moved in "]);
    let mut payer = till::Payer { browser: reseller.clone() };
    let order = payer.open("crypto").await;
    let here = format!("/billing?topup={}", order.id);
    let turned = reseller.open(&format!("{here}&cancelled=1")).await;
    turned.says(&[
        "You came back without paying. Nothing was charged",
        "$200.00 Crypto",
        "Waiting for payment",
        "Continue",
    ]);
    assert!(turned.text.contains(&format!("href=\"{}\"", order.url)), "{}", turned.text);
    let claimed = reseller.open(&format!("{here}&session=paid&state=credited")).await;
    claimed.says(&["The provider has not confirmed your payment of $200.00 yet.", "Account Balance $0.00"]);
    till::play(&app, &order, Play::Send, Sending::Never);
    let seen = reseller.open(&here).await;
    seen.says(&["Your payment of $200.00 is on its way.", "Payment seen, waiting for confirmations", "Details"]);
    till::play(&app, &order, Play::Confirm, Sending::Never);
    for _ in 0..2 {
        let paid = reseller.open(&format!("{here}&cancelled=1")).await;
        paid.says(&["+$200.00 is on your balance.", "Account Balance $200.00", "Paid in by crypto +$200.00 $200.00"]);
        assert!(paid.text.contains(&format!("href=\"/billing/{}\"", order.id)));
    }
    assert_eq!(till::credits(&app.pool).await.len(), 1, "a page loaded twice credits once");
    let half = payer.open("crypto").await;
    till::play(&app, &half, Play::PayHalf, Sending::Never);
    let parked = reseller.open(&format!("/billing?topup={}", half.id)).await;
    parked.says(&["Received $100.00 of $200.00: we are looking at it."]);
    let mut other = Browser::at(app.dashboard);
    other.sign_in(&app, "other@shop.com").await;
    assert!(!other.open(&here).await.reads().contains("$200.00"), "somebody else's is nobody's");
    app.close().await;
}

#[actix_web::test]
async fn long_lists_go_on_and_filters_keep_their_place() {
    let app = TestApp::start().await;
    let (mut reseller, account) = app.reseller(YOU, "200").await;
    for n in 0..60 {
        let adjust = json!({ "amount": "+1.00", "reason": "more", "id": n.to_string() });
        app.operator(&format!("/op/accounts/{account}/adjust"), &adjust).await;
    }
    let first = reseller.open("/billing?kind=other").await;
    assert_eq!((rows(&first).len(), rows(&first)[0].as_str()), (50, "Correction by support more +$1.00 $260.00"));
    let older = first.text.split("href=\"").find(|text| text.contains("cursor=")).expect("a link to the rest");
    let older = older.split('"').next().expect("its end").replace("&#38;", "&");
    assert!(older.contains("kind=other"), "{older}");
    let rest = reseller.open(&older).await;
    assert_eq!((rows(&rest).len(), rows(&rest)[9].as_str()), (10, "Correction by support more +$1.00 $201.00"));
    let all = reseller.open("/billing").await;
    all.says(&["50 movements a page", "Older"]);
    assert_eq!(reseller.get("/billing.csv").await.text.split("\r\n").count(), 63);
    app.close().await;
}
