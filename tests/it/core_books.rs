//! The books of account and key in the corners that no random walk of `core_model` reaches or looks at.

use derouter::domain::account::AccountBook;
use derouter::domain::call::{CallFacts, Meters};
use derouter::domain::ids::{AccountId, CallId, KeyId, TopupId};
use derouter::domain::key::{KeyBook, KeyStatus};
use derouter::domain::money::{Cost, Price};
use derouter::domain::op::{Idem, Movement, NewKey, Refusal};
use derouter::domain::outcome::{Flags, Outcome};
use derouter::domain::ratio::Ratio;
use uuid::Uuid;

fn idem(id: u64, typed: &str) -> Idem {
    Idem::of(id.to_string(), &[typed])
}

fn cost(nanos: i64) -> Cost {
    Cost::from_nanos(nanos)
}

fn book(main: i64) -> AccountBook {
    AccountBook::new(AccountId(Uuid::from_u128(1)), cost(main), Cost::ZERO, 0)
}

fn freeze(id: u64) -> (Movement, Idem) {
    (Movement::Freeze { reason: "dispute".into() }, idem(id, "freeze"))
}

fn correction() -> Movement {
    Movement::Correction { reason: "thanks".into() }
}

fn key(left: i64, status: KeyStatus) -> KeyBook {
    KeyBook {
        key: KeyId(Uuid::from_u128(2)),
        account: AccountId(Uuid::from_u128(1)),
        ratio: Ratio::of(cost(1), Price::from_nanos(2)).expect("a ratio"),
        status,
        budget: Price::from_nanos(2 * (left + 10)),
        funded: cost(left + 10),
        posted: cost(10),
        refunded: Cost::ZERO,
        spent: Price::from_nanos(20),
        loaded_seq: 5,
    }
}

#[test]
fn a_repeated_operation_is_told_from_another_one_under_its_id() {
    let mut book = book(0);
    let first = book.decide_credit(cost(5), correction(), Some(idem(1, "a"))).expect("an amount");
    book.apply(&first);
    assert!(book.busy());
    let again = |book: &AccountBook, typed| book.decide_credit(cost(5), correction(), Some(idem(1, typed)));
    assert_eq!(again(&book, "a"), Err(Refusal::UnderWay));
    assert_eq!(again(&book, "b"), Err(Refusal::IdReused));
    book.committed(&first);
    assert!(!book.busy());
    assert_eq!(again(&book, "a"), Err(Refusal::DoneAlready));
    assert_eq!(again(&book, "b"), Err(Refusal::IdReused));
    assert_eq!(book.refuse_repeat(&idem(2, "a")), Ok(()));
}

#[test]
fn the_last_1024_operations_are_remembered_and_no_more() {
    let mut book = book(0);
    for id in 0..=1_024 {
        let (movement, idem) = freeze(id);
        let op = book.decide_freeze(movement, idem).expect("freezes add up");
        book.apply(&op);
        book.committed(&op);
    }
    assert_eq!(book.refuse_repeat(&freeze(0).1), Ok(()), "the oldest is the store's to answer");
    for id in [1, 1_024] {
        assert_eq!(book.refuse_repeat(&freeze(id).1), Err(Refusal::DoneAlready), "{id}");
    }
}

#[test]
fn an_account_thaws_when_each_of_its_freezes_is_lifted() {
    let mut book = book(100);
    let thaw = || Movement::Thaw { reason: "won".into() };
    assert_eq!(book.decide_freeze(thaw(), idem(0, "thaw")), Err(Refusal::NotFrozen));
    for (id, movement, freezes) in
        [(1, freeze(1).0, 1), (2, freeze(2).0, 2), (3, thaw(), 1), (4, thaw(), 0), (5, freeze(5).0, 1), (6, thaw(), 0)]
    {
        let op = book.decide_freeze(movement, idem(id, "x")).expect("a freeze there is");
        book.apply(&op);
        assert_eq!((book.freezes, book.frozen(), book.busy()), (freezes, freezes > 0, true), "{id}");
        let made = book.decide_create_key(KeyId(Uuid::nil()), Price::from_nanos(2), cost(1), new_key(), idem(9, "k"));
        assert_eq!(made.is_err(), freezes > 0);
    }
    assert_eq!(book.decide_freeze(thaw(), idem(7, "thaw")), Err(Refusal::NotFrozen));
}

fn new_key() -> NewKey {
    NewKey {
        label: "k".into(),
        ratio: Ratio::of(cost(1), Price::from_nanos(2)).expect("a ratio"),
        rpm: 60,
        concurrency: 5,
        secret_digest: [0; 32],
        pepper_version: 1,
        hint: "sk-ant-12345".into(),
    }
}

#[test]
fn who_owes_is_frozen_until_the_debt_is_repaid() {
    let mut book = book(3);
    assert!(!book.frozen());
    let taken = book.decide_take_back(cost(10), Movement::Reversal { source: "d".into() }, None).expect("a dispute");
    assert_eq!((taken.owed, taken.main_part()), (cost(7), cost(3)));
    book.apply(&taken);
    assert!(book.frozen() && book.busy());
    assert_eq!(
        (book.main, book.receivable, book.promised(), book.committed_main()),
        (cost(0), cost(7), cost(3), cost(3))
    );
    let paid = Movement::Deposit { topup: TopupId(Uuid::nil()) };
    let paid = book.decide_credit(cost(7), paid, None).expect("a deposit");
    assert_eq!((paid.owed, paid.main_part()), (cost(7), Cost::ZERO));
    book.apply(&paid);
    assert!(!book.frozen() && book.available() == Cost::ZERO);
}

#[test]
fn money_that_a_crash_could_take_back_is_cut_into_no_key() {
    let mut book = book(3);
    let deposit = Movement::Deposit { topup: TopupId(Uuid::nil()) };
    let deposit = book.decide_credit(cost(10), deposit, None).expect("a deposit");
    book.apply(&deposit);
    assert_eq!((book.main, book.available(), book.committed_main()), (cost(13), cost(3), cost(3)));
    let cut = |book: &AccountBook, amount| {
        book.decide_create_key(KeyId(Uuid::nil()), Price::from_nanos(2 * amount), cost(amount), new_key(), idem(1, "k"))
    };
    assert_eq!(cut(&book, 4), Err(Refusal::BalanceTooLow { needed: cost(4), available: cost(3) }));
    assert!(cut(&book, 3).is_ok() && book.busy());
    book.committed(&deposit);
    assert!(!book.busy());
    assert_eq!((book.available(), book.committed_main()), (cost(13), cost(13)));
    assert!(cut(&book, 13).is_ok() && cut(&book, 14).is_err());
}

#[test]
fn a_key_in_deletion_takes_no_money_and_is_not_deleted_again() {
    let (mut book, key) = (book(10), KeyId(Uuid::from_u128(2)));
    let made = book.decide_create_key(key, Price::from_nanos(2), cost(1), new_key(), idem(1, "k")).expect("money");
    book.apply(&made);
    assert!(book.decide_fund_key(key, Price::from_nanos(2), idem(2, "f")).is_ok());
    let closed = book.decide_close_key(key, idem(3, "c")).expect("an open key");
    book.apply(&closed);
    assert_eq!(book.decide_fund_key(key, Price::from_nanos(2), idem(4, "f")), Err(Refusal::KeyClosing));
    assert_eq!(book.decide_close_key(key, idem(5, "c")), Err(Refusal::KeyClosing));
}

#[test]
fn nothing_is_undone_beyond_what_there_is_to_undo() {
    let mut book = book(100);
    let given = book.decide_credit(cost(5), correction(), None).expect("a gift");
    book.apply(&given);
    let reversed = book.decide_take_back(cost(8), Movement::Reversal { source: "r".into() }, None).expect("a refund");
    book.apply(&reversed);
    let back = |amount| book.decide_take_back(cost(amount), Movement::CorrectionBack { reason: String::new() }, None);
    let again = |amount| book.decide_credit(cost(amount), Movement::Reinstate { source: "r".into() }, None);
    assert!(back(5).is_ok() && again(8).is_ok());
    assert_eq!(back(6), Err(Refusal::BeyondUndoable { undoable: cost(5) }));
    assert_eq!(again(9), Err(Refusal::BeyondUndoable { undoable: cost(8) }));
}

#[test]
fn amounts_beyond_every_number_are_refused_and_the_largest_is_not() {
    let mut book = book(0);
    let most = cost(i64::MAX);
    let credit = |book: &AccountBook, amount| book.decide_credit(amount, correction(), None);
    assert_eq!(credit(&book, Cost::ZERO), Err(Refusal::AmountOutOfRange));
    let all = credit(&book, most).expect("the largest amount");
    book.apply(&all);
    assert_eq!(credit(&book, cost(1)), Err(Refusal::AmountOutOfRange));
    let undone = Movement::CorrectionBack { reason: String::new() };
    let undone = book.decide_take_back(most, undone, None).expect("what was given");
    book.apply(&undone);
    assert!(credit(&book, most).is_ok());
}

#[test]
fn what_comes_back_fits_even_where_nothing_more_may_be_paid_in() {
    let mut book = book(0);
    let paid = Movement::Deposit { topup: TopupId(Uuid::nil()) };
    let paid = book.decide_credit(cost(i64::MAX), paid, None).expect("the largest amount");
    book.apply(&paid);
    let taken = book.decide_take_back(cost(8), Movement::Reversal { source: "r".into() }, None).expect("a refund");
    book.apply(&taken);
    assert!(book.decide_credit(cost(8), Movement::Reinstate { source: "r".into() }, None).is_ok());
    assert_eq!(book.decide_credit(cost(8), correction(), None), Err(Refusal::AmountOutOfRange));
}

#[test]
fn a_deletion_gives_back_what_no_call_holds_and_closes_with_the_last() {
    let mut active = key(100, KeyStatus::Active);
    assert_eq!((active.take_refund(Cost::ZERO), active.status), (Cost::ZERO, KeyStatus::Active));
    active.begin_closing();
    assert_eq!(active.status, KeyStatus::Closing);
    assert_eq!((active.take_refund(cost(30)), active.left(), active.status), (cost(70), cost(30), KeyStatus::Closing));
    assert_eq!((active.take_refund(cost(30)), active.refunded), (Cost::ZERO, cost(70)));
    assert_eq!((active.take_refund(Cost::ZERO), active.status), (cost(30), KeyStatus::Closed));
    active.begin_closing();
    assert_eq!(active.status, KeyStatus::Closed, "what is closed does not begin to close");
}

#[test]
fn funding_counts_once_and_only_what_came_after_the_load() {
    let mut key = key(100, KeyStatus::Active);
    for (seq, is_new) in [(4, false), (5, false), (6, true)] {
        assert_eq!(key.credit(seq, cost(10), Price::from_nanos(20)), is_new, "{seq}");
    }
    assert_eq!((key.left(), key.budget, key.profit()), (cost(110), Price::from_nanos(240), cost(10)));
    assert_eq!(key.remaining(), Price::from_nanos(220));
}

#[test]
fn a_call_is_charged_its_cost_to_the_last_nano_and_what_is_beyond_is_ours() {
    let key = key(100, KeyStatus::Active);
    for (asked, charge, line, absorbed, capped) in
        [(99, 99, 198, 7, false), (100, 100, 200, 7, false), (101, 100, 200, 8, true)]
    {
        let op = key.decide_settle(facts(Outcome::Answered, asked));
        let Movement::Settle(settled) = &op.movement else { panic!("a settle") };
        assert_eq!((op.cost, op.price), (cost(charge), Price::from_nanos(line)), "{asked}");
        assert_eq!((settled.absorbed, settled.flags.has(Flags::CAPPED)), (cost(absorbed), capped), "{asked}");
        assert_eq!(op.settled_call(), Some(CallId(Uuid::from_u128(3))));
    }
    let failed = key.decide_settle(facts(Outcome::UpstreamFailed, 0));
    assert_eq!((failed.cost, failed.price), (Cost::ZERO, Price::ZERO));
}

fn facts(outcome: Outcome, asked: i64) -> CallFacts {
    CallFacts {
        call: CallId(Uuid::from_u128(3)),
        account: AccountId(Uuid::from_u128(1)),
        key: KeyId(Uuid::from_u128(2)),
        outcome,
        flags: Flags::NONE,
        cost: cost(asked),
        absorbed: cost(7),
        model: "m".into(),
        meters: Meters::default(),
        detail: None,
        started_us: 1,
        ended_us: 2,
    }
}
