//! Words and numbers that are stored or sent: they outlive every version of the program, so none may ever change.

use derouter::domain::ids::{AccountId, KeyId, UserId};
use derouter::domain::line_state::LineState;
use derouter::domain::op::{Direction, Movement};
use derouter::domain::outcome::{Flags, Outcome};
use derouter::domain::payment::Method;
use derouter::domain::reconcile::DifferenceKind;
use derouter::domain::referral;
use derouter::domain::refund_intent::IntentState;
use derouter::domain::site::{Person, Purpose, Site};
use derouter::domain::take_back::{Doubt, StepKind};
use derouter::domain::tally::Metric;
use derouter::domain::topup::{ParkReason, TopupState};
use derouter::domain::trail::{Action, Actor};
use uuid::Uuid;

/// Words that people's rows hold, in the order of the variants; each leads back to its variant and to no other.
#[test]
fn a_stored_word_is_what_it_always_was_and_leads_back() {
    let states = [
        "created",
        "open",
        "processing",
        "parked",
        "credited",
        "expired",
        "failed",
        "cancelled",
        "refunded_part",
        "refunded",
        "disputed",
        "lost",
    ];
    let lines = ["pending", "released", "withheld", "taken_back", "nil"];
    let parked = ["partial", "differs", "currency", "wrong_mode", "too_late", "unreadable", "marked"];
    both_ways(&states, TopupState::parse, TopupState::word);
    both_ways(&lines, referral::LineState::parse, referral::LineState::word);
    both_ways(&parked, ParkReason::parse, ParkReason::word);
    both_ways(&["reversal", "reinstate", "freeze", "thaw"], StepKind::parse, StepKind::word);
    both_ways(&["card", "crypto"], Method::parse, Method::word);
    both_ways(&["spent", "earned", "calls", "tokens"], Metric::parse, Metric::word);
    both_ways(&["asked", "accepted", "done", "failed", "refused"], IntentState::parse, IntentState::word);
    let shown = ["measured", "estimated", "partial", "client_left", "cut_by_budget", "not_billed"];
    both_ways(&shown, LineState::parse, LineState::word);
}

fn both_ways<T: Copy>(words: &[&str], parse: impl Fn(&str) -> Option<T>, word: impl Fn(T) -> &'static str) {
    let read: Vec<&str> = words.iter().map(|w| word(parse(w).expect("a word of ours"))).collect();
    assert_eq!(read, words);
    assert!(["", "xyzzy", &words[0].to_uppercase()].iter().all(|foreign| parse(foreign).is_none()), "{words:?}");
}

#[test]
fn a_word_that_is_only_written_is_what_it_always_was() {
    use Action::{SessionRevoked, SignInFailed, SignedIn, SignedOut, SteppedUp};
    let rows = [
        (Outcome::Answered.word(), "answered"),
        (Outcome::UpstreamFailed.word(), "upstream_failed"),
        (Outcome::NoAnswer.word(), "no_answer"),
        (Outcome::CancelledBeforeStart.word(), "cancelled_before_start"),
        (Outcome::DrainedBeforeContent.word(), "drained_before_content"),
        (Outcome::Crash.word(), "crash"),
        (Outcome::Unsettled.word(), "unsettled"),
        (Site::Dashboard.word(), "dashboard"),
        (Site::Portal.word(), "portal"),
        (Purpose::SignIn(Site::Portal).word(), "portal"),
        (Purpose::StepUp.word(), "step_up"),
        (DifferenceKind::NotCredited.word(), "not_credited"),
        (DifferenceKind::Doubtful.word(), "doubtful"),
        (Doubt::Amount.word(), "amount"),
        (Doubt::Beyond.word(), "beyond"),
        (Doubt::Again.word(), "again"),
        (Doubt::Failed.word(), "failed"),
        (SignedIn.word(), "signed_in"),
        (SignInFailed.word(), "sign_in_failed"),
        (SignedOut.word(), "signed_out"),
        (SteppedUp.word(), "stepped_up"),
        (SessionRevoked.word(), "session_revoked"),
    ];
    for (said, wanted) in rows {
        assert_eq!(said, wanted);
    }
}

#[test]
fn numbers_of_outcomes_flags_and_states_lead_back() {
    for (place, outcome) in Outcome::ALL.into_iter().enumerate() {
        assert_eq!(i16::try_from(place + 1), Ok(outcome.code()));
        assert_eq!(Outcome::from_code(outcome.code()), Some(outcome));
    }
    assert_eq!((Outcome::from_code(0), Outcome::from_code(8)), (None, None));
    let both = Flags::CAPPED.with(Flags::ESTIMATED).with(Flags::ESTIMATED);
    assert_eq!((both.0, both.words()), (17, vec!["estimated", "capped"]));
    assert!(both.has(Flags::CAPPED) && !both.has(Flags::PARTIAL) && !both.has(Flags::CAPPED.with(Flags::PARTIAL)));
    let rest = Flags::PARTIAL.with(Flags::CLIENT_GONE).with(Flags::CUT_BY_BUDGET).with(Flags::REPLAYED);
    assert_eq!((rest.0, rest.words()), (46, vec!["partial", "client_gone", "cut_by_budget", "replayed"]));
    assert!(Flags::NONE.words().is_empty());
}

#[test]
fn a_state_of_an_order_says_whether_money_may_come_has_come_or_will_not() {
    use TopupState::{Created, Credited, Disputed, Expired, Failed, Lost, Open, Parked, Processing, Refunded};
    let rows = [
        (Created, [true, false, false]),
        (Open, [true, false, false]),
        (Processing, [true, false, false]),
        (Parked, [false, false, false]),
        (Credited, [false, true, false]),
        (Expired, [false, false, true]),
        (Failed, [false, false, true]),
        (TopupState::Cancelled, [false, false, true]),
        (TopupState::RefundedPart, [false, true, false]),
        (Refunded, [false, true, false]),
        (Disputed, [false, true, false]),
        (Lost, [false, true, false]),
    ];
    for (state, said) in rows {
        assert_eq!([state.is_waiting(), state.is_credited(), state.is_over()], said, "{state:?}");
    }
    for (kind, said) in [
        (DifferenceKind::NotCredited, true),
        (DifferenceKind::NotTakenBack, true),
        (DifferenceKind::NoOrder, false),
        (DifferenceKind::UnknownThere, false),
        (DifferenceKind::Amount, false),
        (DifferenceKind::Doubtful, false),
    ] {
        assert_eq!(kind.may_settle(), said, "{kind:?}");
    }
}

#[test]
fn who_acted_and_whose_session_it_is_have_their_own_ids() {
    let id = Uuid::from_u128(7);
    let rows = [
        (Actor::Nobody, "nobody", None),
        (Actor::Reseller(AccountId(id)), "reseller", Some(id)),
        (Actor::PortalUser(UserId(id)), "portal_user", Some(id)),
        (Actor::AccountKey(AccountId(id)), "account_key", Some(id)),
        (Actor::ClientKey(KeyId(id)), "client_key", Some(id)),
    ];
    for (actor, kind, acted) in rows {
        assert_eq!((actor.kind(), actor.id()), (kind, acted));
    }
    assert_eq!([Person::Reseller(AccountId(id)).id(), Person::User(UserId(id)).id()], [id, id]);
}

#[test]
fn a_movement_keeps_its_kind_and_its_direction() {
    use Direction::{Credit, Debit, Neither};
    let text = || "x".to_owned();
    let rows = [
        (Movement::Reversal { source: text() }, 2, Debit),
        (Movement::Commission { line: Uuid::nil() }, 3, Credit),
        (Movement::CommissionBack { line: Uuid::nil() }, 4, Debit),
        (Movement::Correction { reason: text() }, 5, Credit),
        (Movement::CorrectionBack { reason: text() }, 6, Debit),
        (Movement::FundKey, 8, Debit),
        (Movement::Refund, 10, Credit),
        (Movement::CloseKey, 11, Neither),
        (Movement::Freeze { reason: text() }, 12, Neither),
        (Movement::Thaw { reason: text() }, 13, Neither),
        (Movement::Reinstate { source: text() }, 14, Credit),
    ];
    for (movement, kind, direction) in rows {
        assert_eq!((movement.kind(), movement.direction()), (kind, direction));
    }
}
