//! What these tests share: a reseller who pays in, and the buttons of the simulated checkout.

use crate::support::app::{TestApp, until};
use crate::support::browser::{Answer, Browser};
use crate::support::clients;
use crate::support::process::Process;
use awc::http::Method;
use derouter::payments::sandbox::event::Event;
use derouter::payments::sandbox::play::Play;
use derouter::payments::sandbox::provider::Sending;
use serde_json::{Value, json};
use sqlx::PgPool;
use std::net::SocketAddr;

pub const YOU: &str = "you@shop.com";

/// A signed-in reseller without money, and the checkouts they opened.
#[derive(Clone)]
pub struct Payer {
    pub browser: Browser,
}

/// An order just opened.
#[derive(Clone, Debug)]
pub struct Opened {
    pub id: String,
    pub url: String,
    /// The provider's id, as the checkout's address ends.
    pub payment: String,
}

/// A reseller who paid 200 dollars by card, and the order.
pub async fn paid(app: &TestApp) -> (Payer, Opened) {
    let mut payer = Payer::sign_in(app).await;
    let order = payer.open("card").await;
    play(app, &order, Play::Pay, Sending::Once);
    followed(&app.pool, 1).await;
    assert_eq!(payer.balance().await, "200");
    (payer, order)
}

/// As `paid`, at a program of its own.
pub async fn paid_at(program: &Process, pool: &PgPool) -> (Payer, Opened) {
    let mut payer = Payer::sign_in_at(program.dashboard, program.site.console, YOU).await;
    let order = payer.open("card").await;
    press(program.site.console, &order.payment, "pay").await;
    followed(pool, 1).await;
    (payer, order)
}

impl Payer {
    pub async fn sign_in(app: &TestApp) -> Self {
        let mut browser = Browser::at(app.dashboard);
        browser.sign_in(app, YOU).await;
        Payer { browser }
    }

    /// Asks for a checkout under an operation id.
    pub async fn ask(&mut self, amount: &str, method: &str, operation: &str) -> Answer {
        let order = json!({ "amount": amount, "method": method });
        self.browser.pay(Method::POST, "/api/v1/top-ups", operation, &order).await
    }

    /// Opens a checkout of 200 US dollars.
    pub async fn open(&mut self, method: &str) -> Opened {
        let operation = uuid::Uuid::new_v4().to_string();
        let answer = self.ask("200", method, &operation).await;
        assert_eq!((answer.status, &answer.json()["state"]), (201, &json!("open")), "{}", answer.text);
        opened(&answer)
    }

    /// The order as the program shows it, after its own look at the provider.
    pub async fn look(&mut self, order: &Opened) -> Value {
        let answer = self.browser.get(&format!("/api/v1/top-ups/{}", order.id)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// Its state, as our rows have it without asking anybody.
    pub async fn listed(&mut self, order: &Opened) -> Value {
        let list = self.browser.get("/api/v1/top-ups").await.json();
        let mut rows = list["top_ups"].as_array().expect("a list").iter();
        rows.find(|row| row["id"] == order.id).cloned().expect("our order")
    }

    pub async fn cancel(&mut self, order: &Opened) -> Value {
        self.browser.post(&format!("/api/v1/top-ups/{}/cancel", order.id), &json!({})).await.json()
    }

    pub async fn balance(&mut self) -> String {
        self.browser.get("/api/v1/balance").await.json()["balance"].as_str().expect("a balance").to_owned()
    }
}

/// The order of an answer that opened one.
pub fn opened(answer: &Answer) -> Opened {
    let text = |field: &str| answer.json()[field].as_str().expect("a text").to_owned();
    let (id, url) = (text("id"), text("checkout_url"));
    let payment = url.rsplit('/').next().expect("an id").to_owned();
    Opened { id, url, payment }
}

/// Presses a button of the checkout page, over HTTP; where it leads.
pub async fn press(console: SocketAddr, payment: &str, word: &str) -> String {
    let client = clients::browsing();
    let url = format!("http://{console}/_dev/checkout/{payment}");
    let answer = client.post(url).send_form(&[("do", word)]).await.expect("the checkout answers");
    assert_eq!(answer.status(), 303, "{word}");
    answer.headers().get("location").and_then(|l| l.to_str().ok()).expect("a way back").to_owned()
}

/// Does what a person chose at the checkout.
pub fn play(app: &TestApp, order: &Opened, wish: Play, sending: Sending) {
    assert!(app.payments().play(&order.payment, wish, sending).expect("remembered"), "{wish:?} is possible");
}

/// What providers' payments were credited with, in whole nano-dollars, oldest first.
pub async fn credits(pool: &PgPool) -> Vec<i64> {
    let rows = sqlx::query_scalar(
        "SELECT j.cost FROM ledger.journal j WHERE j.kind = 1 AND j.detail->>'by' IN ('sandbox', 'stripe', 'btcpay') ORDER BY j.at",
    );
    rows.fetch_all(pool).await.expect("the journal")
}

/// Notices and what they came to, oldest first; `None` while not done.
pub async fn notices(pool: &PgPool) -> Vec<(String, Option<String>)> {
    let rows: Vec<(String, Option<String>, bool)> = sqlx::query_as(
        "SELECT kind_hint, outcome, done IS NOT NULL FROM ledger.payment_event ORDER BY received, event_id",
    )
    .fetch_all(pool)
    .await
    .expect("the notices");
    rows.into_iter().map(|(kind, outcome, done)| (kind, outcome.filter(|_| done))).collect()
}

/// Waits until every notice was followed.
pub async fn followed(pool: &PgPool, count: usize) {
    until("every notice is followed", async || {
        let all = notices(pool).await;
        all.len() >= count && all.iter().all(|(_, end)| end.is_some())
    })
    .await;
}

/// The state of an order, straight from its row.
pub async fn state(pool: &PgPool, order: &Opened) -> String {
    let id: uuid::Uuid = order.id.parse().expect("an id");
    let row = sqlx::query_scalar("SELECT state FROM ledger.topup WHERE topup_id = $1").bind(id);
    row.fetch_one(pool).await.expect("our order")
}

impl Payer {
    pub async fn sign_in_as(app: &TestApp, email: &str) -> Self {
        let mut browser = Browser::at(app.dashboard);
        browser.sign_in(app, email).await;
        Payer { browser }
    }
}

/// A notice as the sandbox writes it.
pub fn body(payment: &str, event: &str, kind: &str) -> String {
    Event { id: event.to_owned(), kind: kind.to_owned() }.body(payment)
}

/// Sends a notice as the sandbox would; the status it is answered with.
pub async fn send(app: &TestApp, client: &awc::Client, payment: &str, event: &str, kind: &str) -> u16 {
    let body = body(payment, event, kind);
    let signature = app.payments().sign(body.as_bytes());
    send_raw(app, client, "sandbox", Some(&signature), body).await
}

/// Sends a notice of an order.
pub async fn announce(app: &TestApp, order: &Opened, event: &str, kind: &str) {
    assert_eq!(send(app, &clients::patient(), &order.payment, event, kind).await, 200);
}

/// Sends a notice with its provider's own header.
pub async fn notify(app: &TestApp, provider: &str, header: (&str, &str), body: String) -> u16 {
    let request = clients::patient().post(format!("http://{}/webhooks/{provider}", app.api)).insert_header(header);
    request.send_body(body).await.expect("the API answers").status().as_u16()
}

/// Sends any bytes where notices come.
pub async fn send_raw(
    app: &TestApp,
    client: &awc::Client,
    provider: &str,
    signature: Option<&str>,
    body: String,
) -> u16 {
    let mut request = client.post(format!("http://{}/webhooks/{provider}", app.api));
    if let Some(signature) = signature {
        request = request.insert_header(("sandbox-signature", signature));
    }
    request.send_body(body).await.expect("the API answers").status().as_u16()
}

impl Payer {
    /// Signs in at any program, with the code of its outbox.
    pub async fn sign_in_at(dashboard: SocketAddr, console: SocketAddr, email: &str) -> Self {
        let mut browser = Browser::at(dashboard);
        assert_eq!(browser.ask_code(email).await.status, 202);
        let mails = Browser::at(console).get("/_dev/outbox").await.json();
        let texts = mails["mails"].as_array().expect("a list").iter().filter_map(|m| m["text"].as_str());
        let text = texts.into_iter().find(|t| t.contains(" #")).expect("a mail with a code").trim_end().to_owned();
        let code = text.rsplit('#').next().expect("the autofill line");
        let answer = browser.type_code(email, code).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        Payer { browser }
    }
}

/// The order of a provider's payment.
pub async fn topup_of(pool: &PgPool, payment: &str) -> uuid::Uuid {
    let row = sqlx::query_scalar("SELECT topup_id FROM ledger.topup WHERE provider_payment = $1").bind(payment);
    row.fetch_one(pool).await.expect("our order")
}
