//! The server-sent events of an answer, one at a time, so that a slow stream never holds more than one.

use serde_json::json;

use crate::upstream::sandbox::answer::Answer;

/// Where the stream stands: what the next event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    MessageStart,
    BlockStart(usize),
    Ping(usize),
    Delta(usize, u64),
    BlockStop(usize),
    MessageDelta(usize),
    MessageStop,
    Nothing,
}

/// Walks through an answer's events.
pub struct Events<'a> {
    answer: &'a Answer,
    next: Next,
}

impl<'a> Events<'a> {
    pub fn new(answer: &'a Answer) -> Self {
        Self { answer, next: Next::MessageStart }
    }

    /// Whether only the last event is left.
    pub fn at_terminal(&self) -> bool {
        self.next == Next::MessageStop
    }

    /// Writes the next event into the emptied buffer; says whether there was one.
    pub fn write_next(&mut self, out: &mut String) -> bool {
        out.clear();
        let (name, fields) = match self.next {
            Next::MessageStart => ("message_start", format!("\"message\":{}", self.answer.opening())),
            Next::BlockStart(block) => {
                let opening = self.answer.blocks[block].opening();
                ("content_block_start", format!("\"index\":{block},\"content_block\":{opening}"))
            }
            Next::Ping(_) => ("ping", String::new()),
            Next::Delta(block, index) => {
                let delta = self.answer.blocks[block].delta(index);
                ("content_block_delta", format!("\"index\":{block},\"delta\":{delta}"))
            }
            Next::BlockStop(block) => ("content_block_stop", format!("\"index\":{block}")),
            Next::MessageDelta(index) => ("message_delta", self.message_delta(index)),
            Next::MessageStop => ("message_stop", String::new()),
            Next::Nothing => return false,
        };
        self.next = self.following();
        let comma = if fields.is_empty() { "" } else { "," };
        for part in ["event: ", name, "\ndata: {\"type\":\"", name, "\"", comma, &fields, "}\n\n"] {
            out.push_str(part);
        }
        true
    }

    fn message_delta(&self, index: usize) -> String {
        let reason = json!(self.answer.stop_reason);
        let usage = self.answer.usage.deltas.get(index).and_then(Option::as_deref);
        let usage = usage.map(|usage| format!(",\"usage\":{usage}")).unwrap_or_default();
        format!("\"delta\":{{\"stop_reason\":{reason},\"stop_sequence\":null}}{usage}")
    }

    fn following(&self) -> Next {
        let deltas_of = |block: usize| self.answer.blocks[block].deltas();
        let delta_or_stop =
            |block, index| if index < deltas_of(block) { Next::Delta(block, index) } else { Next::BlockStop(block) };
        match self.next {
            Next::MessageStart => Next::BlockStart(0),
            Next::BlockStart(0) => Next::Ping(0),
            Next::BlockStart(block) | Next::Ping(block) => delta_or_stop(block, 0),
            Next::Delta(block, index) => delta_or_stop(block, index + 1),
            Next::BlockStop(block) if block + 1 < self.answer.blocks.len() => Next::BlockStart(block + 1),
            Next::BlockStop(_) => Next::MessageDelta(0),
            Next::MessageDelta(index) if index + 1 < self.answer.usage.deltas.len() => Next::MessageDelta(index + 1),
            Next::MessageDelta(_) => Next::MessageStop,
            Next::MessageStop | Next::Nothing => Next::Nothing,
        }
    }
}

/// All events of an answer at once, for the faults that need their length.
pub fn all_events(answer: &Answer) -> String {
    let (mut events, mut event, mut all) = (Events::new(answer), String::new(), String::new());
    while events.write_next(&mut event) {
        all.push_str(&event);
    }
    all
}

/// The same event as a stranger but lawful writer would send it (WHATWG HTML §9.2): comments, other line ends, data
/// over two lines. The first one begins with a byte order mark.
pub fn oddly(event: &str, number: usize) -> String {
    let mark = if number == 0 { "\u{feff}" } else { "" };
    let line_end = ["\n", "\r\n", "\r"][number % 3];
    let split = event.replacen("data: {", "data: {\ndata:", 1);
    format!("{mark}: event {number}\n{split}").replace('\n', line_end)
}
