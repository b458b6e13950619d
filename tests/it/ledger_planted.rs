//! Planted faults: each condition of the checker is broken behind the schema's back, and the checker names it.

use crate::support::app;
use crate::support::desk::{self, Desk};
use derouter::clock::Clock;
use derouter::domain::ids::AccountId;
use derouter::domain::money::Cost;
use derouter::domain::op::{Movement, Op};
use derouter::domain::outcome::Outcome;
use derouter::store::checker;
use derouter::store::usage_marks::{Brought, UsageMarks};
use sqlx::{AssertSqlSafe, Executor};
use uuid::Uuid;

const USD: i64 = 1_000_000_000;

/// A fault a condition, as statements that no trigger sees.
const PLANTED: [(&str, &str, &str); 33] = [
    ("C1", "one nano on a journal row", "UPDATE journal SET cost = cost + 1 WHERE kind = 5"),
    ("C1", "a freeze that no op made", "UPDATE account SET freezes = freezes + 1"),
    ("C2", "a budget that no op gave", "UPDATE journal SET price = price - 1 WHERE kind = 7"),
    ("C2", "a key closed without an op", "DELETE FROM journal WHERE kind = 11"),
    ("C3", "a deleted call", "DELETE FROM call"),
    ("C3", "one number twice", "UPDATE call SET seq = 1"),
    ("C3", "a number left out", "UPDATE account SET last_seq = last_seq + 1"),
    (
        "C4",
        "a call settled and open",
        "INSERT INTO open_call SELECT call_id, account_id, key_id, 1, 'm', gen_random_uuid(), gen_random_uuid() FROM call",
    ),
    ("C5", "escrow of no key", "UPDATE account SET escrow = escrow + 1, consumed = consumed - 1 WHERE consumed > 0"),
    ("C6", "a shown price three nano low", "UPDATE client_key SET spent_price = spent_price - 3 WHERE posted > 0"),
    (
        "C7",
        "a forgotten note",
        "INSERT INTO open_call VALUES (gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 1, 'm', \
         gen_random_uuid(), gen_random_uuid(), now() - interval '2 hours')",
    ),
    (
        "C8",
        "money from nowhere",
        "ALTER TABLE account DROP CONSTRAINT conservation; UPDATE account SET main = main + 1 WHERE main > 0",
    ),
    ("C9", "a rollup one call short", "UPDATE usage_hour SET calls = calls - 1"),
    ("C9", "a lost rollup", "DELETE FROM usage_hour"),
    ("C10", "a lost idempotency row", "DELETE FROM idempotency WHERE seq = 1"),
    ("C11", "a raised top-up", "UPDATE topup SET credited = credited + 1 WHERE credited IS NOT NULL"),
    ("C12", "a raised commission line", "UPDATE commission SET amount = amount + 1"),
    ("C12", "a line released without an op", "DELETE FROM journal WHERE kind = 3"),
    ("C13", "a watermark that no line moved", "UPDATE referral SET watermark = watermark + 1"),
    ("C15", "a mark one call long", "UPDATE usage_mark SET calls = calls + 1 WHERE state = 0"),
    ("C15", "a mark one token short", "UPDATE usage_mark SET output = output - 1 WHERE model = 'm'"),
    ("C15", "a nano moved from key to key", "UPDATE usage_mark SET key_price = ARRAY[key_price[1] - 1, 1]"),
    ("C15", "a lost mark", "DELETE FROM usage_mark"),
    ("C15", "a call that the reach forgot", "UPDATE usage_reach SET calls = calls - 1"),
    (
        "C15",
        "a measured call among the unusual",
        "INSERT INTO usage_unusual SELECT account_id, 2, call_id, key_id, model, ended_at, input, output, cache_read, \
         cache_write, cost, price FROM call",
    ),
    ("C16", "a nano on a day's sum", "UPDATE journal_day SET change = change + 1 WHERE kind = 7"),
    ("C16", "a lost day", "DELETE FROM journal_day"),
    (
        "C17",
        "a code marked and not credited",
        "INSERT INTO redemption_code (code_id, digest, amount, account_id, claimed_at, credited_at) \
         SELECT gen_random_uuid(), sha256('x'), 1, account_id, now(), now() FROM account LIMIT 1",
    ),
    ("C17", "a credit of no code", "UPDATE journal SET idem = 'code:none' WHERE kind = 5"),
    (
        "C18",
        "a take-back without its reversal",
        "INSERT INTO take_back SELECT topup_id, 'refund:x', 'reversal', 1, now(), now(), credited_seq FROM topup",
    ),
    (
        "C18",
        "more taken back than was credited",
        "INSERT INTO take_back SELECT topup_id, 'refund:x', 'reversal', credited + 1, now(), now(), NULL FROM topup",
    ),
    (
        "C18",
        "a refund that never left the balance",
        "INSERT INTO refund_intent (intent_id, topup_id, account_id, attempt, request_hash, amount, reason, state, provider_refund) \
         SELECT gen_random_uuid(), topup_id, account_id, 'a', sha256('a'), 1, 'r', 'done', 'x' FROM topup",
    ),
    ("C14", "a call of a wild clock", "UPDATE call SET call_id = 'ffffffff-ffff-7fff-bfff-ffffffffffff'"),
];

#[actix_web::test]
async fn every_planted_fault_is_named_by_the_checker() {
    for (condition, name, statements) in PLANTED {
        let desk = with_history().await;
        app::audit(&desk.pool).await;
        plant(&desk, statements).await;
        let findings = checker::check(&desk.pool).await.expect("the checker runs");
        assert!(findings.iter().any(|f| f.breaks(condition)), "{condition}, {name}: {findings:?}");
    }
}

#[test]
fn every_condition_of_the_checker_has_its_planted_fault() {
    for (condition, _) in checker::CONDITIONS {
        assert!(PLANTED.iter().any(|(planted, ..)| *planted == condition), "{condition}");
    }
}

async fn plant(desk: &Desk, statements: &str) {
    let script = format!("SET session_replication_role = replica; SET search_path = ledger; {statements}");
    // The session is thrown away with its settings.
    let mut session = desk.pool.acquire().await.expect("a session").detach();
    session.execute(AssertSqlSafe(script)).await.expect("the fault is planted");
}

/// Two accounts, one of every kind of row.
async fn with_history() -> Desk {
    let mut desk = Desk::open().await;
    let (referrer, referee) = (desk.account().await, desk.account().await);
    let line = referral(&desk, referrer, referee).await;
    let topup = desk.topup(referee, Cost::from_nanos(200 * USD)).await;
    let (key, closing) = (desk::new_key(), desk::new_key());
    let ops = [
        desk::op(referee, None, 200 * USD, 0, Movement::Deposit { topup }),
        desk::grant(referee, USD),
        desk::create_key(referee, key, 60 * USD, 100 * USD, (3, 5)),
        desk::create_key(referee, closing, 6 * USD, 10 * USD, (3, 5)),
    ];
    write(&mut desk, 1, ops).await;
    let refund = desk::op(referee, Some(closing), 6 * USD, 0, Movement::Refund);
    let ops = [
        desk::settle(referee, key, desk::new_call(), Outcome::Answered, 30 * USD, 50 * USD),
        desk::op(referee, Some(closing), 0, 0, Movement::CloseKey),
        Op { idem: None, ..refund },
    ];
    write(&mut desk, 5, ops).await;
    write(&mut desk, 1, [desk::op(referrer, None, USD, 0, Movement::Commission { line })]).await;
    let marks = UsageMarks::new(desk.pool.clone());
    assert_eq!(marks.bring_up(referee, Clock::real().now_utc()).await.expect("a mark"), Brought::UpToDate);
    desk
}

async fn write<const N: usize>(desk: &mut Desk, from: i64, ops: [Op; N]) {
    let entries = ops.into_iter().zip(from..).map(|(op, seq)| desk.entry(seq, op)).collect();
    assert_eq!(desk.commit(entries).await.expect("a good batch").len(), 1);
}

/// A referee with one pending commission line of a dollar, and its watermark.
async fn referral(desk: &Desk, referrer: AccountId, referee: AccountId) -> Uuid {
    let line = Uuid::new_v4();
    sqlx::query("INSERT INTO ledger.referral VALUES ($1, $2, $3)")
        .bind(referee.0)
        .bind(referrer.0)
        .bind(30 * USD)
        .execute(&desk.pool)
        .await
        .expect("a referral");
    sqlx::query(
        "INSERT INTO ledger.commission (commission_id, referrer_id, referee_id, base_from, base_to, tier_from, tier_to, \
         margin_bp, amount, due_at) VALUES ($1, $2, $3, 0, $4, 0, $4, 1000, $5, now())",
    )
    .bind(line)
    .bind(referrer.0)
    .bind(referee.0)
    .bind(30 * USD)
    .bind(USD)
    .execute(&desk.pool)
    .await
    .expect("a commission line");
    line
}
