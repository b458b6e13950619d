//! The same random movements as `core_model`, written by `commit_batch` into a real Postgres: many ops a batch, several
//! accounts, and every row equal to the naive model after each batch.

use crate::core_model::World;
use crate::support::app;
use crate::support::desk::Desk;
use derouter::domain::ids::{AccountId, KeyId};
use derouter::domain::money::Cost;
use derouter::domain::op::{Movement, Op};
use derouter::store::journal::{Entry, OpenNote};
use derouter::store::payments::PaymentStore;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use sqlx::Row;
use std::collections::HashSet;
use uuid::Uuid;

/// Movements that `./test` writes; the long run sets `DEROUTER_DB_OPS`.
const OPS: u64 = 4_000;
const ACCOUNTS: usize = 8;
const STEPS_PER_ROUND: usize = 300;
/// After so many movements the accounts are new ones, so that keys do not pile up.
const OPS_PER_WORLD: usize = 2_000;

#[actix_web::test]
async fn the_rows_and_a_naive_model_never_differ_by_a_nano() {
    let ops = std::env::var("DEROUTER_DB_OPS").ok().and_then(|n| n.parse().ok()).unwrap_or(OPS);
    let seed = std::env::var("DEROUTER_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or_else(rand::random);
    println!("seed {seed}, {ops} operations");
    let mut rng = SmallRng::seed_from_u64(seed);
    let mut desk = Desk::open().await;
    let mut written = 0;
    while written < ops {
        written += one_generation(&mut desk, &mut rng).await;
    }
    app::audit(&desk.pool).await;
}

/// Some accounts from their first op on; how many ops they made.
async fn one_generation(desk: &mut Desk, rng: &mut SmallRng) -> u64 {
    let mut worlds = Vec::new();
    for _ in 0..ACCOUNTS {
        let account = desk.account().await;
        refer(desk, account).await;
        worlds.push((account, World::new(account)));
    }
    let mut written = 0;
    for _ in 0..OPS_PER_WORLD / STEPS_PER_ROUND {
        for _ in 0..STEPS_PER_ROUND {
            worlds[rng.random_range(0..ACCOUNTS)].1.step(rng);
        }
        written += write(desk, rng, &mut worlds).await;
        for (account, world) in &worlds {
            compare(desk, *account, world).await;
        }
    }
    written
}

/// All that the worlds decided, with notes of some of its calls; how many ops that were.
async fn write(desk: &mut Desk, rng: &mut SmallRng, worlds: &mut [(AccountId, World)]) -> u64 {
    let mut streams: Vec<Vec<(i64, Op)>> =
        worlds.iter_mut().map(|(_, w)| std::mem::take(&mut w.books.stream)).collect();
    let mut written = 0;
    while streams.iter().any(|s| !s.is_empty()) {
        let batch: Vec<(i64, Op)> = streams.iter_mut().flat_map(take_committable).collect();
        written += batch.len() as u64;
        commit(desk, rng, batch).await;
    }
    written
}

/// The ops up to the first that uses a key or a released line which this batch makes: nobody knows either before its
/// commit.
fn take_committable(stream: &mut Vec<(i64, Op)>) -> Vec<(i64, Op)> {
    let (mut made, mut released) = (HashSet::new(), HashSet::new());
    let end = stream.iter().position(|(_, op)| !is_allowed(op, &mut made, &mut released)).unwrap_or(stream.len());
    stream.drain(..end).collect()
}

fn is_allowed(op: &Op, made: &mut HashSet<KeyId>, released: &mut HashSet<Uuid>) -> bool {
    match (&op.movement, op.key) {
        (Movement::Commission { line }, _) => released.insert(*line),
        (Movement::CommissionBack { line }, _) => !released.contains(line),
        (Movement::CreateKey(_), Some(key)) => made.insert(key),
        (_, Some(key)) => !made.contains(&key),
        (_, None) => true,
    }
}

/// A referee of an account, whose consumption its commission is of.
async fn refer(desk: &Desk, referrer: AccountId) {
    let row = sqlx::query("INSERT INTO ledger.referral (referee_id, referrer_id) VALUES ($1, $2)");
    row.bind(desk.account().await.0).bind(referrer.0).execute(&desk.pool).await.expect("a referee");
}

/// What the desk and the keeper write down before they ask the books: the order of a deposit, the line of a commission.
async fn write_down(desk: &Desk, op: &Op) {
    match &op.movement {
        Movement::Deposit { topup } => {
            let store = PaymentStore::new(desk.pool.clone());
            store.open_topup(*topup, op.account, "test", op.cost, &topup.to_string()).await.expect("an order");
        }
        Movement::Commission { line } => {
            let row = sqlx::query(
                "WITH r AS (UPDATE ledger.referral SET watermark = watermark + $3 WHERE referrer_id = $2
                            RETURNING referee_id, watermark)
                 INSERT INTO ledger.commission
                   (commission_id, referrer_id, referee_id, base_from, base_to, tier_from, tier_to, margin_bp, amount, due_at)
                 SELECT $1, $2, referee_id, watermark - $3, watermark, 0, $3, 10000, $3, now() FROM r",
            );
            row.bind(line).bind(op.account.0).bind(op.cost.nanos()).execute(&desk.pool).await.expect("a line");
        }
        _ => {}
    }
}

async fn commit(desk: &mut Desk, rng: &mut SmallRng, batch: Vec<(i64, Op)>) {
    for (_, op) in &batch {
        write_down(desk, op).await;
    }
    // Batches whose calls left no notes behind take the leanest way; the others cancel what notes they have.
    let is_unnoted: bool = rng.random();
    let notes: Vec<OpenNote> =
        batch.iter().filter(|_| !is_unnoted && rng.random()).filter_map(|(_, op)| note(op)).collect();
    let entries: Vec<Entry> = batch.into_iter().map(|(seq, op)| desk.entry(seq, op)).collect();
    let mut ends: Vec<(AccountId, i64)> = Vec::new();
    for entry in &entries {
        ends.retain(|(account, _)| *account != entry.op.account);
        ends.push((entry.op.account, entry.seq));
    }
    let done = if is_unnoted { desk.commit_unnoted(entries).await } else { desk.commit_with(entries, notes).await };
    let mut accepted = done.expect("what the core decides is accepted");
    accepted.sort();
    ends.sort();
    assert_eq!(accepted, ends, "every account is at its last op");
}

fn note(op: &Op) -> Option<OpenNote> {
    let Movement::Settle(line) = &op.movement else { return None };
    let facts = &line.facts;
    let (call, account, key) = (facts.call, facts.account, facts.key);
    Some(OpenNote { call, account, key, bound: Cost::from_nanos(1), model: facts.model.clone() })
}

async fn compare(desk: &Desk, account: AccountId, world: &World) {
    let row = sqlx::query(
        "SELECT main, receivable, escrow, consumed, deposits, granted, reversals, freezes::bigint
         FROM ledger.account WHERE account_id = $1",
    );
    let row = row.bind(account.0).fetch_one(&desk.pool).await.expect("the account");
    let stored: [i64; 8] = std::array::from_fn(|n| row.get(n));
    let model = &world.model;
    let escrow = model.keys.iter().map(|k| k.funded - k.posted - k.refunded).sum();
    let consumed = model.keys.iter().map(|k| k.posted).sum();
    let (deposited, granted, reversed) = (model.deposited, model.granted, model.taken_back);
    let wanted = [model.main, model.owed, escrow, consumed, deposited, granted, reversed, model.freezes.into()];
    assert_eq!(stored.map(i128::from), wanted);
    let rows = sqlx::query(
        "SELECT key_id, budget, funded, posted, refunded, spent_price FROM ledger.client_key WHERE account_id = $1",
    );
    let rows = rows.bind(account.0).fetch_all(&desk.pool).await.expect("its keys");
    assert_eq!(rows.len(), model.keys.len());
    for (book, k) in world.books.keys.iter().zip(&model.keys) {
        let row = rows.iter().find(|r| r.get::<uuid::Uuid, _>(0) == book.key.0).expect("the key");
        let stored: [i64; 5] = [row.get(1), row.get(2), row.get(3), row.get(4), row.get(5)];
        assert_eq!(stored.map(i128::from), [k.budget, k.funded, k.posted, k.refunded, k.spent]);
    }
}
