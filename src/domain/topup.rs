//! Our order of money coming in: its states, and what follows from what the provider says about it.
//!
//! Deciding is pure and may be repeated: whatever arrives, how often and in which order, an order is credited once, with
//! the amount the provider's interface states, and only if that fits our own row. What does not fit is parked for a person.

use crate::domain::ids::TopupId;
use crate::domain::money::Cost;
use crate::domain::payment::{Method, PaymentFact, PaymentState, Received};

/// How long after its checkout expired a payment is still taken by itself: 24 hours, in microseconds. Later ones may be
/// of another exchange rate and of a person who was told that nothing was charged.
const LATE_WITHIN_US: i64 = 86_400_000_000;

/// How far an order is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TopupState {
    /// Written down; the provider has not answered yet.
    Created,
    /// The checkout waits for the person.
    Open,
    /// Money is on its way.
    Processing,
    /// Money came that does not fit; a person looks at it.
    Parked,
    Credited,
    Expired,
    Failed,
    /// The reseller called it off and the provider takes nothing for it any more.
    Cancelled,
    /// Credited, and some of it given back to the payer.
    RefundedPart,
    /// Credited, and all of it given back to the payer.
    Refunded,
    /// Credited, and the payer's bank disputes it.
    Disputed,
    /// Credited, and taken back for good by a dispute, or because the payment was none.
    Lost,
}

impl TopupState {
    const ALL: [TopupState; 12] = [
        TopupState::Created,
        TopupState::Open,
        TopupState::Processing,
        TopupState::Parked,
        TopupState::Credited,
        TopupState::Expired,
        TopupState::Failed,
        TopupState::Cancelled,
        TopupState::RefundedPart,
        TopupState::Refunded,
        TopupState::Disputed,
        TopupState::Lost,
    ];

    /// The stored word.
    pub fn word(self) -> &'static str {
        match self {
            TopupState::Created => "created",
            TopupState::Open => "open",
            TopupState::Processing => "processing",
            TopupState::Parked => "parked",
            TopupState::Credited => "credited",
            TopupState::Expired => "expired",
            TopupState::Failed => "failed",
            TopupState::Cancelled => "cancelled",
            TopupState::RefundedPart => "refunded_part",
            TopupState::Refunded => "refunded",
            TopupState::Disputed => "disputed",
            TopupState::Lost => "lost",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        TopupState::ALL.into_iter().find(|s| s.word() == word)
    }

    /// True while the provider may still take the money without anybody's mistake.
    pub fn is_waiting(self) -> bool {
        matches!(self, TopupState::Created | TopupState::Open | TopupState::Processing)
    }

    /// True once the money was credited, whatever became of it later.
    pub fn is_credited(self) -> bool {
        use TopupState::{Credited, Disputed, Lost, Refunded, RefundedPart};
        matches!(self, Credited | RefundedPart | Refunded | Disputed | Lost)
    }

    /// True if nothing was charged, as far as is known.
    pub fn is_over(self) -> bool {
        matches!(self, TopupState::Expired | TopupState::Failed | TopupState::Cancelled)
    }
}

/// Why money was not credited by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParkReason {
    /// Less than asked.
    Partial,
    /// Not the amount asked, where the provider must not take another.
    Differs,
    /// Not US dollars.
    Currency,
    /// Test money here, or real money in a test installation.
    WrongMode,
    /// More than 24 hours after the checkout expired.
    TooLate,
    /// No amount of money.
    Unreadable,
    /// Somebody at the provider marked it as paid by hand.
    Marked,
}

impl ParkReason {
    const ALL: [ParkReason; 7] = [
        ParkReason::Partial,
        ParkReason::Differs,
        ParkReason::Currency,
        ParkReason::WrongMode,
        ParkReason::TooLate,
        ParkReason::Unreadable,
        ParkReason::Marked,
    ];

    /// The stored word.
    pub fn word(self) -> &'static str {
        match self {
            ParkReason::Partial => "partial",
            ParkReason::Differs => "differs",
            ParkReason::Currency => "currency",
            ParkReason::WrongMode => "wrong_mode",
            ParkReason::TooLate => "too_late",
            ParkReason::Unreadable => "unreadable",
            ParkReason::Marked => "marked",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        ParkReason::ALL.into_iter().find(|r| r.word() == word)
    }
}

/// An order, as far as a decision needs it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Topup {
    pub id: TopupId,
    /// `None`: paid by hand, through no provider.
    pub method: Option<Method>,
    pub requested: Cost,
    pub state: TopupState,
    pub credited: Option<Cost>,
    /// What the provider said had come, where that was not simply credited.
    pub received: Option<Cost>,
    pub reason: Option<ParkReason>,
    /// When the checkout expires, µs since 1970.
    pub expires_us: Option<i64>,
    /// An operator has ended it by hand: nothing moves it any more.
    pub is_closed: bool,
}

/// What is to be done about an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    Stay,
    Become(TopupState),
    /// A person must look: this came and does not fit.
    Park {
        reason: ParkReason,
        received: Option<Cost>,
    },
    Credit(Cost),
    /// More came for an order that is credited already; a person must look.
    Surplus(Cost),
}

impl Topup {
    /// Decides what follows from the provider's answer. `live`: this installation takes real money.
    ///
    /// An order that was given up is credited all the same if the money came: late blocks, slow banks.
    pub fn decide(&self, fact: &PaymentFact, live: bool) -> Step {
        if self.is_closed {
            return Step::Stay;
        }
        match fact.state {
            PaymentState::Open => self.forward(TopupState::Open),
            PaymentState::Processing => self.forward(TopupState::Processing),
            PaymentState::Expired => self.forward(TopupState::Expired),
            PaymentState::Failed => self.forward(TopupState::Failed),
            PaymentState::Paid | PaymentState::Over | PaymentState::Partial | PaymentState::Late { .. } => {
                self.decide_money(fact, live)
            }
            PaymentState::Marked => self.park(ParkReason::Marked, fact.received.usd()),
        }
    }

    /// Whether the provider's word pays this order by its own rules, with at least what was credited.
    pub fn is_paid_by(&self, fact: &PaymentFact, live: bool) -> bool {
        let is_settled = matches!(fact.state, PaymentState::Paid | PaymentState::Over | PaymentState::Late { .. });
        let pays = |received| {
            self.misfit(fact, received, live).is_none() && self.credited.is_none_or(|credited| received >= credited)
        };
        is_settled && fact.received.usd().is_some_and(pays)
    }

    /// Whether the provider holds the payment for another order than ours.
    pub fn is_named_otherwise(&self, fact: &PaymentFact) -> bool {
        fact.topup.is_some_and(|named| named != self.id)
    }

    fn forward(&self, to: TopupState) -> Step {
        let moves = match to {
            TopupState::Open => self.state == TopupState::Created,
            TopupState::Processing => self.state != to && (self.state.is_waiting() || self.state.is_over()),
            _ => self.state.is_waiting(),
        };
        if moves { Step::Become(to) } else { Step::Stay }
    }

    fn decide_money(&self, fact: &PaymentFact, live: bool) -> Step {
        let received = match &fact.received {
            Received::Usd(amount) => *amount,
            Received::Foreign(_) => return self.park(ParkReason::Currency, None),
            Received::Nothing | Received::Unreadable => return self.park(ParkReason::Unreadable, None),
        };
        if let Some(credited) = self.credited {
            let is_news = received > credited && self.received.is_none_or(|known| received > known);
            return if is_news { Step::Surplus(received) } else { Step::Stay };
        }
        match self.misfit(fact, received, live) {
            Some(reason) => self.park(reason, Some(received)),
            None => Step::Credit(received),
        }
    }

    /// Why this money may not be credited by itself.
    fn misfit(&self, fact: &PaymentFact, received: Cost, live: bool) -> Option<ParkReason> {
        if fact.live != live {
            return Some(ParkReason::WrongMode);
        }
        match fact.state {
            PaymentState::Partial => Some(ParkReason::Partial),
            PaymentState::Over => (received <= self.requested).then_some(ParkReason::Differs),
            PaymentState::Late { .. } if received < self.requested => Some(ParkReason::Partial),
            PaymentState::Late { paid_us } => self.is_too_late(paid_us).then_some(ParkReason::TooLate),
            _ => (received != self.requested).then_some(ParkReason::Differs),
        }
    }

    fn is_too_late(&self, paid_us: i64) -> bool {
        self.expires_us.is_none_or(|expired| paid_us > expired.saturating_add(LATE_WITHIN_US))
    }

    fn park(&self, reason: ParkReason, received: Option<Cost>) -> Step {
        let known = self.state == TopupState::Parked && self.reason == Some(reason) && self.received == received;
        if known || self.credited.is_some() { Step::Stay } else { Step::Park { reason, received } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const DOLLAR: i64 = 1_000_000_000;
    const HOUR_US: i64 = 3_600_000_000;
    const EXPIRES_US: i64 = 100 * HOUR_US;

    fn usd(dollars: i64) -> Cost {
        Cost::from_nanos(dollars * DOLLAR)
    }

    fn order(state: TopupState) -> Topup {
        Topup {
            id: TopupId(Uuid::nil()),
            method: Some(Method::Crypto),
            requested: usd(200),
            state,
            credited: state.is_credited().then_some(usd(200)),
            received: None,
            reason: None,
            expires_us: Some(EXPIRES_US),
            is_closed: false,
        }
    }

    fn fact(state: PaymentState, received: Received) -> PaymentFact {
        let (refunds, disputes) = (Vec::new(), Vec::new());
        PaymentFact { payment: "p".into(), topup: None, state, received, live: true, refunds, disputes }
    }

    fn dollars(amount: i64) -> Received {
        Received::Usd(usd(amount))
    }

    #[test]
    fn g07_the_providers_amount_is_credited_if_it_fits_and_parked_if_not() {
        use PaymentState::{Late, Marked, Over, Paid, Partial};
        let park = |reason, received: Option<i64>| Step::Park { reason, received: received.map(usd) };
        let late = |hours: i64| Late { paid_us: EXPIRES_US + hours * HOUR_US };
        let rows = [
            (Paid, dollars(200), Step::Credit(usd(200))),
            (Paid, dollars(1), park(ParkReason::Differs, Some(1))),
            (Paid, dollars(400), park(ParkReason::Differs, Some(400))),
            (Paid, Received::Foreign("eur".into()), park(ParkReason::Currency, None)),
            (Paid, Received::Nothing, park(ParkReason::Unreadable, None)),
            (Paid, Received::Unreadable, park(ParkReason::Unreadable, None)),
            (Over, dollars(400), Step::Credit(usd(400))),
            (Over, dollars(150), park(ParkReason::Differs, Some(150))),
            (Partial, dollars(120), park(ParkReason::Partial, Some(120))),
            (late(24), dollars(200), Step::Credit(usd(200))),
            (late(25), dollars(200), park(ParkReason::TooLate, Some(200))),
            (late(1), dollars(199), park(ParkReason::Partial, Some(199))),
            (late(1), dollars(201), Step::Credit(usd(201))),
            (Marked, dollars(200), park(ParkReason::Marked, Some(200))),
            (Marked, Received::Nothing, park(ParkReason::Marked, None)),
        ];
        use TopupState::{Cancelled, Created, Expired, Failed, Open, Parked, Processing};
        for (state, received, step) in rows {
            for before in [Created, Open, Processing, Parked, Expired, Failed, Cancelled] {
                assert_eq!(order(before).decide(&fact(state, received.clone()), true), step, "{before:?} {state:?}");
            }
        }
    }

    #[test]
    fn an_order_moves_forward_and_what_is_credited_stays_so() {
        use TopupState::{Cancelled, Created, Credited, Expired, Failed, Open, Parked, Processing};
        let rows = [
            (PaymentState::Open, Open, vec![Created]),
            (PaymentState::Processing, Processing, vec![Created, Open, Expired, Failed, Cancelled]),
            (PaymentState::Expired, Expired, vec![Created, Open, Processing]),
            (PaymentState::Failed, Failed, vec![Created, Open, Processing]),
        ];
        for (says, to, from) in rows {
            for before in TopupState::ALL {
                let step = if from.contains(&before) { Step::Become(to) } else { Step::Stay };
                assert_eq!(order(before).decide(&fact(says, Received::Nothing), true), step, "{before:?} {says:?}");
            }
        }
        assert_eq!(order(Parked).decide(&fact(PaymentState::Open, Received::Nothing), true), Step::Stay);
        assert_eq!(order(Credited).decide(&fact(PaymentState::Paid, dollars(200)), true), Step::Stay);
        assert_eq!(order(Credited).decide(&fact(PaymentState::Paid, dollars(1)), true), Step::Stay);
        let twice = fact(PaymentState::Over, dollars(400));
        assert_eq!(order(Credited).decide(&twice, true), Step::Surplus(usd(400)));
        let known = Topup { received: Some(usd(400)), ..order(Credited) };
        assert_eq!(known.decide(&twice, true), Step::Stay);
    }

    #[test]
    fn g13_test_money_is_never_credited_where_real_money_is_taken_nor_the_reverse() {
        for live in [true, false] {
            let paid = PaymentFact { live: !live, ..fact(PaymentState::Paid, dollars(200)) };
            let step = order(TopupState::Open).decide(&paid, live);
            assert_eq!(step, Step::Park { reason: ParkReason::WrongMode, received: Some(usd(200)) });
        }
    }

    #[test]
    fn what_is_parked_alarms_once_and_what_an_operator_ended_stays_ended() {
        let partial = fact(PaymentState::Partial, dollars(120));
        let parked = Topup { reason: Some(ParkReason::Partial), received: Some(usd(120)), ..order(TopupState::Parked) };
        assert_eq!(parked.decide(&partial, true), Step::Stay);
        let more = fact(PaymentState::Partial, dollars(150));
        assert!(matches!(parked.decide(&more, true), Step::Park { .. }));
        assert_eq!(parked.decide(&fact(PaymentState::Paid, dollars(200)), true), Step::Credit(usd(200)));
        let closed = Topup { is_closed: true, state: TopupState::Failed, ..parked };
        assert_eq!(closed.decide(&fact(PaymentState::Paid, dollars(200)), true), Step::Stay);
    }

    #[test]
    fn an_order_is_paid_by_a_settled_payment_of_at_least_what_was_credited() {
        use PaymentState::{Late, Marked, Over, Paid, Processing};
        let rows = [
            (Paid, dollars(200), true),
            (Paid, dollars(199), false),
            (Paid, Received::Nothing, false),
            (Paid, Received::Foreign("eur".into()), false),
            (Over, dollars(400), true),
            (Late { paid_us: EXPIRES_US }, dollars(200), true),
            (Processing, dollars(200), false),
            (Marked, dollars(200), false),
        ];
        for (state, received, is_paid) in rows {
            let seen = fact(state, received);
            assert_eq!(order(TopupState::Credited).is_paid_by(&seen, true), is_paid, "{seen:?}");
            assert!(!order(TopupState::Credited).is_paid_by(&seen, false), "of the other mode: {seen:?}");
        }
        let over = fact(Over, dollars(300));
        for (credited, is_paid) in [(None, true), (Some(usd(300)), true), (Some(usd(301)), false)] {
            assert_eq!(Topup { credited, ..order(TopupState::Lost) }.is_paid_by(&over, true), is_paid, "{credited:?}");
        }
    }

    #[test]
    fn g14_a_payment_that_names_another_order_is_noticed() {
        let other = PaymentFact { topup: Some(TopupId(Uuid::max())), ..fact(PaymentState::Paid, dollars(200)) };
        assert!(order(TopupState::Open).is_named_otherwise(&other));
        assert!(!order(TopupState::Open).is_named_otherwise(&fact(PaymentState::Paid, dollars(200))));
    }
}
