//! Decides head, framing and body of an answer, the spoiled ones included.

use serde_json::{Value, json};

use crate::upstream::sandbox::answer::{self, Answer};
use crate::upstream::sandbox::ask::Ask;
use crate::upstream::sandbox::event;
use crate::upstream::sandbox::fault::{Bite, ERROR_JSON, End, Fault};
use crate::upstream::sandbox::gzip;
use crate::upstream::sandbox::script::Script;

/// Organisation the sandbox belongs to; it must never reach a client.
pub const ORGANIZATION: &str = "org_sandbox_0001";
/// Size of a huge line unless scripted.
pub const HUGE: u64 = 64 << 20;

const JSON: &str = "application/json";
const SSE: &str = "text/event-stream; charset=utf-8";
/// Headers of a flood, and bytes of each: a megabyte in all.
const FLOOD: (usize, usize) = (1024, 1000);
/// How far off a wrong content-length is unless scripted.
const LENGTH_OFF: i64 = 10;

/// Statuses with the type and message of the provider's envelope.
const ENVELOPES: [(u16, &str, &str); 10] = [
    (400, "invalid_request_error", "the request is invalid"),
    (401, "authentication_error", "invalid x-api-key"),
    (402, "billing_error", "Your organization has no credit left."),
    (403, "permission_error", "Your API key does not have permission to use the specified resource."),
    (404, "not_found_error", "Not found"),
    (413, "request_too_large", "Request exceeds the maximum size"),
    (429, "rate_limit_error", "This request would exceed your organization's rate limit of 4,000 requests per minute."),
    (503, "api_error", "Service unavailable"),
    (504, "timeout_error", "Request timed out"),
    (529, "overloaded_error", "Overloaded"),
];

/// An answer down to its framing.
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Body,
    pub framing: Framing,
    /// How a body that is not events ends.
    pub end: End,
    /// What is said instead of a head.
    pub silence: Option<Silence>,
}

pub enum Body {
    Whole(Vec<u8>),
    /// So many spaces before a body: JSON of any size from no memory.
    Padded(u64, Vec<u8>),
    Events {
        answer: Answer,
        bite: Option<Bite>,
        huge: u64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    Length(u64),
    Chunked,
    /// Chunks of one to seven bytes with extensions; events as a stranger would write them.
    OddlyChunked,
    /// Chunked, with a trailer after the last chunk.
    Trailed,
}

/// Instead of a head, nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Silence {
    Held,
    Closed,
}

impl Reply {
    /// A buffered answer.
    pub fn whole(status: u16, content_type: &str, body: Vec<u8>) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            framing: Framing::Length(body.len() as u64),
            body: Body::Whole(body),
            end: End::Clean,
            silence: None,
        }
    }

    /// A buffered answer of JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::whole(status, JSON, body.to_string().into_bytes())
    }

    /// An error in the provider's envelope.
    pub fn error(status: u16, kind: &str, message: &str) -> Self {
        let error = json!({"type": kind, "message": message});
        Self::json(status, &json!({"type": "error", "error": error, "request_id": "req_sandbox"}))
    }

    /// The usual error of a status.
    pub fn refusal(status: u16) -> Self {
        let row = ENVELOPES.iter().find(|row| row.0 == status);
        let (_, kind, message) = row.unwrap_or(&(500, "api_error", "Internal server error"));
        Self::error(status, kind, message)
    }

    /// The answer to a request for a message.
    pub fn to_message(ask: &Ask, script: &Script, credential: &str) -> Self {
        if let Some(reply) = scripted(script, credential) {
            return reply;
        }
        let answer = answer::compose(ask, script);
        let reply = if ask.streamed { streamed(answer, script) } else { buffered(answer.whole(), script) };
        reply.dressed(script, credential)
    }

    /// The answer to a request for a count of tokens.
    pub fn to_count(ask: &Ask, script: &Script, credential: &str) -> Self {
        scripted(script, credential)
            .unwrap_or_else(|| buffered(answer::count_tokens(ask, script), script).dressed(script, credential))
    }

    fn dressed(mut self, script: &Script, credential: &str) -> Self {
        for (name, value) in &script.headers {
            self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            self.headers.push((name.clone(), filled(value, credential)));
        }
        if script.fault == Some(Fault::HeaderFlood) {
            self.headers.extend((0..FLOOD.0).map(|number| (format!("x-flood-{number}"), "f".repeat(FLOOD.1))));
        }
        self.silence = match script.fault {
            Some(Fault::NoHead) => Some(Silence::Held),
            Some(Fault::CloseBeforeHead) => Some(Silence::Closed),
            _ => None,
        };
        self
    }
}

/// The answer a script gives whatever the request was: a refusal, or a body of its own.
pub fn scripted(script: &Script, credential: &str) -> Option<Reply> {
    let status = script.status.unwrap_or(200);
    let reply = match (&script.body, &script.error) {
        (Some(Value::String(text)), _) => Reply::whole(status, JSON, filled(text, credential).into_bytes()),
        (Some(body), _) => Reply::json(status, body),
        (None, Some(error)) => Reply::error(status, &error.kind, &filled(&error.message, credential)),
        (None, None) if status >= 300 => Reply::refusal(status),
        (None, None) => return None,
    };
    Some(reply.dressed(script, credential))
}

fn streamed(answer: Answer, script: &Script) -> Reply {
    let whole = |bytes| Reply::whole(200, SSE, bytes);
    match script.fault {
        Some(Fault::GzipAnyway) => encoded(whole(gzip::wrap(event::all_events(&answer).as_bytes()))),
        Some(Fault::WrongContentLength) => misdeclared(whole(event::all_events(&answer).into_bytes()), script),
        fault => {
            let bite = fault.and_then(|fault| fault.bite(script.after, script.end));
            let body = Body::Events { answer, bite, huge: script.bytes.unwrap_or(HUGE) };
            Reply { body, framing: chunking(fault).unwrap_or(Framing::Chunked), ..whole(Vec::new()) }
        }
    }
}

fn buffered(body: Vec<u8>, script: &Script) -> Reply {
    let Some(fault) = script.fault else { return Reply::whole(200, JSON, body) };
    let mut reply = spoiled(fault, body, script);
    reply.framing = chunking(Some(fault)).unwrap_or(reply.framing);
    reply.end = script.end.unwrap_or(reply.end);
    reply
}

fn spoiled(fault: Fault, body: Vec<u8>, script: &Script) -> Reply {
    let whole = |bytes: Vec<u8>| Reply::whole(200, JSON, bytes);
    let cut = |bytes: usize, end: End| Reply {
        body: Body::Whole(body[..bytes].to_vec()),
        end,
        ..Reply { framing: Framing::Length(body.len() as u64), ..whole(Vec::new()) }
    };
    let half = body.len() / 2;
    match fault {
        Fault::CloseBeforeContent => cut(0, End::Close),
        Fault::ResetAfterN => cut(half, End::Reset),
        Fault::StallAfterN => cut(half, End::Stall),
        Fault::CutMidEvent | Fault::NoTerminal => whole(body[..half].to_vec()),
        Fault::ErrorBeforeContent | Fault::ErrorAfterN => whole(ERROR_JSON.into()),
        Fault::TwoTerminals => whole(body.repeat(2)),
        Fault::TailAfterTerminal => whole([body.as_slice(), b"\nafter the end"].concat()),
        Fault::BadJsonData => whole([&body[..body.len() - 1], b","].concat()),
        Fault::WrongContentLength => misdeclared(whole(body), script),
        Fault::GzipAnyway => encoded(whole(gzip::wrap(&body))),
        Fault::HugeLine => padded(script.bytes.unwrap_or(HUGE), body),
        Fault::NoHead | Fault::CloseBeforeHead | Fault::HeaderFlood => whole(body),
        Fault::OddFraming | Fault::Trailers => whole(body),
    }
}

fn chunking(fault: Option<Fault>) -> Option<Framing> {
    match fault? {
        Fault::OddFraming => Some(Framing::OddlyChunked),
        Fault::Trailers => Some(Framing::Trailed),
        _ => None,
    }
}

fn padded(spaces: u64, body: Vec<u8>) -> Reply {
    let length = Framing::Length(spaces + body.len() as u64);
    Reply { body: Body::Padded(spaces, body), framing: length, ..Reply::whole(200, JSON, Vec::new()) }
}

fn encoded(mut reply: Reply) -> Reply {
    reply.headers.push(("content-encoding".to_owned(), "gzip".to_owned()));
    reply
}

/// Declares another length than is sent, and closes after it: neither side could find the next answer.
fn misdeclared(mut reply: Reply, script: &Script) -> Reply {
    if let Framing::Length(length) = reply.framing {
        reply.framing = Framing::Length(length.saturating_add_signed(script.length_off.unwrap_or(LENGTH_OFF)));
    }
    reply.end = script.end.unwrap_or(End::Close);
    reply
}

fn filled(text: &str, credential: &str) -> String {
    text.replace("{credential}", credential)
}
