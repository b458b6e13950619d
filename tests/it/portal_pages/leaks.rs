//! No portal byte tells what the reseller pays, earns or is called (`faults.md` I3): canary amounts and names are
//! planted, every page, form, table, stream, JSON answer, error, header and mail is read, and each is searched.

use awc::http::Method;
use derouter::domain::money::Usd;
use derouter::http::page::words;
use serde_json::json;
use sqlx::Row;
use uuid::Uuid;

use crate::people::alerts::looker;
use crate::portal_pages::walk;
use crate::support::app::TestApp;
use crate::support::browser::{Answer, Browser};
use crate::support::calls::scripted;
use crate::support::site::TestKey;

const CLIENT: &str = "one@acme.com";
const BUDGET: &str = "2000";
const COST: &str = "1238.748265";
/// What the ratio reads like: a margin of 38.0626 %, 0.6193741325 of each dollar, 1.6145 times.
const RATIO: [&str; 6] = ["38.06", "38.1", "61.93", "61.9%", "0.6193", "1.6145"];
const NAMES: [&str; 3] = ["canary-reseller", "canary-label", "canary-note"];
/// Words of the other side, as words of their own.
const WORDS: [&str; 9] = ["cost", "costs", "margin", "margins", "ratio", "profit", "markup", "reseller", "resellers"];
/// JSON routes, read from where they are registered.
const JSON: [&str; 2] =
    [include_str!("../../../src/http/portal/routes.rs"), include_str!("../../../src/http/site/routes.rs")];

/// Everything a client can be sent, and what must not be in it.
struct Search {
    numbers: Vec<String>,
    read: usize,
}

impl Search {
    fn text(&mut self, whence: &str, text: &str) {
        self.read += 1;
        // A stylesheet has margins of its own; it is the same file for everybody.
        let found = if whence.contains(".css") { self.planted(text) } else { self.planted(text).or(word(text)) };
        assert_eq!(found, None, "in {whence}: {text}");
    }

    /// A canary of this text.
    fn planted(&self, text: &str) -> Option<String> {
        let lower = text.to_lowercase();
        let planted = self.numbers.iter().map(String::as_str).chain(RATIO).chain(NAMES);
        planted.into_iter().find(|canary| lower.contains(canary)).map(str::to_owned)
    }

    fn answer(&mut self, whence: &str, answer: &Answer) {
        self.text(whence, &format!("{} {}", answer.status, answer.everything()));
    }
}

/// A word of the other side in this text.
fn word(text: &str) -> Option<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    words.into_iter().find(|word| WORDS.contains(word)).map(str::to_owned)
}

/// A key whose every figure of the other side is unmistakable.
async fn planted(app: &TestApp) -> (Browser, TestKey) {
    let (mut reseller, account) = app.reseller("canary-reseller@shop.com", "10000").await;
    let order = json!({ "label": "canary-label", "budget": BUDGET, "cost": COST });
    let made = reseller.pay(Method::POST, "/api/v1/keys", "canary-note", &order).await.json();
    let text = |field: &str| made[field].as_str().expect("a text").to_owned();
    (reseller, TestKey { account, id: text("id"), secret: text("key") })
}

/// Calls of known size through the proxy: $61.937413 and $987.654356 in cost, and a small one.
async fn spend(app: &TestApp, key: &TestKey) {
    for tokens in [61_937_413, 987_654_321, 12] {
        let usage = json!({ "usage": { "input_tokens": tokens, "output_tokens": 7 } });
        assert_eq!(app.call(key, &scripted(&usage, false)).await.status(), 200);
    }
    app.settled().await;
}

/// Every amount of the other side as anybody might write it; none of them is also a client's price.
async fn canaries(app: &TestApp, key: &TestKey) -> Vec<String> {
    let row =
        sqlx::query("SELECT * FROM ledger.client_key WHERE key_id = $1").bind(key.id.parse::<Uuid>().expect("an id"));
    let row = row.fetch_one(&app.pool).await.expect("the key");
    let of = |column: &str| row.try_get::<i64, _>(column).expect("an amount");
    let (funded, posted, spent, budget) = (of("funded"), of("posted"), of("spent_price"), of("budget"));
    let calls = sqlx::query_as::<_, (i64, i64)>("SELECT cost, price FROM ledger.call").fetch_all(&app.pool).await;
    let calls = calls.expect("calls");
    let mut theirs = vec![funded, posted, funded - posted, spent - posted, budget - funded];
    theirs.extend(calls.iter().flat_map(|(cost, price)| [*cost, price - cost]));
    let mut prices = vec![budget, spent, budget - spent];
    prices.extend(calls.iter().map(|(_, price)| *price));
    let prices: Vec<String> = prices.into_iter().flat_map(spellings).collect();
    let numbers: Vec<String> = theirs.into_iter().flat_map(spellings).collect();
    assert!(numbers.iter().any(|n| n == "61.937448") && numbers.iter().any(|n| n == "1,238.74"), "{numbers:?}");
    assert!(numbers.iter().all(|number| !prices.iter().any(|price| price.contains(number))), "{numbers:?} {prices:?}");
    numbers
}

/// An amount to the cent and finer, plain, grouped and in nano-dollars; what is too short to be told apart is left out.
fn spellings(nanos: i64) -> Vec<String> {
    let usd = Usd::from_nanos(nanos);
    let plain = [2, 4, 6, 9].into_iter().flat_map(|places| [usd.fixed_floor(places), usd.fixed_ceil(places)]);
    let grouped = [words::dollars(usd), words::dollars_4(usd), words::dollars_6(usd), words::dollars_9(usd)];
    let grouped = grouped.into_iter().map(|text| text.trim_start_matches(['<', '$']).to_owned());
    let all = plain.chain(grouped).chain([usd.exact(), nanos.to_string()]);
    all.filter(|text| text.replace(['.', ','], "").trim_matches('0').len() >= 4).collect()
}

#[actix_web::test]
async fn i03_no_portal_byte_tells_of_the_other_side() {
    let app = TestApp::start().await;
    let (mut reseller, key) = planted(&app).await;
    let mut client = app.client(CLIENT, &key.secret).await;
    spend(&app, &key).await;
    looker(&app).look().await.expect("the store answers");
    let mut search = Search { numbers: canaries(&app, &key).await, read: 0 };
    let own = reseller.get(&format!("/api/v1/keys/{}", key.id)).await.text;
    assert!(search.planted(&own).is_some() && word(&own).is_some(), "the search finds what is there: {own}");
    let mut other = app.client("two@acme.com", &key.secret).await;
    let running = app.start_call(&key, &json!({ "scenario": "stall_after_n" }), true).await;
    app.until("a call runs", async || app.directory.open_calls().count() == 1).await;
    let shown = client.page(&format!("/keys/{}?days=7", key.id)).await;
    assert!(shown.contains("$2,000.00") && shown.contains("$100.00005"), "the walk sees amounts: {shown}");
    pages(&app, &mut search, &mut client, &key).await;
    drop(running);
    app.settled().await;
    json_routes(&mut search, &mut client, &key).await;
    misuse(&mut search, &mut client).await;
    forms(&app, &mut search, &mut client, &key).await;
    reseller.pay(Method::DELETE, &format!("/api/v1/keys/{}", key.id), "d", &json!(null)).await;
    for path in ["/keys", &format!("/keys/{}", key.id), &format!("/api/v1/portal/keys/{}", key.id)] {
        search.answer(path, &other.get(path).await);
    }
    mails(&app, &mut search).await;
    // The store goes away for the pages alone: the lanes have connections of their own.
    app.pool.close().await;
    for path in ["/", "/keys", &format!("/keys/{}", key.id), "/bind", "/account", "/api/v1/portal/keys"] {
        let away = other.get(path).await;
        assert_eq!(away.status, 503, "{path}: {}", away.text);
        search.answer(path, &away);
    }
    assert!(search.read > 100, "only {} answers were read", search.read);
    app.close().await;
}

/// Every page that is looked at: signed in, signed out, and with an id that is not there.
async fn pages(app: &TestApp, search: &mut Search, client: &mut Browser, key: &TestKey) {
    let page = client.page(&format!("/keys/{}", key.id)).await;
    let files: Vec<&str> = page.split('"').filter_map(|part| part.strip_prefix("/static/")).collect();
    assert_eq!(files.len(), 3, "style, module and icon: {files:?}");
    for pattern in walk::looked_at() {
        let names = if pattern.contains("{name}") { files.clone() } else { vec![""] };
        for (name, query) in names.into_iter().flat_map(|name| walk::queries(pattern).iter().map(move |q| (name, *q))) {
            let path = format!("{}{query}", pattern.replace("{name}", name)).replace("{id}", &key.id);
            search.answer(&path, &client.get(&path).await);
            search.answer(&format!("{path} signed out"), &Browser::at(app.portal).get(&path).await);
            let foreign = path.replace(&key.id, &Uuid::now_v7().to_string());
            search.answer(&foreign, &client.get(&foreign).await);
            if pattern == "/live" {
                let heard =
                    client.listen(&path, async { drop(app.call(key, &scripted(&json!({}), false)).await) }).await;
                assert!(heard.text.matches("data:").count() >= 2, "{}", heard.text);
                search.answer(&format!("{path} as a stream"), &heard);
            }
        }
    }
}

/// Every JSON route by every method; what ends the session is left to its form.
async fn json_routes(search: &mut Search, client: &mut Browser, key: &TestKey) {
    let routes = JSON.iter().flat_map(|source| source.lines()).filter_map(|line| line.split_once("\" => "));
    let paths = routes.filter_map(|(path, _)| path.trim().strip_prefix('"'));
    let paths: Vec<&str> = paths.collect();
    assert!(paths.len() >= 11, "{paths:?}");
    for path in paths {
        let own = path.replace("{id}", &key.id);
        search.answer(path, &client.get(&own).await);
        search.answer(path, &client.get(&format!("{own}?colour=1&limit=2")).await);
        let foreign = path.replace("{id}", "1");
        for method in [Method::POST, Method::PATCH, Method::DELETE] {
            let ends = path.ends_with("/sign-out") || path.ends_with("/sessions") && method == Method::DELETE;
            if !ends {
                search.answer(path, &client.send(method, &foreign, &[], Some(json!({ "name": 1 }).to_string())).await);
            }
        }
    }
}

/// Requests that no page of ours sends.
async fn misuse(search: &mut Search, client: &mut Browser) {
    search.answer("no page", &client.get("/api").await);
    search.answer("no page", &client.get("/keys/new?label=a").await);
    search.answer("no method", &client.send(Method::DELETE, "/keys", &[], None).await);
    search.answer("no form", &client.post("/bind", &json!({ "key": "x" })).await);
    search.answer("no token", &client.send_form("/bind", &[("key", "x")]).await);
    search.answer("too large", &client.send_form("/bind", &[("key", &"x".repeat(20_000))]).await);
    search.answer("unknown field", &client.send_form("/bind", &[("colour", "1")]).await);
}

/// Every form with its examples, with an id that is not there, and until it is throttled.
async fn forms(app: &TestApp, search: &mut Search, client: &mut Browser, key: &TestKey) {
    for pattern in walk::forms() {
        for example in walk::fields(pattern) {
            if pattern.starts_with("/keys/") {
                client.post("/api/v1/portal/bind", &json!({ "key": key.secret })).await;
            }
            let csrf = client.open("/account").await.value("csrf");
            let fields = [&[("csrf", csrf.as_str())], example.as_slice()].concat();
            let sent = client.send_form(&pattern.replace("{id}", &key.id), &fields).await;
            search.answer(pattern, &sent);
            if let Some(next) = sent.header("location") {
                search.answer(next, &client.get(next).await);
            }
        }
        if !client.cookies.contains_key("portal") {
            *client = Browser::at(app.portal);
            client.sign_in(app, &format!("{}@acme.com", Uuid::new_v4())).await;
        }
    }
    for _ in 0..12 {
        let csrf = client.open("/account").await.value("csrf");
        search
            .answer("too many keys", &client.send_form("/bind", &[("csrf", &csrf), ("key", "x"), ("name", "")]).await);
    }
}

/// Every mail to anybody but the reseller.
async fn mails(app: &TestApp, search: &mut Search) {
    let outbox = Browser::at(app.console).get("/_dev/outbox").await.json();
    let mails = outbox["mails"].as_array().expect("mails").iter();
    let mails: Vec<_> = mails.filter(|mail| mail["to"] != "canary-reseller@shop.com").collect();
    assert!(mails.iter().any(|m| m["subject"].as_str().is_some_and(|s| s.ends_with("is used"))), "an alert: {mails:?}");
    for mail in mails {
        search.text("a mail", &mail.to_string());
    }
}
