//! Sums of calls: what charts, ranks and totals of usage are made of.

use crate::domain::money::{Cost, Price};

/// The sum of some calls. Amounts in nano-USD, meters in tokens; nothing is negative.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    pub calls: i64,
    /// Tokens that were neither read from a cache nor written to one.
    pub input: i64,
    pub output: i64,
    pub cache_read: i64,
    pub cache_write: i64,
    pub cost: Cost,
    pub price: Price,
}

/// What a chart shows and ranks are ordered by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Metric {
    Spent,
    Earned,
    Calls,
    Tokens,
}

impl Metric {
    pub const ALL: [Metric; 4] = [Metric::Spent, Metric::Earned, Metric::Calls, Metric::Tokens];

    /// The word in links.
    pub fn word(self) -> &'static str {
        match self {
            Metric::Spent => "spent",
            Metric::Earned => "earned",
            Metric::Calls => "calls",
            Metric::Tokens => "tokens",
        }
    }

    /// The metric of a word, `None` for any other text.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.word() == word)
    }

    /// True where amounts are nano-USD; else they are numbers of things.
    pub fn is_money(self) -> bool {
        matches!(self, Metric::Spent | Metric::Earned)
    }
}

impl Tally {
    /// Both together; `None` where a sum leaves `i64`.
    pub fn plus(self, other: Tally) -> Option<Tally> {
        Some(Tally {
            calls: self.calls.checked_add(other.calls)?,
            input: self.input.checked_add(other.input)?,
            output: self.output.checked_add(other.output)?,
            cache_read: self.cache_read.checked_add(other.cache_read)?,
            cache_write: self.cache_write.checked_add(other.cache_write)?,
            cost: self.cost.checked_add(other.cost)?,
            price: self.price.checked_add(other.price)?,
        })
    }

    /// Without a part of it; `None` if `part` is none.
    pub fn minus(self, part: Tally) -> Option<Tally> {
        let less = |whole: i64, part: i64| whole.checked_sub(part).filter(|rest| *rest >= 0);
        Some(Tally {
            calls: less(self.calls, part.calls)?,
            input: less(self.input, part.input)?,
            output: less(self.output, part.output)?,
            cache_read: less(self.cache_read, part.cache_read)?,
            cache_write: less(self.cache_write, part.cache_write)?,
            cost: self.cost.checked_sub(part.cost)?,
            price: self.price.checked_sub(part.price)?,
        })
    }

    /// Earned profit: price less cost.
    pub fn profit(self) -> Cost {
        Cost::from_nanos(self.price.nanos()).saturating_sub(self.cost)
    }

    /// Tokens sent to the model, cached ones included.
    pub fn tokens_in(self) -> i64 {
        self.input.saturating_add(self.cache_read).saturating_add(self.cache_write)
    }

    /// Tokens of all meters.
    pub fn tokens(self) -> i64 {
        self.tokens_in().saturating_add(self.output)
    }

    /// The figure of a metric: nano-USD or a number.
    pub fn amount(self, metric: Metric) -> i64 {
        match metric {
            Metric::Spent => self.price.nanos(),
            Metric::Earned => self.profit().nanos(),
            Metric::Calls => self.calls,
            Metric::Tokens => self.tokens(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(calls: i64, cost: i64, price: i64) -> Tally {
        let (cost, price) = (Cost::from_nanos(cost), Price::from_nanos(price));
        Tally { calls, input: 10, output: 20, cache_read: 3, cache_write: 4, cost, price }
    }

    #[test]
    fn what_was_added_can_be_taken_off_again_and_no_more() {
        let (one, two) = (tally(1, 3, 5), tally(2, 6, 10));
        let both = one.plus(two).expect("small numbers");
        assert_eq!((both.calls, both.cost.nanos(), both.price.nanos(), both.tokens()), (3, 9, 15, 74));
        assert_eq!(both.minus(two), Some(one));
        assert_eq!(one.minus(two), None);
        assert_eq!(tally(i64::MAX, 0, 0).plus(one), None);
    }

    #[test]
    fn a_metric_reads_its_own_figure() {
        let sum = tally(7, 3, 5);
        assert_eq!(Metric::ALL.map(|metric| sum.amount(metric)), [5, 2, 7, 37]);
        assert_eq!(Metric::ALL.map(|metric| Metric::parse(metric.word())), Metric::ALL.map(Some));
        assert_eq!(Metric::parse("cost"), None);
    }
}
