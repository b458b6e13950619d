//! Requests as a table: whole, in parts, and harmless in a spreadsheet.

use derouter::actors::call::CallEnd;
use derouter::domain::call::Meters;
use derouter::domain::money::Cost;
use derouter::domain::outcome::{Flags, Outcome};

use crate::support::app::TestApp;
use crate::support::site::TestKey;
use crate::support::wishes;

/// Ends a call of this model, at a cost in nano-dollars.
async fn spend(app: &TestApp, key: &TestKey, model: &str, nanos: i64) {
    let call = wishes::live_call(&app.directory, key.owned(), wishes::quote(1)).await;
    let end = CallEnd {
        outcome: Outcome::Answered,
        flags: Flags::NONE,
        cost: Cost::from_nanos(nanos),
        absorbed: Cost::ZERO,
        model: model.into(),
        meters: Meters { input: 10, output: 20, cache_read: 3, cache_write: 4 },
        detail: None,
    };
    call.settle(end).await.expect("an end");
}

#[actix_web::test]
async fn a_table_carries_every_request_however_many_there_are() {
    let app = TestApp::start().await;
    let key = app.key("100", "60", 1_000_000, 1_000).await;
    // More than two parts, so that the parts meet without a gap and without a request twice.
    for _ in 0..2_100 {
        spend(&app, &key, "claude-haiku-4-5", 6_000).await;
    }
    spend(&app, &key, "=cmd|' /C calc'!A1", 600_000_000).await;
    app.settled().await;
    let mut client = app.client("one@acme.com", &key.secret).await;
    let path = format!("/keys/{}/usage.csv", key.id);
    let table = client.get(&format!("{path}?days=7")).await;
    assert_eq!((table.status, table.header("content-type")), (200, Some("text/csv; charset=utf-8")));
    assert!(table.header("content-disposition").is_some_and(|v| v.starts_with("attachment; filename=\"requests-")));
    assert_eq!((table.header("cache-control"), table.header("content-length")), (Some("no-store"), None));
    let lines: Vec<&str> = table.text.split_terminator("\r\n").collect();
    assert_eq!(
        lines[0],
        "Time (UTC),Request,Model,Input tokens,Output tokens,Cache read,Cache written,Price (USD),State"
    );
    assert_eq!(lines.len(), 2_102);
    assert!(lines[1].ends_with(",'=cmd|' /C calc'!A1,10,20,3,4,1.000000000,ok"), "{}", lines[1]);
    assert!(lines[2].ends_with(",claude-haiku-4-5,10,20,3,4,0.000010000,ok"), "{}", lines[2]);
    let mut ids: Vec<&str> = lines[1..].iter().filter_map(|line| line.split(',').nth(1)).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 2_101);
    let filtered = client.get(&format!("{path}?model=%3Dcmd%7C%27+%2FC+calc%27%21A1")).await;
    assert_eq!(filtered.text.split_terminator("\r\n").count(), 2);
    let none = client.get(&format!("{path}?model=nothing")).await;
    assert_eq!(none.text.split_terminator("\r\n").count(), 1);
    app.close().await;
}
