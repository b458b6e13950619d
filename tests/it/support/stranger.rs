//! Sessions of strangers in the database, which hold up commits so that a test can act in the middle of one.

use crate::support::app::until;
use sqlx::{PgPool, Postgres, Transaction};
use uuid::Uuid;

/// A session of a stranger that holds the row of an account, and so holds up every commit of it.
pub async fn lock_account(pool: &PgPool, account: &str) -> Transaction<'static, Postgres> {
    let mut stranger = pool.begin().await.expect("a session");
    let lock = sqlx::query("SELECT 1 FROM ledger.account WHERE account_id = $1 FOR UPDATE");
    let account: Uuid = account.parse().expect("an id");
    lock.bind(account).execute(&mut *stranger).await.expect("locked");
    stranger
}

/// The sessions that wait for a stranger; the server may still be busy with one of a dead program.
pub async fn waiting(pool: &PgPool) -> Vec<i32> {
    const WAITING: &str = "SELECT pid FROM pg_stat_activity \
                           WHERE datname = current_database() AND wait_event_type = 'Lock'";
    sqlx::query_scalar(WAITING).fetch_all(pool).await.expect("the activity")
}

pub async fn until_a_commit_waits(pool: &PgPool) {
    until("a commit waits", async || !waiting(pool).await.is_empty()).await;
}

pub async fn until_no_commit_waits(pool: &PgPool) {
    until("no commit waits", async || waiting(pool).await.is_empty()).await;
}

/// Waits until these sessions are gone: one that waits looks for deadlocks now and then, and seems not to wait then.
pub async fn until_gone(pool: &PgPool, sessions: &[i32]) {
    const LEFT: &str = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY ($1)";
    let left = async || sqlx::query_scalar::<_, i64>(LEFT).bind(sessions).fetch_one(pool).await.expect("the activity");
    until("the sessions are gone", async || left().await == 0).await;
}

/// What a stranger holds so that a commit waits at a movement of one kind, and only there.
const HELD_MOVEMENT: i64 = 8;

/// A session that holds up every commit with a movement of `kind` (`ledger.md` §3), right where it writes its row.
pub async fn hold_movement(pool: &PgPool, kind: i16) -> Transaction<'static, Postgres> {
    hold(pool, &format!("BEFORE INSERT ON ledger.journal FOR EACH ROW WHEN (NEW.kind = {kind})")).await
}

/// A session that holds up every accrual of commission, between its line and its watermark.
pub async fn hold_watermark(pool: &PgPool) -> Transaction<'static, Postgres> {
    hold(pool, "BEFORE UPDATE ON ledger.referral FOR EACH ROW").await
}

async fn hold(pool: &PgPool, moment: &str) -> Transaction<'static, Postgres> {
    let statements = [
        format!(
            "CREATE FUNCTION public.wait_for_stranger() RETURNS trigger LANGUAGE plpgsql AS \
             $$BEGIN PERFORM pg_advisory_xact_lock_shared({HELD_MOVEMENT}); RETURN NEW; END$$"
        ),
        format!("CREATE TRIGGER wait_for_stranger {moment} EXECUTE FUNCTION public.wait_for_stranger()"),
    ];
    for statement in statements {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(pool).await.expect("a trigger of the test");
    }
    let mut stranger = pool.begin().await.expect("a session");
    let lock = sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(HELD_MOVEMENT);
    lock.execute(&mut *stranger).await.expect("held");
    stranger
}
