//! What follows from the refunds and disputes of a credited order: which money is taken back, given again, and when the
//! account is frozen.
//!
//! Deciding is pure and looks at what was done before, so it may be repeated: each movement has one operation id for
//! ever. More than was credited is never taken by itself.

use crate::domain::ids::TopupId;
use crate::domain::money::Cost;
use crate::domain::payment::{Method, PaymentFact, PaymentState, RefundState};
use crate::domain::take_back_planner::{Planner, is_taken, out};
use crate::domain::topup::TopupState;

/// How the operation ids of a payment that was found to be none begin, and how those end that give again what was taken.
pub const INVALID: &str = "invalid:";
pub const BACK: &str = ":back";

/// What a step does to the account.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum StepKind {
    /// Money out: main first, the rest becomes debt.
    Reversal,
    /// Money taken before comes back.
    Reinstate,
    Freeze,
    Thaw,
}

impl StepKind {
    const ALL: [StepKind; 4] = [StepKind::Reversal, StepKind::Reinstate, StepKind::Freeze, StepKind::Thaw];

    /// The stored word.
    pub fn word(self) -> &'static str {
        match self {
            StepKind::Reversal => "reversal",
            StepKind::Reinstate => "reinstate",
            StepKind::Freeze => "freeze",
            StepKind::Thaw => "thaw",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        StepKind::ALL.into_iter().find(|k| k.word() == word)
    }
}

/// One step of a take-back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TakeBack {
    /// The operation id: `refund:<id>`, `dispute:<id>:out` and the like.
    pub op: String,
    pub kind: StepKind,
    /// 0 for a freeze and a thaw.
    pub amount: Cost,
}

/// Why a person must look instead.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Doubt {
    /// Another currency, or no amount of money.
    Amount,
    /// With it, more would be taken back than was credited.
    Beyond,
    /// It was taken and given back before.
    Again,
    /// A card payment that was credited is called failed.
    Failed,
    /// A payment that was found invalid is paid after all, and not as its order asks.
    Unfit,
}

impl Doubt {
    /// The stored word.
    pub fn word(self) -> &'static str {
        match self {
            Doubt::Amount => "amount",
            Doubt::Beyond => "beyond",
            Doubt::Again => "again",
            Doubt::Failed => "failed",
            Doubt::Unfit => "unfit",
        }
    }
}

/// A step that is not taken by itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alarm {
    pub op: String,
    pub doubt: Doubt,
}

/// What is to be done, in this order, and what a person must look at.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
    pub steps: Vec<TakeBack>,
    pub alarms: Vec<Alarm>,
}

/// A credited order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CreditedOrder {
    pub id: TopupId,
    pub method: Option<Method>,
    pub credited: Cost,
    /// Whether the provider's word pays it by the order's own rules.
    pub is_paid: bool,
}

/// Decides what is still to be done after `done`, which holds every step that is in the books.
pub fn decide(order: &CreditedOrder, fact: &PaymentFact, done: &[TakeBack]) -> Plan {
    let mut planner = Planner::new(order.credited, done);
    // What comes back first makes room for what is taken.
    for refund in fact.refunds.iter().filter(|r| r.state == RefundState::Failed) {
        planner.give_again(&format!("refund:{}", refund.id), format!("refund:{}:back", refund.id));
    }
    for dispute in fact.disputes.iter().filter(|d| !is_taken(d)) {
        planner.give_again(&out(dispute), format!("dispute:{}:in", dispute.id));
    }
    if fact.state != PaymentState::Failed {
        planner.give_valid_again(order, fact);
    }
    fact.disputes.iter().for_each(|d| planner.freeze(d));
    for refund in fact.refunds.iter().filter(|r| r.state == RefundState::Succeeded) {
        planner.take(format!("refund:{}", refund.id), &refund.amount, &format!("refund:{}:back", refund.id));
    }
    for dispute in fact.disputes.iter().filter(|d| is_taken(d)) {
        planner.take(out(dispute), &dispute.amount, &format!("dispute:{}:in", dispute.id));
    }
    if fact.state == PaymentState::Failed {
        planner.take_invalid(order);
    }
    fact.disputes.iter().for_each(|d| planner.thaw(d));
    planner.plan()
}

/// What is taken back now of an order with these steps done.
pub fn net(done: &[TakeBack]) -> Cost {
    let sum = |kind| done.iter().filter(|s| s.kind == kind).fold(Cost::ZERO, |sum, s| sum.saturating_add(s.amount));
    sum(StepKind::Reversal).saturating_sub(sum(StepKind::Reinstate))
}

/// The state of a credited order with these steps done.
pub fn state(credited: Cost, done: &[TakeBack]) -> TopupState {
    let has = |op: &str| done.iter().any(|s| s.op == op);
    let open = |from: &str, to: &str| {
        let mut stems = done.iter().filter_map(|s| s.op.strip_prefix("dispute:")?.strip_suffix(from));
        stems.any(|id| !has(&format!("dispute:{id}{to}")))
    };
    let mut invalid = done.iter().filter(|s| s.op.starts_with(INVALID) && s.kind == StepKind::Reversal);
    let is_invalid = invalid.any(|s| !has(&format!("{}{BACK}", s.op)));
    match net(done) {
        _ if open(":freeze", ":thaw") => TopupState::Disputed,
        Cost::ZERO => TopupState::Credited,
        _ if is_invalid || open(":out", ":in") => TopupState::Lost,
        taken if taken >= credited => TopupState::Refunded,
        _ => TopupState::RefundedPart,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::payment::{Dispute, DisputeState, Received, Refund};
    use uuid::Uuid;

    /// What a step is called, what the provider lists, what is done already, and what is to be done.
    type RefundRow<'a> = (&'a str, Vec<Refund>, &'a [TakeBack], &'a [&'a str]);
    /// An operation id with its kind and dollars.
    type Booked<'a> = (&'a str, StepKind, i64);

    fn usd(dollars: i64) -> Cost {
        Cost::from_nanos(dollars * 1_000_000_000)
    }

    const ORDER: fn() -> CreditedOrder =
        || CreditedOrder { id: TopupId(Uuid::nil()), method: Some(Method::Crypto), credited: usd(200), is_paid: true };

    fn fact(refunds: Vec<Refund>, disputes: Vec<Dispute>) -> PaymentFact {
        let (state, received) = (PaymentState::Paid, Received::Usd(usd(200)));
        PaymentFact { payment: "p".into(), topup: None, state, received, live: true, refunds, disputes }
    }

    fn refund(id: &str, amount: i64, state: RefundState) -> Refund {
        Refund { id: id.into(), amount: Received::Usd(usd(amount)), state, intent: None }
    }

    fn dispute(state: DisputeState, is_withdrawn: bool) -> Dispute {
        Dispute { id: "d".into(), amount: Received::Usd(usd(200)), state, is_withdrawn }
    }

    /// The plan in short: `op amount`, alarms with their reason.
    fn plan(fact: &PaymentFact, done: &[TakeBack]) -> Vec<String> {
        let plan = decide(&ORDER(), fact, done);
        let steps = plan.steps.iter().map(|s| format!("{} {} {}", s.kind.word(), s.op, s.amount));
        steps.chain(plan.alarms.iter().map(|a| format!("alarm {} {}", a.op, a.doubt.word()))).collect()
    }

    fn done(steps: &[(&str, StepKind, i64)]) -> Vec<TakeBack> {
        steps.iter().map(|(op, kind, a)| TakeBack { op: (*op).into(), kind: *kind, amount: usd(*a) }).collect()
    }

    #[test]
    fn g03_each_refund_is_taken_once_and_a_failed_one_comes_back() {
        use RefundState::{Failed, Pending, Succeeded};
        let took = done(&[("refund:a", StepKind::Reversal, 50)]);
        let back = done(&[("refund:a", StepKind::Reversal, 50), ("refund:a:back", StepKind::Reinstate, 50)]);
        let rows: [RefundRow<'_>; 9] = [
            ("pending", vec![refund("a", 50, Pending)], &[], &[]),
            ("new", vec![refund("a", 50, Succeeded)], &[], &["reversal refund:a 50"]),
            ("listed twice", vec![refund("a", 50, Succeeded); 2], &[], &["reversal refund:a 50"]),
            ("known", vec![refund("a", 50, Succeeded)], &took, &[]),
            ("failed", vec![refund("a", 50, Failed)], &took, &["reinstate refund:a:back 50"]),
            ("failed before it was seen", vec![refund("a", 50, Failed)], &[], &[]),
            ("failed and known", vec![refund("a", 50, Failed)], &back, &[]),
            ("taken again", vec![refund("a", 50, Succeeded)], &back, &["alarm refund:a again"]),
            (
                "one fails, another takes all",
                vec![refund("b", 200, Succeeded), refund("a", 50, Failed)],
                &took,
                &["reinstate refund:a:back 50", "reversal refund:b 200"],
            ),
        ];
        for (what, refunds, done, wanted) in rows {
            assert_eq!(plan(&fact(refunds, vec![]), done), wanted, "{what}");
        }
    }

    #[test]
    fn g10_g11_a_dispute_freezes_takes_and_ends_either_way() {
        use DisputeState::{Lost, Open, Won};
        use StepKind::{Freeze, Reversal};
        let frozen = done(&[("dispute:d:freeze", Freeze, 0)]);
        let withdrawn = done(&[("dispute:d:freeze", Freeze, 0), ("dispute:d:out", Reversal, 200)]);
        let rows: [(Dispute, &[TakeBack], &[&str]); 8] = [
            (dispute(Open, false), &[], &["freeze dispute:d:freeze 0"]),
            (dispute(Open, true), &[], &["freeze dispute:d:freeze 0", "reversal dispute:d:out 200"]),
            (dispute(Open, true), &frozen, &["reversal dispute:d:out 200"]),
            (dispute(Won, false), &frozen, &["thaw dispute:d:thaw 0"]),
            (dispute(Won, false), &withdrawn, &["reinstate dispute:d:in 200", "thaw dispute:d:thaw 0"]),
            (dispute(Lost, true), &withdrawn, &["thaw dispute:d:thaw 0"]),
            (dispute(Lost, true), &[], &["reversal dispute:d:out 200"]),
            (dispute(Won, false), &[], &[]),
        ];
        for (dispute, done, wanted) in rows {
            let shown = format!("{dispute:?}");
            assert_eq!(plan(&fact(vec![], vec![dispute]), done), wanted, "{shown}");
        }
    }

    #[test]
    fn what_cannot_be_read_or_is_more_than_was_credited_is_left_to_a_person() {
        let foreign = |amount| Refund { id: "a".into(), amount, state: RefundState::Succeeded, intent: None };
        for amount in [Received::Foreign("eur".into()), Received::Unreadable, Received::Nothing] {
            assert_eq!(plan(&fact(vec![foreign(amount)], vec![]), &[]), ["alarm refund:a amount"]);
        }
        let beyond = vec![refund("a", 150, RefundState::Succeeded), refund("b", 51, RefundState::Succeeded)];
        assert_eq!(plan(&fact(beyond, vec![]), &[]), ["reversal refund:a 150", "alarm refund:b beyond"]);
        let failed = PaymentFact { state: PaymentState::Failed, ..fact(vec![], vec![]) };
        let id = ORDER().id;
        assert_eq!(plan(&failed, &[]), [format!("reversal invalid:{id} 200")]);
        let part = done(&[("refund:a", StepKind::Reversal, 50)]);
        assert_eq!(plan(&failed, &part), [format!("reversal invalid:{id} 150")]);
        let card = CreditedOrder { is_paid: false, method: Some(Method::Card), ..ORDER() };
        let alarms = decide(&card, &failed, &[]).alarms;
        assert_eq!(alarms, [Alarm { op: format!("invalid:{id}"), doubt: Doubt::Failed }]);
    }

    #[test]
    fn a_payment_found_invalid_and_paid_after_all_is_given_again_once_if_it_pays_the_order() {
        let (taken, again) = (format!("invalid:{}", ORDER().id), format!("invalid:{}:back", ORDER().id));
        let took = done(&[(taken.as_str(), StepKind::Reversal, 150)]);
        let back = done(&[(taken.as_str(), StepKind::Reversal, 150), (again.as_str(), StepKind::Reinstate, 150)]);
        let of = |state| PaymentFact { state, ..fact(vec![], vec![]) };
        for state in [PaymentState::Open, PaymentState::Processing, PaymentState::Expired] {
            assert_eq!(plan(&of(state), &took), [""; 0], "{state:?}");
        }
        assert_eq!(plan(&of(PaymentState::Paid), &took), [format!("reinstate {again} 150")]);
        assert_eq!(plan(&of(PaymentState::Paid), &back), [""; 0]);
        assert_eq!(plan(&of(PaymentState::Failed), &back), [format!("alarm {taken} again")]);
        let unfit = CreditedOrder { is_paid: false, ..ORDER() };
        for state in [PaymentState::Paid, PaymentState::Partial, PaymentState::Marked] {
            let alarms = decide(&unfit, &of(state), &took).alarms;
            assert_eq!(alarms, [Alarm { op: again.clone(), doubt: Doubt::Unfit }], "{state:?}");
        }
        assert_eq!((state(usd(200), &took), state(usd(200), &back)), (TopupState::Lost, TopupState::Credited));
    }

    #[test]
    fn the_state_of_an_order_follows_from_what_was_done() {
        use StepKind::{Freeze, Reinstate, Reversal, Thaw};
        let (frozen, thawed) = (("dispute:d:freeze", Freeze, 0), ("dispute:d:thaw", Thaw, 0));
        let (out, back) = (("dispute:d:out", Reversal, 200), ("dispute:d:in", Reinstate, 200));
        let rows: [(&[Booked<'_>], TopupState); 8] = [
            (&[], TopupState::Credited),
            (&[("refund:a", Reversal, 50)], TopupState::RefundedPart),
            (&[("refund:a", Reversal, 200)], TopupState::Refunded),
            (&[("refund:a", Reversal, 50), ("refund:a:back", Reinstate, 50)], TopupState::Credited),
            (&[frozen, out], TopupState::Disputed),
            (&[frozen, out, thawed], TopupState::Lost),
            (&[frozen, out, back, thawed], TopupState::Credited),
            (&[("invalid:x", Reversal, 200)], TopupState::Lost),
        ];
        for (steps, wanted) in rows {
            assert_eq!(state(usd(200), &done(steps)), wanted, "{steps:?}");
        }
    }
}
