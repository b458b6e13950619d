//! Every route with an id in its path, and every list that takes one, asked for each thing of somebody else's by each kind
//! of caller: the answer is that of a thing that does not exist, to the last header (`faults.md` I1, I2). The routes come
//! from the tables that the listeners serve, so one that is added is swept without a line here.

use std::collections::BTreeSet;

use awc::http::Method;
use derouter::http::json::routing::Table;
use derouter::http::manage::routes::{DASHBOARD, OURS, REFERENCE};
use derouter::http::{portal, site};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::app::TestApp;
use crate::support::browser::{Answer, Browser};
use crate::support::described::{operation, operations, resolved};

/// Somebody else's things, and those who must not reach them.
struct Scene {
    app: TestApp,
    /// The other reseller, and a client of theirs.
    owner: Browser,
    client: Browser,
    /// By what they are: ids that work for their owner.
    theirs: Vec<(&'static str, String)>,
    callers: Vec<Caller>,
}

struct Caller {
    who: &'static str,
    browser: Browser,
    tables: Vec<Table>,
}

fn caller(who: &'static str, browser: &Browser, tables: &[Table]) -> Caller {
    Caller { who, browser: browser.clone(), tables: tables.to_vec() }
}

async fn scene() -> Scene {
    let app = TestApp::start().await;
    let (mut owner, account) = app.reseller("other@shop.com", "200").await;
    let key = app.key_of(&account, "100", "60", 60, 5).await;
    app.play(&key, &json!({}), false).await;
    app.settled().await;
    let client = app.client("client@acme.com", &key.secret).await;
    let theirs = things(&mut owner, &mut client.clone(), &account, &key.id).await;

    let (mut reseller, own) = app.reseller("you@shop.com", "200").await;
    let (own_key, sibling) = (app.key_of(&own, "10", "6", 60, 5).await, Browser::with_key(app.api, &key.secret));
    let (program, own_client) = (app.program_of(&mut reseller).await, Browser::with_key(app.api, &own_key.secret));
    let portal_user = app.client("you@acme.com", &own_key.secret).await;
    let (lost, astray) = (program.moved(app.dashboard), reseller.moved(app.api));
    let (dashboard, api) = ([OURS, DASHBOARD, site::routes::TABLE], [OURS, REFERENCE]);
    let portal = [portal::routes::TABLE, site::routes::TABLE];
    let callers = vec![
        caller("another reseller", &reseller, &dashboard),
        caller("another reseller's program", &program, &api),
        caller("another's client key", &own_client, &api),
        caller("their own client's key", &sibling, &api),
        caller("another's client", &portal_user, &portal),
        caller("nobody at the dashboard", &Browser::at(app.dashboard), &dashboard),
        caller("nobody at the API", &Browser::at(app.api), &api),
        caller("nobody at the portal", &Browser::at(app.portal), &portal),
        caller("a program at the dashboard", &lost, &dashboard),
        caller("a session at the API", &astray, &api),
    ];
    Scene { app, owner, client, theirs, callers }
}

/// One of each kind of thing that has an id.
async fn things(owner: &mut Browser, client: &mut Browser, account: &str, key: &str) -> Vec<(&'static str, String)> {
    let order = json!({ "amount": "50", "method": "card" });
    let order = owner.pay(Method::POST, "/api/v1/top-ups", "order", &order).await.json();
    let session = owner.get("/api/v1/sessions").await.json()["sessions"][0]["id"].clone();
    let signed_in = client.get("/api/v1/sessions").await.json()["sessions"][0]["id"].clone();
    let call = owner.get("/api/v1/usage").await.json()["lines"][0]["id"].clone();
    let text = |value: &Value| value.as_str().expect("an id").to_owned();
    vec![
        ("key", key.to_owned()),
        ("account", account.to_owned()),
        ("top-up", text(&order["id"])),
        ("session", text(&session)),
        ("client's session", text(&signed_in)),
        ("call", text(&call)),
    ]
}

#[actix_web::test]
async fn i01_i02_whatever_is_somebody_elses_looks_absent_on_every_route_to_every_caller() {
    let Scene { app, mut owner, mut client, theirs, callers } = scene().await;
    let before = state_of(&mut owner, &mut client, &theirs).await;
    let (mut asked, mut routes) = (0, BTreeSet::new());
    for Caller { who, mut browser, tables } in callers {
        for (method, path) in tables.into_iter().flatten().filter(|(_, path)| path.contains("{id}")) {
            let absent = ask(&mut browser, method, path, &Uuid::now_v7().to_string()).await;
            assert!(matches!(absent.status, 401 | 403 | 404), "{who}: {method} {path}: {}", absent.text);
            for (what, id) in &theirs {
                for id in [id.clone(), id.to_uppercase()] {
                    let told = ask(&mut browser, method, path, &id).await;
                    assert_eq!(shape(&told), shape(&absent), "{who}: {method} {path} with their {what}");
                    asked += 1;
                }
            }
            for nothing in ["1", "00000000-0000-0000-0000-000000000000", "%2e%2e", "a%2Fb"] {
                let told = ask(&mut browser, method, path, nothing).await;
                assert_eq!(told.status, absent.status, "{who}: {method} {path} with {nothing}");
            }
            routes.insert((*method, *path));
        }
    }
    assert!(routes.len() >= 16 && asked >= 600, "{asked} questions on {routes:?}");
    assert_eq!(state_of(&mut owner, &mut client, &theirs).await, before, "nothing of theirs was touched");
    app.close().await;
}

#[actix_web::test]
async fn i01_lists_take_neither_the_key_nor_the_place_of_somebody_else() {
    let Scene { app, mut owner, theirs, callers, .. } = scene().await;
    let theirs = &theirs[0].1;
    let cursor = owner.get("/api/v1/journal?limit=1").await.json()["next_cursor"].as_str().expect("more").to_owned();
    let lists: Vec<_> = operations().iter().flat_map(|o| parameters(o.told).map(|name| (o.path, name))).collect();
    assert!(lists.len() >= 8, "{lists:?}");
    for Caller { who, mut browser, tables } in callers {
        for (path, name) in lists.iter().filter(|(path, _)| tables.iter().any(|t| t.contains(&("get", path)))) {
            let (foreign, absent) = match *name {
                "key" => (theirs.clone(), Uuid::now_v7().to_string()),
                _ => (cursor.clone(), "nothing".to_owned()),
            };
            let told = browser.get(&format!("{path}?{name}={foreign}")).await;
            let absent = browser.get(&format!("{path}?{name}={absent}")).await;
            assert_eq!(shape(&told), shape(&absent), "{who}: {path}?{name}");
            assert!(told.status >= 400, "{who}: {path}?{name}: {}", told.text);
        }
    }
    app.close().await;
}

/// The parameters of an operation that point to one thing.
fn parameters(told: &'static Value) -> impl Iterator<Item = &'static str> {
    let all = told["parameters"].as_array().into_iter().flatten().map(resolved);
    let names = all.filter(|p| p["in"] == "query").filter_map(|p| p["name"].as_str());
    names.filter(|name| matches!(*name, "key" | "cursor"))
}

async fn ask(browser: &mut Browser, method: &str, path: &str, id: &str) -> Answer {
    let described = operation(method, path).and_then(|o| o.example().cloned());
    let body = match (path, method) {
        (_, "post" | "put" | "patch") => described.unwrap_or_else(|| json!({ "name": "mine" })),
        _ => Value::Null,
    };
    let method: Method = method.to_uppercase().parse().expect("a method");
    browser.pay(method, &path.replace("{id}", id), &Uuid::new_v4().to_string(), &body).await
}

/// All of an answer but when it was given, its own name, and whether the body came in time to keep the connection.
fn shape(answer: &Answer) -> (u16, Vec<(String, String)>, String) {
    let own = ["date", "request-id", "x-request-id", "connection"];
    let mut headers = answer.headers.clone();
    headers.retain(|(name, _)| !own.contains(&name.as_str()));
    headers.sort();
    (answer.status, headers, answer.text.clone())
}

/// What their owner and their client see of it.
async fn state_of(owner: &mut Browser, client: &mut Browser, theirs: &[(&str, String)]) -> Value {
    let mut key = owner.get(&format!("/api/v1/keys/{}", theirs[0].1)).await.json();
    key["now"] = Value::Null;
    let order = owner.get(&format!("/api/v1/top-ups/{}", theirs[2].1)).await.json();
    let journal = owner.get("/api/v1/journal").await.json();
    let mut lives = Vec::new();
    for person in [owner, client] {
        lives.push(person.get("/api/v1/sessions").await.json()["sessions"].as_array().map(Vec::len));
    }
    json!([key, order, journal, lives])
}
