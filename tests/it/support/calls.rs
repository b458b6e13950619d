//! Model calls from bare sockets, and what the ledger says of them.

use crate::sandbox::raw::{self, Got};
use crate::support::app::TestApp;
use crate::support::site::{Site, TestKey};
use derouter::domain::ids::CallId;
use derouter::domain::outcome::{Flags, Outcome};
use derouter::upstream::sandbox::record::RecordedRequest;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// Far beyond what any condition of a test takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// One row of the ledger's calls; amounts in nano-dollars.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    pub outcome: Outcome,
    pub flags: Flags,
    pub cost: i64,
    pub price: i64,
    pub absorbed: i64,
    pub model: String,
    pub input: i64,
    pub output: i64,
    pub cache_read: i64,
}

type Row = (i16, i16, i64, i64, i64, String, i64, i64, i64);

/// A body whose script the simulated provider plays; a cheap model, up to 500 tokens.
pub fn scripted(script: &Value, streamed: bool) -> Value {
    json!({
        "model": "claude-haiku-4-5",
        "max_tokens": 500,
        "stream": streamed,
        "messages": [{ "role": "user", "content": format!("Good morning. [[sandbox {script}]]") }],
    })
}

/// A request's bytes: the key as `x-api-key`, and `headers` as they stand, each with its line end.
pub fn bytes_of(key: &TestKey, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let (secret, length) = (&key.secret, body.len());
    format!(
        "POST {path} HTTP/1.1\r\nhost: api\r\nx-api-key: {secret}\r\nanthropic-version: 2023-06-01\r\n\
         content-type: application/json\r\n{headers}content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Fails a test whose condition never comes.
pub async fn soon<T>(what: &str, happens: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, happens).await.unwrap_or_else(|_| panic!("not in time: {what}"))
}

impl Site {
    /// Sends bytes to the API and keeps the connection.
    pub async fn open(&self, bytes: &[u8]) -> TcpStream {
        let mut socket = TcpStream::connect(self.api).await.expect("the API listens");
        socket.write_all(bytes).await.expect("the request is taken");
        socket
    }

    /// Sends bytes to the API and reads the answer to its end.
    pub async fn exchange(&self, bytes: &[u8]) -> Got {
        let mut socket = self.open(bytes).await;
        soon("an answer", raw::read(&mut socket)).await
    }

    /// A call on `/v1/messages`, read to its end.
    pub async fn ask(&self, key: &TestKey, body: &Value) -> Got {
        self.exchange(&bytes_of(key, "/v1/messages", "", &body.to_string())).await
    }

    /// A call that plays a script, read to its end.
    pub async fn play(&self, key: &TestKey, script: &Value, streamed: bool) -> Got {
        self.ask(key, &scripted(script, streamed)).await
    }

    /// Opens a call that plays a script.
    pub async fn start_call(&self, key: &TestKey, script: &Value, streamed: bool) -> TcpStream {
        self.open(&bytes_of(key, "/v1/messages", "", &scripted(script, streamed).to_string())).await
    }

    /// A fresh key of an account, wide enough not to be in the way.
    pub async fn wide_key(&self, account: &str) -> TestKey {
        self.key_of(account, "100", "60", 10_000, 1_000).await
    }
}

impl TestApp {
    /// All lines of a key in the order of their calls, once nothing is under way.
    pub async fn lines(&self, key: &TestKey) -> Vec<Line> {
        soon("every call settles", self.settled()).await;
        let key: uuid::Uuid = key.id.parse().expect("a key's id");
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT outcome, flags, cost, price, absorbed, model, input, output, cache_read \
             FROM ledger.call WHERE key_id = $1 ORDER BY call_id",
        )
        .bind(key)
        .fetch_all(&self.pool)
        .await
        .expect("the calls");
        let line = |(outcome, flags, cost, price, absorbed, model, input, output, cache_read)| Line {
            outcome: Outcome::from_code(outcome).expect("a known outcome"),
            flags: Flags(flags),
            cost,
            price,
            absorbed,
            model,
            input,
            output,
            cache_read,
        };
        rows.into_iter().map(line).collect()
    }

    /// The line of a key's only call.
    pub async fn line(&self, key: &TestKey) -> Line {
        let mut lines = self.lines(key).await;
        assert_eq!(lines.len(), 1, "exactly one line: {lines:?}");
        lines.remove(0)
    }

    /// Waits until what reached the provider satisfies `holds`.
    pub async fn provider_until(&self, what: &str, holds: impl Fn(&[RecordedRequest]) -> bool) {
        soon(what, self.sandbox.until(holds)).await;
    }
}

/// The call id behind a `request-id` header.
pub fn call_id(got: &Got) -> CallId {
    let hex = got.header("request-id").and_then(|id| id.strip_prefix("req_")).expect("a request id");
    CallId(uuid::Uuid::try_parse(hex).expect("a UUID"))
}
