//! The Earned profit card: the last 30 UTC days in figures and a sparkline.

use chrono::{DateTime, Utc};

use crate::domain::ids::AccountId;
use crate::domain::span::Span;
use crate::domain::tally::Tally;
use crate::http::page::chart::hundredths;
use crate::http::page::words;
use crate::store::error::StoreError;
use crate::store::views::usage::{UsageAsk, UsageViews};

/// Per cent of the figure, y from the top.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SparkBar {
    pub x: String,
    pub y: String,
    pub width: String,
    pub height: String,
}

/// The Earned profit card; the last 30 UTC days.
#[derive(Clone, Debug, Default)]
pub struct Profit {
    pub total: String,
    pub total_exact: String,
    pub spent: String,
    pub cost: String,
    /// "1 active · 0 need attention"
    pub keys: String,
    /// Accessible name of the sparkline: "Earned per day, most on 19 Nov: $2.84"
    pub words: String,
    pub bars: Vec<SparkBar>,
}

/// UTC days on the card, today included.
const DAYS: u64 = 30;
/// Height of the plot above the zero line, in hundredths of a per cent.
const PLOT: i128 = 9_800;
/// What is not 0 is at least this high, in hundredths of a per cent.
const LEAST: i128 = 300;

impl Profit {
    /// The card of an account as it stands now.
    ///
    /// # Errors
    /// If the store does not answer, or holds sums that leave `i64`.
    pub async fn read(
        usage: &UsageViews,
        account: AccountId,
        now: DateTime<Utc>,
        keys: String,
    ) -> Result<Self, StoreError> {
        let span = Self::span(now);
        let ask = UsageAsk { account, key: None, model: None, state: None, span: &span, now };
        let sums = usage.read(&ask, None).await?;
        Self::of(&span, &sums.steps, keys).ok_or_else(|| StoreError::broken_row("usage_hour", account.0))
    }

    /// The days that the card tells of.
    fn span(now: DateTime<Utc>) -> Span {
        Span::last_days(now, DAYS)
    }

    /// The card of a span's days; `keys` says how many there are in which state. `None` where a sum leaves `i64`.
    pub fn of(span: &Span, days: &[Tally], keys: String) -> Option<Self> {
        let sum = days.iter().try_fold(Tally::default(), |sum, day| sum.plus(*day))?;
        Some(Profit {
            total: words::dollars(sum.profit().usd()),
            total_exact: words::dollars_9(sum.profit().usd()),
            spent: words::dollars_up(sum.price.usd()),
            cost: words::dollars_up(sum.cost.usd()),
            keys,
            words: most(span, days),
            bars: bars(days),
        })
    }
}

/// The best day in words; of equals the latest.
fn most(span: &Span, days: &[Tally]) -> String {
    let best = span.edges().iter().zip(days).max_by_key(|(_, day)| day.profit().nanos());
    match best.filter(|(_, day)| day.profit().nanos() > 0) {
        Some((at, day)) => {
            let earned = words::dollars(day.profit().usd());
            format!("Earned per day, most on {}: {earned}", words::day(span.to(), *at))
        }
        None => "Nothing earned yet".to_owned(),
    }
}

fn bars(days: &[Tally]) -> Vec<SparkBar> {
    let highest = i128::from(days.iter().map(|day| day.profit().nanos()).max().unwrap_or(0).max(1));
    let number = i128::try_from(days.len().max(1)).unwrap_or(1);
    let bar = |(at, day): (usize, &Tally)| {
        let height = match i128::from(day.profit().nanos()) {
            0 => 0,
            earned => (earned * PLOT / highest).max(LEAST),
        };
        let left = i128::try_from(at).unwrap_or(0) * 10_000 + 1_500;
        SparkBar {
            x: hundredths(left / number),
            y: hundredths(PLOT - height),
            width: hundredths(7_000 / number),
            height: hundredths(height),
        }
    };
    days.iter().enumerate().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::{Cost, Price};

    fn day(spent: i64, cost: i64) -> Tally {
        let usd = 1_000_000_000;
        Tally { price: Price::from_nanos(spent * usd), cost: Cost::from_nanos(cost * usd), ..Tally::default() }
    }

    #[test]
    fn the_card_adds_up_and_names_its_best_day() {
        let span = Span::last_days("2026-11-24T09:41:07Z".parse().expect("an instant"), 4);
        let days = [day(0, 0), day(5, 3), day(10, 6), day(0, 0)];
        let card = Profit::of(&span, &days, "1 active".to_owned()).expect("sums");
        assert_eq!([&card.total, &card.spent, &card.cost], ["$6.00", "$15.00", "$9.00"]);
        assert_eq!(card.words, "Earned per day, most on 23 Nov: $4.00");
        let shown: Vec<_> = card.bars.iter().map(|b| (b.x.as_str(), b.y.as_str(), b.height.as_str())).collect();
        assert_eq!(shown, [("3.75", "98", "0"), ("28.75", "49", "49"), ("53.75", "0", "98"), ("78.75", "98", "0")]);
        let none = Profit::of(&span, &[Tally::default(); 4], String::new()).expect("sums");
        assert_eq!((none.words.as_str(), none.bars.len()), ("Nothing earned yet", 4));
        assert!(Profit::of(&span, &[day(9_000_000_000, 0), day(9_000_000_000, 0)], String::new()).is_none());
    }
}
