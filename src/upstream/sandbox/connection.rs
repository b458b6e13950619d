//! One client connection: reads its requests one after the other and has each answered.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::upstream::sandbox::ask::{Ask, AskError};
use crate::upstream::sandbox::control;
use crate::upstream::sandbox::fault::End;
use crate::upstream::sandbox::head::{self, Head, HeadError, Reading};
use crate::upstream::sandbox::play::{self, Pace};
use crate::upstream::sandbox::record::{Link, Log};
use crate::upstream::sandbox::reply::{self, Reply};
use crate::upstream::sandbox::script::{Script, ScriptError};
use crate::upstream::sandbox::wire::{Gone, Wire};

/// Bodies above this are refused, so that a client's mistake cannot take the machine's memory.
const MOST_BODY: usize = 64 << 20;
/// Time a client gets to read an answer that came before its body was read.
const LINGER: Duration = Duration::from_secs(5);

/// What all connections of one sandbox share.
pub struct Shared {
    pub credential: String,
    pub standing: Standing,
    pub log: Arc<Log>,
}

/// The scripts for requests that bring none of their own.
pub struct Standing {
    scripts: Mutex<Scripts>,
}

struct Scripts {
    /// One for each next request.
    next: VecDeque<Arc<Script>>,
    /// For every request after those.
    always: Arc<Script>,
}

impl Default for Standing {
    fn default() -> Self {
        Self { scripts: Mutex::new(Scripts { next: VecDeque::new(), always: Arc::default() }) }
    }
}

impl Standing {
    /// Sets one script for every request, or an array of scripts for the next requests in turn.
    ///
    /// # Errors
    /// As [`Script::parse`]; then nothing has changed.
    pub fn set(&self, script: Value) -> Result<(), ScriptError> {
        let scripts = match script {
            Value::Array(several) => {
                let next = several.into_iter().map(|script| Script::parse(script).map(Arc::new));
                Scripts { next: next.collect::<Result<_, _>>()?, always: Arc::default() }
            }
            one => Scripts { next: VecDeque::new(), always: Arc::new(Script::parse(one)?) },
        };
        *self.scripts.lock() = scripts;
        Ok(())
    }

    pub fn reset(&self) {
        *self.scripts.lock() = Scripts { next: VecDeque::new(), always: Arc::default() };
    }

    fn take(&self) -> Arc<Script> {
        let mut scripts = self.scripts.lock();
        scripts.next.pop_front().unwrap_or_else(|| Arc::clone(&scripts.always))
    }
}

/// Serves a connection until either side ends it.
pub async fn serve(socket: TcpStream, shared: Arc<Shared>) {
    let link = shared.log.connect();
    let mut wire = Wire::new(socket);
    while let Ok(End::Clean) = exchange(&mut wire, &shared, &link).await {
        wire.settle();
    }
    // The socket closes before the log says so.
    drop(wire);
    drop(link);
}

/// Reads one request and answers it; anything but a clean end closes the connection.
async fn exchange(wire: &mut Wire, shared: &Shared, link: &Link) -> Result<End, Gone> {
    let reading = Reading { credential: &shared.credential, keep_headers: shared.log.keeps() };
    let head = match read_head(wire, reading).await? {
        Ok(head) if head.body_bytes <= MOST_BODY => head,
        Ok(_) => return parting(wire, Reply::refusal(413), Pace::unhurried(), 0).await,
        Err(error) => {
            let status = if error == HeadError::NoLength { 411 } else { 400 };
            let reply = Reply::error(status, "invalid_request_error", &error.to_string());
            return parting(wire, reply, Pace::unhurried(), 0).await;
        }
    };
    let keeps_alive = head.keeps_alive;
    let end = if head.path.starts_with("/_sandbox/") {
        let body = read_body(wire, &head).await?;
        let reply = control::answer(shared, &head.method, &head.path, head.query.as_deref(), &body);
        play::play(wire, reply, Pace::unhurried(), 0).await?
    } else {
        answer(wire, shared, link, head).await?
    };
    Ok(if keeps_alive { end } else { End::Close })
}

/// Answers a request as the provider would.
async fn answer(wire: &mut Wire, shared: &Shared, link: &Link, head: Head) -> Result<End, Gone> {
    let number = shared.log.count();
    let is_call = head.method == "POST" && matches!(head.path.as_str(), "/v1/messages" | "/v1/messages/count_tokens");
    let script = if is_call { shared.standing.take() } else { Arc::default() };
    if script.early {
        let reply = reply::scripted(&script, &shared.credential).unwrap_or_else(|| Reply::refusal(413));
        let entry = link.record(number, head, &[], None);
        entry.inspect(|entry| entry.begins(reply.status));
        return parting(wire, reply, Pace::of(&script), number).await;
    }
    let body = read_body(wire, &head).await?;
    let (ask, script) = understand(&body, is_call && head.is_trusted, script);
    let reply = choose(&head, &ask, &script, &shared.credential);
    let entry = link.record(number, head, &body, ask.as_ref().and_then(|ask| ask.as_ref().ok()));
    drop((ask, body));
    if script.is_slow() {
        wire.slim();
    }
    entry.as_ref().inspect(|entry| entry.begins(reply.status));
    let end = play::play(wire, reply, Pace::of(&script), number).await?;
    entry.inspect(|entry| link.answered(entry, wire.sent()));
    Ok(end)
}

/// Reads the body of a call, and prefers the script it brings to the standing one.
fn understand(body: &[u8], is_call: bool, standing: Arc<Script>) -> (Option<Result<Ask, AskError>>, Arc<Script>) {
    if !is_call {
        return (None, standing);
    }
    let mut ask = Ask::read(body);
    let own = ask.as_mut().ok().and_then(|ask| ask.script.take());
    (Some(ask), own.map_or(standing, Arc::new))
}

fn choose(head: &Head, ask: &Option<Result<Ask, AskError>>, script: &Script, credential: &str) -> Reply {
    match ask {
        _ if head.path == "/api/hello" => Reply::whole(200, "text/plain", Vec::new()),
        _ if !head.is_trusted => Reply::refusal(401),
        None => Reply::refusal(404),
        Some(Err(error)) => Reply::error(400, "invalid_request_error", &error.to_string()),
        Some(Ok(ask)) if head.path == "/v1/messages" => Reply::to_message(ask, script, credential),
        Some(Ok(ask)) => Reply::to_count(ask, script, credential),
    }
}

async fn read_head(wire: &mut Wire, reading: Reading<'_>) -> Result<Result<Head, HeadError>, Gone> {
    loop {
        if !wire.inbound().is_empty() {
            match head::parse(wire.inbound(), reading) {
                Ok(Some((head, length))) => {
                    wire.take(length);
                    return Ok(Ok(head));
                }
                Ok(None) => {}
                Err(error) => return Ok(Err(error)),
            }
        }
        wire.fill().await?;
    }
}

async fn read_body(wire: &mut Wire, head: &Head) -> Result<BytesMut, Gone> {
    if head.expects_continue && wire.inbound().len() < head.body_bytes {
        wire.outbound().extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        wire.flush().await?;
    }
    while wire.inbound().len() < head.body_bytes {
        wire.fill().await?;
    }
    Ok(wire.take(head.body_bytes))
}

/// Sends a last answer although the request was not read to its end.
async fn parting(wire: &mut Wire, reply: Reply, pace: Pace, number: u64) -> Result<End, Gone> {
    play::play(wire, reply, pace, number).await?;
    wire.linger(LINGER).await;
    Ok(End::Close)
}
