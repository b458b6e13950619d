//! Sends an answer: as fast as the socket takes it, or at the pace and up to the fault its script says.

use std::io::Write;
use std::time::Duration;

use crate::upstream::sandbox::answer::Answer;
use crate::upstream::sandbox::event::{self, Events};
use crate::upstream::sandbox::fault::{Bite, End, Insert, Place};
use crate::upstream::sandbox::reply::{Body, Framing, ORGANIZATION, Reply, Silence};
use crate::upstream::sandbox::script::Script;
use crate::upstream::sandbox::wire::{Gone, Wire};

/// An unpaced answer is written in steps of about this size, a short one in a single write with its head.
const STEP: usize = 32 * 1024;
const HUGE_OPENING: &str = concat!(
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,",
    "\"delta\":{\"type\":\"text_delta\",\"text\":\"",
);
const HUGE_CLOSING: &str = "\"}}\n\n";

/// How fast an answer goes out.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    first_byte: Duration,
    delay: Duration,
    piece: Option<usize>,
}

impl Pace {
    pub fn of(script: &Script) -> Self {
        Self {
            first_byte: Duration::from_millis(script.first_byte_ms),
            delay: Duration::from_millis(script.delay_ms),
            piece: script.chunk_bytes.map(|bytes| bytes.max(1)),
        }
    }

    pub fn unhurried() -> Self {
        Self { first_byte: Duration::ZERO, delay: Duration::ZERO, piece: None }
    }
}

/// Sends the answer to request `number`; says how it ended. The caller closes the connection unless cleanly.
pub async fn play(wire: &mut Wire, reply: Reply, pace: Pace, number: u64) -> Result<End, Gone> {
    if !pace.first_byte.is_zero() {
        wire.pause(pace.first_byte).await?;
    }
    match reply.silence {
        Some(Silence::Held) => return Err(wire.hold().await),
        Some(Silence::Closed) => return Ok(End::Close),
        None => {}
    }
    write_head(wire.outbound(), &reply, number);
    let mut sender = Sender { wire, framing: reply.framing, pace, pieces: 0 };
    let end = match reply.body {
        Body::Whole(bytes) => sender.whole(&bytes, reply.end).await?,
        Body::Padded(spaces, bytes) => {
            sender.fill(b' ', spaces).await?;
            sender.whole(&bytes, reply.end).await?
        }
        Body::Events { answer, bite, huge } => sender.events(&answer, bite, huge).await?,
    };
    sender.finish(end).await
}

struct Sender<'a> {
    wire: &'a mut Wire,
    framing: Framing,
    pace: Pace,
    /// Chunks written oddly so far; their sizes go by it.
    pieces: usize,
}

impl Sender<'_> {
    async fn whole(&mut self, bytes: &[u8], end: End) -> Result<End, Gone> {
        for step in bytes.chunks(STEP) {
            self.send(step).await?;
        }
        Ok(end)
    }

    async fn events(&mut self, answer: &Answer, bite: Option<Bite>, huge: u64) -> Result<End, Gone> {
        let mut events = Events::new(answer);
        let mut event = String::new();
        let mut number = 0;
        loop {
            let here = bite.filter(|bite| match bite.place {
                Place::Event(at) => at == number,
                Place::Terminal => events.at_terminal(),
                Place::Tail => false,
            });
            let goes_on = events.write_next(&mut event);
            if let Some(bite) = here {
                self.insert(bite.insert, &event, huge).await?;
                if let Some(end) = bite.end {
                    return Ok(end);
                }
            }
            if !goes_on {
                break;
            }
            self.send_event(&event, number).await?;
            number += 1;
        }
        let Some(bite) = bite.filter(|bite| bite.place == Place::Tail) else { return Ok(End::Clean) };
        self.insert(bite.insert, "", huge).await?;
        Ok(bite.end.unwrap_or(End::Clean))
    }

    async fn insert(&mut self, insert: Insert, next: &str, huge: u64) -> Result<(), Gone> {
        match insert {
            Insert::Nothing => Ok(()),
            Insert::Events(text) => self.send(text.as_bytes()).await,
            Insert::HalfOfNext => self.send(&next.as_bytes()[..next.len() / 2]).await,
            Insert::HugeLine => {
                self.send(HUGE_OPENING.as_bytes()).await?;
                self.fill(b'x', huge).await?;
                self.send(HUGE_CLOSING.as_bytes()).await
            }
        }
    }

    async fn send_event(&mut self, event: &str, number: usize) -> Result<(), Gone> {
        match self.framing {
            Framing::OddlyChunked => self.send(event::oddly(event, number).as_bytes()).await,
            _ => self.send(event.as_bytes()).await,
        }
    }

    async fn fill(&mut self, byte: u8, count: u64) -> Result<(), Gone> {
        let step = vec![byte; STEP.min(count as usize)];
        let mut left = count;
        while left > 0 {
            let now = left.min(STEP as u64);
            self.send(&step[..now as usize]).await?;
            left -= now;
        }
        Ok(())
    }

    /// Sends some bytes of the body at the pace.
    async fn send(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        for piece in bytes.chunks(self.pace.piece.unwrap_or(bytes.len()).max(1)) {
            self.frame(piece);
            if self.pace.piece.is_some() || !self.pace.delay.is_zero() {
                self.wire.flush().await?;
            }
            if !self.pace.delay.is_zero() {
                self.wire.pause(self.pace.delay).await?;
            }
        }
        if self.wire.outbound().len() >= STEP {
            self.wire.flush().await?;
        }
        Ok(())
    }

    fn frame(&mut self, bytes: &[u8]) {
        match self.framing {
            Framing::Length(_) => self.wire.outbound().extend_from_slice(bytes),
            Framing::Chunked | Framing::Trailed => chunk(self.wire.outbound(), bytes, ""),
            Framing::OddlyChunked => {
                let mut rest = bytes;
                while !rest.is_empty() {
                    let (now, later) = rest.split_at((self.pieces % 7 + 1).min(rest.len()));
                    chunk(self.wire.outbound(), now, ";odd=\"1\"");
                    self.pieces += 1;
                    rest = later;
                }
            }
        }
    }

    async fn finish(&mut self, end: End) -> Result<End, Gone> {
        if end == End::Clean {
            let last: &[u8] = match self.framing {
                Framing::Length(_) => b"",
                Framing::Chunked | Framing::OddlyChunked => b"0\r\n\r\n",
                Framing::Trailed => b"0\r\nx-trailer: 1\r\n\r\n",
            };
            self.wire.outbound().extend_from_slice(last);
        }
        self.wire.flush().await?;
        match end {
            End::Stall => return Err(self.wire.hold().await),
            End::Reset => self.wire.reset_on_drop(),
            End::Clean | End::Close => {}
        }
        Ok(end)
    }
}

fn chunk(out: &mut Vec<u8>, bytes: &[u8], extension: &str) {
    if bytes.is_empty() {
        return;
    }
    write!(out, "{:x}{extension}\r\n", bytes.len()).expect("a vector takes every write");
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
}

fn write_head(out: &mut Vec<u8>, reply: &Reply, number: u64) {
    let reason = if reply.status < 300 { "OK" } else { "Refused" };
    write!(out, "HTTP/1.1 {} {reason}\r\nrequest-id: req_sandbox_{number:016x}\r\n", reply.status)
        .expect("a vector takes every write");
    out.extend_from_slice(b"anthropic-organization-id: ");
    out.extend_from_slice(ORGANIZATION.as_bytes());
    out.extend_from_slice(b"\r\n");
    for (name, value) in &reply.headers {
        for part in [name, ": ", value, "\r\n"] {
            out.extend_from_slice(part.as_bytes());
        }
    }
    match reply.framing {
        Framing::Length(length) => write!(out, "content-length: {length}\r\n\r\n").expect("a vector takes every write"),
        Framing::Trailed => out.extend_from_slice(b"trailer: x-trailer\r\ntransfer-encoding: chunked\r\n\r\n"),
        Framing::Chunked | Framing::OddlyChunked => out.extend_from_slice(b"transfer-encoding: chunked\r\n\r\n"),
    }
}
