//! The money from outside that the model of `core_model` moves: deposits, what the platform gives at its own expense and
//! takes back, chargebacks.

use derouter::domain::ids::TopupId;
use derouter::domain::op::Movement;
use rand::Rng;
use rand::rngs::SmallRng;
use uuid::Uuid;

/// What a movement changes besides the balance and the debt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Source {
    Deposit,
    Gift,
    Chargeback,
}

/// Commission lines that were released and not taken back, each with its amount in nano-dollars.
#[derive(Default)]
pub struct Lines(Vec<(Uuid, i64)>);

impl Lines {
    /// A movement of money in.
    pub fn given(rng: &mut SmallRng, fresh: u128) -> (Source, Movement) {
        let id = Uuid::from_u128(fresh);
        match rng.random_range(0..6) {
            0 => (Source::Deposit, Movement::Deposit { topup: TopupId(id) }),
            1 => (Source::Gift, Movement::Commission { line: id }),
            2 => (Source::Gift, Movement::Correction { reason: String::new() }),
            _ => (Source::Chargeback, Movement::Reinstate { source: String::new() }),
        }
    }

    /// A movement of money out, and its amount: a line of commission goes back whole.
    pub fn taken_back(&self, rng: &mut SmallRng, amount: i64) -> (Source, Movement, i64) {
        let line = if self.0.is_empty() { None } else { Some(self.0[rng.random_range(0..self.0.len())]) };
        match (rng.random_range(0..4), line) {
            (0, Some((line, whole))) => (Source::Gift, Movement::CommissionBack { line }, whole),
            (0 | 1, _) => (Source::Gift, Movement::CorrectionBack { reason: String::new() }, amount),
            _ => (Source::Chargeback, Movement::Reversal { source: String::new() }, amount),
        }
    }

    /// Follows a movement that was decided.
    pub fn follow(&mut self, movement: &Movement, amount: i64) {
        match movement {
            Movement::Commission { line } => self.0.push((*line, amount)),
            Movement::CommissionBack { line } => self.0.retain(|(known, _)| known != line),
            _ => {}
        }
    }
}
