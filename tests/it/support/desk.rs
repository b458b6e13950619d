//! The ledger without the program: a database of its own, one journal on it, and ops made by hand.

use crate::support::cluster::TestDatabase;
use derouter::domain::call::{CallFacts, CallLine, Meters};
use derouter::domain::ids::{AccountId, BootId, CallId, KeyId, NodeId, TopupId};
use derouter::domain::money::{Cost, Price};
use derouter::domain::op::{Idem, Movement, NewKey, Op};
use derouter::domain::outcome::{Flags, Outcome};
use derouter::domain::ratio::Ratio;
use derouter::store::accounts::AccountStore;
use derouter::store::error::StoreError;
use derouter::store::journal::{Batch, Entry, Journal, OpenNote};
use derouter::store::ledger::PgJournal;
use derouter::store::ownership::{self, Ownership};
use derouter::store::payments::PaymentStore;
use derouter::store::pool::Database;
use derouter::store::upkeep::Upkeep;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

/// A migrated database, owned by one node.
pub struct Desk {
    pub pool: PgPool,
    pub journal: PgJournal,
    pub ownership: Ownership,
    pub database: TestDatabase,
}

impl Desk {
    pub async fn open() -> Self {
        let database = TestDatabase::create().await;
        let pool = database.pool();
        let today = derouter::clock::Clock::real().now_utc().date_naive();
        Upkeep::new(pool.clone()).make_partitions(today).await.expect("partitions");
        let (node, boot) = (NodeId(Uuid::new_v4()), BootId(Uuid::new_v4()));
        let ownership = ownership::take(&pool, node, boot, "test").await.expect("the shards are taken");
        let journal = PgJournal::new(node, boot, Database::at(&database.url).expect("our own url").lane_connector());
        Desk { pool, journal, ownership, database }
    }

    /// An empty account.
    pub async fn account(&self) -> AccountId {
        let account = AccountId(Uuid::now_v7());
        AccountStore::new(self.pool.clone()).create(account).await.expect("an account");
        account
    }

    /// An uncredited order of money in.
    pub async fn topup(&self, account: AccountId, amount: Cost) -> TopupId {
        let (id, store) = (TopupId(Uuid::new_v4()), PaymentStore::new(self.pool.clone()));
        store.open_topup(id, account, "test", amount, &id.to_string()).await.expect("a top-up")
    }

    /// An op at its place, under the epoch this desk holds.
    pub fn entry(&self, seq: i64, op: Op) -> Entry {
        let epoch = self.ownership.epochs[usize::try_from(op.account.shard()).expect("a shard")];
        Entry { op, seq, epoch }
    }

    /// One commit of these ops alone.
    pub async fn commit(&mut self, entries: Vec<Entry>) -> Result<Vec<(AccountId, i64)>, StoreError> {
        self.commit_with(entries, Vec::new()).await
    }

    /// One commit with notes.
    pub async fn commit_with(
        &mut self,
        entries: Vec<Entry>,
        notes: Vec<OpenNote>,
    ) -> Result<Vec<(AccountId, i64)>, StoreError> {
        self.journal.commit(&Batch { entries, notes, is_unnoted: false }).await
    }

    /// One commit of ops whose calls have no notes in the table.
    pub async fn commit_unnoted(&mut self, entries: Vec<Entry>) -> Result<Vec<(AccountId, i64)>, StoreError> {
        self.journal.commit(&Batch { entries, notes: Vec::new(), is_unnoted: true }).await
    }

    pub async fn last_seq(&self, account: AccountId) -> i64 {
        let query = sqlx::query_scalar("SELECT last_seq FROM ledger.account WHERE account_id = $1");
        query.bind(account.0).fetch_one(&self.pool).await.expect("an account")
    }
}

/// An op of any numbers; `idem` is new.
pub fn op(account: AccountId, key: Option<KeyId>, cost: i64, price: i64, movement: Movement) -> Op {
    let (cost, price) = (Cost::from_nanos(cost), Price::from_nanos(price));
    let idem = Idem { id: Uuid::new_v4().to_string(), hash: [0; 32] };
    Op { account, key, cost, price, owed: Cost::ZERO, idem: Some(idem), by: None, movement }
}

/// Money in, from the platform's expense side.
pub fn grant(account: AccountId, cost: i64) -> Op {
    op(account, None, cost, 0, Movement::Correction { reason: "test".into() })
}

/// A key of any ratio, even one that the type does not allow to be made.
pub fn create_key(account: AccountId, key: KeyId, cost: i64, price: i64, ratio: (i64, i64)) -> Op {
    let ratio: Ratio = serde_json::from_value(json!({ "cost": ratio.0, "price": ratio.1 })).expect("two integers");
    let mut secret_digest = [0; 32];
    secret_digest[..16].copy_from_slice(key.0.as_bytes());
    let (label, hint) = ("test".to_owned(), "test".to_owned());
    let new = NewKey { label, ratio, rpm: 60, concurrency: 5, secret_digest, pepper_version: 1, hint };
    op(account, Some(key), cost, price, Movement::CreateKey(Box::new(new)))
}

/// A settled call of any charge and line.
pub fn settle(account: AccountId, key: KeyId, call: CallId, outcome: Outcome, charge: i64, line: i64) -> Op {
    let facts = CallFacts {
        call,
        account,
        key,
        outcome,
        flags: Flags::NONE,
        cost: Cost::from_nanos(charge),
        absorbed: Cost::ZERO,
        model: "m".into(),
        meters: Meters { input: 10, output: 20, cache_read: 0, cache_write: 0 },
        detail: None,
        started_us: 0,
        ended_us: 0,
    };
    let (charge_, line_) = (Cost::from_nanos(charge), Price::from_nanos(line));
    let settled = CallLine { charge: charge_, line: line_, absorbed: Cost::ZERO, flags: Flags::NONE, facts };
    let mut op = op(account, Some(key), charge, line, Movement::Settle(Box::new(settled)));
    op.idem = None;
    op
}

/// A call id of now.
pub fn new_call() -> CallId {
    CallId(Uuid::now_v7())
}

/// A key id of nobody.
pub fn new_key() -> KeyId {
    KeyId(Uuid::new_v4())
}
