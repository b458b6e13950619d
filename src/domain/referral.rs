//! Commission on what a referee consumed: tiers, the next line, and what a fallen base undoes (`ledger.md` §13).
//!
//! Pure. A line covers whole steps of a hundred-thousandth of a dollar, and so do the bounds of the tiers: no commission of
//! a whole step has a fraction of a nano-dollar, and how often lines are made does not change their sum.

use crate::domain::money::Cost;
use thiserror::Error;
use uuid::Uuid;

/// Basis points of a whole.
pub const WHOLE_BP: u32 = 10_000;
/// What a line's length is a multiple of, nano-USD: one basis point of it is a whole nano-dollar.
pub const STEP_NANOS: i64 = 10_000;
/// More tiers than this are a mistake.
const MOST_TIERS: usize = 20;

/// Why tiers cannot work.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum TierError {
    #[error("there must be 1 to 20 tiers")]
    Number,
    #[error("each bound needs its rate")]
    Unpaired,
    #[error("the first bound must be 0")]
    First,
    #[error("the bounds must rise")]
    Falling,
    #[error("the bounds must be whole cents")]
    Uneven,
    #[error("a rate must be 0 to 10000 basis points")]
    Rate,
}

/// A marginal bracket: from this much referred consumption on, this rate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tier {
    pub from: Cost,
    /// Basis points, 0 to 10,000.
    pub rate_bp: u32,
}

/// The brackets of a referrer's cumulative referred consumption, and the margin that cuts every rate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tiers {
    tiers: Vec<Tier>,
    margin_bp: u32,
}

impl Tiers {
    /// Tiers by their lower bounds, rates and the platform's margin in basis points.
    ///
    /// # Errors
    /// `TierError` for what could not work.
    pub fn of(bounds: &[Cost], rates_bp: &[u32], margin_bp: u32) -> Result<Self, TierError> {
        if bounds.is_empty() || bounds.len() > MOST_TIERS {
            return Err(TierError::Number);
        }
        if bounds.len() != rates_bp.len() {
            return Err(TierError::Unpaired);
        }
        if bounds[0] != Cost::ZERO {
            return Err(TierError::First);
        }
        if bounds.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(TierError::Falling);
        }
        if bounds.iter().any(|bound| bound.nanos() % STEP_NANOS != 0) {
            return Err(TierError::Uneven);
        }
        if rates_bp.iter().chain([&margin_bp]).any(|rate| *rate > WHOLE_BP) {
            return Err(TierError::Rate);
        }
        let tiers = bounds.iter().zip(rates_bp).map(|(from, rate_bp)| Tier { from: *from, rate_bp: *rate_bp });
        Ok(Tiers { tiers: tiers.collect(), margin_bp })
    }

    /// The highest rate that is paid, basis points.
    pub fn margin_bp(&self) -> u32 {
        self.margin_bp
    }

    /// The brackets with the rates that are paid.
    pub fn paid(&self) -> Vec<Tier> {
        self.tiers.iter().map(|t| Tier { rate_bp: t.rate_bp.min(self.margin_bp), ..*t }).collect()
    }

    /// The place among `paid` of the bracket that the next consumed cent falls into.
    pub fn place(&self, referred: Cost) -> usize {
        self.tiers.iter().rposition(|t| t.from <= referred).unwrap_or(0)
    }

    /// F(x): commission on the cumulative referred consumption `x`, rounded down; `commission_total` in the schema.
    pub fn total(&self, x: Cost) -> Cost {
        let mut sum: i128 = 0;
        for (place, tier) in self.tiers.iter().enumerate() {
            let end = self.tiers.get(place + 1).map_or(x, |next| next.from.min(x));
            let part = end.saturating_sub(tier.from);
            sum += i128::from(part.nanos()) * i128::from(tier.rate_bp.min(self.margin_bp));
        }
        // At most x itself, as no rate is above the whole.
        Cost::from_nanos(i64::try_from(sum / i128::from(WHOLE_BP)).expect("commission is at most its base"))
    }
}

/// Consumption of paid money: granted money counts as spent last, money that was taken back as never paid.
pub fn base(consumed: Cost, deposits: Cost, reversals: Cost) -> Cost {
    consumed.min(deposits.saturating_sub(reversals))
}

/// A line about to be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewLine {
    /// The referee's base that is in lines already, and will be with this one.
    pub base_from: Cost,
    pub base_to: Cost,
    /// The referrer's cumulative referred consumption before and after it.
    pub tier_from: Cost,
    pub tier_to: Cost,
    /// 0: a line of nothing.
    pub amount: Cost,
    pub margin_bp: u32,
}

/// The line for what a referee consumed beyond `watermark`; `None` for less than a step, or where no amount could hold it.
pub fn next_line(tiers: &Tiers, base: Cost, watermark: Cost, referred: Cost) -> Option<NewLine> {
    let grown = base.checked_sub(watermark)?.nanos();
    let length = Cost::from_nanos(grown - grown % STEP_NANOS);
    let tier_to = referred.checked_add(length)?;
    if length == Cost::ZERO {
        return None;
    }
    // From here it must succeed.
    let amount = tiers.total(tier_to).checked_sub(tiers.total(referred)).expect("commission never falls");
    let base_to = watermark.checked_add(length).expect("at most the base");
    Some(NewLine { base_from: watermark, base_to, tier_from: referred, tier_to, amount, margin_bp: tiers.margin_bp })
}

/// Where a line stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineState {
    /// Waits for the end of its hold-back.
    Pending,
    /// In the referrer's balance.
    Released,
    /// Never paid: its consumption was taken back while it waited.
    Withheld,
    /// Paid and taken back with its consumption.
    TakenBack,
    /// A line of nothing: the margin was 0.
    Nil,
}

impl LineState {
    pub const ALL: [LineState; 5] =
        [LineState::Pending, LineState::Released, LineState::Withheld, LineState::TakenBack, LineState::Nil];

    /// As stored.
    pub fn word(self) -> &'static str {
        match self {
            LineState::Pending => "pending",
            LineState::Released => "released",
            LineState::Withheld => "withheld",
            LineState::TakenBack => "taken_back",
            LineState::Nil => "nil",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A line that counts for the watermark: pending, released or nil.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LiveLine {
    pub line: Uuid,
    pub length: Cost,
    pub amount: Cost,
    pub state: LineState,
}

/// What a base below its watermark does to a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Undo {
    /// It is never paid.
    Withhold(LiveLine),
    /// It was paid, and goes back.
    TakeBack(LiveLine),
}

/// What to undo so that lines cover no more than `base`: whole lines, as they are given, newest first. What was undone too
/// much is in the next line again.
pub fn undo(base: Cost, watermark: Cost, newest_first: &[LiveLine]) -> Vec<Undo> {
    let (mut left, mut undone) = (watermark, Vec::new());
    for line in newest_first {
        if left <= base {
            break;
        }
        left = left.saturating_sub(line.length);
        undone.push(match line.state {
            LineState::Released => Undo::TakeBack(*line),
            _ => Undo::Withhold(*line),
        });
    }
    undone
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop, prop_assert, prop_assert_eq, proptest};

    const USD: i64 = 1_000_000_000;

    fn usd(dollars: i64) -> Cost {
        Cost::from_nanos(dollars * USD)
    }

    fn tiers(margin_bp: u32) -> Tiers {
        let bounds = [0, 1_000, 5_000, 20_000, 50_000, 100_000].map(usd);
        Tiers::of(&bounds, &[500, 1_000, 1_500, 2_000, 2_500, 3_000], margin_bp).expect("tiers")
    }

    #[test]
    fn commission_is_marginal_and_never_above_the_margin() {
        let rows = [
            (10_000, 0, 0),
            (10_000, 900, 45 * USD),
            (10_000, 1_000, 50 * USD),
            (10_000, 1_200, 70 * USD),
            (10_000, 5_000, 450 * USD),
            (10_000, 20_000, 2_700 * USD),
            (10_000, 50_000, 8_700 * USD),
            (10_000, 100_000, 21_200 * USD),
            (10_000, 100_001, 21_200 * USD + USD * 3 / 10),
            (800, 1_200, 66 * USD),
            (800, 100_000, 50 * USD + 99_000 * USD * 8 / 100),
            (0, 100_000, 0),
        ];
        for (margin, x, commission) in rows {
            assert_eq!(tiers(margin).total(usd(x)).nanos(), commission, "{x} dollars at {margin}");
        }
        assert_eq!(tiers(10_000).total(Cost::from_nanos(19)).nanos(), 0, "a fraction is rounded down");
        assert!(tiers(10_000).total(Cost::from_nanos(i64::MAX)).nanos() > 0);
    }

    #[test]
    fn a_line_is_the_difference_of_the_totals() {
        let line = next_line(&tiers(10_000), usd(300), Cost::ZERO, usd(900)).expect("a line");
        assert_eq!((line.amount, line.tier_to, line.base_to), (usd(25), usd(1_200), usd(300)));
        let nil = next_line(&tiers(0), usd(300), Cost::ZERO, usd(900)).expect("a line");
        assert_eq!((nil.amount, nil.margin_bp), (Cost::ZERO, 0));
        let step = Cost::from_nanos(STEP_NANOS);
        let short = Cost::from_nanos(STEP_NANOS - 1);
        assert_eq!(next_line(&tiers(10_000), short, Cost::ZERO, usd(900)), None);
        assert_eq!(next_line(&tiers(10_000), usd(1), usd(2), usd(900)), None);
        let whole = Cost::from_nanos(2 * STEP_NANOS - 1);
        assert_eq!(next_line(&tiers(10_000), whole, Cost::ZERO, usd(0)).expect("a line").base_to, step);
        assert_eq!(next_line(&tiers(10_000), usd(1), Cost::ZERO, Cost::from_nanos(i64::MAX)), None);
    }

    #[test]
    fn only_paid_money_is_referred() {
        let rows = [(5, 10, 0, 5), (10, 5, 0, 5), (10, 10, 4, 6), (3, 10, 4, 3), (3, 4, 10, 0), (0, 0, 0, 0)];
        for (consumed, deposits, reversals, wanted) in rows {
            assert_eq!(base(usd(consumed), usd(deposits), usd(reversals)), usd(wanted));
        }
    }

    #[test]
    fn a_fallen_base_undoes_the_newest_lines_whole() {
        let line = |state, dollars| LiveLine { line: Uuid::new_v4(), length: usd(dollars), amount: usd(1), state };
        let lines = [line(LineState::Pending, 30), line(LineState::Nil, 20), line(LineState::Released, 50)];
        let undone = |base| undo(usd(base), usd(100), &lines);
        assert_eq!(undone(100), []);
        assert_eq!(undone(70), [Undo::Withhold(lines[0])]);
        assert_eq!(undone(69), [Undo::Withhold(lines[0]), Undo::Withhold(lines[1])]);
        assert_eq!(undone(0), [Undo::Withhold(lines[0]), Undo::Withhold(lines[1]), Undo::TakeBack(lines[2])]);
    }

    #[test]
    fn tiers_that_cannot_work_are_refused() {
        let of = |bounds: &[i64], rates: &[u32], margin| {
            let bounds: Vec<_> = bounds.iter().map(|b| Cost::from_nanos(*b)).collect();
            Tiers::of(&bounds, rates, margin)
        };
        assert!(of(&[0, 10 * USD], &[500, 400], 10_000).is_ok());
        let rows = [
            (of(&[], &[], 0), TierError::Number),
            (of(&[0], &[1, 2], 0), TierError::Unpaired),
            (of(&[USD], &[1], 0), TierError::First),
            (of(&[0, USD, USD], &[1, 2, 3], 0), TierError::Falling),
            (of(&[0, 1], &[1, 2], 0), TierError::Uneven),
            (of(&[0], &[10_001], 0), TierError::Rate),
            (of(&[0], &[1], 10_001), TierError::Rate),
        ];
        for (got, wanted) in rows {
            assert_eq!(got, Err(wanted));
        }
    }

    proptest! {
        /// However a consumption is cut into runs, of one referee or two in turn, the lines come to F of what they cover.
        #[test]
        fn how_often_it_runs_does_not_change_the_sum(
            grows in prop::collection::vec((any::<bool>(), 0_i64..40_000 * USD), 1..40),
            margin in 0_u32..=10_000,
        ) {
            let tiers = tiers(margin);
            let (mut bases, mut marks) = ([Cost::ZERO; 2], [Cost::ZERO; 2]);
            let (mut referred, mut paid) = (Cost::ZERO, Cost::ZERO);
            for (who, grown) in grows {
                let who = usize::from(who);
                bases[who] = bases[who].checked_add(Cost::from_nanos(grown)).expect("in range");
                let Some(line) = next_line(&tiers, bases[who], marks[who], referred) else { continue };
                let (length, most) = (line.base_to.nanos() - line.base_from.nanos(), i128::from(margin));
                prop_assert!(i128::from(line.amount.nanos()) * 10_000 <= i128::from(length) * most);
                (marks[who], referred) = (line.base_to, line.tier_to);
                paid = paid.checked_add(line.amount).expect("in range");
            }
            prop_assert_eq!(paid, tiers.total(referred));
            for who in [0, 1] {
                prop_assert!(bases[who].nanos() - marks[who].nanos() < STEP_NANOS, "less than a step waits");
            }
        }
    }
}
