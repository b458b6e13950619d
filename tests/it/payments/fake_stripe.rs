//! Stripe's books as far as our calls reach them: checkouts under idempotency keys, refunds, disputes. Its objects have
//! the fields and names of the official SDK's types.

use crate::payments::fake_server::{Answer, Books, FakeServer, Seen};
use crate::payments::till;
use crate::support::app::TestApp;
use derouter::clock::Clock;
use derouter::payments::signature;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub const KEY: &str = "sk_test_51fake";
pub const SECRET: &str = "whsec_test_secret";

#[derive(Default)]
pub struct StripeBooks {
    pub sessions: Vec<Value>,
    pub refunds: Vec<Value>,
    pub disputes: Vec<Value>,
    /// How far a new refund is at once; `succeeded` if not said.
    pub refunds_are: Option<&'static str>,
    keys: BTreeMap<String, (String, Answer)>,
}

pub type FakeStripe = FakeServer<StripeBooks>;

/// A program whose cards are paid there.
pub async fn app(stripe: &FakeStripe) -> TestApp {
    TestApp::start_with(&settings(stripe)).await
}

/// The settings of such a program.
pub fn settings(stripe: &FakeStripe) -> [(&'static str, &str); 4] {
    [
        ("DEROUTER__PAYMENTS__CARD", "stripe"),
        ("DEROUTER__STRIPE__BASE_URL", stripe.url.as_str()),
        ("DEROUTER_STRIPE_KEY", KEY),
        ("DEROUTER_STRIPE_WEBHOOK_SECRETS", "whsec_new, whsec_test_secret"),
    ]
}

impl StripeBooks {
    /// Changes fields of a checkout.
    pub fn alter(&mut self, payment: &str, changes: &Value) {
        let session = self.sessions.iter_mut().find(|s| s["id"] == payment).expect("a checkout");
        for (name, value) in changes.as_object().expect("fields") {
            session[name] = value.clone();
        }
    }

    /// Forgets every idempotency key, as the provider does after a day.
    pub fn forget_keys(&mut self) {
        self.keys.clear();
    }

    fn once(&mut self, seen: &Seen, work: impl FnOnce(&mut Self) -> Answer) -> Answer {
        let key = seen.headers["idempotency-key"].clone();
        if let Some((body, answer)) = self.keys.get(&key) {
            let other = json!({ "error": { "type": "idempotency_error", "message": "other parameters" } });
            return if *body == seen.body { answer.clone() } else { (400, other.to_string()) };
        }
        let answer = work(self);
        self.keys.insert(key, (seen.body.clone(), answer.clone()));
        answer
    }

    fn open(&mut self, form: &BTreeMap<String, String>) -> Answer {
        let n = self.sessions.len() + 1;
        let cents: i64 = form["line_items[0][price_data][unit_amount]"].parse().expect("cents");
        let session = json!({
            "id": format!("cs_test_{n}"), "object": "checkout.session", "livemode": false, "mode": "payment",
            "url": format!("https://checkout.stripe.com/c/pay/cs_test_{n}"), "status": "open",
            "payment_status": "unpaid", "amount_total": cents, "amount_subtotal": cents, "currency": "usd",
            "payment_intent": null, "client_reference_id": form["client_reference_id"], "customer": null,
            "metadata": { "topup_id": form["metadata[topup_id]"] }, "created": 1_760_000_000 + n,
            "expires_at": form["expires_at"].parse::<i64>().expect("seconds"), "ui_mode": "hosted_page",
            "a_field_nobody_knows": { "deep": [1, null] },
        });
        self.sessions.push(session.clone());
        (200, session.to_string())
    }

    fn session(&self, id: &str) -> Answer {
        let missing = json!({ "error": { "type": "invalid_request_error", "code": "resource_missing" } });
        let found = self.sessions.iter().find(|s| s["id"] == id);
        found.map_or((404, missing.to_string()), |s| (200, s.to_string()))
    }

    fn expire(&mut self, id: &str) -> Answer {
        let is_open = self.sessions.iter().any(|s| s["id"] == id && s["status"] == "open");
        if !is_open {
            return (400, json!({ "error": { "type": "invalid_request_error" } }).to_string());
        }
        self.alter(id, &json!({ "status": "expired" }));
        self.session(id)
    }

    /// Pages of two rows, so that lists of a few rows have several.
    fn list(rows: &[Value], seen: &Seen) -> Answer {
        let of = |row: &&Value| {
            let intent =
                if row["payment_intent"].is_object() { &row["payment_intent"]["id"] } else { &row["payment_intent"] };
            seen.query.get("payment_intent").is_none_or(|wanted| intent == wanted)
        };
        let rows: Vec<&Value> = rows.iter().filter(of).collect();
        let after = seen.query.get("starting_after");
        let from = after.map_or(0, |id| rows.iter().position(|row| row["id"] == *id).expect("a row") + 1);
        let page: Vec<&Value> = rows[from..].iter().copied().take(2).collect();
        let has_more = from + page.len() < rows.len();
        (200, json!({ "object": "list", "data": page, "has_more": has_more, "url": seen.path }).to_string())
    }

    fn give_back(&mut self, form: &BTreeMap<String, String>) -> Answer {
        let id = format!("re_{}", self.refunds.len() + 1);
        let amount: i64 = form["amount"].parse().expect("cents");
        let refund = json!({ "id": id, "object": "refund", "amount": amount, "currency": "usd",
                             "status": self.refunds_are.unwrap_or("succeeded"), "charge": "ch_1",
                             "payment_intent": form["payment_intent"],
                             "metadata": { "intent": form["metadata[intent]"] } });
        self.refunds.push(refund.clone());
        (200, refund.to_string())
    }
}

impl Books for StripeBooks {
    fn answer(&mut self, seen: &Seen) -> Answer {
        if seen.headers.get("authorization").map(String::as_str) != Some("Bearer sk_test_51fake") {
            return (401, json!({ "error": { "type": "invalid_request_error" } }).to_string());
        }
        let form: BTreeMap<String, String> = form_urlencoded::parse(seen.body.as_bytes()).into_owned().collect();
        let id = seen.path.strip_prefix("/v1/checkout/sessions/").unwrap_or_default();
        match (seen.method.as_str(), seen.path.as_str()) {
            ("POST", "/v1/checkout/sessions") => self.once(seen, |books| books.open(&form)),
            ("GET", "/v1/checkout/sessions") => Self::list(&self.sessions, seen),
            ("GET", "/v1/refunds") => Self::list(&self.refunds, seen),
            ("GET", "/v1/disputes") => Self::list(&self.disputes, seen),
            ("POST", "/v1/refunds") => self.once(seen, |books| books.give_back(&form)),
            ("POST", _) => self.expire(id.trim_end_matches("/expire")),
            _ => self.session(id),
        }
    }
}

/// A notice in the shape of the provider's.
pub fn event(id: &str, kind: &str, object: &Value) -> Value {
    json!({ "id": id, "object": "event", "type": kind, "livemode": false, "api_version": "2026-10-28.endive",
            "created": 1_760_000_000, "pending_webhooks": 1, "request": { "id": null, "idempotency_key": null },
            "data": { "object": object } })
}

/// Sends a notice, signed now; the status it is answered with.
pub async fn notify(app: &TestApp, event: &Value) -> u16 {
    let body = event.to_string();
    let now_s = Clock::real().wall_us() / 1_000_000;
    let signed = signature::sign(&SecretString::from(SECRET), body.as_bytes(), now_s);
    till::notify(app, "stripe", ("stripe-signature", &signed), body).await
}

/// Tells of a checkout.
pub async fn tell(app: &TestApp, payment: &str, id: &str, kind: &str) {
    let object = json!({ "id": payment, "object": "checkout.session" });
    assert_eq!(notify(app, &event(id, kind, &object)).await, 200, "{kind}");
}
