//! Which gifts of the platform the model of `core_model` makes.

use derouter::domain::op::Movement;
use rand::Rng;
use rand::rngs::SmallRng;
use uuid::Uuid;

/// What the platform gives and takes back at its own expense.
#[derive(Clone, Copy)]
pub enum Gifts {
    /// Needs nothing beside the account: for worlds that are written to a ledger.
    Corrections,
    /// Commission too, whose lines only the pure core can do without.
    WithCommission,
}

impl Gifts {
    pub fn given(self, rng: &mut SmallRng, fresh: u128) -> Movement {
        match self {
            Gifts::WithCommission if rng.random() => Movement::Commission { line: Uuid::from_u128(fresh) },
            _ => Movement::Correction { reason: String::new() },
        }
    }

    pub fn taken_back(self, rng: &mut SmallRng, fresh: u128) -> Movement {
        match self {
            Gifts::WithCommission if rng.random() => Movement::CommissionBack { line: Uuid::from_u128(fresh) },
            _ => Movement::CorrectionBack { reason: String::new() },
        }
    }
}
