//! The meter: reads what an answer reports of its own cost while it passes (`wire.md` §8).
//!
//! Fed event by event, or with a whole buffered answer. It adds nothing up: reports are cumulative. It never fails on
//! what an upstream may send; a broken event counts as forwarded text and is otherwise ignored.

use crate::domain::answer::{label, short, starts_with_content, text_chars};
use crate::domain::counts::{Counts, Part};
use crate::domain::scan::{Fault, Kind, Scanner};
use crate::domain::sse::{Event, EventKind};
use std::sync::Arc;
use thiserror::Error;

/// Characters that one token is taken for where none were reported.
const CHARS_PER_TOKEN: u64 = 4;
/// Iterations read of one answer; no known agent loop comes near, and each is kept.
const MAX_ITERATIONS: usize = 64;

/// Why a buffered answer cannot be metered: it is not billed (`ledger.md` §14, row 7).
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum BadBody {
    #[error("the upstream's answer is not JSON: {0}")]
    NotJson(#[from] Fault),
    #[error("the upstream's answer is no message")]
    NotAMessage,
}

/// Tokens and searches of one call, by what they are priced as.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Usage {
    /// Input that was neither read from nor written to a cache.
    pub input: u64,
    pub output: u64,
    pub cache_read: u64,
    pub cache_write_5m: u64,
    pub cache_write_1h: u64,
    pub web_searches: u64,
}

impl Usage {
    /// All input tokens: what decides the long-context tier.
    pub fn total_input(&self) -> u64 {
        [self.cache_read, self.cache_write_5m, self.cache_write_1h].into_iter().fold(self.input, u64::saturating_add)
    }
}

/// A part of the call that the top-level counts leave out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum IterationKind {
    /// Summing up the conversation, at the same model.
    Compaction,
    /// Another model's advice, at that model.
    Advisor,
}

/// One such part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Iteration {
    pub kind: IterationKind,
    pub model: Option<Arc<str>>,
    pub usage: Usage,
}

/// What the meter shows at the end: the input of a price.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reading {
    pub usage: Usage,
    /// Some count is ours, not the upstream's.
    pub estimated: bool,
    /// The answer ended normally without saying what it used.
    pub missing: bool,
    /// Some reported number was none and is left out.
    pub odd: bool,
    pub served_model: Arc<str>,
    pub speed: Option<String>,
    pub geo: Option<String>,
    pub tier: Option<String>,
    pub iterations: Vec<Iteration>,
    /// The upstream's id of the message.
    pub upstream_id: Option<String>,
}

/// The state of one answer's metering.
pub struct Meter {
    model: Arc<str>,
    counts: Counts,
    parts: Vec<Part>,
    speed: Option<String>,
    geo: Option<String>,
    tier: Option<String>,
    id: Option<String>,
    chars: u64,
    open_block: Option<u64>,
    started: bool,
    content: bool,
    finished: bool,
    failed: bool,
    /// The output count is a final one: it came in a `message_delta` or a whole answer.
    settled_output: bool,
}

impl Meter {
    /// A meter of a call to `requested`, which is taken for the served model until the answer names one.
    pub fn new(requested: Arc<str>) -> Self {
        Meter {
            model: requested,
            counts: Counts::default(),
            parts: Vec::new(),
            speed: None,
            geo: None,
            tier: None,
            id: None,
            chars: 0,
            open_block: None,
            started: false,
            content: false,
            finished: false,
            failed: false,
            settled_output: false,
        }
    }

    /// Meters a whole answer.
    ///
    /// # Errors
    /// `NotJson` for a cut or foreign body, `NotAMessage` for JSON that is not an answer to a Messages call.
    pub fn read_buffered(body: &[u8], requested: Arc<str>) -> Result<Self, BadBody> {
        let text = std::str::from_utf8(body)
            .map_err(|e| Fault { at: e.valid_up_to(), why: "a byte is no part of any UTF-8 text" })?;
        let mut meter = Meter::new(requested);
        let mut scan = Scanner::new(text);
        let is_message = match scan.kind()? {
            Kind::Object => meter.message(&mut scan)?,
            _ => scan.skip().map(|()| false)?,
        };
        scan.end()?;
        if !is_message {
            return Err(BadBody::NotAMessage);
        }
        (meter.started, meter.finished) = (true, true);
        meter.settled_output = meter.counts.output.is_some();
        Ok(meter)
    }

    /// Feeds one event. What follows the end of a message is not part of it.
    pub fn observe(&mut self, event: &Event<'_>) {
        if self.finished {
            return;
        }
        match event.kind {
            EventKind::BlockDelta => self.content = true,
            EventKind::MessageStart => self.started = true,
            EventKind::MessageStop => self.finished = true,
            EventKind::Error => self.failed = true,
            EventKind::BlockStop => self.open_block = None,
            EventKind::BlockStart | EventKind::MessageDelta | EventKind::Other => {}
        }
        let read = match std::str::from_utf8(&event.data) {
            Ok(text) => self.read(event.kind, &mut Scanner::new(text)),
            Err(_) => Err(Fault { at: 0, why: "not UTF-8" }),
        };
        if read.is_err() {
            self.broken(event);
        }
    }

    /// True once the upstream began to answer: from here it bills.
    pub fn started(&self) -> bool {
        self.started
    }

    /// True once something of the answer's content came.
    pub fn has_content(&self) -> bool {
        self.content
    }

    /// True once the answer ended normally.
    pub fn finished(&self) -> bool {
        self.finished
    }

    /// True once the upstream reported an error within the stream.
    pub fn failed(&self) -> bool {
        self.failed
    }

    /// The content block that was started and not stopped, to be closed when we end the stream.
    pub fn open_block(&self) -> Option<u64> {
        self.open_block
    }

    /// Output tokens so far, for growing holds: reported, or as many as the forwarded text amounts to.
    pub fn running_output(&self) -> u64 {
        self.counts.output.unwrap_or(0).max(self.chars.div_ceil(CHARS_PER_TOKEN))
    }

    /// What is known now.
    pub fn reading(&self) -> Reading {
        let final_output = self.settled_output && self.finished;
        let mut usage = self.counts.usage();
        let reported = usage.output;
        if !final_output {
            usage.output = self.running_output();
        }
        Reading {
            usage,
            estimated: !self.settled_output || usage.output > reported || self.counts.input.is_none(),
            missing: self.finished && !self.settled_output,
            odd: self.counts.odd || self.parts.iter().any(|p| p.counts.odd),
            served_model: self.model.clone(),
            speed: self.speed.clone(),
            geo: self.geo.clone(),
            tier: self.tier.clone(),
            iterations: self.parts.iter().filter_map(Part::iteration).collect(),
            upstream_id: self.id.clone(),
        }
    }

    fn read(&mut self, kind: EventKind, scan: &mut Scanner<'_>) -> Result<(), Fault> {
        match kind {
            EventKind::BlockDelta => self.block_delta(scan),
            EventKind::BlockStart => self.block_start(scan),
            EventKind::MessageStart => self.message_start(scan),
            EventKind::MessageDelta => self.message_delta(scan),
            EventKind::BlockStop | EventKind::MessageStop | EventKind::Error | EventKind::Other => Ok(()),
        }
    }

    /// A broken event went to the client as it is, so its bytes count as text; broken usage is worth an alarm.
    fn broken(&mut self, event: &Event<'_>) {
        match event.kind {
            EventKind::BlockDelta => self.chars += event.data.len() as u64,
            _ => self.counts.odd = true,
        }
    }

    fn message_start(&mut self, scan: &mut Scanner<'_>) -> Result<(), Fault> {
        scan.enter_object()?;
        while let Some(key) = scan.next_key()? {
            match (key.raw(), scan.kind()?) {
                ("message", Kind::Object) => self.message(scan).map(drop)?,
                _ => scan.skip()?,
            }
        }
        Ok(())
    }

    fn message_delta(&mut self, scan: &mut Scanner<'_>) -> Result<(), Fault> {
        let before = self.counts.output.take();
        let read = self.delta_usage(scan);
        self.settled_output |= self.counts.output.is_some();
        self.counts.output = self.counts.output.max(before);
        read
    }

    fn delta_usage(&mut self, scan: &mut Scanner<'_>) -> Result<(), Fault> {
        scan.enter_object()?;
        while let Some(key) = scan.next_key()? {
            match key.raw() {
                "usage" => self.usage(scan)?,
                _ => scan.skip()?,
            }
        }
        Ok(())
    }

    fn block_start(&mut self, scan: &mut Scanner<'_>) -> Result<(), Fault> {
        self.open_block = Some(0);
        scan.enter_object()?;
        while let Some(key) = scan.next_key()? {
            match (key.raw(), scan.kind()?) {
                ("index", Kind::Number) => self.open_block = scan.number()?.parse().ok(),
                ("content_block", Kind::Object) => self.content |= starts_with_content(scan)?,
                _ => scan.skip()?,
            }
        }
        Ok(())
    }

    fn block_delta(&mut self, scan: &mut Scanner<'_>) -> Result<(), Fault> {
        scan.enter_object()?;
        while let Some(key) = scan.next_key()? {
            match (key.raw(), scan.kind()?) {
                ("delta", Kind::Object) => self.chars += text_chars(scan)?,
                _ => scan.skip()?,
            }
        }
        Ok(())
    }

    /// Reads a message object; false if its `type` says it is something else.
    fn message(&mut self, scan: &mut Scanner<'_>) -> Result<bool, Fault> {
        let mut is_message = false;
        scan.enter_object()?;
        while let Some(key) = scan.next_key()? {
            match (key.raw(), scan.kind()?) {
                ("type", Kind::Text) => is_message = scan.text()?.raw() == "message",
                ("id", _) => label(scan, &mut self.id)?,
                ("model", Kind::Text) => self.served(&scan.text()?.decode()),
                ("content", Kind::Array) => self.content(scan)?,
                ("usage", _) => self.usage(scan)?,
                _ => scan.skip()?,
            }
        }
        Ok(is_message)
    }

    fn served(&mut self, model: &str) {
        if *model != *self.model && short(model) {
            self.model = model.into();
        }
    }

    fn content(&mut self, scan: &mut Scanner<'_>) -> Result<(), Fault> {
        scan.enter_array()?;
        while scan.next_item()? {
            self.content = true;
            match scan.kind()? {
                Kind::Object => self.chars += text_chars(scan)?,
                _ => scan.skip()?,
            }
        }
        Ok(())
    }

    fn usage(&mut self, scan: &mut Scanner<'_>) -> Result<(), Fault> {
        if scan.kind()? != Kind::Object {
            self.counts.odd |= scan.kind()? != Kind::Null;
            return scan.skip();
        }
        scan.enter_object()?;
        while let Some(key) = scan.next_key()? {
            match key.raw() {
                "service_tier" => label(scan, &mut self.tier)?,
                "inference_geo" => label(scan, &mut self.geo)?,
                "speed" => label(scan, &mut self.speed)?,
                "iterations" => self.iterations(scan)?,
                name if self.counts.read(scan, name)? => {}
                _ => scan.skip()?,
            }
        }
        Ok(())
    }

    /// Reads `iterations` place by place: a later report of the same place can only raise it.
    fn iterations(&mut self, scan: &mut Scanner<'_>) -> Result<(), Fault> {
        if scan.kind()? != Kind::Array {
            self.counts.odd |= scan.kind()? != Kind::Null;
            return scan.skip();
        }
        scan.enter_array()?;
        let mut place = 0;
        while scan.next_item()? {
            if scan.kind()? != Kind::Object || place == MAX_ITERATIONS {
                self.counts.odd = true;
                scan.skip()?;
                continue;
            }
            if place == self.parts.len() {
                self.parts.push(Part::default());
            }
            self.parts[place].read(scan)?;
            place += 1;
        }
        Ok(())
    }
}
