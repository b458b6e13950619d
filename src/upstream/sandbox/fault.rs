//! The ways a good answer is spoiled: where a fault bites and how the body ends there.

use serde::Deserialize;

/// Events sent before a fault in the middle: start, block start, ping and two deltas of text.
const MIDDLE: usize = 5;

/// What the sandbox says when its answer fails after the head.
pub const ERROR_JSON: &str = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
const ERROR_EVENT: &str =
    "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n";
const BROKEN_EVENT: &str =
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"ty\n\n";
const STOP_EVENT: &str = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
const TAIL_EVENTS: &str = concat!(
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,",
    "\"delta\":{\"type\":\"text_delta\",\"text\":\"after the end\"}}\n\n",
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",",
    "\"stop_sequence\":null},\"usage\":{\"output_tokens\":99999}}\n\n",
);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Reads the request and never answers.
    NoHead,
    /// Reads the request and closes.
    CloseBeforeHead,
    CloseBeforeContent,
    ErrorBeforeContent,
    ErrorAfterN,
    ResetAfterN,
    StallAfterN,
    /// Half an event, then a clean end: nothing but the missing end tells.
    CutMidEvent,
    /// Everything but the last event, then a clean end.
    NoTerminal,
    TwoTerminals,
    TailAfterTerminal,
    BadJsonData,
    WrongContentLength,
    GzipAnyway,
    HugeLine,
    /// A byte order mark, comments, mixed line ends, split data lines, tiny chunks with extensions: all of it legal.
    OddFraming,
    Trailers,
    /// A megabyte of headers.
    HeaderFlood,
}

/// How a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// As HTTP wants it; the connection stays usable.
    Clean,
    /// The connection is closed where it stands.
    Close,
    /// The connection is reset.
    Reset,
    /// Nothing more comes until the client leaves.
    Stall,
}

/// Where a fault bites in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Before the event of this number.
    Event(usize),
    /// Before the last event.
    Terminal,
    /// After the last event.
    Tail,
}

/// What is sent at the place, before the rest goes on or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Insert {
    Nothing,
    Events(&'static str),
    HalfOfNext,
    HugeLine,
}

/// A fault in a stream, as its place, what is sent there, and the end if it ends there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bite {
    pub place: Place,
    pub insert: Insert,
    pub end: Option<End>,
}

impl Fault {
    /// The bite of a fault that spoils the events; `None` for those that spoil head or framing.
    pub fn bite(self, after: Option<usize>, end: Option<End>) -> Option<Bite> {
        let (place, insert, usual_end) = match self {
            Self::CloseBeforeContent => (Place::Event(0), Insert::Nothing, Some(End::Close)),
            Self::ErrorBeforeContent => (Place::Event(1), Insert::Events(ERROR_EVENT), Some(End::Clean)),
            Self::ErrorAfterN => (Place::Event(MIDDLE), Insert::Events(ERROR_EVENT), Some(End::Clean)),
            Self::ResetAfterN => (Place::Event(MIDDLE), Insert::Nothing, Some(End::Reset)),
            Self::StallAfterN => (Place::Event(MIDDLE), Insert::Nothing, Some(End::Stall)),
            Self::CutMidEvent => (Place::Event(MIDDLE), Insert::HalfOfNext, Some(End::Clean)),
            Self::NoTerminal => (Place::Terminal, Insert::Nothing, Some(End::Clean)),
            Self::TwoTerminals => (Place::Tail, Insert::Events(STOP_EVENT), None),
            Self::TailAfterTerminal => (Place::Tail, Insert::Events(TAIL_EVENTS), None),
            Self::BadJsonData => (Place::Event(MIDDLE), Insert::Events(BROKEN_EVENT), None),
            Self::HugeLine => (Place::Event(MIDDLE), Insert::HugeLine, None),
            Self::NoHead | Self::CloseBeforeHead | Self::WrongContentLength | Self::GzipAnyway => return None,
            Self::OddFraming | Self::Trailers | Self::HeaderFlood => return None,
        };
        let place = if place == Place::Tail { place } else { after.map_or(place, Place::Event) };
        Some(Bite { place, insert, end: end.or(usual_end) })
    }
}
