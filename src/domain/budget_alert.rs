//! When a key's clients hear that its budget runs out: once when four fifths are used, once when nothing is left.
//!
//! A mark keeps what a key looked like when somebody last looked. Spending only grows, so a level that was passed stays
//! passed until a top-up lowers the share below it, and is passed anew after that. In client price alone.

use crate::domain::money::Price;

/// Less than this is shown as $0.00 and buys no call worth its name: one cent.
const NOTHING_LEFT: Price = Price::from_nanos(10_000_000);

/// How far a budget is used.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// Less than four fifths.
    Fine,
    /// 80 % or more.
    Low,
    /// Less than a cent, and less than a hundredth of the budget, is left.
    UsedUp,
}

/// A key at one look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Look {
    pub budget: Price,
    pub spent: Price,
}

/// What is remembered of the last look at a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark {
    pub level: Level,
    pub look: Look,
}

/// What a person wants to hear of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wants {
    pub at_80: bool,
    pub at_100: bool,
}

/// Levels that were passed since the last look: above `from`, up to `to`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Passed {
    from: Level,
    to: Level,
}

impl Level {
    /// The stored number: the per cent of the alert, 0 for none.
    pub fn code(self) -> i16 {
        match self {
            Level::Fine => 0,
            Level::Low => 80,
            Level::UsedUp => 100,
        }
    }

    pub fn from_code(code: i16) -> Option<Self> {
        [Level::Fine, Level::Low, Level::UsedUp].into_iter().find(|level| level.code() == code)
    }
}

impl Look {
    /// The highest level that is passed.
    pub fn level(self) -> Level {
        let (budget, spent) = (i128::from(self.budget.nanos()), i128::from(self.spent.nanos()));
        let left = self.budget.saturating_sub(self.spent);
        if left < NOTHING_LEFT && spent * 100 >= budget * 99 {
            Level::UsedUp
        } else if spent * 100 >= budget * 80 {
            Level::Low
        } else {
            Level::Fine
        }
    }

    pub fn remaining(self) -> Price {
        self.budget.saturating_sub(self.spent)
    }
}

impl Mark {
    /// The mark of this look.
    pub fn of(look: Look) -> Self {
        Mark { level: look.level(), look }
    }

    /// What was passed between the mark and now; `None` where nobody needs to hear.
    ///
    /// A budget that grew is compared with what had been spent at the mark: a key that a top-up had lifted below a
    /// level and that is above it again has passed it anew, even if nobody looked in between.
    pub fn passed(self, now: Look) -> Option<Passed> {
        let held = Look { budget: now.budget, spent: self.look.spent }.level().min(self.level);
        let to = now.level();
        (to > held).then_some(Passed { from: held, to })
    }
}

impl Passed {
    /// The highest level passed that this person wants to hear of: one mail, never two of one look.
    pub fn told(self, wants: Wants) -> Option<Level> {
        let wanted = [(Level::UsedUp, wants.at_100), (Level::Low, wants.at_80)];
        let passed = |level: Level| level > self.from && level <= self.to;
        wanted.into_iter().find(|(level, on)| *on && passed(*level)).map(|(level, _)| level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_level_is_its_per_cent_and_leads_back() {
        for (level, code) in [(Level::Fine, 0), (Level::Low, 80), (Level::UsedUp, 100)] {
            assert_eq!((level.code(), Level::from_code(code)), (code, Some(level)));
        }
        assert_eq!(Level::from_code(81), None);
    }

    #[test]
    fn a_level_that_was_told_before_is_not_told_with_a_higher_one() {
        let passed = Mark::of(look(100_000, 85_000)).passed(look(100_000, 100_000)).expect("used up");
        let wants = |at_80, at_100| Wants { at_80, at_100 };
        assert_eq!((passed.told(wants(true, false)), passed.told(wants(true, true))), (None, Some(Level::UsedUp)));
    }

    #[test]
    fn a_level_at_which_a_key_stays_is_not_passed_again() {
        for spent in [0, 85_000, 100_000] {
            assert_eq!(Mark::of(look(100_000, spent)).passed(look(100_000, spent)), None, "{spent}");
        }
    }

    fn look(budget: i64, spent: i64) -> Look {
        Look { budget: Price::from_nanos(budget * 1_000_000), spent: Price::from_nanos(spent * 1_000_000) }
    }

    #[test]
    fn a_level_is_passed_at_its_share_and_used_up_means_below_a_cent() {
        let rows = [
            (look(100_000, 0), Level::Fine),
            (look(100_000, 79_999), Level::Fine),
            (look(100_000, 80_000), Level::Low),
            (look(100_000, 99_990), Level::Low),
            (look(100_000, 99_991), Level::UsedUp),
            (look(100_000, 100_000), Level::UsedUp),
            (look(5, 0), Level::Fine),
            (look(5, 4), Level::Low),
            (look(5, 5), Level::UsedUp),
        ];
        for (look, level) in rows {
            assert_eq!(look.level(), level, "{look:?}");
        }
        assert_eq!(look(100_000, 79_999).remaining(), look(20_001, 0).budget);
        let huge = Price::from_nanos(i64::MAX);
        assert_eq!(Look { budget: huge, spent: huge }.level(), Level::UsedUp);
    }

    #[test]
    fn a_level_is_told_once_and_again_after_a_top_up_below_it() {
        // Last look, this look, the highest level that is told to whoever wants both.
        let rows = [
            (look(100_000, 0), look(100_000, 79_000), None),
            (look(100_000, 79_000), look(100_000, 80_000), Some(Level::Low)),
            (look(100_000, 80_000), look(100_000, 99_000), None),
            (look(100_000, 99_000), look(100_000, 100_000), Some(Level::UsedUp)),
            (look(100_000, 10_000), look(100_000, 100_000), Some(Level::UsedUp)),
            (look(100_000, 100_000), look(150_000, 100_000), None),
            (look(150_000, 100_000), look(150_000, 120_000), Some(Level::Low)),
            // A top-up and the next crossing between two looks.
            (look(100_000, 80_000), look(150_000, 120_000), Some(Level::Low)),
            // A top-up that leaves the share above the level.
            (look(100_000, 95_000), look(101_000, 96_000), None),
            (look(100_000, 100_000), look(101_000, 101_000), Some(Level::UsedUp)),
        ];
        let wants = Wants { at_80: true, at_100: true };
        for (then, now, told) in rows {
            assert_eq!(Mark::of(then).passed(now).and_then(|p| p.told(wants)), told, "{then:?} {now:?}");
        }
    }

    #[test]
    fn a_person_hears_the_highest_level_it_wants() {
        let passed = Mark::of(look(100_000, 0)).passed(look(100_000, 100_000)).expect("both");
        let rows = [
            (true, true, Some(Level::UsedUp)),
            (true, false, Some(Level::Low)),
            (false, true, Some(Level::UsedUp)),
            (false, false, None),
        ];
        for (at_80, at_100, told) in rows {
            assert_eq!(passed.told(Wants { at_80, at_100 }), told);
        }
    }
}
