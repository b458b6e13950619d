//! The page of usage, one request in full, and the table for spreadsheets.

use awc::http::Method;
use derouter::actors::call::CallEnd;
use derouter::domain::call::Meters;
use derouter::domain::money::Cost;
use derouter::domain::outcome::{Flags, Outcome};
use serde_json::json;

use crate::support::app::TestApp;
use crate::support::browser::{Answer, Browser};
use crate::support::site::TestKey;
use crate::support::wishes;

const USD: i64 = 1_000_000_000;
/// Columns of the table.
const PRICE: usize = 10;
const COST: usize = 11;
const PROFIT: usize = 12;
const STATE: usize = 13;

/// A key of $100 for $60.
async fn key(reseller: &mut Browser, account: &str, label: &str) -> TestKey {
    let order = json!({ "label": label, "budget": "100", "cost": "60" });
    let made = reseller.pay(Method::POST, "/api/v1/keys", label, &order).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let text = |field: &str| made.json()[field].as_str().expect("a text").to_owned();
    TestKey { account: account.to_owned(), id: text("id"), secret: text("key") }
}

/// Ends a call of this model at a cost, and gives its request id.
async fn spend(app: &TestApp, key: &TestKey, model: &str, nanos: i64, flags: Flags) -> String {
    let call = wishes::live_call(&app.directory, key.owned(), wishes::quote(1)).await;
    let id = call.call().request_id();
    let end = CallEnd {
        outcome: if nanos == 0 { Outcome::NoAnswer } else { Outcome::Answered },
        flags,
        cost: Cost::from_nanos(nanos),
        absorbed: Cost::ZERO,
        model: model.into(),
        meters: Meters { input: 1_000, output: 20, cache_read: 3, cache_write: 4 },
        detail: Some(r#"{"price_version":1,"requested":"claude-latest","cache_write_5m":4}"#.to_owned()),
    };
    call.settle(end).await.expect("an end");
    id
}

/// Two keys: one with three calls of a dollar for the client, one with a broken answer and one that nobody gave.
async fn with_calls(app: &TestApp) -> (Browser, TestKey, TestKey, String) {
    let (mut reseller, account) = app.reseller("you@shop.com", "500").await;
    let (acme, globex) = (key(&mut reseller, &account, "acme").await, key(&mut reseller, &account, "globex").await);
    for _ in 0..3 {
        spend(app, &acme, "claude-haiku-4-5", 6 * USD / 10, Flags::NONE).await;
    }
    let broken = spend(app, &globex, "claude-opus-4-8", 3 * USD, Flags::PARTIAL).await;
    spend(app, &globex, "claude-haiku-4-5", 0, Flags::NONE).await;
    app.settled().await;
    (reseller, acme, globex, broken)
}

/// The cells of each line below the heads; none of the texts here has a comma.
fn cells(table: &Answer) -> Vec<Vec<String>> {
    assert_eq!((table.status, table.header("content-type")), (200, Some("text/csv; charset=utf-8")), "{}", table.text);
    let lines = table.text.split_terminator("\r\n").skip(1);
    lines.map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

/// A decimal as nano-dollars.
fn nanos(text: &str) -> i64 {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{rest:0<9}").parse().expect("an amount")
}

#[actix_web::test]
async fn the_figures_ranks_and_requests_of_a_filter_are_those_of_its_calls() {
    let app = TestApp::start().await;
    let (mut reseller, acme, globex, _) = with_calls(&app).await;
    let all = ["Clients spent $8.00 5 calls", "Your cost $4.80", "Earned profit $3.20 40% of what clients spent"];
    let of_acme = ["Clients spent $3.00 3 calls", "Your cost $1.80", "Earned profit $1.20"];
    let of_globex = ["Clients spent $5.00 2 calls", "Your cost $3.00", "Earned profit $2.00"];
    let partial = ["Clients spent $5.00 1 call", "By model", "partial"];
    let void = ["Clients spent $0.00 1 call", "Nothing spent yet", "not billed"];
    let (by_acme, by_globex) = (format!("?key={}", acme.id), format!("?key={}&range=90d", globex.id));
    let rows: [(&str, &[&str]); 13] = [
        ("", &all),
        ("?range=24h", &["By hour", "Clients spent $8.00"]),
        ("?range=7d", &all),
        ("?range=90d&show=earned", &["Earned $3.20 over 90 days", "By key"]),
        ("?show=calls", &["5 calls over 30 days", "acme 3", "globex 2"]),
        ("?show=tokens", &["5.0 k tokens in, 100 out"]),
        (&by_acme, &of_acme),
        (&by_globex, &of_globex),
        ("?model=claude-haiku-4-5", &["Clients spent $3.00 4 calls"]),
        ("?state=partial", &partial),
        ("?state=measured", &of_acme),
        ("?state=not_billed", &void),
        ("?state=partial&model=claude-haiku-4-5", &["No calls match", "Clear the filter"]),
    ];
    for (query, texts) in rows {
        let page = reseller.open(&format!("/usage{query}")).await;
        page.says(texts);
        let table = cells(&reseller.get(&format!("/usage.csv{query}")).await);
        let sum = |column: usize| table.iter().map(|row| nanos(&row[column])).sum::<i64>();
        assert_eq!(sum(PRICE), nanos(page.value_of("usage.spent").trim_start_matches('$')), "{query}");
        assert_eq!(sum(PRICE), sum(COST) + sum(PROFIT), "{query}");
        assert_eq!(table.len(), page.text.matches("<a href=\"/usage/req_").count(), "{query}");
    }
    let states: Vec<String> =
        cells(&reseller.get("/usage.csv").await).into_iter().map(|row| row[STATE].clone()).collect();
    assert_eq!(states, ["not billed", "partial", "measured", "measured", "measured"]);
    app.close().await;
}

#[actix_web::test]
async fn requests_are_turned_page_by_page_and_back() {
    let app = TestApp::start().await;
    let (mut reseller, account) = app.reseller("you@shop.com", "500").await;
    let acme = app.key_of(&account, "100", "60", 1_000_000, 1_000).await;
    let mut made = Vec::new();
    for _ in 0..120 {
        made.push(spend(&app, &acme, "claude-haiku-4-5", 600, Flags::NONE).await);
    }
    made.reverse();
    app.settled().await;
    let mut pages = vec![reseller.open("/usage").await];
    while let Some(older) = pages.last().and_then(|page| page.button("Older")) {
        pages.push(reseller.open(&older).await);
    }
    let shown: Vec<Vec<String>> = pages.iter().map(requests).collect();
    assert_eq!(shown.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 20]);
    assert_eq!(shown.concat(), made);
    let newer = pages[2].button("Newer").expect("a way back");
    let back = reseller.open(&newer).await;
    assert_eq!(requests(&back), shown[1]);
    let first = reseller.open(&back.button("Newer").expect("a way back")).await;
    assert_eq!((requests(&first), first.button("Newer")), (shown[0].clone(), None));
    // A cursor of another list is none.
    let cursor = newer.split("cursor=").nth(1).expect("a cursor").to_owned();
    let other = reseller.open(&format!("/usage?range=7d&cursor={cursor}")).await;
    assert_eq!(requests(&other), shown[0]);
    let table = cells(&reseller.get("/usage.csv").await);
    assert_eq!(table.iter().map(|row| row[1].clone()).collect::<Vec<_>>(), made);
    app.close().await;
}

#[actix_web::test]
async fn one_request_tells_its_meters_and_belongs_to_its_reseller_alone() {
    let app = TestApp::start().await;
    let (mut reseller, acme, _, broken) = with_calls(&app).await;
    let page = reseller.open(&format!("/usage/{broken}")).await;
    page.says(&[
        "Key globex",
        "Model claude-opus-4-8",
        "Asked for claude-latest",
        "State partial",
        "Client price $5.000000000",
        "Your cost $3.000000000",
        "Profit $2.000000000",
        "The answer broke off.",
    ]);
    let (mut stranger, _) = app.reseller("stranger@shop.com", "5").await;
    let plain = broken.trim_start_matches("req_").to_owned();
    let own = [format!("/usage/{plain}"), format!("/usage/{}", broken.to_uppercase()), "/usage/req_1".to_owned()];
    for path in own {
        assert_eq!(reseller.get(&path).await.status, 404, "{path}");
    }
    let key = &acme.id;
    for path in [format!("/usage/{broken}"), format!("/usage?key={key}"), format!("/usage.csv?key={key}")] {
        assert_eq!(stranger.get(&path).await.status, 404, "{path}");
    }
    stranger.open("/usage").await.says(&["No calls yet", "Back to API"]);
    assert_eq!(cells(&stranger.get("/usage.csv").await), Vec::<Vec<String>>::new());
    app.close().await;
}

#[actix_web::test]
async fn what_an_address_does_not_mean_is_left_out() {
    let app = TestApp::start().await;
    let (mut reseller, ..) = with_calls(&app).await;
    let queries = [
        "?range=forever",
        "?range=custom",
        "?range=custom&from=2026-02-30&to=x",
        "?range=custom&from=2026-03-01&to=2026-02-01",
        "?range=custom&from=0001-01-01&to=9999-12-31",
        "?state=all&show=cost",
        "?cursor=00",
        "?cursor=%00%ff&cursor=x",
        "?unknown=1&range=30d&range=7d",
        "?model=",
    ];
    for query in queries {
        let page = reseller.open(&format!("/usage{query}")).await;
        page.says(&["Usage", "Clients spent"]);
        assert_eq!(reseller.get(&format!("/usage.csv{query}")).await.status, 200, "{query}");
    }
    let hostile = "/usage?model=%3Cscript%3Ealert(1)%3C/script%3E";
    let page = reseller.open(hostile).await;
    assert!(!page.text.contains("<script>alert"), "{}", page.text);
    page.says(&["No calls match"]);
    for key in ["1", "00000000-0000-0000-0000-000000000000", "'; DROP TABLE call"] {
        assert_eq!(reseller.get(&format!("/usage?key={}", key.replace(' ', "%20"))).await.status, 404, "{key}");
    }
    app.close().await;
}

/// Ids of the requests on a page, in order.
fn requests(page: &Answer) -> Vec<String> {
    let links = page.text.split("<a href=\"/usage/").skip(1);
    links.map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect()
}

impl Answer {
    /// Where a button of the pager leads.
    fn button(&self, word: &str) -> Option<String> {
        let before = self.text.split(&format!(">{word}</a>")).next().filter(|before| before.len() < self.text.len())?;
        let href = before.rsplit("href=\"").next()?.split('"').next()?;
        Some(href.replace("&#38;", "&"))
    }

    /// The text of a live figure.
    fn value_of(&self, id: &str) -> String {
        let rest = self.text.split(&format!("data-live=\"{id}\"")).nth(1).expect("a figure");
        rest.split('>').nth(1).and_then(|text| text.split('<').next()).expect("its text").to_owned()
    }
}
