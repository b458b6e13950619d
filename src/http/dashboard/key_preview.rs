//! What the numbers of a form mean before anything is done. The module says the same while one types; the books decide
//! again when the form is sent.

use crate::domain::money::{Cost, Price};
use crate::domain::ratio::Ratio;
use crate::http::page::words;

/// In place of a figure that is not known yet.
const UNKNOWN: &str = "–";

/// What the two numbers of a new key mean; dashes until they are typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyPreview {
    /// "$100.00 to spend"
    pub client_sees: String,
    pub margin: String,
    pub profit: String,
    /// "−$60.0000"
    pub debit: String,
    /// "$140.0000"
    pub after: String,
    /// Equal numbers
    pub internal: bool,
    pub not_internal: bool,
    /// What is shown stands beside an error
    pub stale: bool,
}

/// What a top-up of a key means; dashes until its amount is typed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeyTopUpPreview {
    /// "−$30.0000"
    pub debit: String,
    /// "$150.00"
    pub new_total: String,
    /// "$140.0000"
    pub after: String,
    pub stale: bool,
}

impl Default for KeyPreview {
    fn default() -> Self {
        let unknown = || UNKNOWN.to_owned();
        KeyPreview {
            client_sees: unknown(),
            margin: unknown(),
            profit: unknown(),
            debit: unknown(),
            after: unknown(),
            internal: false,
            not_internal: true,
            stale: false,
        }
    }
}

impl Default for KeyTopUpPreview {
    fn default() -> Self {
        let unknown = || UNKNOWN.to_owned();
        KeyTopUpPreview { debit: unknown(), new_total: unknown(), after: unknown(), stale: false }
    }
}

impl KeyPreview {
    /// As far as the numbers are there and fit together.
    pub fn of(budget: Option<Price>, cost: Option<Cost>, available: Option<Cost>) -> Self {
        let Some(budget) = budget else { return KeyPreview::default() };
        let client_sees = format!("{} to spend", words::dollars(budget.usd()));
        let shown = KeyPreview { client_sees, ..KeyPreview::default() };
        let Some(cost) = cost else { return shown };
        let Ok(ratio) = Ratio::of(cost, budget) else { return KeyPreview { stale: true, ..shown } };
        let gain = Cost::from_nanos(budget.nanos()).saturating_sub(cost);
        let internal = ratio.is_internal_share();
        KeyPreview {
            margin: ratio.margin(),
            profit: words::dollars(gain.usd()),
            debit: words::debit_4(cost.usd()),
            after: after(available, cost),
            internal,
            not_internal: !internal,
            stale: is_short(available, cost),
            ..shown
        }
    }
}

impl KeyTopUpPreview {
    /// Of a top-up to `total` that debits `debit`.
    pub fn of(total: Price, debit: Cost, available: Option<Cost>) -> Self {
        KeyTopUpPreview {
            debit: words::debit_4(debit.usd()),
            new_total: words::dollars(total.usd()),
            after: after(available, debit),
            stale: is_short(available, debit),
        }
    }
}

fn after(available: Option<Cost>, debit: Cost) -> String {
    let left = available.and_then(|available| available.checked_sub(debit));
    left.map_or_else(|| UNKNOWN.to_owned(), |left| words::dollars_4(left.usd()))
}

fn is_short(available: Option<Cost>, debit: Cost) -> bool {
    available.is_some_and(|available| debit > available)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(usd: i64) -> Option<Cost> {
        Some(Cost::from_nanos(usd * 1_000_000_000))
    }

    fn budget(usd: i64) -> Option<Price> {
        Some(Price::from_nanos(usd * 1_000_000_000))
    }

    #[test]
    fn the_guides_two_numbers_read_as_in_the_guide() {
        let shown = KeyPreview::of(budget(100), cost(60), cost(200));
        let figures = [&shown.client_sees, &shown.margin, &shown.profit, &shown.debit, &shown.after];
        assert_eq!(figures, ["$100.00 to spend", "40%", "$40.00", "−$60.0000", "$140.0000"]);
        let shown =
            KeyTopUpPreview::of(Price::from_nanos(150_000_000_000), Cost::from_nanos(30_000_000_000), cost(170));
        assert_eq!([&shown.debit, &shown.new_total, &shown.after], ["−$30.0000", "$150.00", "$140.0000"]);
    }

    #[test]
    fn what_does_not_fit_together_is_left_open() {
        assert!(KeyPreview::of(budget(100), cost(100), cost(200)).internal);
        assert_eq!(KeyPreview::of(None, cost(60), cost(200)), KeyPreview::default());
        let rows = [
            (KeyPreview::of(budget(100), None, cost(200)), "–", "–", false),
            (KeyPreview::of(budget(100), cost(130), cost(200)), "–", "–", true),
            (KeyPreview::of(budget(100), cost(60), cost(50)), "−$60.0000", "–", true),
            (KeyPreview::of(budget(100), cost(60), None), "−$60.0000", "–", false),
        ];
        for (shown, debit, after, stale) in rows {
            assert_eq!((shown.debit.as_str(), shown.after.as_str(), shown.stale), (debit, after, stale));
            assert_eq!(shown.client_sees, "$100.00 to spend");
        }
    }
}
