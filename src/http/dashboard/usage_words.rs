//! A request line in words, for the list and its details.

use chrono::{DateTime, Utc};

use crate::domain::line_state::LineState;
use crate::domain::money::Cost;
use crate::http::page::words;
use crate::store::views::usage_lines::UsageLine;

/// A request, both sides.
#[derive(Clone, Debug, Default)]
pub struct Line {
    pub request_id: String,
    /// Today "09:41:07", else "22 Nov 21:14"
    pub at: String,
    pub at_iso: String,
    pub at_exact: String,
    /// Label
    pub key: String,
    /// Served
    pub model: String,
    /// Only if different
    pub requested: String,
    pub input: String,
    pub output: String,
    pub cache_read: String,
    pub cache_write: String,
    /// 6 decimals
    pub price: String,
    pub cost: String,
    pub profit: String,
    pub state: &'static str,
    pub tone: &'static str,
}

/// What the reseller earned by a call.
pub fn profit(line: &UsageLine) -> Cost {
    Cost::from_nanos(line.price.nanos()).saturating_sub(line.cost)
}

/// The state of a line in the words of the list.
pub fn state(state: LineState) -> &'static str {
    match state {
        LineState::Measured => "measured",
        LineState::Estimated => "estimated",
        LineState::Partial => "partial",
        LineState::ClientLeft => "client left",
        LineState::CutByBudget => "cut by budget",
        LineState::NotBilled => "not billed",
    }
}

/// What a state means, in a sentence; empty for a measured call.
pub fn meaning(state: LineState) -> &'static str {
    match state {
        LineState::Measured => "",
        LineState::Estimated => "The provider did not say all it used, so a part was counted by us.",
        LineState::Partial => "The answer broke off. What had been answered until then is billed.",
        LineState::ClientLeft => "The client closed the connection. What had been answered until then is billed.",
        LineState::CutByBudget => "The key's budget was used up, and the answer was ended there.",
        LineState::NotBilled => "The call was not answered, so nothing is billed.",
    }
}

/// The line of a list.
pub fn line(now: DateTime<Utc>, line: &UsageLine) -> Line {
    Line {
        request_id: line.call.request_id(),
        at: words::clock_or_day(now, line.ended),
        at_iso: words::iso(line.ended),
        at_exact: words::second(line.ended),
        key: line.label.clone(),
        model: line.model.clone(),
        requested: line.detail.requested.clone().unwrap_or_default(),
        input: words::count(line.input),
        output: words::count(line.output),
        cache_read: words::count(line.cache_read),
        cache_write: words::count(line.cache_write),
        price: words::dollars_6(line.price.usd()),
        cost: words::dollars_6(line.cost.usd()),
        profit: words::dollars_6(profit(line).usd()),
        state: state(line.state),
        tone: if line.state == LineState::Measured { "muted" } else { "warn" },
    }
}
