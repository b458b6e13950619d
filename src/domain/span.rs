//! A stretch of time in equal steps, as a chart shows it: UTC days or hours, the last one maybe not over.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

/// Steps a span may have: a chart has no room for more.
pub const MAX_STEPS: usize = 366;
const HOUR_S: i64 = 3_600;

/// Steps without a gap, oldest first; every edge is a full UTC hour.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Span {
    edges: Vec<DateTime<Utc>>,
}

impl Span {
    /// Whole UTC days, both included; `None` if there is none or there are more than `MAX_STEPS`.
    pub fn days(first: NaiveDate, last: NaiveDate) -> Option<Self> {
        let steps = usize::try_from(last.signed_duration_since(first).num_days()).ok()? + 1;
        if steps > MAX_STEPS {
            return None;
        }
        let edges: Option<Vec<_>> = (0..=u64::try_from(steps).ok()?)
            .map(|n| Some(first.checked_add_days(Days::new(n))?.and_time(chrono::NaiveTime::MIN).and_utc()))
            .collect();
        Some(Span { edges: edges? })
    }

    /// The last `days` UTC days, today included; 1 to `MAX_STEPS`.
    pub fn last_days(now: DateTime<Utc>, days: u64) -> Self {
        let today = now.date_naive();
        let days = days.clamp(1, u64::try_from(MAX_STEPS).unwrap_or(1));
        let first = today.checked_sub_days(Days::new(days - 1)).unwrap_or(today);
        Self::days(first, today).unwrap_or(Span { edges: vec![now, now] })
    }

    /// The last `hours` UTC hours, the one that runs included; 1 to `MAX_STEPS`.
    pub fn last_hours(now: DateTime<Utc>, hours: i64) -> Self {
        let hours = hours.clamp(1, i64::try_from(MAX_STEPS).unwrap_or(1));
        let end = hour_of(now) + TimeDelta::seconds(HOUR_S);
        let edges = (0..=hours).rev().map(|back| end - TimeDelta::seconds(back * HOUR_S)).collect();
        Span { edges }
    }

    /// Where it begins.
    pub fn from(&self) -> DateTime<Utc> {
        self.edges[0]
    }

    /// Where it ends; not included.
    pub fn to(&self) -> DateTime<Utc> {
        self.edges[self.steps()]
    }

    /// How many steps there are; at least one.
    pub fn steps(&self) -> usize {
        self.edges.len() - 1
    }

    /// One more edge than steps.
    pub fn edges(&self) -> &[DateTime<Utc>] {
        &self.edges
    }
}

/// The UTC hour in which an instant lies.
pub fn hour_of(at: DateTime<Utc>) -> DateTime<Utc> {
    at - TimeDelta::nanoseconds(at.timestamp_subsec_nanos().into())
        - TimeDelta::seconds(at.timestamp().rem_euclid(HOUR_S))
}

/// The UTC midnight at or before an instant.
pub fn midnight_of(at: DateTime<Utc>) -> DateTime<Utc> {
    at.date_naive().and_time(chrono::NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn days_lie_side_by_side_and_both_ends_count() {
        let span = Span::days(day("2026-02-27"), day("2026-03-01")).expect("three days");
        assert_eq!(span.steps(), 3);
        assert_eq!((span.from(), span.to()), (at("2026-02-27T00:00:00Z"), at("2026-03-02T00:00:00Z")));
        assert_eq!(span.edges()[1], at("2026-02-28T00:00:00Z"));
    }

    #[test]
    fn a_span_backwards_or_too_long_is_none() {
        assert_eq!(Span::days(day("2026-03-01"), day("2026-02-28")), None);
        assert!(Span::days(day("2025-01-01"), day("2026-01-01")).is_some());
        assert_eq!(Span::days(day("2025-01-01"), day("2026-01-02")), None);
    }

    #[test]
    fn the_last_steps_end_with_the_one_that_runs() {
        let now = at("2026-11-23T09:41:07.5Z");
        let days = Span::last_days(now, 30);
        assert_eq!((days.from(), days.to()), (at("2026-10-25T00:00:00Z"), at("2026-11-24T00:00:00Z")));
        let hours = Span::last_hours(now, 24);
        assert_eq!((hours.from(), hours.to()), (at("2026-11-22T10:00:00Z"), at("2026-11-23T10:00:00Z")));
        assert_eq!((days.steps(), hours.steps()), (30, 24));
    }
}
