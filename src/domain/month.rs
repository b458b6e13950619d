//! A calendar month, UTC: what statements are made for.

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};

/// A month of a year from 1970 to 9998.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Month(NaiveDate);

impl Month {
    /// The month of a moment.
    pub fn of(at: DateTime<Utc>) -> Self {
        Month::at(at.date_naive())
    }

    /// The month of a day.
    pub fn at(day: NaiveDate) -> Self {
        Month(day.with_day(1).unwrap_or(day))
    }

    /// Reads `2026-11`.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let digits = |text: &str, many| text.len() == many && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return None;
        }
        let year = year.parse().ok().filter(|year| (1970..=9998).contains(year))?;
        NaiveDate::from_ymd_opt(year, month.parse().ok()?, 1).map(Month)
    }

    /// `2026-11`.
    pub fn text(self) -> String {
        self.0.format("%Y-%m").to_string()
    }

    /// `November 2026`.
    pub fn name(self) -> String {
        self.0.format("%B %Y").to_string()
    }

    /// Its first day.
    pub fn first(self) -> NaiveDate {
        self.0
    }

    /// The first day after it.
    pub fn end(self) -> NaiveDate {
        self.0.checked_add_months(Months::new(1)).unwrap_or(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_read_in_one_form_and_ends_where_the_next_begins() {
        let month = Month::parse("2026-12").expect("a month");
        assert_eq!((month.text().as_str(), month.name().as_str()), ("2026-12", "December 2026"));
        assert_eq!(
            (month.first().to_string().as_str(), month.end().to_string().as_str()),
            ("2026-12-01", "2027-01-01")
        );
        assert_eq!(Month::of("2026-12-31T23:59:59Z".parse().expect("an instant")), month);
        for bad in ["", "2026", "2026-13", "2026-00", "26-12", "2026-1", "2026-12-01", "+026-12", "9999-12", "1969-12"]
        {
            assert_eq!(Month::parse(bad), None, "{bad}");
        }
    }
}
