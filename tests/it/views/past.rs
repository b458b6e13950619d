//! An account with calls of any time, as they would have been settled then.

use crate::support::app;
use crate::support::desk::{self, Desk};
use chrono::{DateTime, TimeDelta, Utc};
use derouter::clock::Clock;
use derouter::domain::ids::{AccountId, CallId, KeyId};
use derouter::domain::line_state::LineState;
use derouter::domain::money::{Cost, Price};
use derouter::domain::op::Movement;
use derouter::domain::outcome::{Flags, Outcome};
use derouter::domain::tally::Tally;
use derouter::store::usage_marks::{Brought, UsageMarks};
use derouter::store::views::scope::{OwnedKey, Scope};
use rand::Rng;
use rand::rngs::SmallRng;
use uuid::Uuid;

const USD: i64 = 1_000_000_000;
const MODELS: [&str; 3] = ["m", "n", "o"];
/// Keys that random calls are of.
pub const KEYS: usize = 7;

/// One call; its price is twice its cost.
#[derive(Clone, Debug)]
pub struct PastCall {
    /// Which of the account's keys.
    pub key: usize,
    pub model: &'static str,
    pub state: LineState,
    pub cost: i64,
    pub tokens: u64,
    pub began: DateTime<Utc>,
    pub ended: DateTime<Utc>,
}

impl PastCall {
    /// A measured call of ten seconds.
    pub fn at(ended: DateTime<Utc>) -> Self {
        let began = ended - TimeDelta::seconds(10);
        PastCall { key: 0, model: "m", state: LineState::Measured, cost: 3, tokens: 10, began, ended }
    }

    fn outcome(&self) -> Outcome {
        if self.state == LineState::NotBilled { Outcome::NoAnswer } else { Outcome::Answered }
    }

    fn flags(&self) -> Flags {
        match self.state {
            LineState::Measured | LineState::NotBilled => Flags::NONE,
            LineState::Estimated => Flags::ESTIMATED,
            LineState::Partial => Flags::PARTIAL.with(Flags::ESTIMATED),
            LineState::ClientLeft => Flags::CLIENT_GONE,
            LineState::CutByBudget => Flags::CUT_BY_BUDGET,
        }
    }

    /// What it adds to a sum.
    pub fn tally(&self) -> Tally {
        let tokens = i64::try_from(self.tokens).expect("a small number");
        let cost = if self.state == LineState::NotBilled { 0 } else { self.cost };
        Tally {
            calls: 1,
            input: tokens,
            output: 2 * tokens,
            cache_read: 3 * tokens,
            cache_write: 4 * tokens,
            cost: Cost::from_nanos(cost),
            price: Price::from_nanos(2 * cost),
        }
    }
}

/// A ledger with one account that can be written to as of any time.
pub struct Past {
    pub desk: Desk,
    pub account: AccountId,
    pub keys: Vec<KeyId>,
    seq: i64,
    ids: usize,
}

impl Past {
    /// An account with so many keys, and partitions for the last hundred days.
    pub async fn open(keys: usize) -> Self {
        let mut desk = Desk::open().await;
        let account = desk.account().await;
        let keys: Vec<KeyId> = (0..keys).map(|_| desk::new_key()).collect();
        let mut ops = vec![desk::grant(account, 1_000_000 * USD)];
        ops.extend(keys.iter().map(|key| desk::create_key(account, *key, 100 * USD, 200 * USD, (1, 2))));
        let entries: Vec<_> = ops.into_iter().zip(1..).map(|(op, seq)| desk.entry(seq, op)).collect();
        let seq = i64::try_from(entries.len()).expect("few keys");
        desk.commit(entries).await.expect("a good batch");
        let first = now() - TimeDelta::days(110);
        for week in 0..17 {
            let from = (first + TimeDelta::weeks(week)).date_naive().week(chrono::Weekday::Mon).first_day();
            let made = sqlx::query("SELECT ledger.make_call_partition($1, 7)").bind(from).execute(&desk.pool).await;
            made.expect("a partition");
        }
        Past { desk, account, keys, seq, ids: 0 }
    }

    /// Settles calls in this order.
    pub async fn settle(&mut self, calls: &[PastCall]) {
        for batch in calls.chunks(200) {
            let mut entries = Vec::new();
            for call in batch {
                self.seq += 1;
                entries.push(self.desk.entry(self.seq, self.op(call)));
                self.ids += 1;
            }
            let written = self.desk.commit(entries).await.expect("a good batch");
            assert_eq!(written, [(self.account, self.seq)]);
        }
    }

    fn op(&self, call: &PastCall) -> derouter::domain::op::Op {
        let id = Past::id(self.ids, call);
        let Tally { cost, price, .. } = call.tally();
        let (account, key) = (self.account, self.keys[call.key]);
        let mut op = desk::settle(account, key, id, call.outcome(), cost.nanos(), price.nanos());
        let Movement::Settle(line) = &mut op.movement else { unreachable!("it settles") };
        (line.flags, line.facts.flags) = (call.flags(), call.flags());
        line.facts.model = call.model.into();
        let meters = &mut line.facts.meters;
        (meters.input, meters.output) = (call.tokens, 2 * call.tokens);
        (meters.cache_read, meters.cache_write) = (3 * call.tokens, 4 * call.tokens);
        (line.facts.started_us, line.facts.ended_us) = (call.began.timestamp_micros(), call.ended.timestamp_micros());
        op
    }

    /// One of the keys as its owner asks for it.
    pub async fn owned(&self, key: usize) -> OwnedKey {
        let scope = Scope::new(self.desk.pool.clone());
        scope.owned_key(self.account, &self.keys[key].to_string()).await.expect("an answer").expect("its own")
    }

    /// The id that the call of this number got, counted from 0.
    pub fn id(number: usize, call: &PastCall) -> CallId {
        let number = u128::try_from(number).expect("a small number");
        CallId(Uuid::from_u128(CallId::floor(call.began.timestamp_micros()).0.as_u128() | (7 << 76) | number))
    }

    /// Makes every mark that is due.
    pub async fn mark(&self) {
        let marks = UsageMarks::new(self.desk.pool.clone());
        while marks.bring_up(self.account, now()).await.expect("marks") == Brought::Further {}
    }

    /// How many instants have a mark, and when the last one ends.
    pub async fn marks(&self) -> (i64, Option<DateTime<Utc>>) {
        let query = sqlx::query_as("SELECT count(DISTINCT until), max(until) FROM ledger.usage_mark");
        query.fetch_one(&self.desk.pool).await.expect("marks")
    }

    /// Nothing is wrong with the books.
    pub async fn audit(&self) {
        app::audit(&self.desk.pool).await;
    }
}

pub fn now() -> DateTime<Utc> {
    Clock::real().now_utc()
}

/// Calls of the last days, in the order of their ends.
pub fn random_calls(random: &mut SmallRng, number: usize, oldest_days: i64) -> Vec<PastCall> {
    let now = now();
    let call = |random: &mut SmallRng| {
        // Some of the last hour, which has no mark yet, and some of any time.
        let back_s = if random.random_bool(0.2) { 3_600 } else { oldest_days * 86_400 };
        let ended = now - TimeDelta::seconds(random.random_range(1..back_s));
        let lasted = [5, 5, 5, 900, 4_000, 9 * 3_600][random.random_range(0..6)];
        PastCall {
            key: random.random_range(0..KEYS),
            model: MODELS[random.random_range(0..MODELS.len())],
            state: LineState::ALL[random.random_range(0..LineState::ALL.len())],
            cost: random.random_range(1..1_000_000),
            tokens: random.random_range(0..5_000),
            began: ended - TimeDelta::seconds(lasted),
            ended,
        }
    };
    let mut calls: Vec<PastCall> = (0..number).map(|_| call(random)).collect();
    calls.sort_by_key(|call| call.ended);
    calls
}
