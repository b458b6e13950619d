//! The Earned profit card: the last 30 UTC days in figures and a sparkline.

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::ids::AccountId;
use crate::domain::money::{Cost, Price};
use crate::domain::span::Span;
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

/// One UTC day of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EarnedDay {
    pub day: NaiveDate,
    pub spent: Price,
    pub cost: Cost,
}

/// Days of the card.
const DAYS: u64 = 30;
/// Height of the plot above the zero line, in hundredths of a per cent.
const PLOT: i128 = 9_800;
/// What is not 0 is at least this high, in hundredths of a per cent.
const LEAST: i128 = 300;

/// The last 30 UTC days of an account, today included.
///
/// # Errors
/// If the store does not answer.
pub async fn last_days(
    usage: &UsageViews,
    account: AccountId,
    now: DateTime<Utc>,
) -> Result<Vec<EarnedDay>, StoreError> {
    let span = Span::last_days(now, DAYS);
    let ask = UsageAsk { account, key: None, model: None, state: None, span: &span, now };
    let sums = usage.read(&ask, None).await?;
    let days = span.edges().iter().zip(&sums.steps);
    Ok(days.map(|(from, sum)| EarnedDay { day: from.date_naive(), spent: sum.price, cost: sum.cost }).collect())
}

impl EarnedDay {
    fn earned(&self) -> Cost {
        Cost::from_nanos(self.spent.nanos()).saturating_sub(self.cost)
    }
}

impl Profit {
    /// The card of these days, oldest first; `keys` says how many there are in which state.
    pub fn of(now: DateTime<Utc>, days: &[EarnedDay], keys: String) -> Self {
        let spent = days.iter().fold(Price::ZERO, |sum, day| sum.saturating_add(day.spent));
        let cost = days.iter().fold(Cost::ZERO, |sum, day| sum.saturating_add(day.cost));
        let total = days.iter().fold(Cost::ZERO, |sum, day| sum.saturating_add(day.earned()));
        Profit {
            total: words::dollars(total.usd()),
            total_exact: words::dollars_9(total.usd()),
            spent: words::dollars(spent.usd()),
            cost: words::dollars(cost.usd()),
            keys,
            words: most(now, days),
            bars: bars(days),
        }
    }
}

fn most(now: DateTime<Utc>, days: &[EarnedDay]) -> String {
    match days.iter().filter(|day| day.earned() > Cost::ZERO).max_by_key(|day| day.earned()) {
        Some(best) => {
            let on = words::day(now, best.day.and_time(chrono::NaiveTime::MIN).and_utc());
            format!("Earned per day, most on {on}: {}", words::dollars(best.earned().usd()))
        }
        None => "Nothing earned yet".to_owned(),
    }
}

fn bars(days: &[EarnedDay]) -> Vec<SparkBar> {
    let highest = i128::from(days.iter().map(|day| day.earned().nanos()).max().unwrap_or(0).max(1));
    let number = i128::try_from(days.len().max(1)).unwrap_or(1);
    let bar = |(at, day): (usize, &EarnedDay)| {
        let height = match i128::from(day.earned().nanos()) {
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

    fn day(text: &str, spent: i64, cost: i64) -> EarnedDay {
        let usd = 1_000_000_000;
        let day = text.parse().expect("a day");
        EarnedDay { day, spent: Price::from_nanos(spent * usd), cost: Cost::from_nanos(cost * usd) }
    }

    #[test]
    fn the_card_adds_up_and_names_its_best_day() {
        let now = "2026-11-23T09:41:07Z".parse().expect("an instant");
        let days =
            [day("2026-11-21", 0, 0), day("2026-11-22", 5, 3), day("2026-11-23", 10, 6), day("2026-11-24", 0, 0)];
        let card = Profit::of(now, &days, "1 active".to_owned());
        assert_eq!([&card.total, &card.spent, &card.cost], ["$6.00", "$15.00", "$9.00"]);
        assert_eq!(card.words, "Earned per day, most on 23 Nov: $4.00");
        let shown: Vec<_> = card.bars.iter().map(|b| (b.x.as_str(), b.y.as_str(), b.height.as_str())).collect();
        assert_eq!(shown, [("3.75", "98", "0"), ("28.75", "49", "49"), ("53.75", "0", "98"), ("78.75", "98", "0")]);
        assert_eq!(Profit::of(now, &[], String::new()).words, "Nothing earned yet");
    }
}
