//! Money that an operator gives back to a payer: which refund may be asked for, and how far one is.
//!
//! Deciding is pure. What an intent took is the provider's word alone: its refund is taken back as any other is.

use crate::domain::money::Cost;
use crate::domain::payment::Method;
use crate::domain::topup::TopupState;
use thiserror::Error;

/// Providers count in cents.
const NANOS_PER_CENT: i64 = 10_000_000;

/// How far an intent is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum IntentState {
    /// Written down; the provider has not said yes or no.
    Asked,
    /// The provider said yes; its money is not in the books yet.
    Accepted,
    /// Given back, and taken off the balance.
    Done,
    /// It did not reach the payer; what was taken for it is given again.
    Failed,
    /// Nothing was given back.
    Refused,
}

impl IntentState {
    const ALL: [IntentState; 5] =
        [IntentState::Asked, IntentState::Accepted, IntentState::Done, IntentState::Failed, IntentState::Refused];

    /// The stored word.
    pub fn word(self) -> &'static str {
        match self {
            IntentState::Asked => "asked",
            IntentState::Accepted => "accepted",
            IntentState::Done => "done",
            IntentState::Failed => "failed",
            IntentState::Refused => "refused",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        IntentState::ALL.into_iter().find(|s| s.word() == word)
    }

    /// True while its money may still leave the balance.
    pub fn is_under_way(self) -> bool {
        matches!(self, IntentState::Asked | IntentState::Accepted)
    }
}

/// How far a refund may go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bound {
    /// To what the reseller has not spent.
    Unspent,
    /// To what was credited: two persons agreed that the rest is owed.
    Credited,
}

/// What a refund is weighed against.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    pub state: TopupState,
    pub method: Option<Method>,
    /// 0 for an order that is not credited.
    pub credited: Cost,
    pub taken_back: Cost,
    /// What other intents under way will take of this order.
    pub promised: Cost,
    /// What of the main balance is left once every other intent under way has taken its part.
    pub unspent: Cost,
}

/// Why no money is given back; the words are the operator's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum IntentRefusal {
    #[error("this top-up is not credited, it is {0}: there is nothing to give back")]
    NotCredited(&'static str),
    #[error("this top-up was paid outside the providers: no provider can give it back")]
    ByHand,
    #[error(
        "crypto is given back by hand: pay it back from the store's wallet, then mark the invoice as invalid there; \
         our next look at it takes the whole credit off the balance"
    )]
    Crypto,
    #[error("the payer's bank disputes this payment and decides where the money goes: wait until the dispute ends")]
    Disputed,
    #[error("an amount in whole cents, more than 0, is given back")]
    NotWholeCents,
    #[error("all of this top-up went back already, or is on its way")]
    NothingLeft,
    #[error("only {left} USD of this top-up can still be given back: say --amount {left} or less")]
    BeyondOrder { left: Cost },
    #[error(
        "only {unspent} USD of the main balance is unspent: give back at most that with --amount, or take the rest as \
         a debt with --force --approved-by NAME, which freezes the account until it is repaid"
    )]
    BeyondUnspent { unspent: Cost },
}

/// Decides how much is given back: the amount, or all that is left of the order.
///
/// # Errors
/// By `IntentRefusal`.
pub fn decide(standing: &Standing, amount: Option<Cost>, bound: Bound) -> Result<Cost, IntentRefusal> {
    match standing.method {
        None => return Err(IntentRefusal::ByHand),
        Some(Method::Crypto) => return Err(IntentRefusal::Crypto),
        Some(Method::Card) => {}
    }
    if !standing.state.is_credited() {
        return Err(IntentRefusal::NotCredited(standing.state.word()));
    }
    if standing.state == TopupState::Disputed {
        return Err(IntentRefusal::Disputed);
    }
    let left = standing.credited.saturating_sub(standing.taken_back).saturating_sub(standing.promised);
    if left <= Cost::ZERO {
        return Err(IntentRefusal::NothingLeft);
    }
    let amount = amount.unwrap_or(left);
    if amount <= Cost::ZERO || amount.nanos() % NANOS_PER_CENT != 0 {
        return Err(IntentRefusal::NotWholeCents);
    }
    if amount > left {
        return Err(IntentRefusal::BeyondOrder { left });
    }
    if bound == Bound::Unspent && amount > standing.unspent {
        return Err(IntentRefusal::BeyondUnspent { unspent: standing.unspent });
    }
    Ok(amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refund_is_under_way_until_the_provider_has_spoken() {
        let under_way = IntentState::ALL.map(IntentState::is_under_way);
        assert_eq!(under_way, [true, true, false, false, false]);
    }

    fn usd(dollars: i64) -> Cost {
        Cost::from_nanos(dollars * 1_000_000_000)
    }

    /// 200 dollars by card, credited and not spent.
    const PAID: fn() -> Standing = || Standing {
        state: TopupState::Credited,
        method: Some(Method::Card),
        credited: usd(200),
        taken_back: Cost::ZERO,
        promised: Cost::ZERO,
        unspent: usd(200),
    };

    #[test]
    fn no_more_goes_back_than_came_and_is_unspent_unless_two_persons_say_so() {
        use Bound::{Credited, Unspent};
        let part = Standing { state: TopupState::RefundedPart, taken_back: usd(50), promised: usd(30), ..PAID() };
        let spent = Standing { unspent: usd(20), ..PAID() };
        let rows = [
            (PAID(), None, Unspent, Ok(usd(200))),
            (PAID(), Some(usd(50)), Unspent, Ok(usd(50))),
            (PAID(), Some(usd(201)), Credited, Err(IntentRefusal::BeyondOrder { left: usd(200) })),
            (PAID(), Some(Cost::ZERO), Unspent, Err(IntentRefusal::NotWholeCents)),
            (PAID(), Some(Cost::from_nanos(1)), Unspent, Err(IntentRefusal::NotWholeCents)),
            (part, None, Unspent, Ok(usd(120))),
            (part, Some(usd(121)), Unspent, Err(IntentRefusal::BeyondOrder { left: usd(120) })),
            (Standing { promised: usd(150), ..part }, None, Credited, Err(IntentRefusal::NothingLeft)),
            (spent, Some(usd(20)), Unspent, Ok(usd(20))),
            (spent, None, Unspent, Err(IntentRefusal::BeyondUnspent { unspent: usd(20) })),
            (spent, None, Credited, Ok(usd(200))),
        ];
        for (standing, amount, bound, wanted) in rows {
            assert_eq!(decide(&standing, amount, bound), wanted, "{standing:?} {amount:?} {bound:?}");
        }
    }

    #[test]
    fn only_credited_cards_outside_a_dispute_are_given_back() {
        let rows = [
            (Standing { method: None, ..PAID() }, IntentRefusal::ByHand),
            (Standing { method: Some(Method::Crypto), ..PAID() }, IntentRefusal::Crypto),
            (Standing { state: TopupState::Open, ..PAID() }, IntentRefusal::NotCredited("open")),
            (Standing { state: TopupState::Parked, ..PAID() }, IntentRefusal::NotCredited("parked")),
            (Standing { state: TopupState::Disputed, ..PAID() }, IntentRefusal::Disputed),
            (Standing { state: TopupState::Refunded, taken_back: usd(200), ..PAID() }, IntentRefusal::NothingLeft),
        ];
        for (standing, refusal) in rows {
            assert_eq!(decide(&standing, None, Bound::Credited), Err(refusal), "{standing:?}");
        }
    }
}
