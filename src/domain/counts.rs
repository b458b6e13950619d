//! The numbers of `usage` objects as they come in: per field the largest valid one, never a sum (`wire.md` §8).
//!
//! Valid is a whole number of 0 to 2³¹ − 1. Anything else is ignored and remembered as odd; `null` is no number.

use crate::domain::scan::{Fault, Kind, Scanner};

/// The first number that is no count.
const COUNT_LIMIT: u64 = 1 << 31;

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
