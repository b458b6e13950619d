//! A BTCPay Server's books as far as our calls reach them: the invoices of one store. What was asked and answered is held
//! against the server's published interface when the fake is closed.

use crate::payments::fake_server::{Answer, Books, FakeServer, Seen};
use crate::payments::{greenfield, till};
use crate::support::app::TestApp;
use derouter::payments::btcpay::signature;
use secrecy::SecretString;
use serde_json::{Value, json};

pub const STORE: &str = "5BtfVkKQkEPq";
pub const SECRET: &str = "3uqpGMnXyGvrWmV9";

#[derive(Default)]
pub struct BtcpayBooks {
    pub invoices: Vec<Value>,
    /// When the money came, seconds since 1970.
    pub received_s: i64,
    exchanged: Vec<(Seen, Answer)>,
}

pub type FakeBtcpay = FakeServer<BtcpayBooks>;

/// A program whose crypto is paid there.
pub async fn app(btcpay: &FakeBtcpay) -> TestApp {
    let settings = [
        ("DEROUTER__PAYMENTS__CRYPTO", "btcpay"),
        ("DEROUTER__BTCPAY__BASE_URL", btcpay.url.as_str()),
        ("DEROUTER__BTCPAY__STORE_ID", STORE),
        ("DEROUTER_BTCPAY_KEY", "the-key"),
        ("DEROUTER_BTCPAY_WEBHOOK_SECRETS", "a-newer-one-of-16-signs, 3uqpGMnXyGvrWmV9"),
    ];
    TestApp::start_with(&settings).await
}

impl BtcpayBooks {
    /// Sets both states of an invoice and what was paid.
    pub fn set(&mut self, payment: &str, status: &str, more: &str, paid: &str) {
        let invoice = self.invoices.iter_mut().find(|i| i["id"] == payment).expect("an invoice");
        (invoice["status"], invoice["additionalStatus"]) = (json!(status), json!(more));
        invoice["paidAmount"] = json!(paid);
    }

    fn open(&mut self, wish: &Value) -> Answer {
        let n = self.invoices.len() + 1;
        let now_s = derouter::clock::Clock::real().wall_us() / 1_000_000;
        let lives_s = wish["checkout"]["expirationMinutes"].as_i64().expect("minutes") * 60;
        let invoice = json!({
            "id": format!("inv_{n}"), "storeId": STORE, "amount": wish["amount"], "paidAmount": "0", "currency": wish["currency"],
            "type": "Standard", "metadata": wish["metadata"], "checkout": wish["checkout"],
            "checkoutLink": format!("https://pay.shop.com/i/inv_{n}"), "createdTime": now_s,
            "expirationTime": now_s + lives_s, "monitoringExpiration": now_s + 2 * lives_s, "status": "New",
            "additionalStatus": "None", "availableStatusesForManualMarking": ["Settled", "Invalid"], "archived": false,
        });
        self.invoices.push(invoice.clone());
        (200, invoice.to_string())
    }

    fn of(&self, id: &str) -> Answer {
        let found = self.invoices.iter().find(|i| i["id"] == id);
        found.map_or((404, json!({ "code": "invoice-not-found" }).to_string()), |i| (200, i.to_string()))
    }

    fn list(&self, seen: &Seen) -> Answer {
        let number = |name: &str| seen.query.get(name).and_then(|n| n.parse::<usize>().ok());
        let of = |i: &&Value| seen.query.get("orderId").is_none_or(|o| i["metadata"]["orderId"] == *o);
        let rows = self.invoices.iter().filter(of).skip(number("skip").unwrap_or(0));
        (200, json!(rows.take(number("take").unwrap_or(50)).collect::<Vec<_>>()).to_string())
    }
}

impl Books for BtcpayBooks {
    fn answer(&mut self, seen: &Seen) -> Answer {
        let answer = self.work(seen);
        self.exchanged.push((seen.clone(), answer.clone()));
        answer
    }
}

/// Stops it; whatever was asked and answered must be what the server publishes.
pub async fn close(btcpay: FakeBtcpay) {
    btcpay.books(|books| books.exchanged.iter().for_each(|(seen, answer)| greenfield::hold(seen, answer)));
    btcpay.stop().await;
}

impl BtcpayBooks {
    fn work(&mut self, seen: &Seen) -> Answer {
        let home = format!("/api/v1/stores/{STORE}/invoices");
        let rest = seen.path.strip_prefix(home.as_str());
        if seen.headers.get("authorization").map(String::as_str) != Some("token the-key") {
            return (401, json!({ "code": "unauthenticated" }).to_string());
        }
        let Some(rest) = rest else { return (404, "{}".into()) };
        let mut steps = rest.trim_start_matches('/').split('/');
        match (seen.method.as_str(), steps.next().unwrap_or_default(), steps.next()) {
            ("POST", "", _) => self.open(&serde_json::from_str(&seen.body).expect("a wish")),
            ("GET", "", _) => self.list(seen),
            ("GET", _, Some("payment-methods")) => (
                200,
                json!([{ "paymentMethodId": "BTC-CHAIN", "payments": [{ "receivedDate": self.received_s }] }])
                    .to_string(),
            ),
            ("POST", id, Some("status")) => {
                self.set(id, "Invalid", "Marked", "0");
                self.of(id)
            }
            (_, id, _) => self.of(id),
        }
    }
}

/// A notice in the shape of the server's.
pub fn event(payment: &str, delivery: &str, original: &str, kind: &str) -> Value {
    let mut event = json!({ "deliveryId": delivery, "webhookId": "hook_1", "originalDeliveryId": original, "type": kind,
            "isRedelivery": delivery != original, "timestamp": 1_760_000_000, "storeId": STORE, "invoiceId": payment,
            "metadata": {} });
    greenfield::beyond(kind).iter().for_each(|name| event[*name] = json!(false));
    greenfield::notice(&event);
    event
}

/// Sends a notice, signed; the status it is answered with.
pub async fn notify(app: &TestApp, event: &Value) -> u16 {
    let body = event.to_string();
    let signed = signature::sign(&SecretString::from(SECRET), body.as_bytes());
    till::notify(app, "btcpay", ("btcpay-sig", &signed), body).await
}
