//! The splitter of event streams: whatever comes, in whatever pieces, the events, the meter's reading and the bytes that
//! go out are the same, nothing is invented, and little is kept.

use std::sync::Arc;

use derouter::domain::sse::{EventKind, EventTooLong, MAX_EVENT, Splitter};
use derouter::domain::usage::{Meter, Reading};

/// Kind, name, data, start and end of an event.
type SeenEvent = (EventKind, Vec<u8>, Vec<u8>, u64, u64);

/// What one way to cut a stream gave.
#[derive(PartialEq, Debug)]
struct Seen {
    events: Vec<SeenEvent>,
    reading: Reading,
    sent: Vec<u8>,
    terminal: Option<Vec<u8>>,
    pending: usize,
    too_long: bool,
}

/// The first two bytes say how the rest is cut.
pub fn check(bytes: &[u8]) {
    let [first, second, stream @ ..] = bytes else { return };
    let whole = run(&[stream]);
    holds(stream, &whole);
    for pieces in ways(stream, usize::from(*first), usize::from(*second)) {
        same(&whole, &run(&pieces));
    }
}

/// Byte by byte, one cut, and pieces of two sizes in turn.
fn ways(stream: &[u8], first: usize, second: usize) -> Vec<Vec<&[u8]>> {
    let (head, tail) = stream.split_at((first * 256 + second) % (stream.len() + 1));
    let mut turns = Vec::new();
    let mut rest = stream;
    for size in [first % 32 + 1, second % 8 + 1].into_iter().cycle() {
        let (piece, more) = rest.split_at(size.min(rest.len()));
        turns.push(piece);
        rest = more;
        if rest.is_empty() {
            break;
        }
    }
    vec![stream.chunks(1).collect(), vec![head, tail], turns]
}

fn run(pieces: &[&[u8]]) -> Seen {
    let (mut splitter, mut meter, mut events) = (Splitter::new(), Meter::new(Arc::from("m")), Vec::new());
    let (mut sent, mut too_long) = (Vec::new(), false);
    for piece in pieces {
        let pushed = splitter.push(piece, |event| {
            meter.observe(event);
            events.push((event.kind, event.name.to_vec(), event.data.to_vec(), event.start, event.end));
        });
        assert!(splitter.pending() <= MAX_EVENT, "no more than one event is kept");
        match pushed {
            Ok(ready) => {
                assert!(!too_long, "once cut, always cut");
                assert!(ready.upto <= piece.len() && ready.carried.len() <= MAX_EVENT);
                sent.extend(ready.carried);
                sent.extend(&piece[..ready.upto]);
            }
            Err(EventTooLong) => too_long = true,
        }
    }
    let terminal = splitter.terminal().map(<[u8]>::to_vec);
    Seen { events, reading: meter.reading(), sent, terminal, pending: splitter.pending(), too_long }
}

/// What went out and what is kept is the stream itself, from its first byte on.
fn holds(stream: &[u8], seen: &Seen) {
    assert!(stream.starts_with(&seen.sent), "bytes go out as they came");
    match &seen.terminal {
        // Its last line end is completed without a look at what follows: a CR and a CRLF are the same line end.
        Some(terminal) => {
            let end = [&seen.sent[..], terminal].concat();
            let halved = end.strip_suffix(b"\r\n\r\n").map(|head| [head, b"\r\n\r"].concat());
            let is_next = stream.starts_with(&end) || halved.is_some_and(|end| stream.starts_with(&end));
            assert!(is_next, "the terminal event is the next");
            assert_eq!(seen.events.last().map(|e| e.0), Some(EventKind::MessageStop));
        }
        None if !seen.too_long => assert_eq!(seen.sent.len() + seen.pending, stream.len(), "nothing is lost"),
        None => {}
    }
    let ends = seen.events.iter().map(|e| (e.3, e.4));
    assert!(
        ends.clone().zip(ends.skip(1)).all(|(one, next)| one.0 < one.1 && one.1 <= next.0),
        "events follow each other"
    );
}

/// A stream that is cut off gives whole events up to there; how far that is may depend on its pieces.
fn same(whole: &Seen, pieces: &Seen) {
    if !whole.too_long && !pieces.too_long {
        assert_eq!(whole, pieces);
        return;
    }
    let common = whole.events.len().min(pieces.events.len());
    assert_eq!(whole.events[..common], pieces.events[..common]);
}
