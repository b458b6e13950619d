//! A running program as its callers see it: addresses and secrets, no memory of it.

use crate::support::clients;
use awc::ClientResponse;
use derouter::actors::messages::KeyRef;
use derouter::domain::ids::{AccountId, KeyId};
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use uuid::Uuid;

/// Where a program listens.
pub struct Site {
    pub api: SocketAddr,
    pub console: SocketAddr,
    pub operator_token: String,
    /// One for all requests: making one reads every root certificate.
    client: awc::Client,
}

/// A key as a test holds it.
pub struct TestKey {
    pub account: String,
    pub id: String,
    pub secret: String,
}

impl TestKey {
    /// Its ids, for the books.
    pub fn owned(&self) -> KeyRef {
        let id = |text: &str| text.parse::<Uuid>().expect("an id");
        KeyRef { account: AccountId(id(&self.account)), key: KeyId(id(&self.id)) }
    }
}

impl Site {
    pub fn new(api: SocketAddr, console: SocketAddr, operator_token: String) -> Self {
        Site { api, console, operator_token, client: clients::plain() }
    }

    /// One request of the operator; panics unless it succeeds.
    pub async fn operator(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.operator_says(path, body).await;
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        answer
    }

    /// One request of the operator, with its status.
    pub async fn operator_says(&self, path: &str, body: &Value) -> (u16, Value) {
        let url = self.console_url(path);
        let request = if body.is_null() { self.client.get(url) } else { self.client.post(url) };
        let request = request.insert_header(("authorization", format!("Bearer {}", self.operator_token)));
        let mut response = request.send_json(body).await.expect("the console answers");
        let status = response.status().as_u16();
        (status, response.json().await.expect("JSON"))
    }

    /// Sends a request of the operator and keeps the connection.
    pub async fn send_operator(&self, path: &str, body: &Value) -> TcpStream {
        let (token, body) = (&self.operator_token, body.to_string());
        let length = body.len();
        let bytes = format!(
            "POST {path} HTTP/1.1\r\nhost: console\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        let mut socket = TcpStream::connect(self.console).await.expect("the console listens");
        socket.write_all(bytes.as_bytes()).await.expect("the request is taken");
        socket
    }

    fn console_url(&self, path: &str) -> String {
        format!("http://{}{path}", self.console)
    }

    /// An account with `amount` US dollars in main.
    pub async fn account(&self, amount: &str) -> String {
        let account = self.operator("/op/accounts", &json!({})).await["account"].as_str().expect("an id").to_owned();
        let deposit = json!({ "amount": amount, "id": Uuid::new_v4() });
        self.operator(&format!("/op/accounts/{account}/deposit"), &deposit).await;
        account
    }

    /// A key of its own account at `budget` and `cost` US dollars, with these limits.
    pub async fn key(&self, budget: &str, cost: &str, rpm: i32, concurrency: i32) -> TestKey {
        let account = self.account("1000").await;
        self.key_of(&account, budget, cost, rpm, concurrency).await
    }

    /// A key of an account.
    pub async fn key_of(&self, account: &str, budget: &str, cost: &str, rpm: i32, concurrency: i32) -> TestKey {
        let order = json!({
            "label": "test", "budget": budget, "cost": cost, "rpm": rpm, "concurrency": concurrency, "id": Uuid::new_v4(),
        });
        let made = self.operator(&format!("/op/accounts/{account}/keys"), &order).await;
        let text = |field: &str| made[field].as_str().expect("a text").to_owned();
        TestKey { account: account.to_owned(), id: text("id"), secret: text("key") }
    }

    /// One model call with a key.
    pub async fn call(&self, key: &TestKey, body: &Value) -> ClientResponse {
        let url = format!("http://{}/v1/messages", self.api);
        let request = self.client.post(url).insert_header(("x-api-key", key.secret.as_str()));
        request.insert_header(("anthropic-version", "2023-06-01")).send_json(body).await.expect("the API answers")
    }

    /// The operator's view of a key.
    pub async fn view(&self, key: &TestKey) -> Value {
        self.operator(&format!("/op/keys/{}", key.id), &Value::Null).await
    }
}
