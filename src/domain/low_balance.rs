//! When a reseller hears that the balance is low: once each time it falls below the amount, and while it stays there at
//! most once a day and only if it fell further.

use crate::domain::money::Cost;

/// What is remembered of an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Memory {
    /// Nobody has looked yet. `paid_in` is what came in so far: a balance that never reached the amount did not fall.
    Unseen { paid_in: Cost },
    /// It was at or above the amount.
    Armed,
    /// It is low and was told, or was low when the amount was chosen.
    Told {
        /// What was available then.
        at: Cost,
        /// A day has passed since.
        a_day_ago: bool,
    },
}

/// What a look comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    Nothing,
    /// From now on a fall is told.
    Arm,
    Tell,
}

/// Decides what an account's balance asks for.
pub fn decide(memory: Memory, available: Cost, below: Cost) -> Step {
    let low = available < below;
    match memory {
        Memory::Armed if low => Step::Tell,
        Memory::Armed => Step::Nothing,
        Memory::Unseen { paid_in } if low && paid_in >= below => Step::Tell,
        Memory::Unseen { .. } if low => Step::Nothing,
        Memory::Told { at, a_day_ago } if low => {
            if a_day_ago && available < at {
                Step::Tell
            } else {
                Step::Nothing
            }
        }
        Memory::Unseen { .. } | Memory::Told { .. } => Step::Arm,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fall_is_told_once_until_it_rose_again_or_a_day_went_by() {
        let usd = |n: i64| Cost::from_nanos(n * 1_000_000_000);
        let told = |at, a_day_ago| Memory::Told { at: usd(at), a_day_ago };
        let rows = [
            (Memory::Armed, 20, Step::Nothing),
            (Memory::Armed, 19, Step::Tell),
            (told(19, false), 5, Step::Nothing),
            (told(19, true), 19, Step::Nothing),
            (told(19, true), 5, Step::Tell),
            (told(19, false), 20, Step::Arm),
            (Memory::Unseen { paid_in: usd(0) }, 0, Step::Nothing),
            (Memory::Unseen { paid_in: usd(10) }, 3, Step::Nothing),
            (Memory::Unseen { paid_in: usd(200) }, 3, Step::Tell),
            (Memory::Unseen { paid_in: usd(200) }, 200, Step::Arm),
        ];
        for (memory, available, step) in rows {
            assert_eq!(decide(memory, usd(available), usd(20)), step, "{memory:?} {available}");
        }
    }
}
