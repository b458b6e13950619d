//! Running sums of an account's calls by model, state and key: what a mark of usage holds (`ledger.md` §18).

use crate::domain::ids::KeyId;
use crate::domain::line_state::LineState;
use crate::domain::tally::{Metric, Tally};
use std::collections::{BTreeMap, HashMap};

/// Which calls a sum is of.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Facet {
    /// `None` is all of them.
    pub model: Option<String>,
    pub part: Part,
}

/// Which states a sum is of. Measured calls have none of their own: they are all but the unusual ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Part {
    All,
    /// Every state but measured.
    Unusual,
    /// One state, other than measured.
    Of(LineState),
}

impl Part {
    /// The stored number.
    pub fn code(self) -> i16 {
        match self {
            Part::All => 0,
            Part::Unusual => 7,
            Part::Of(state) => state.code(),
        }
    }

    /// The part of a stored number, `None` for one that never was.
    pub fn from_code(code: i16) -> Option<Self> {
        match code {
            0 => Some(Part::All),
            7 => Some(Part::Unusual),
            code => LineState::from_code(code).map(Part::Of),
        }
    }

    /// The sum that holds the calls of a state, and what must be taken off it.
    pub fn holding(state: Option<LineState>) -> (Part, Option<Part>) {
        match state {
            None => (Part::All, None),
            Some(LineState::Measured) => (Part::All, Some(Part::Unusual)),
            Some(state) => (Part::Of(state), None),
        }
    }
}

/// Figures by key, each at the key's place; what a vector is too short for is 0.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct KeySums {
    pub calls: Vec<i64>,
    pub tokens: Vec<i64>,
    pub cost: Vec<i64>,
    pub price: Vec<i64>,
}

/// A sum of calls, whole and by key.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct MarkSum {
    pub tally: Tally,
    pub by_key: KeySums,
}

/// The running sums of one account.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct UsageMark {
    pub sums: BTreeMap<Facet, MarkSum>,
    places: Places,
}

/// Where each key stands in the vectors: in the order in which they were first used.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Places {
    keys: Vec<KeyId>,
    places: HashMap<KeyId, usize>,
}

impl Places {
    pub fn of(keys: Vec<KeyId>) -> Self {
        let places = keys.iter().enumerate().map(|(place, key)| (*key, place)).collect();
        Places { keys, places }
    }

    /// All keys, each at its place.
    pub fn keys(&self) -> &[KeyId] {
        &self.keys
    }

    /// The place of a key, a new one for a new key.
    pub fn place(&mut self, key: KeyId) -> usize {
        let (keys, next) = (&mut self.keys, self.places.len());
        *self.places.entry(key).or_insert_with(|| {
            keys.push(key);
            next
        })
    }
}

impl UsageMark {
    /// The sums as they were stored.
    pub fn of(places: Places, sums: BTreeMap<Facet, MarkSum>) -> Self {
        UsageMark { sums, places }
    }

    pub fn keys(&self) -> &[KeyId] {
        self.places.keys()
    }

    /// Adds calls of one key, model and state; `None` where a sum leaves `i64`.
    pub fn add(&mut self, key: KeyId, model: &str, state: LineState, calls: Tally) -> Option<()> {
        let place = self.places.place(key);
        let usual: &[Part] = &[Part::All];
        let unusual: &[Part] = &[Part::All, Part::Unusual, Part::Of(state)];
        for part in if state == LineState::Measured { usual } else { unusual } {
            self.add_to(None, *part, place, calls)?;
            self.add_to(Some(model.to_owned()), *part, place, calls)?;
        }
        Some(())
    }

    /// Calls in all.
    pub fn calls(&self) -> i64 {
        self.sums.get(&Facet { model: None, part: Part::All }).map_or(0, |sum| sum.tally.calls)
    }

    fn add_to(&mut self, model: Option<String>, part: Part, place: usize, calls: Tally) -> Option<()> {
        let sum = self.sums.entry(Facet { model, part }).or_default();
        sum.tally = sum.tally.plus(calls)?;
        sum.by_key.add(place, calls)
    }
}

impl KeySums {
    fn add(&mut self, place: usize, calls: Tally) -> Option<()> {
        add_at(&mut self.calls, place, calls.calls)?;
        add_at(&mut self.tokens, place, calls.tokens())?;
        add_at(&mut self.cost, place, calls.cost.nanos())?;
        add_at(&mut self.price, place, calls.price.nanos())
    }

    /// Adds `sign` (1 or −1) times the other's figures; `None` where one leaves `i64`.
    pub fn add_all(&mut self, other: &KeySums, sign: i64) -> Option<()> {
        let pairs = [
            (&mut self.calls, &other.calls),
            (&mut self.tokens, &other.tokens),
            (&mut self.cost, &other.cost),
            (&mut self.price, &other.price),
        ];
        for (own, others) in pairs {
            for (place, figure) in others.iter().enumerate() {
                add_at(own, place, figure.checked_mul(sign)?)?;
            }
        }
        Some(())
    }

    /// Adds the figures of one key.
    pub fn add_key(&mut self, place: usize, figures: KeyFigures, sign: i64) -> Option<()> {
        add_at(&mut self.calls, place, figures.calls.checked_mul(sign)?)?;
        add_at(&mut self.tokens, place, figures.tokens.checked_mul(sign)?)?;
        add_at(&mut self.cost, place, figures.cost.checked_mul(sign)?)?;
        add_at(&mut self.price, place, figures.price.checked_mul(sign)?)
    }

    /// The places with the largest figures of a metric above 0, largest first, at most `most`.
    pub fn largest(&self, metric: Metric, most: usize) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.calls.len()).filter(|place| self.amount(*place, metric) > 0).collect();
        let order = |place: &usize| (std::cmp::Reverse(self.amount(*place, metric)), *place);
        if places.len() > most && most > 0 {
            places.select_nth_unstable_by_key(most - 1, order);
        }
        places.truncate(most);
        places.sort_unstable_by_key(order);
        places
    }

    /// A key's figure of a metric: nano-USD or a number.
    pub fn amount(&self, place: usize, metric: Metric) -> i64 {
        let at = |vector: &[i64]| vector.get(place).copied().unwrap_or(0);
        match metric {
            Metric::Spent => at(&self.price),
            Metric::Earned => at(&self.price).saturating_sub(at(&self.cost)),
            Metric::Calls => at(&self.calls),
            Metric::Tokens => at(&self.tokens),
        }
    }
}

/// What a rank needs of one key's calls.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct KeyFigures {
    pub calls: i64,
    pub tokens: i64,
    /// Nano-USD.
    pub cost: i64,
    /// Nano-USD.
    pub price: i64,
}

fn add_at(vector: &mut Vec<i64>, place: usize, figure: i64) -> Option<()> {
    if vector.len() <= place {
        vector.resize(place + 1, 0);
    }
    vector[place] = vector[place].checked_add(figure)?;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::{Cost, Price};
    use uuid::Uuid;

    fn calls(calls: i64, price: i64) -> Tally {
        Tally {
            calls,
            output: 2,
            price: Price::from_nanos(price),
            cost: Cost::from_nanos(price / 2),
            ..Tally::default()
        }
    }

    fn of(mark: &UsageMark, model: Option<&str>, part: Part) -> MarkSum {
        mark.sums.get(&Facet { model: model.map(str::to_owned), part }).cloned().unwrap_or_default()
    }

    #[test]
    fn a_call_counts_for_all_its_model_and_its_state() {
        let (mut mark, a, b) = (UsageMark::default(), KeyId(Uuid::from_u128(1)), KeyId(Uuid::from_u128(2)));
        mark.add(a, "m", LineState::Measured, calls(3, 30)).expect("small numbers");
        mark.add(b, "m", LineState::Partial, calls(1, 8)).expect("small numbers");
        mark.add(b, "n", LineState::Measured, calls(1, 2)).expect("small numbers");
        assert_eq!((mark.calls(), mark.keys()), (5, &[a, b][..]));
        assert_eq!(of(&mark, None, Part::All).by_key.price, [30, 10]);
        assert_eq!(of(&mark, Some("m"), Part::All).by_key.calls, [3, 1]);
        assert_eq!(of(&mark, Some("n"), Part::All).by_key.calls, [0, 1]);
        assert_eq!(of(&mark, None, Part::Of(LineState::Partial)).tally, calls(1, 8));
        assert_eq!(of(&mark, Some("m"), Part::Unusual).by_key.tokens, [0, 2]);
        assert_eq!(mark.sums.len(), 7);
        let stored = UsageMark::of(Places::of(mark.keys().to_vec()), mark.sums.clone());
        assert_eq!((stored.calls(), stored.keys()), (mark.calls(), mark.keys()));
    }

    #[test]
    fn the_figures_of_a_key_are_added_and_taken_away() {
        let figures = KeyFigures { calls: 3, tokens: 40, cost: 500, price: 900 };
        let mut sums = KeySums::default();
        sums.add_key(1, figures, 1).expect("small numbers");
        sums.add_key(1, figures, 1).expect("small numbers");
        sums.add_key(1, KeyFigures { calls: 1, ..figures }, -1).expect("small numbers");
        assert_eq!((&sums.calls[..], &sums.tokens[..]), (&[0, 5][..], &[0, 40][..]));
        assert_eq!((&sums.cost[..], &sums.price[..]), (&[0, 500][..], &[0, 900][..]));
        assert_eq!(sums.add_key(1, KeyFigures { price: i64::MAX, ..figures }, 1), None);
    }

    #[test]
    fn ranks_come_from_the_difference_of_two_marks() {
        let sums = |price: &[i64]| KeySums { price: price.to_vec(), calls: vec![1; price.len()], ..KeySums::default() };
        let mut range = sums(&[5, 90, 7, 90, 0]);
        range.add_all(&sums(&[5, 10, 6]), -1).expect("small numbers");
        assert_eq!(range.largest(Metric::Spent, 2), [3, 1]);
        assert_eq!(range.largest(Metric::Spent, 9), [3, 1, 2]);
        assert_eq!((range.amount(1, Metric::Spent), range.amount(9, Metric::Spent)), (80, 0));
        assert_eq!(range.largest(Metric::Tokens, 2), Vec::<usize>::new());
        assert_eq!(range.largest(Metric::Spent, 0), Vec::<usize>::new());
    }
}
