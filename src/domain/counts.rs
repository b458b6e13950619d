//! The numbers of `usage` objects as they come in: per field the largest valid one, never a sum (`wire.md` §8).
//!
//! Valid is a whole number of 0 to 2³¹ − 1. Anything else is ignored and remembered as odd; `null` is no number.

use crate::domain::answer::short;
use crate::domain::scan::{Fault, Kind, Scanner};
use crate::domain::usage::{Iteration, IterationKind, Usage};
use std::sync::Arc;

/// The first number that is no count.
const COUNT_LIMIT: u64 = 1 << 31;

/// What was reported so far; `None` was never reported.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Counts {
    pub input: Option<u64>,
    pub output: Option<u64>,
    cache_read: Option<u64>,
    write_total: Option<u64>,
    write_5m: Option<u64>,
    write_1h: Option<u64>,
    web_searches: Option<u64>,
    /// True once a number was none.
    pub odd: bool,
}

/// An iteration while its numbers may still rise; `kind` is `None` for one the top-level counts hold already.
#[derive(Default)]
pub struct Part {
    kind: Option<IterationKind>,
    model: Option<Arc<str>>,
    pub counts: Counts,
}

impl Counts {
    /// Reads the value of the `usage` field `name`; false if that is no count, with the value still unread.
    pub fn read(&mut self, scan: &mut Scanner<'_>, name: &str) -> Result<bool, Fault> {
        let slot = match name {
            "input_tokens" => &mut self.input,
            "output_tokens" => &mut self.output,
            "cache_read_input_tokens" => &mut self.cache_read,
            "cache_creation_input_tokens" => &mut self.write_total,
            "cache_creation" | "server_tool_use" => return self.nested(scan).map(|()| true),
            _ => return Ok(false),
        };
        raise(scan, slot, &mut self.odd)?;
        Ok(true)
    }

    /// The counts as priced. Cache writes without a split, or beyond it, are five-minute writes.
    pub fn usage(&self) -> Usage {
        let (short, long) = (self.write_5m.unwrap_or(0), self.write_1h.unwrap_or(0));
        let unsplit = self.write_total.unwrap_or(0).saturating_sub(short + long);
        Usage {
            input: self.input.unwrap_or(0),
            output: self.output.unwrap_or(0),
            cache_read: self.cache_read.unwrap_or(0),
            cache_write_5m: short + unsplit,
            cache_write_1h: long,
            web_searches: self.web_searches.unwrap_or(0),
        }
    }

    fn nested(&mut self, scan: &mut Scanner<'_>) -> Result<(), Fault> {
        if scan.kind()? != Kind::Object {
            self.odd |= scan.kind()? != Kind::Null;
            return scan.skip();
        }
        scan.enter_object()?;
        while let Some(key) = scan.next_key()? {
            match key.raw() {
                "ephemeral_5m_input_tokens" => raise(scan, &mut self.write_5m, &mut self.odd)?,
                "ephemeral_1h_input_tokens" => raise(scan, &mut self.write_1h, &mut self.odd)?,
                "web_search_requests" => raise(scan, &mut self.web_searches, &mut self.odd)?,
                _ => scan.skip()?,
            }
        }
        Ok(())
    }
}

impl Part {
    /// Reads the next report of this part; it can only raise what is known.
    pub fn read(&mut self, scan: &mut Scanner<'_>) -> Result<(), Fault> {
        scan.enter_object()?;
        while let Some(key) = scan.next_key()? {
            match (key.raw(), scan.kind()?) {
                ("type", Kind::Text) => self.kind(scan.text()?.raw()),
                ("model", Kind::Text) => self.model = Some(scan.text()?.decode()).filter(|m| short(m)).map(Into::into),
                (name, _) if self.counts.read(scan, name)? => {}
                _ => scan.skip()?,
            }
        }
        Ok(())
    }

    fn kind(&mut self, kind: &str) {
        match kind {
            "compaction" => self.kind = Some(IterationKind::Compaction),
            "advisor_message" => self.kind = Some(IterationKind::Advisor),
            "message" => {}
            // Whether the top-level counts hold a part of an unknown kind is unknown: it is reported, not charged.
            _ => self.counts.odd = true,
        }
    }

    /// The part as priced; `None` for one that is in the top-level counts.
    pub fn iteration(&self) -> Option<Iteration> {
        self.kind.map(|kind| Iteration { kind, model: self.model.clone(), usage: self.counts.usage() })
    }
}

fn raise(scan: &mut Scanner<'_>, slot: &mut Option<u64>, odd: &mut bool) -> Result<(), Fault> {
    let number = match scan.kind()? {
        Kind::Null => return scan.skip(),
        Kind::Number => scan.number()?.parse().ok().filter(|n| *n < COUNT_LIMIT),
        _ => scan.skip().map(|()| None)?,
    };
    *odd |= number.is_none();
    *slot = (*slot).max(number);
    Ok(())
}
