//! Payments, refunds, disputes and crashes in any order against a model of a few lines: what the provider holds at the
//! end is what the balance shows.

use derouter::domain::account::AccountBook;
use derouter::domain::ids::{AccountId, KeyId, TopupId};
use derouter::domain::money::{Cost, Price};
use derouter::domain::op::{Idem, Movement, NewKey, Op, Refusal};
use derouter::domain::payment::{Method, Received};
use derouter::domain::ratio::Ratio;
use derouter::domain::take_back::{self, CreditedOrder, StepKind, TakeBack};
use derouter::domain::topup::{Step, Topup, TopupState};
use derouter::payments::sandbox::back::KeptState;
use derouter::payments::sandbox::payment::{SandboxPayment, Stage};
use derouter::payments::sandbox::play::{self, Play};
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use uuid::Uuid;

const ROUNDS: usize = 10_000;
const STEPS: usize = 24;
const ASKED: i64 = 200_000_000_000;

/// The books, our rows, and the provider; `done` is what a crash may have lost.
struct World {
    provider: SandboxPayment,
    order: Topup,
    book: AccountBook,
    written: Vec<TakeBack>,
    done: Vec<TakeBack>,
    in_keys: i64,
    /// It was found valid again: finding it invalid once more is a person's matter.
    was_found_valid: bool,
}

impl World {
    fn new(method: Method) -> Self {
        let id = TopupId(Uuid::nil());
        let provider = SandboxPayment {
            id: "p".into(),
            topup: id,
            method: method.word().into(),
            email: String::new(),
            amount: "200".into(),
            return_url: String::new(),
            cancel_url: String::new(),
            opened_us: 0,
            expires_us: i64::MAX / 2,
            stage: Stage::Open,
            received: "0".into(),
            currency: "usd".into(),
            paid_us: 0,
            live: true,
            refunds: vec![],
            disputes: vec![],
            unsent: vec![],
        };
        let order = Topup {
            id,
            method: Some(method),
            requested: Cost::from_nanos(ASKED),
            state: TopupState::Open,
            credited: None,
            received: None,
            reason: None,
            expires_us: Some(i64::MAX / 2),
            is_closed: false,
        };
        let book = AccountBook::new(AccountId(Uuid::nil()), Cost::ZERO, Cost::ZERO, 0);
        World { provider, order, book, written: vec![], done: vec![], in_keys: 0, was_found_valid: false }
    }

    /// A look at the provider that a crash may end at any of its steps.
    fn look(&mut self, rng: &mut SmallRng, may_crash: bool) {
        let fact = self.provider.fact(1);
        let mut dies = || may_crash && rng.random_ratio(1, 6);
        match self.order.decide(&fact, true) {
            Step::Credit(amount) => {
                let movement = Movement::Deposit { topup: self.order.id };
                self.commit(|book, idem| book.decide_credit(amount, movement, Some(idem)), "topup");
                (self.order.credited, self.order.state) = (Some(amount), TopupState::Credited);
            }
            Step::Become(state) => self.order.state = state,
            Step::Park { reason, received } => {
                (self.order.state, self.order.reason, self.order.received) =
                    (TopupState::Parked, Some(reason), received);
            }
            Step::Stay | Step::Surplus(_) => {}
        }
        let Some(credited) = self.order.credited else { return };
        let due: Vec<_> = self.written.iter().filter(|s| !self.done.contains(s)).cloned().collect();
        for step in due {
            self.book_step(&step);
            self.done.push(step);
        }
        let order = CreditedOrder {
            id: self.order.id,
            method: self.order.method,
            credited,
            is_paid: self.order.is_paid_by(&fact, true),
        };
        for step in take_back::decide(&order, &fact, &self.done).steps {
            if dies() {
                return;
            }
            self.written.push(step.clone());
            if dies() {
                return;
            }
            self.book_step(&step);
            if dies() {
                return;
            }
            self.done.push(step);
        }
        self.order.state = take_back::state(credited, &self.done);
    }

    fn book_step(&mut self, step: &TakeBack) {
        let (source, reason, amount) = (step.op.clone(), step.op.clone(), step.amount);
        self.commit(
            |book, idem| match step.kind {
                StepKind::Reversal => book.decide_take_back(amount, Movement::Reversal { source }, Some(idem)),
                StepKind::Reinstate => book.decide_credit(amount, Movement::Reinstate { source }, Some(idem)),
                StepKind::Freeze => book.decide_freeze(Movement::Freeze { reason }, idem),
                StepKind::Thaw => book.decide_freeze(Movement::Thaw { reason }, idem),
            },
            &step.op,
        );
    }

    fn commit(&mut self, decide: impl FnOnce(&AccountBook, Idem) -> Result<Op, Refusal>, op: &str) {
        match decide(&self.book, Idem::of(op.into(), &[op])) {
            Ok(op) => {
                self.book.apply(&op);
                self.book.committed(&op);
            }
            Err(refusal) => assert_eq!(refusal, Refusal::DoneAlready, "{op}"),
        }
    }

    /// A key takes part of the balance, if the account is not frozen.
    fn spend(&mut self, cost: i64) {
        let (cost, price) = (Cost::from_nanos(cost), Price::from_nanos(cost));
        let ratio = Ratio::of(cost, price).expect("a ratio");
        let new = NewKey {
            label: "k".into(),
            ratio,
            rpm: 60,
            concurrency: 5,
            secret_digest: [0; 32],
            pepper_version: 1,
            hint: "h".into(),
        };
        let id = Uuid::from_u128(self.book.keys.len() as u128 + 1);
        let idem = Idem::of(id.to_string(), &[]);
        if let Ok(op) = self.book.decide_create_key(KeyId(id), price, cost, new, idem) {
            self.book.apply(&op);
            self.book.committed(&op);
            self.in_keys += cost.nanos();
        }
    }

    /// What the provider holds for us: what came, less what it gave or lost back.
    fn held(&self) -> i64 {
        let nanos = |text: &str| Received::decimal(text, "usd").usd().map_or(0, Cost::nanos);
        let refunds: i64 = self.provider.refunds.iter().filter(|r| !r.has_failed).map(|r| nanos(&r.amount)).sum();
        let lost: i64 = self.provider.disputes.iter().filter(|d| d.is_withdrawn).map(|d| nanos(&d.amount)).sum();
        if self.provider.stage == Stage::Failed { 0 } else { nanos(&self.provider.received) - refunds - lost }
    }
}

#[test]
fn g03_g10_g11_any_order_of_payment_refunds_disputes_and_crashes_ends_where_the_provider_stands() {
    let seed = std::env::var("DEROUTER_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or_else(rand::random);
    println!("seed {seed}");
    let mut rng = SmallRng::seed_from_u64(seed);
    let (mut paid, mut frozen, mut owing, mut valid_again) = (0, 0, 0, 0);
    for round in 0..ROUNDS {
        let mut world = World::new(Method::ALL[round % 2]);
        for _ in 0..STEPS {
            step(&mut world, &mut rng);
        }
        world.look(&mut rng, false);
        let before = (world.book.clone(), world.done.clone());
        world.look(&mut rng, false);
        assert_eq!((&world.book, &world.done), (&before.0, &before.1), "a repeat does nothing; seed {seed}");
        let shown = world.book.main.nanos() - world.book.receivable.nanos() + world.in_keys;
        assert_eq!(shown, world.held(), "round {round} of seed {seed}: {:?} {:?}", world.provider, world.done);
        let is_disputed =
            world.order.credited.is_some() && world.provider.disputes.iter().any(|d| d.state == KeptState::Open);
        let owes = world.book.receivable > Cost::ZERO;
        assert_eq!(world.book.frozen(), is_disputed || owes, "round {round} of seed {seed}");
        paid += usize::from(world.order.credited.is_some());
        frozen += usize::from(is_disputed);
        owing += usize::from(owes);
        valid_again +=
            usize::from(world.done.iter().any(|step| step.op.ends_with(":back") && step.op.starts_with("invalid:")));
    }
    println!("{paid} paid, {frozen} disputed, {owing} owing");
    assert!(paid > ROUNDS / 4 && frozen > ROUNDS / 100 && owing > ROUNDS / 100, "{paid} {frozen} {owing}");
    assert!(valid_again > ROUNDS / 1_000, "{valid_again}");
}

fn step(world: &mut World, rng: &mut SmallRng) {
    match rng.random_range(0..10) {
        0..4 => world.look(rng, true),
        4 => {
            let cost = rng.random_range(1..ASKED);
            world.spend(cost);
        }
        _ => {
            // One payment alone: a second one is a person's matter.
            let is_valid = world.was_found_valid;
            let odd = |p: &Play| match p {
                Play::PayAgain | Play::PayHalf | Play::PayDouble | Play::PayTooLate => true,
                Play::Invalidate => is_valid,
                _ => false,
            };
            let plays: Vec<Play> = Play::possible(&world.provider, 1).into_iter().filter(|p| !odd(p)).collect();
            if let Some(wish) = plays.choose(rng) {
                world.was_found_valid |= *wish == Play::Revalidate;
                play::play(&mut world.provider, *wish, 1);
            }
        }
    }
}
