//! The pure core against a naive model: the same random movements in both, every number compared after each.
//!
//! The model keeps plain `i128` totals and recomputes everything from the definitions of `docs/ledger.md`; it shares no
//! code with the books.

use crate::core_gifts::{Lines, Source};
use derouter::domain::account::AccountBook;
use derouter::domain::call::{CallFacts, Meters};
use derouter::domain::gate::Gate;
use derouter::domain::ids::{AccountId, CallId, KeyId};
use derouter::domain::key::{KeyBook, KeyStatus};
use derouter::domain::money::{Cost, Price};
use derouter::domain::op::{Idem, Movement, NewKey, Op, Refusal};
use derouter::domain::outcome::{Flags, Outcome};
use derouter::domain::ratio::Ratio;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use uuid::Uuid;

/// Movements that `./test` makes; the long run sets `DEROUTER_CORE_OPS`.
const OPS: u64 = 1_000_000;
const OPS_PER_WORLD: u64 = 400;

#[derive(Clone, Default)]
pub struct ModelKey {
    price: i128,
    cost: i128,
    pub budget: i128,
    pub funded: i128,
    pub posted: i128,
    pub refunded: i128,
    pub spent: i128,
    closing: bool,
}

/// What every number must be, by the definitions alone.
#[derive(Default)]
pub struct Model {
    pub deposited: i128,
    pub granted: i128,
    pub taken_back: i128,
    pub main: i128,
    pub owed: i128,
    pub freezes: i32,
    pub keys: Vec<ModelKey>,
}

impl Model {
    /// What a movement of this source counts into, and which way.
    fn count(&mut self, source: Source, amount: i128) {
        match source {
            Source::Deposit => self.deposited += amount,
            Source::Gift => self.granted += amount,
            Source::Chargeback => self.taken_back -= amount,
        }
    }

    fn credit(&mut self, amount: i128) {
        let repaid = amount.min(self.owed);
        self.owed -= repaid;
        self.main += amount - repaid;
    }

    fn take_back(&mut self, amount: i128) {
        let paid = amount.min(self.main);
        self.main -= paid;
        self.owed += amount - paid;
    }

    fn balances(&self) -> bool {
        let kept: i128 = self.keys.iter().map(|k| k.funded - k.posted - k.refunded).sum();
        let consumed: i128 = self.keys.iter().map(|k| k.posted).sum();
        self.deposited + self.granted - self.taken_back + self.owed == self.main + kept + consumed
    }
}

/// The books under test, as the actors hold them, with commits that come at once.
pub struct Books {
    account: AccountBook,
    pub keys: Vec<KeyBook>,
    gates: Vec<Gate>,
    seq: i64,
    ids: u128,
    lines: Lines,
    /// Every op so far, with its place in the stream; whoever writes them takes them out.
    pub stream: Vec<(i64, Op)>,
}

/// One account in both, moved in step.
pub struct World {
    pub model: Model,
    pub books: Books,
}

impl World {
    /// An empty account; the ids it makes count up from its own.
    pub fn new(account: AccountId) -> Self {
        World { model: Model::default(), books: Books::new(account) }
    }

    /// One random movement in both, every number compared after it.
    pub fn step(&mut self, rng: &mut SmallRng) {
        step(rng, &mut self.model, &mut self.books);
        compare(&self.model, &self.books);
    }
}

impl Books {
    fn new(account: AccountId) -> Self {
        let ids = account.0.as_u128();
        let account = AccountBook::new(account, Cost::ZERO, Cost::ZERO, 0);
        Books { account, keys: Vec::new(), gates: Vec::new(), seq: 0, ids, lines: Lines::default(), stream: Vec::new() }
    }

    fn fresh(&mut self) -> u128 {
        self.ids += 1;
        self.ids
    }

    fn idem(&mut self) -> Idem {
        Idem { id: self.fresh().to_string(), hash: [0; 32] }
    }

    fn commit(&mut self, op: &Op) {
        self.account.apply(op);
        self.account.committed(op);
        self.seq += 1;
        self.stream.push((self.seq, op.clone()));
    }

    fn settle(&mut self, index: usize, cost: i64) -> Op {
        let (book, gate) = (&mut self.keys[index], &mut self.gates[index]);
        self.ids += 1;
        let call = CallId(Uuid::from_u128(self.ids));
        let hold = book.left().saturating_sub(gate.held()).min(Cost::from_nanos(cost));
        gate.refill(call, hold, true, 0);
        let outcome = if cost == 0 { Outcome::NoAnswer } else { Outcome::Answered };
        let op = book.decide_settle(facts(book, call, outcome, cost));
        book.apply_settle(&op);
        assert!(gate.end(call));
        self.seq += 1;
        self.stream.push((self.seq, op.clone()));
        op
    }
}

fn facts(book: &KeyBook, call: CallId, outcome: Outcome, cost: i64) -> CallFacts {
    CallFacts {
        call,
        account: book.account,
        key: book.key,
        outcome,
        flags: Flags::NONE,
        cost: Cost::from_nanos(cost),
        absorbed: Cost::ZERO,
        model: "m".into(),
        meters: Meters::default(),
        detail: None,
        started_us: 0,
        ended_us: 0,
    }
}

fn new_key(key: KeyId, ratio: Ratio) -> NewKey {
    let mut secret_digest = [0; 32];
    secret_digest[..16].copy_from_slice(key.0.as_bytes());
    NewKey { label: "k".into(), ratio, rpm: 60, concurrency: 5, secret_digest, pepper_version: 1, hint: "h".into() }
}

fn amount(rng: &mut SmallRng) -> i64 {
    // Small numbers make rounding bite, large ones make overflow near.
    let top = [10, 1_000, 1_000_000_000, 200_000_000_000][rng.random_range(0..4)];
    rng.random_range(1..=top)
}

fn step(rng: &mut SmallRng, model: &mut Model, books: &mut Books) {
    match rng.random_range(0..100) {
        0..=9 => deposit(rng, model, books),
        10..=12 => take_back(rng, model, books),
        13..=19 => create(rng, model, books),
        20..=31 => fund(rng, model, books),
        32..=34 => close(rng, model, books),
        35..=37 => freeze(rng, model, books),
        _ => settle(rng, model, books),
    }
}

/// Half of the credits reinstate what was reversed, as far as there is any; the rest is new.
fn deposit(rng: &mut SmallRng, model: &mut Model, books: &mut Books) {
    let (n, idem, fresh) = (amount(rng), books.idem(), books.fresh());
    let (source, movement) = Lines::given(rng, fresh);
    match books.account.decide_credit(Cost::from_nanos(n), movement, Some(idem)) {
        Ok(op) => {
            books.commit(&op);
            books.lines.follow(&op.movement, n);
            model.credit(n.into());
            model.count(source, n.into());
        }
        Err(refusal) => assert_not_undoable(&refusal, source == Source::Chargeback, n.into(), model.taken_back),
    }
}

fn take_back(rng: &mut SmallRng, model: &mut Model, books: &mut Books) {
    let (n, idem) = (amount(rng), books.idem());
    let (source, movement, n) = books.lines.taken_back(rng, n);
    match books.account.decide_take_back(Cost::from_nanos(n), movement, Some(idem)) {
        Ok(op) => {
            books.commit(&op);
            books.lines.follow(&op.movement, n);
            model.take_back(n.into());
            model.count(source, -i128::from(n));
        }
        Err(refusal) => assert_not_undoable(&refusal, source == Source::Gift, n.into(), model.granted),
    }
}

/// Freezes end more often than they begin, so that most movements find an account that is not frozen.
fn freeze(rng: &mut SmallRng, model: &mut Model, books: &mut Books) {
    let (idem, reason, begins) = (books.idem(), String::new(), rng.random_ratio(1, 3));
    let movement = if begins { Movement::Freeze { reason } } else { Movement::Thaw { reason } };
    match books.account.decide_freeze(movement, idem) {
        Ok(op) => {
            books.commit(&op);
            model.freezes += if begins { 1 } else { -1 };
        }
        Err(refusal) => assert_eq!((refusal, begins, model.freezes), (Refusal::NotFrozen, false, 0)),
    }
}

fn assert_not_undoable(refusal: &Refusal, undoes: bool, amount: i128, there_is: i128) {
    assert!(undoes && amount > there_is, "refused {amount} of {there_is} for {refusal}");
}

fn create(rng: &mut SmallRng, model: &mut Model, books: &mut Books) {
    let cost = amount(rng);
    let price = cost.saturating_mul(rng.random_range(1..=20)) + rng.random_range(0..=cost.min(1_000));
    let Ok(ratio) = Ratio::of(Cost::from_nanos(cost), Price::from_nanos(price)) else { return };
    let (key, idem) = (KeyId(Uuid::from_u128(books.fresh())), books.idem());
    let (c, p) = (Cost::from_nanos(cost), Price::from_nanos(price));
    match books.account.decide_create_key(key, p, c, new_key(key, ratio), idem) {
        Ok(op) => {
            books.commit(&op);
            let (account, seq) = (books.account.account, books.seq);
            books.keys.push(KeyBook {
                key,
                account,
                ratio,
                status: KeyStatus::Active,
                budget: p,
                funded: c,
                posted: Cost::ZERO,
                refunded: Cost::ZERO,
                spent: Price::ZERO,
                loaded_seq: seq,
            });
            books.gates.push(Gate::new(i32::MAX, i32::MAX));
            model.main -= i128::from(cost);
            model.keys.push(ModelKey {
                price: price.into(),
                cost: cost.into(),
                budget: price.into(),
                funded: cost.into(),
                ..ModelKey::default()
            });
        }
        Err(refusal) => assert_refused_for_money(&refusal, model, cost.into()),
    }
}

fn fund(rng: &mut SmallRng, model: &mut Model, books: &mut Books) {
    if books.keys.is_empty() {
        return;
    }
    let i = rng.random_range(0..books.keys.len());
    let (n, idem) = (amount(rng), books.idem());
    let k = &model.keys[i];
    let needed = (k.budget + i128::from(n)) * k.cost;
    let debit = (needed + k.price - 1) / k.price - k.funded;
    match books.account.decide_fund_key(books.keys[i].key, Price::from_nanos(n), idem) {
        Ok(op) => {
            assert_eq!(
                i128::from(op.cost.nanos()),
                debit,
                "the debit is the ceiling of the budget less what was funded"
            );
            books.commit(&op);
            assert!(books.keys[i].credit(books.seq, op.cost, op.price));
            model.main -= debit;
            model.keys[i].budget += i128::from(n);
            model.keys[i].funded += debit;
        }
        Err(Refusal::KeyClosing) => assert!(k.closing),
        // A budget that already has its rounded-up cost may grow by less than a nano of cost.
        Err(Refusal::AmountOutOfRange) => assert_eq!(debit, 0),
        Err(refusal) => assert_refused_for_money(&refusal, model, debit),
    }
}

fn assert_refused_for_money(refusal: &Refusal, model: &Model, needed: i128) {
    match refusal {
        Refusal::Frozen => assert!(model.owed > 0 || model.freezes > 0),
        Refusal::BalanceTooLow { .. } => assert!(needed > model.main),
        other => panic!("refused for {other}"),
    }
}

fn close(rng: &mut SmallRng, model: &mut Model, books: &mut Books) {
    if books.keys.is_empty() {
        return;
    }
    let (i, idem) = (rng.random_range(0..books.keys.len()), books.idem());
    match books.account.decide_close_key(books.keys[i].key, idem) {
        Ok(op) => {
            books.commit(&op);
            books.keys[i].begin_closing();
            give_back(model, books, i);
            model.keys[i].closing = true;
        }
        Err(refusal) => assert_eq!((refusal, model.keys[i].closing), (Refusal::KeyClosing, true)),
    }
}

fn give_back(model: &mut Model, books: &mut Books, i: usize) {
    let held = books.gates[i].held();
    let back = books.keys[i].take_refund(held);
    if back == Cost::ZERO {
        return;
    }
    let op = books.account.decide_refund(books.keys[i].key, back);
    books.commit(&op);
    let k = &mut model.keys[i];
    k.refunded += i128::from(back.nanos());
    let repaid = i128::from(back.nanos()).min(model.owed);
    model.owed -= repaid;
    model.main += i128::from(back.nanos()) - repaid;
}

fn settle(rng: &mut SmallRng, model: &mut Model, books: &mut Books) {
    if books.keys.is_empty() {
        return;
    }
    let i = rng.random_range(0..books.keys.len());
    let cost = if rng.random_range(0..10) == 0 { 0 } else { amount(rng) };
    let op = books.settle(i, cost);
    let k = &mut model.keys[i];
    let charge = i128::from(cost).min(k.funded - k.posted - k.refunded);
    k.posted += charge;
    // An unanswered call shows nothing, even where a top-up left the shown total behind the ratio.
    let line = if cost == 0 { 0 } else { ((k.posted * k.price / k.cost).min(k.budget) - k.spent).max(0) };
    k.spent += line;
    assert_eq!((i128::from(op.cost.nanos()), i128::from(op.price.nanos())), (charge, line));
    let Movement::Settle(settled) = &op.movement else { panic!("a settle") };
    assert_eq!(i128::from(settled.absorbed.nanos()), i128::from(cost) - charge, "what does not fit is absorbed");
}

fn compare(model: &Model, books: &Books) {
    assert!(model.balances(), "the model itself balances");
    assert_eq!(i128::from(books.account.main.nanos()), model.main);
    assert_eq!(i128::from(books.account.receivable.nanos()), model.owed);
    let totals = [books.account.deposits, books.account.granted, books.account.reversals];
    assert_eq!(totals.map(|t| i128::from(t.nanos())), [model.deposited, model.granted, model.taken_back]);
    assert_eq!((books.account.freezes, books.account.frozen()), (model.freezes, model.freezes > 0 || model.owed > 0));
    assert_eq!(books.account.available(), books.account.committed_main());
    for (k, book) in model.keys.iter().zip(&books.keys) {
        let ours =
            [book.budget.nanos(), book.funded.nanos(), book.posted.nanos(), book.refunded.nanos(), book.spent.nanos()];
        assert_eq!(ours.map(i128::from), [k.budget, k.funded, k.posted, k.refunded, k.spent]);
        assert!(k.posted + k.refunded <= k.funded && k.spent <= k.budget && k.spent >= k.posted);
        assert!(k.posted < k.funded || k.spent == k.budget, "a used-up key shows its whole budget");
    }
}

/// Runs `ops` movements from `seed` on; prints nothing unless it fails.
pub fn run(seed: u64, ops: u64) {
    for world in 0..ops.div_ceil(OPS_PER_WORLD) {
        let mut rng = SmallRng::seed_from_u64(seed.wrapping_add(world));
        let mut both = World::new(AccountId(Uuid::from_u128(1)));
        for _ in 0..OPS_PER_WORLD {
            both.step(&mut rng);
        }
    }
}

#[test]
fn the_books_and_a_naive_model_never_differ_by_a_nano() {
    let ops = std::env::var("DEROUTER_CORE_OPS").ok().and_then(|n| n.parse().ok()).unwrap_or(OPS);
    let seed = std::env::var("DEROUTER_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or_else(rand::random);
    println!("seed {seed}, {ops} operations");
    run(seed, ops);
}
