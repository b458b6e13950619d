//! A client that looks at bytes: what came, and how it ended.

use std::net::{Ipv4Addr, SocketAddr};

use derouter::upstream::sandbox::server::{Sandbox, SandboxHandle, SandboxSettings};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

pub const CREDENTIAL: &str = "sandbox-credential";

/// An answer as it stood on the wire.
pub struct Got {
    pub status: u16,
    pub head: String,
    /// The body without its framing, as far as it came.
    pub body: Vec<u8>,
    pub ended: Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The framing said that this is all.
    Clean,
    /// The connection closed before the framing said so.
    Cut,
    Reset,
}

pub async fn sandbox() -> SandboxHandle {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let settings = SandboxSettings { listen, credential: CREDENTIAL.to_owned(), record: true };
    Sandbox::start(settings).await.expect("a free port")
}

/// A request body that brings a script.
pub fn body(script: &Value, streamed: bool) -> Value {
    json!({
        "model": "claude-sonnet-5-5",
        "max_tokens": 500,
        "stream": streamed,
        "tools": [{"name": "weather", "input_schema": {"type": "object"}}],
        "messages": [{"role": "user", "content": format!("Good morning. [[sandbox {script}]]")}],
    })
}

pub fn request(path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nhost: sandbox\r\n{headers}content-length: {length}\r\n\r\n{body}").into_bytes()
}

pub async fn open(sandbox: &SandboxHandle, bytes: &[u8]) -> TcpStream {
    let mut socket = TcpStream::connect(sandbox.addr()).await.expect("the sandbox listens");
    socket.write_all(bytes).await.expect("the request is taken");
    socket
}

/// Calls `/v1/messages` and reads the answer to its end.
pub async fn call(sandbox: &SandboxHandle, script: Value, streamed: bool) -> Got {
    post(sandbox, "/v1/messages", &body(&script, streamed)).await
}

pub async fn post(sandbox: &SandboxHandle, path: &str, body: &Value) -> Got {
    let trusted = format!("x-api-key: {CREDENTIAL}\r\n");
    let mut socket = open(sandbox, &request(path, &trusted, &body.to_string())).await;
    read(&mut socket).await
}

/// Reads one answer; a clean end may leave the connection open.
pub async fn read(socket: &mut TcpStream) -> Got {
    let mut bytes = Vec::new();
    let mut closed = None;
    loop {
        if let Some(got) = parse(&bytes, closed) {
            return got;
        }
        let mut step = vec![0; 65_536];
        match socket.read(&mut step).await {
            Ok(0) => closed = Some(Ended::Cut),
            Ok(count) => bytes.extend_from_slice(&step[..count]),
            Err(_) => closed = Some(Ended::Reset),
        }
    }
}

/// Reads until `count` blank lines came, then returns what came: enough of a stream that never ends.
pub async fn read_events(socket: &mut TcpStream, count: usize) -> String {
    let mut text = String::new();
    while text.matches("\n\n").count() < count {
        let mut step = vec![0; 4096];
        let length = socket.read(&mut step).await.expect("the stream goes on");
        assert_ne!(length, 0, "the stream ended after {text}");
        text.push_str(&String::from_utf8_lossy(&step[..length]));
    }
    text
}

impl Got {
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("text")
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.text()))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let named = |line: &&str| line.split_once(':').is_some_and(|(known, _)| known.eq_ignore_ascii_case(name));
        self.head.lines().find(named).and_then(|line| line.split_once(": ")).map(|(_, value)| value)
    }

    /// The events' data, in order; each must carry the name its data gives.
    pub fn events(&self) -> Vec<Value> {
        events_of(&self.text())
    }

    pub fn kinds(&self) -> Vec<String> {
        self.events().iter().map(|event| event["type"].as_str().expect("a type").to_owned()).collect()
    }
}

/// Reads events as the standard wants it (WHATWG HTML §9.2), whatever line ends and comments are used.
pub fn events_of(text: &str) -> Vec<Value> {
    let lines = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
    lines.split("\n\n").filter_map(event_of).collect()
}

fn event_of(block: &str) -> Option<Value> {
    let field = |name: &'static str| move |line: &str| Some(line.strip_prefix(name)?.trim_start().to_owned());
    let data: Vec<String> = block.lines().filter_map(field("data:")).collect();
    let name = block.lines().find_map(field("event:"))?;
    let event: Value = serde_json::from_str(&data.join("\n")).unwrap_or_else(|_| json!({"type": "unreadable"}));
    assert!(event["type"] == name || event["type"] == "unreadable", "{name} carries {event}");
    Some(event)
}

fn parse(bytes: &[u8], closed: Option<Ended>) -> Option<Got> {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, _)) = text.split_once("\r\n\r\n") else {
        return closed.map(|ended| Got { status: 0, head: String::new(), body: Vec::new(), ended });
    };
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let rest = &bytes[head.len() + 4..];
    let mut got = Got { status, head: head.to_owned(), body: Vec::new(), ended: Ended::Clean };
    let whole = match got.header("content-length").map(|length| length.parse::<usize>().expect("a length")) {
        Some(length) => {
            got.body = rest[..length.min(rest.len())].to_vec();
            rest.len() >= length
        }
        None => dechunk(rest, &mut got.body),
    };
    got.ended = if whole { Ended::Clean } else { closed? };
    Some(got)
}

/// Takes the chunks apart; says whether the last one was there.
fn dechunk(mut rest: &[u8], body: &mut Vec<u8>) -> bool {
    loop {
        let Some(line_end) = rest.windows(2).position(|pair| pair == b"\r\n") else { return false };
        let line = std::str::from_utf8(&rest[..line_end]).expect("a chunk line");
        let size = line.split(';').next().expect("a chunk size");
        let size = usize::from_str_radix(size, 16).expect("a chunk size");
        rest = &rest[line_end + 2..];
        if size == 0 {
            return rest.ends_with(b"\r\n");
        }
        body.extend_from_slice(&rest[..size.min(rest.len())]);
        if rest.len() < size + 2 {
            return false;
        }
        assert_eq!(&rest[size..size + 2], b"\r\n", "a chunk ends with its line end");
        rest = &rest[size + 2..];
    }
}
