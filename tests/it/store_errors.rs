//! What a database error means for the write: certainly not done, or unknown (`architecture.md` §7).

use crate::support::cluster::TestDatabase;
use derouter::domain::ids::AccountId;
use derouter::store::error::StoreError;
use derouter::store::pool::{Database, Tuning};
use sqlx::{AssertSqlSafe, Executor, PgPool};
use std::time::Duration;
use uuid::Uuid;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Meaning {
    SendAgain,
    Locked,
    Refused,
    CannotWrite,
    Unknown,
}

fn meaning(error: &StoreError) -> Meaning {
    match error {
        StoreError::GaveWay => Meaning::SendAgain,
        StoreError::Locked => Meaning::Locked,
        StoreError::Refused { .. } => Meaning::Refused,
        StoreError::CannotWrite(_) => Meaning::CannotWrite,
        other => {
            assert!(other.is_unknown(), "{other:?}");
            Meaning::Unknown
        }
    }
}

async fn failure(pool: &PgPool, statement: &str) -> StoreError {
    pool.execute(AssertSqlSafe(statement.to_owned())).await.expect_err("it fails").into()
}

#[tokio::test]
async fn each_class_of_database_error_says_whether_the_write_happened() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    for (code, wanted) in [
        ("40001", Meaning::SendAgain),
        ("40P01", Meaning::SendAgain),
        ("55P03", Meaning::Locked),
        ("23514", Meaning::Refused),
        ("23505", Meaning::Refused),
        ("42501", Meaning::Refused),
        ("53100", Meaning::CannotWrite),
        ("25006", Meaning::CannotWrite),
        ("57P01", Meaning::Unknown),
        ("58030", Meaning::Unknown),
        ("XX000", Meaning::Unknown),
    ] {
        let raise = format!("DO $$ BEGIN RAISE EXCEPTION 'planted' USING ERRCODE = '{code}'; END $$");
        assert_eq!(meaning(&failure(&pool, &raise).await), wanted, "{code}");
    }
}

#[tokio::test]
async fn only_the_ledgers_own_assertions_name_accounts() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    let id = Uuid::from_u128(7);
    let asserted = failure(&pool, &format!("SELECT ledger.must(false, 'planted', ARRAY['{id}'::uuid])")).await;
    assert_eq!(asserted.accounts(), [AccountId(id)]);
    let row = format!("INSERT INTO ledger.account (account_id, shard_id, main) VALUES ('{id}', 0, -1)");
    let checked = failure(&pool, &row).await;
    assert_eq!((meaning(&checked), checked.accounts()), (Meaning::Refused, vec![]));
}

#[tokio::test]
async fn a_connection_cut_inside_a_statement_leaves_its_outcome_unknown() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    let cut = failure(&pool, "SELECT pg_terminate_backend(pg_backend_pid())").await;
    assert!(cut.is_unknown() && cut.is_connection_lost(), "{cut:?}");
}

#[tokio::test]
async fn o04_a_second_program_on_one_database_is_refused_with_a_sentence() {
    let database = TestDatabase::create().await;
    let connect = Database::at(&database.url).expect("our own url");
    let first = connect.lock_program().await.expect("free");
    let said = connect.lock_program().await.map(|_| ()).expect_err("taken").to_string();
    assert!(said.contains("another derouter server is running on this database"), "{said}");
    drop(first);
}

#[tokio::test]
async fn a_lane_waits_for_a_strangers_row_as_long_as_it_was_told() {
    let database = TestDatabase::create().await;
    let tuning = Tuning { lock_within: Duration::from_millis(1_234), ..Tuning::default() };
    let connector = Database::at(&database.url).expect("our own url").tuned(tuning).lane_connector();
    let mut connection = connector.connect().await.expect("a connection");
    let told: String = sqlx::query_scalar("SHOW lock_timeout").fetch_one(&mut connection).await.expect("a setting");
    assert_eq!(told, "1234ms");
}
