//! Wrong ops, made by hand and handed straight to `commit_batch`: the schema refuses or fences each without the core's
//! help, and the good ops of another account commit beside a fenced one.

use crate::support::app;
use crate::support::desk::{self, Desk};
use derouter::domain::ids::{AccountId, CallId, KeyId, NodeId, TopupId};
use derouter::domain::money::{Cost, Price};
use derouter::domain::op::{Movement, Op};
use derouter::domain::outcome::Outcome;
use derouter::store::error::StoreError;
use derouter::store::journal::{Batch, Entry, Journal};
use derouter::store::ledger::PgJournal;
use derouter::store::pool::Database;
use uuid::Uuid;

const USD: i64 = 1_000_000_000;

/// Two accounts with some history, whose next ops are to go wrong.
struct Standing {
    desk: Desk,
    account: AccountId,
    /// Where the stream of `account` stands.
    seq: i64,
    /// Active: budget 100, funded 60, posted 3, spent 5.
    key: KeyId,
    /// Closing: funded 6, nothing used.
    closing: KeyId,
    call: CallId,
    credited: TopupId,
    used_idem: Op,
    /// Owes 5 dollars, and its key is not this account's.
    debtor: AccountId,
    debtor_key: KeyId,
    debtor_seq: i64,
}

impl Standing {
    async fn make() -> Self {
        let mut desk = Desk::open().await;
        let (account, debtor) = (desk.account().await, desk.account().await);
        let (key, closing, debtor_key, call) = (desk::new_key(), desk::new_key(), desk::new_key(), desk::new_call());
        let credited = desk.topup(account, Cost::from_nanos(200 * USD)).await;
        let used_idem = desk::grant(account, 1);
        let first = [
            desk::op(account, None, 200 * USD, 0, Movement::Deposit { topup: credited }),
            used_idem.clone(),
            desk::create_key(account, key, 60 * USD, 100 * USD, (3, 5)),
            desk::create_key(account, closing, 6 * USD, 10 * USD, (3, 5)),
        ];
        write(&mut desk, 1, first).await;
        let next = [
            desk::settle(account, key, call, Outcome::Answered, 3, 5),
            desk::op(account, Some(closing), 0, 0, Movement::CloseKey),
        ];
        write(&mut desk, 5, next).await;
        let mut debt = desk::op(debtor, None, 9 * USD, 0, Movement::Reversal { source: "dispute".into() });
        debt.owed = Cost::from_nanos(5 * USD);
        let topup = desk.topup(debtor, Cost::from_nanos(10 * USD)).await;
        let deposit = desk::op(debtor, None, 10 * USD, 0, Movement::Deposit { topup });
        let owing = [deposit, desk::create_key(debtor, debtor_key, 6 * USD, 10 * USD, (3, 5)), debt];
        write(&mut desk, 1, owing).await;
        Standing { desk, account, seq: 6, key, closing, call, credited, used_idem, debtor, debtor_key, debtor_seq: 3 }
    }

    fn settle(&self, outcome: Outcome, charge: i64, line: i64) -> Op {
        desk::settle(self.account, self.key, desk::new_call(), outcome, charge, line)
    }

    fn create(&self, cost: i64, price: i64, ratio: (i64, i64)) -> Op {
        desk::create_key(self.account, desk::new_key(), cost, price, ratio)
    }

    fn refund(&self, key: KeyId, cost: i64) -> Op {
        Op { idem: None, ..desk::op(self.account, Some(key), cost, 0, Movement::Refund) }
    }

    fn fund(&self, key: KeyId, cost: i64, price: i64) -> Op {
        desk::op(self.account, Some(key), cost, price, Movement::FundKey)
    }
}

async fn write<const N: usize>(desk: &mut Desk, from: i64, ops: [Op; N]) {
    let entries = ops.into_iter().zip(from..).map(|(op, seq)| desk.entry(seq, op)).collect();
    assert_eq!(desk.commit(entries).await.expect("a good batch").len(), 1);
}

#[actix_web::test]
async fn the_schema_refuses_a_wrong_op_by_itself() {
    let mut s = Standing::make().await;
    type Wrong = (&'static str, &'static str, fn(&Standing) -> Op);
    let wrong: [Wrong; 22] = [
        ("over the key's funding", "within_funding", |s| s.settle(Outcome::Answered, 60 * USD - 2, 100 * USD - 5)),
        ("a line above the ratio", "spent_in_ratio", |s| s.settle(Outcome::Answered, 3, 6)),
        ("a line below the charge", "no_negative_profit", |s| s.settle(Outcome::Answered, 30, 5)),
        ("used up and not shown so", "used_up_shows_budget", |s| {
            s.settle(Outcome::Answered, 60 * USD - 3, 100 * USD - 6)
        }),
        ("billed but unanswered", "billed_iff_answered", |s| s.settle(Outcome::NoAnswer, 3, 5)),
        ("a call settled twice", "call settled already", |s| {
            desk::settle(s.account, s.key, s.call, Outcome::Answered, 3, 5)
        }),
        ("a settled call voided", "call settled already", |s| {
            desk::settle(s.account, s.key, s.call, Outcome::Crash, 0, 0)
        }),
        ("an operation id used again", "idempotency key used already", |s| s.used_idem.clone()),
        ("a top-up credited again", "top-up unknown", |s| {
            desk::op(s.account, None, 200 * USD, 0, Movement::Deposit { topup: s.credited })
        }),
        ("a deposit without a top-up", "top-up unknown", |s| {
            desk::op(s.account, None, USD, 0, Movement::Deposit { topup: TopupId(Uuid::new_v4()) })
        }),
        ("a call on another's key", "key unknown, foreign", |s| {
            desk::settle(s.account, s.debtor_key, desk::new_call(), Outcome::Answered, 3, 5)
        }),
        ("funding another's key", "key unknown, foreign", |s| s.fund(s.debtor_key, 3, 5)),
        ("funding a closing key", "not active for funding", |s| s.fund(s.closing, 3, 5)),
        ("funding below the ratio", "funded_is_ceil", |s| s.fund(s.key, 2, 5)),
        ("funding above the ratio", "funded_is_ceil", |s| s.fund(s.key, 4, 5)),
        ("a refund of an active key", "refund_needs_closing", |s| s.refund(s.key, 3)),
        ("a refund beyond the rest", "within_funding", |s| s.refund(s.closing, 6 * USD + 1)),
        ("a key beyond main", "account_main_check", |s| s.create(150 * USD, 150 * USD, (1, 1))),
        ("a ratio that is not reduced", "ratio_reduced", |s| s.create(6, 10, (6, 10))),
        ("a price of 1001 times the cost", "ratio_range", |s| s.create(1, 1_001, (1, 1_001))),
        ("a commission without a line", "commission line unknown", |s| {
            desk::op(s.account, None, 3, 0, Movement::Commission { line: Uuid::new_v4() })
        }),
        ("a credit that skips a debt", "owing_means_empty", |s| desk::grant(s.debtor, 9 * USD)),
    ];
    for (name, rule, make) in wrong {
        let op = make(&s);
        let seq = 1 + if op.account == s.debtor { s.debtor_seq } else { s.seq };
        let entry = s.desk.entry(seq, op);
        for done in [s.desk.commit(vec![entry.clone()]).await, s.desk.commit_unnoted(vec![entry]).await] {
            match done {
                Err(StoreError::Refused { why, .. }) => assert!(why.contains(rule), "{name}: {why}"),
                other => panic!("{name}: {other:?}"),
            }
        }
    }
    assert_eq!((s.desk.last_seq(s.account).await, s.desk.last_seq(s.debtor).await), (s.seq, s.debtor_seq));
    app::audit(&s.desk.pool).await;
}

#[actix_web::test]
async fn a_wrong_place_in_the_stream_is_fenced_while_others_commit() {
    let mut s = Standing::make().await;
    let n = s.seq;
    let places: [(&str, &[i64]); 6] = [
        ("an old number", &[6]),
        ("the first again", &[1]),
        ("a gap before", &[8]),
        ("a gap inside", &[7, 9]),
        ("a repeat", &[7, 7]),
        ("a repeat that hides a gap", &[7, 7, 9]),
    ];
    for (name, seqs) in places {
        let other = s.desk.account().await;
        let mut entries: Vec<Entry> = seqs.iter().map(|seq| s.desk.entry(*seq, desk::grant(s.account, 1))).collect();
        entries.push(s.desk.entry(1, desk::grant(other, 1)));
        assert_eq!(s.desk.commit(entries).await.expect("not an error"), vec![(other, 1)], "{name}");
        // The lean ways of settles have the same fence.
        let settle = |seq: &i64| s.desk.entry(*seq, s.settle(Outcome::Answered, 3, 5));
        let mut entries: Vec<Entry> = seqs.iter().map(settle).collect();
        let good = desk::settle(s.debtor, s.debtor_key, desk::new_call(), Outcome::Answered, 3, 5);
        let place = 1 + s.desk.last_seq(s.debtor).await;
        entries.push(s.desk.entry(place, good));
        let all = entries.clone();
        assert_eq!(s.desk.commit(entries).await.expect("not an error"), vec![(s.debtor, place)], "{name}");
        assert_eq!(s.desk.commit_unnoted(all).await.expect("not an error"), vec![], "{name}: none of it fits now");
        let good = desk::settle(s.debtor, s.debtor_key, desk::new_call(), Outcome::Answered, 2, 3);
        let mut entries: Vec<Entry> =
            seqs.iter().map(|seq| s.desk.entry(*seq, s.settle(Outcome::Answered, 3, 5))).collect();
        entries.push(s.desk.entry(place + 1, good));
        assert_eq!(s.desk.commit_unnoted(entries).await.expect("not an error"), vec![(s.debtor, place + 1)], "{name}");
    }
    let other = s.desk.account().await;
    let mut stale = s.desk.entry(n + 1, desk::grant(s.account, 1));
    stale.epoch -= 1;
    let good = s.desk.entry(1, desk::grant(other, 1));
    assert_eq!(s.desk.commit(vec![stale, good]).await.expect("not an error"), vec![(other, 1)], "a stale epoch");
    assert_eq!(s.desk.last_seq(s.account).await, n);
    app::audit(&s.desk.pool).await;
}

#[actix_web::test]
async fn a_node_that_does_not_own_the_shard_is_fenced() {
    let s = Standing::make().await;
    let connector = Database::at(&s.desk.database.url).expect("our own url").lane_connector();
    let mut stranger = PgJournal::new(NodeId(Uuid::new_v4()), s.desk.ownership.boot, connector);
    let entries = vec![s.desk.entry(s.seq + 1, desk::grant(s.account, 1))];
    let accepted = stranger.commit(&Batch { entries, ..Batch::default() }).await.expect("not an error");
    assert_eq!(accepted, Vec::new());
    app::audit(&s.desk.pool).await;
}

#[actix_web::test]
async fn two_sessions_on_one_number_write_one_op() {
    let mut s = Standing::make().await;
    let connector = Database::at(&s.desk.database.url).expect("our own url").lane_connector();
    let mut second = PgJournal::new(s.desk.ownership.node, s.desk.ownership.boot, connector);
    let batch = |s: &Standing| {
        let entries = vec![s.desk.entry(s.seq + 1, desk::grant(s.account, 1))];
        Batch { entries, ..Batch::default() }
    };
    let (first_batch, second_batch) = (batch(&s), batch(&s));
    let (one, other) = tokio::join!(s.desk.journal.commit(&first_batch), second.commit(&second_batch));
    let accepted = one.expect("not an error").len() + other.expect("not an error").len();
    assert_eq!((accepted, s.desk.last_seq(s.account).await), (1, s.seq + 1));
    app::audit(&s.desk.pool).await;
}

#[actix_web::test]
async fn what_was_written_can_be_neither_changed_nor_removed() {
    let s = Standing::make().await;
    for statement in [
        "UPDATE ledger.journal SET cost = cost + 1",
        "DELETE FROM ledger.journal",
        "UPDATE ledger.call SET cost = 0",
        "DELETE FROM ledger.call",
    ] {
        let error = sqlx::query(statement).execute(&s.desk.pool).await.expect_err(statement);
        assert!(error.to_string().contains("append-only"), "{statement}: {error}");
    }
    app::audit(&s.desk.pool).await;
}

#[actix_web::test]
async fn a_refused_batch_leaves_no_part_of_itself() {
    let mut s = Standing::make().await;
    let other = s.desk.account().await;
    let (good, bad) = (desk::grant(other, 1), s.settle(Outcome::NoAnswer, 3, 5));
    let entries = vec![s.desk.entry(1, good.clone()), s.desk.entry(s.seq + 1, bad)];
    assert!(s.desk.commit(entries).await.expect_err("refused").is_refused());
    assert_eq!(s.desk.last_seq(other).await, 0);
    // Without the bad op the same batch is written.
    let entries = vec![s.desk.entry(1, good), s.desk.entry(s.seq + 1, s.settle(Outcome::Answered, 3, 5))];
    assert_eq!(s.desk.commit(entries).await.expect("accepted").len(), 2);
    let left: i64 = sqlx::query_scalar("SELECT budget - spent_price FROM ledger.client_key WHERE key_id = $1")
        .bind(s.key.0)
        .fetch_one(&s.desk.pool)
        .await
        .expect("the key");
    assert_eq!(Price::from_nanos(left), Price::from_nanos(100 * USD - 10));
    app::audit(&s.desk.pool).await;
}
