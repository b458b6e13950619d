//! The days that a key's page shows: the last 7, 30 or 90, today among them, by UTC.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

use crate::http::page::parts::Link;
use crate::http::page::words;

/// What can be chosen, in days.
const LENGTHS: [u16; 3] = [7, 30, 90];
const DEFAULT: u16 = 30;

/// Whole UTC days up to today.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Period {
    pub days: u16,
    pub now: DateTime<Utc>,
}

impl Period {
    /// The period of a `days` in an address; a foreign one is the usual 30.
    pub fn read(text: &str, now: DateTime<Utc>) -> Self {
        let days = LENGTHS.into_iter().find(|days| days.to_string() == text).unwrap_or(DEFAULT);
        Period { days, now }
    }

    /// The first day.
    pub fn first(self) -> NaiveDate {
        let today = self.now.date_naive();
        today.checked_sub_days(Days::new(u64::from(self.days) - 1)).unwrap_or(today)
    }

    /// The first instant.
    pub fn from(self) -> DateTime<Utc> {
        self.first().and_time(NaiveTime::MIN).and_utc()
    }

    /// Every day, the earliest first.
    pub fn each(self) -> impl Iterator<Item = NaiveDate> {
        self.first().iter_days().take(usize::from(self.days))
    }

    /// "25 Oct to 23 Nov 2026".
    pub fn text(self) -> String {
        format!("{} to {}", words::day(self.now, self.from()), self.now.format("%-d %b %Y"))
    }

    /// The choice, each a link back to `path`; `filter` is `&model=…` or empty.
    pub fn links(self, path: &str, filter: &str) -> Vec<Link> {
        let link = |days: u16| Link {
            href: format!("{path}?days={days}{filter}"),
            word: format!("{days} d"),
            current: days == self.days,
            icon: String::new(),
        };
        LENGTHS.map(link).to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_whole_days_up_to_today() {
        let now = "2026-11-23T09:41:07Z".parse().expect("an instant");
        let period = Period::read("30", now);
        assert_eq!(
            (period.text().as_str(), period.from().to_rfc3339().as_str()),
            ("25 Oct to 23 Nov 2026", "2026-10-25T00:00:00+00:00")
        );
        let days: Vec<NaiveDate> = period.each().collect();
        assert_eq!((days.len(), days.last().copied()), (30, Some(now.date_naive())));
        assert_eq!(["7", "90", "", "8", "-7", "7 "].map(|text| Period::read(text, now).days), [7, 90, 30, 30, 30, 30]);
        let new_year = Period::read("7", "2027-01-02T00:00:00Z".parse().expect("an instant"));
        assert_eq!(new_year.text(), "27 Dec 2026 to 2 Jan 2027");
    }
}
