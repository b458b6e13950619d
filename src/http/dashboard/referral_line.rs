//! A referee and a line of commission in words.

use chrono::{DateTime, Utc};

use crate::domain::referral::LineState;
use crate::http::dashboard::visit::Visit;
use crate::http::page::words;
use crate::store::views::referrals::{CommissionRow, RefereeRow};

/// A referee in the list of its referrer.
#[derive(Clone, Debug, Default)]
pub struct RefereeLine {
    /// "f…@corner-shop.example"
    pub name: String,
    /// "16 Nov" or "2 min ago"
    pub joined: String,
    pub joined_iso: String,
    pub joined_exact: String,
    pub referred: String,
    pub referred_exact: String,
}

/// A line of the statement.
#[derive(Clone, Debug, Default)]
pub struct CommissionLine {
    /// "2026-11-23 09:41"
    pub at: String,
    pub at_iso: String,
    /// The referee, masked
    pub name: String,
    /// Consumption it covers
    pub referred: String,
    pub amount: String,
    pub amount_exact: String,
    /// "Pending until 1 Dec"
    pub state: String,
    /// Good, warn, muted or empty
    pub tone: String,
    pub icon: String,
}

impl RefereeLine {
    pub fn of(visit: &Visit<'_>, row: &RefereeRow) -> Self {
        RefereeLine {
            name: row.masked.clone(),
            joined: visit.when(row.joined),
            joined_iso: words::iso(row.joined),
            joined_exact: words::second(row.joined),
            referred: words::dollars(row.referred.usd()),
            referred_exact: words::dollars_9(row.referred.usd()),
        }
    }
}

impl CommissionLine {
    pub fn of(now: DateTime<Utc>, row: &CommissionRow) -> Self {
        let (state, tone, icon) = stand(now, row);
        CommissionLine {
            at: row.at.format("%Y-%m-%d %H:%M").to_string(),
            at_iso: words::iso(row.at),
            name: row.masked.clone(),
            referred: words::dollars(row.length.usd()),
            amount: words::dollars(row.amount.usd()),
            amount_exact: words::dollars_9(row.amount.usd()),
            state,
            tone: tone.to_owned(),
            icon: icon.to_owned(),
        }
    }
}

/// Where a line stands, for people: words, tone, symbol.
fn stand(now: DateTime<Utc>, row: &CommissionRow) -> (String, &'static str, &'static str) {
    match row.state {
        LineState::Pending if row.due <= now => ("Due, paid within minutes".to_owned(), "", "clock"),
        LineState::Pending => (format!("Pending until {}", words::day(now, row.due)), "", "clock"),
        LineState::Released => ("Paid".to_owned(), "good", "check"),
        LineState::Withheld => ("Withheld: the payment was taken back".to_owned(), "muted", "info"),
        LineState::TakenBack => ("Taken back with its payment".to_owned(), "warn", "turn"),
        LineState::Nil => ("No commission at that time".to_owned(), "muted", "info"),
    }
}
