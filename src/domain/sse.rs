//! Splits a server-sent event stream into events and says how much of it may already go to the client.
//!
//! Only whole events are released: a reader of such a stream acts on whole events alone, so nothing comes later for
//! it, and what we append after a broken upstream never lands inside a half-sent event. The terminal event is never
//! released; it is kept until the settlement is durable (`wire.md` §7). Memory is bounded by `MAX_EVENT`.

use crate::domain::scan::{Fault, Scanner};
use memchr::{memchr, memchr2};
use std::borrow::Cow;
use thiserror::Error;

/// Largest event; the largest real ones carry a search result of some 100 kB.
pub const MAX_EVENT: usize = 1024 * 1024;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// An event beyond `MAX_EVENT`: the stream must be cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("an event of the stream is larger than 1 MB")]
pub struct EventTooLong;

/// What an event means to us; `Other` passes through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EventKind {
    MessageStart,
    BlockStart,
    BlockDelta,
    BlockStop,
    MessageDelta,
    MessageStop,
    Error,
    Other,
}

impl EventKind {
    fn of(name: &[u8]) -> Self {
        match name {
            b"content_block_delta" => EventKind::BlockDelta,
            b"message_start" => EventKind::MessageStart,
            b"content_block_start" => EventKind::BlockStart,
            b"content_block_stop" => EventKind::BlockStop,
            b"message_delta" => EventKind::MessageDelta,
            b"message_stop" => EventKind::MessageStop,
            b"error" => EventKind::Error,
            _ => EventKind::Other,
        }
    }
}

/// One event; borrows from the chunk where it can.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event<'a> {
    pub kind: EventKind,
    /// The value of its `event:` line, empty if it had none.
    pub name: &'a [u8],
    /// Its `data:` lines joined by a line feed.
    pub data: Cow<'a, [u8]>,
    /// Offset in the stream of its first byte, and of the byte after its blank line's first.
    pub start: u64,
    pub end: u64,
}

/// What may be forwarded now: first `carried`, then the chunk's first `upto` bytes.
#[derive(PartialEq, Eq, Debug, Default)]
pub struct Ready {
    pub carried: Vec<u8>,
    pub upto: usize,
}

/// The state between chunks.
pub struct Splitter {
    /// The bytes of the event not yet complete.
    tail: Vec<u8>,
    line_is_empty: bool,
    /// The last byte was a CR that ended a line: a LF now is its second half.
    after_cr: bool,
    /// Offset of the next chunk's first byte, and of the first byte of the event not yet complete.
    at: u64,
    event_start: u64,
    terminal: Option<Vec<u8>>,
    too_long: bool,
}

impl Default for Splitter {
    fn default() -> Self {
        Splitter::new()
    }
}

impl Splitter {
    pub fn new() -> Self {
        Splitter {
            tail: Vec::new(),
            line_is_empty: true,
            after_cr: false,
            at: 0,
            event_start: 0,
            terminal: None,
            too_long: false,
        }
    }

    /// Reads the next chunk and hands each event that it completes to `on`, the terminal one included. Whatever
    /// follows the terminal event is dropped.
    ///
    /// # Errors
    /// `EventTooLong`, now and ever after: cut the stream.
    pub fn push(&mut self, chunk: &[u8], on: impl FnMut(&Event<'_>)) -> Result<Ready, EventTooLong> {
        if self.too_long {
            return Err(EventTooLong);
        }
        if self.terminal.is_some() || chunk.is_empty() {
            return Ok(Ready::default());
        }
        let ready = self.split(chunk, on);
        self.at += chunk.len() as u64;
        self.too_long = ready.is_err();
        ready
    }

    /// The bytes of the terminal event once it came, to be sent after everything else is done.
    pub fn terminal(&self) -> Option<&[u8]> {
        self.terminal.as_deref()
    }

    /// Bytes of an event that has begun but not ended; more than none at the end of a stream means it was cut.
    pub fn pending(&self) -> usize {
        self.tail.len()
    }

    fn split(&mut self, chunk: &[u8], mut on: impl FnMut(&Event<'_>)) -> Result<Ready, EventTooLong> {
        let mut ready = Ready::default();
        let mut line = usize::from(self.after_cr && chunk[0] == b'\n');
        if self.tail.is_empty() {
            ready.upto = line;
            self.event_start = self.at + line as u64;
        }
        self.after_cr = false;
        while let Some(found) = memchr2(b'\n', b'\r', &chunk[line..]) {
            let ends_event = self.line_is_empty && found == 0;
            let end = line + found + 1;
            line = self.line_after(chunk, end);
            if !ends_event {
                continue;
            }
            let from = ready.upto;
            if self.complete(&chunk[from..end], end, &mut ready.carried, &mut on)? {
                return Ok(ready);
            }
            ready.upto = line;
            self.event_start = self.at + line as u64;
        }
        self.line_is_empty &= line == chunk.len();
        self.keep(&chunk[ready.upto..])?;
        Ok(ready)
    }

    /// Where the line after the one that ended before `end` starts: behind the second half of a CRLF, if it is here.
    fn line_after(&mut self, chunk: &[u8], end: usize) -> usize {
        self.line_is_empty = true;
        let cr = chunk[end - 1] == b'\r';
        self.after_cr = cr && end == chunk.len();
        end + usize::from(cr && chunk.get(end) == Some(&b'\n'))
    }

    fn keep(&mut self, bytes: &[u8]) -> Result<(), EventTooLong> {
        if self.tail.len() + bytes.len() > MAX_EVENT {
            return Err(EventTooLong);
        }
        self.tail.extend_from_slice(bytes);
        Ok(())
    }

    /// Reads the event whose last bytes are `bytes`; true if it is the terminal one, which is kept.
    fn complete(
        &mut self,
        bytes: &[u8],
        end: usize,
        carried: &mut Vec<u8>,
        on: &mut impl FnMut(&Event<'_>),
    ) -> Result<bool, EventTooLong> {
        let carry = self.tail.len();
        if carry + bytes.len() > MAX_EVENT {
            return Err(EventTooLong);
        }
        let mut tail = std::mem::take(&mut self.tail);
        let whole = if carry == 0 {
            bytes
        } else {
            tail.extend_from_slice(bytes);
            &tail
        };
        let event = read_event(whole, self.event_start, self.at + end as u64);
        if let Some(event) = &event {
            on(event);
        }
        if event.is_some_and(|e| e.kind == EventKind::MessageStop) {
            self.terminal = Some(closed(whole));
            return Ok(true);
        }
        tail.truncate(carry);
        *carried = if carry == 0 { std::mem::take(carried) } else { tail };
        Ok(false)
    }
}

/// The terminal event with the second half of its last line end, which may come in a chunk that is never read.
fn closed(event: &[u8]) -> Vec<u8> {
    let mut bytes = event.to_vec();
    if bytes.ends_with(b"\r\n\r") {
        bytes.push(b'\n');
    }
    bytes
}

/// Reads the lines of one event; `None` if they hold neither a name nor data (comments, `id:`, blank lines).
fn read_event(bytes: &[u8], start: u64, end: u64) -> Option<Event<'_>> {
    let mut name: &[u8] = b"";
    let mut data: Option<Cow<'_, [u8]>> = None;
    let mut rest = if start == 0 { bytes.strip_prefix(BOM).unwrap_or(bytes) } else { bytes };
    while let Some(found) = memchr2(b'\n', b'\r', rest) {
        match field(&rest[..found]) {
            (b"data", value) => data = Some(joined(data, value)),
            (b"event", value) => name = value,
            _ => {}
        }
        rest = &rest[found + 1..];
    }
    if name.is_empty() && data.is_none() {
        return None;
    }
    let data = data.unwrap_or_default();
    let kind = if name.is_empty() { kind_of_data(&data) } else { EventKind::of(name) };
    Some(Event { kind, name, data, start, end })
}

/// A line's field name and value; one space after the colon is not part of the value.
fn field(line: &[u8]) -> (&[u8], &[u8]) {
    let Some(colon) = memchr(b':', line) else {
        return (line, b"");
    };
    let value = &line[colon + 1..];
    (&line[..colon], value.strip_prefix(b" ").unwrap_or(value))
}

fn joined<'a>(data: Option<Cow<'a, [u8]>>, line: &'a [u8]) -> Cow<'a, [u8]> {
    let Some(data) = data else {
        return Cow::Borrowed(line);
    };
    let mut lines = data.into_owned();
    lines.push(b'\n');
    lines.extend_from_slice(line);
    Cow::Owned(lines)
}

/// The kind of an event without a name, by the `type` in its data.
fn kind_of_data(data: &[u8]) -> EventKind {
    let read = |text| -> Result<EventKind, Fault> {
        let mut scan = Scanner::new(text);
        scan.enter_object()?;
        while let Some(key) = scan.next_key()? {
            if key.decode() == "type" {
                return Ok(EventKind::of(scan.text()?.decode().as_bytes()));
            }
            scan.skip()?;
        }
        Ok(EventKind::Other)
    };
    std::str::from_utf8(data).ok().and_then(|text| read(text).ok()).unwrap_or(EventKind::Other)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Seen = (String, String, u64, u64);

    /// Feeds the pieces; gives the events, what was released, and the terminal event.
    fn run<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Seen>, Vec<u8>, Option<Vec<u8>>) {
        let (mut splitter, mut seen, mut out) = (Splitter::new(), Vec::new(), Vec::new());
        for piece in pieces {
            let ready = splitter.push(piece, |e| {
                let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
                seen.push((text(e.name), text(&e.data), e.start, e.end));
            });
            let ready = ready.expect("no event is long");
            out.extend(ready.carried);
            out.extend(&piece[..ready.upto]);
        }
        (seen, out, splitter.terminal().map(<[u8]>::to_vec))
    }

    const STREAM: &str = "\u{feff}event: message_start\ndata: {\"a\":1}\n\n: a comment\n\nevent: ping\ndata: {}\n\n\
        event: content_block_delta\r\ndata: {\"x\":\"é\"}\r\n\r\n\r\ndata:one\rdata:  two\rid: 7\r\revent:odd\n\n\
        data\n\nretry: 5\n\nevent: message_stop\r\ndata: {\"type\":\"message_stop\"}\r\n\r\nevent: late\ndata: 1\n\n";

    #[test]
    fn lines_become_events_as_the_standard_says() {
        let (seen, out, terminal) = run([STREAM.as_bytes()]);
        let named: Vec<(&str, &str)> = seen.iter().map(|(n, d, ..)| (n.as_str(), d.as_str())).collect();
        let expected = [
            ("message_start", "{\"a\":1}"),
            ("ping", "{}"),
            ("content_block_delta", "{\"x\":\"é\"}"),
            ("", "one\n two"),
            ("odd", ""),
            ("", ""),
            ("message_stop", "{\"type\":\"message_stop\"}"),
        ];
        assert_eq!(named, expected);
        let stop = STREAM.find("event: message_stop").expect("the terminal event");
        assert_eq!(out, &STREAM.as_bytes()[..stop], "all but the terminal event is released");
        assert_eq!(terminal.as_deref(), Some(&STREAM.as_bytes()[stop..STREAM.find("event: late").expect("a tail")]));
    }

    #[test]
    fn every_split_of_a_stream_gives_the_same_events_and_bytes() {
        let bytes = STREAM.as_bytes();
        let whole = run([bytes]);
        assert_eq!(run(bytes.chunks(1)), whole, "byte by byte");
        for first in 0..=bytes.len() {
            for second in first..=bytes.len() {
                let pieces = [&bytes[..first], &bytes[first..second], &bytes[second..]];
                assert_eq!(run(pieces), whole, "cut at {first} and {second}");
            }
        }
    }

    #[test]
    fn a_whole_event_is_released_at_once_and_a_part_of_one_never() {
        let mut splitter = Splitter::new();
        let ready = splitter.push(b"event: a\r\n\r", |_| {}).expect("short");
        assert_eq!(ready, Ready { carried: vec![], upto: 11 });
        assert_eq!(splitter.push(b"\nevent: mess", |_| {}).expect("short").upto, 1, "the LF belongs to what went");
        assert_eq!((splitter.push(b"age_stop\n", |_| {}).expect("short"), splitter.pending()), (Ready::default(), 20));
        assert_eq!(splitter.push(b"\n", |_| {}).expect("short"), Ready::default());
        assert_eq!(splitter.terminal(), Some(&b"event: message_stop\n\n"[..]));
        assert_eq!(splitter.push(b"event: b\n\n", |_| panic!("first wins")).expect("short"), Ready::default());
    }

    #[test]
    fn a_terminal_event_without_a_name_is_known_by_its_type() {
        let (_, out, terminal) = run([&b"data: {\"x\":[1],\"type\":\"message_stop\"}\n\n"[..]]);
        assert!(out.is_empty() && terminal.is_some());
        assert!(run([&b"data: {\"type\":\"message_stop\"\n"[..]]).2.is_none());
    }

    #[test]
    fn an_endless_event_is_refused_with_flat_memory() {
        let mut splitter = Splitter::new();
        let piece = vec![b'x'; 64 * 1024];
        let refused = (0..1024).filter(|_| splitter.push(&piece, |_| panic!("no event")).is_err()).count();
        assert_eq!(refused, 1024 - 16);
        assert!(splitter.tail.capacity() <= 2 * MAX_EVENT);
        assert_eq!(splitter.push(b"\n\n", |_| {}), Err(EventTooLong));
        let mut one = vec![b'x'; MAX_EVENT];
        one.extend(b"\n\n");
        assert_eq!(Splitter::new().push(&one, |_| panic!("no event")), Err(EventTooLong));
        let mut longest = b"data: ".to_vec();
        longest.resize(MAX_EVENT - 2, b'x');
        longest.extend(b"\n\n");
        assert_eq!(Splitter::new().push(&longest, |_| {}).expect("as long as may be").upto, MAX_EVENT);
    }
}
