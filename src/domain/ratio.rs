//! The locked ratio of a key: two positive integers, reduced, set at creation and never changed.
//!
//! Two of the four places where the ledger rounds are here (`ledger.md` §4); the other two are in `quote.rs`.

use crate::domain::money::{Cost, Price};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A price may be at most this many times its cost, so that the smallest top-up debits at least one nano-USD.
pub const MAX_MARKUP: i64 = 1_000;

/// Why two numbers make no ratio.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum RatioError {
    #[error("your cost must be more than 0")]
    CostZero,
    #[error("your cost must not be above the client budget: you would sell at a loss")]
    CostAbovePrice,
    #[error("the client budget must be at most 1000 times your cost")]
    MarkupTooHigh,
}

/// `cost : price`, reduced by the greatest common divisor; `0 < cost ≤ price ≤ 1000 × cost`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct Ratio {
    cost: i64,
    price: i64,
}

impl Ratio {
    /// Locks the ratio of a client budget and its cost.
    ///
    /// # Errors
    /// By `RatioError`, cheapest first; the words are for the reseller.
    pub fn of(cost: Cost, price: Price) -> Result<Self, RatioError> {
        let (c, p) = (cost.nanos(), price.nanos());
        if c <= 0 {
            return Err(RatioError::CostZero);
        }
        if c > p {
            return Err(RatioError::CostAbovePrice);
        }
        if i128::from(p) > i128::from(c) * i128::from(MAX_MARKUP) {
            return Err(RatioError::MarkupTooHigh);
        }
        let divisor = gcd(c, p);
        Ok(Ratio { cost: c / divisor, price: p / divisor })
    }

    /// The reduced integers `(cost, price)`, as stored.
    pub fn parts(self) -> (i64, i64) {
        (self.cost, self.price)
    }

    /// True where cost equals price: a budget slice for a team member, not a resale.
    pub fn is_internal_share(self) -> bool {
        self.cost == self.price
    }

    /// Cost of a whole budget, rounded **up**; `None` where it leaves `i64`.
    pub fn cost_of_budget(self, budget: Price) -> Option<Cost> {
        let product = i128::from(budget.nanos()) * i128::from(self.cost);
        let price = i128::from(self.price);
        let ceiling = product / price + i128::from(product % price != 0);
        i64::try_from(ceiling).ok().map(Cost::from_nanos)
    }

    /// What a top-up of a key by `more` comes to: its new budget, and the cost that is moved into it. The whole budget
    /// decides, `ceil((budget + more) × cost / price) − funded`, so that no order of top-ups is cheaper than another.
    /// `None` where a sum leaves `i64`.
    pub fn top_up(self, budget: Price, funded: Cost, more: Price) -> Option<(Price, Cost)> {
        let budget = budget.checked_add(more)?;
        Some((budget, self.cost_of_budget(budget)?.checked_sub(funded)?))
    }

    /// Price of a posted cost, rounded **down**; saturates at the largest amount, which callers cap by the budget.
    pub fn price_of_cost(self, cost: Cost) -> Price {
        let floor = i128::from(cost.nanos()) * i128::from(self.price) / i128::from(self.cost);
        Price::from_nanos(i64::try_from(floor).unwrap_or(i64::MAX))
    }

    /// Price ÷ cost with at most six decimals, rounded to the nearest: `1.666667`, `1`. A cost made from a multiplier was
    /// rounded up to the nano-dollar, so rounding down would show `2.999999` to whoever asked for `3`; from a budget of a dollar on that holds for
    /// multipliers up to 20. For display;
    /// nothing is computed from it.
    pub fn multiplier(self) -> String {
        let (cost, price) = (i128::from(self.cost), i128::from(self.price));
        let millionths = (2_000_000 * price + cost) / (2 * cost);
        let text = format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    /// The margin as a share of the client price: `40%`, `33.3%`, `0%`; one decimal only where needed, rounded down.
    pub fn margin(self) -> String {
        let per_mille = i128::from(self.price - self.cost) * 1_000 / i128::from(self.price);
        match (per_mille / 10, per_mille % 10) {
            (whole, 0) => format!("{whole}%"),
            (whole, tenth) => format!("{whole}.{tenth}%"),
        }
    }
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(cost: i64, price: i64) -> Ratio {
        Ratio::of(Cost::from_nanos(cost), Price::from_nanos(price)).expect("a ratio")
    }

    #[test]
    fn the_guides_ratio_is_three_to_five_and_forty_percent() {
        let r = ratio(60_000_000_000, 100_000_000_000);
        assert_eq!((r.parts(), r.margin().as_str()), ((3, 5), "40%"));
        assert!(!r.is_internal_share() && ratio(5, 5).is_internal_share());
        assert_eq!(r.cost_of_budget(Price::from_nanos(150_000_000_000)), Some(Cost::from_nanos(90_000_000_000)));
        let (budget, funded) = (Price::from_nanos(100_000_000_000), Cost::from_nanos(60_000_000_000));
        let topped_up = (Price::from_nanos(150_000_000_000), Cost::from_nanos(30_000_000_000));
        assert_eq!(r.top_up(budget, funded, Price::from_nanos(50_000_000_000)), Some(topped_up));
        assert_eq!(r.top_up(budget, funded, Price::from_nanos(i64::MAX)), None);
        assert_eq!(r.price_of_cost(Cost::from_nanos(20_520_000_000)), Price::from_nanos(34_200_000_000));
    }

    #[test]
    fn impossible_numbers_are_refused_in_words() {
        let rows =
            [(0, 1, RatioError::CostZero), (2, 1, RatioError::CostAbovePrice), (1, 1_001, RatioError::MarkupTooHigh)];
        for (cost, price, why) in rows {
            assert_eq!(Ratio::of(Cost::from_nanos(cost), Price::from_nanos(price)), Err(why));
        }
        assert!(ratio(1, 1_000).price_of_cost(Cost::from_nanos(3)) == Price::from_nanos(3_000));
        assert!(ratio(7, 7).is_internal_share());
    }

    #[test]
    fn a_multiplier_that_was_asked_for_is_the_one_that_is_shown() {
        for (multiplier, shown) in [(3_000, "3"), (1_100, "1.1"), (7_000, "7")] {
            let asked = ratio(1_000, multiplier);
            for cents in [100, 3_333, 2_000, 10_000_000] {
                let budget = Price::from_nanos(cents * 10_000_000);
                let cost = asked.cost_of_budget(budget).expect("a cost");
                assert_eq!(Ratio::of(cost, budget).expect("a ratio").multiplier(), shown, "of {cents} cents");
            }
        }
    }

    #[test]
    fn a_budget_costs_at_least_its_share() {
        assert_eq!(ratio(1, 3).cost_of_budget(Price::from_nanos(4_000)), Some(Cost::from_nanos(1_334)));
        assert_eq!(ratio(1, 3).margin(), "66.6%");
        let shown = [ratio(1, 3), ratio(3, 5), ratio(7, 7)].map(Ratio::multiplier);
        assert_eq!(shown, ["3", "1.666667", "1"]);
    }
}
