//! `kill -9` inside a movement of money that was asked for: both sides are booked or neither, and a repeat with the same
//! operation id has one effect (`faults.md` A8).

use crate::sandbox::raw::{self, Ended};
use crate::support::process::Scene;
use crate::support::stranger::{lock_account, until_a_commit_waits, until_no_commit_waits};
use serde_json::json;
use sqlx::PgPool;

#[actix_web::test]
async fn a08_killed_inside_a_key_s_creation_both_sides_are_booked_or_neither() {
    for is_released_first in [true, false] {
        let scene = Scene::set().await;
        let program = scene.start().await;
        let account = program.site.account("200").await;
        let order =
            json!({ "label": "test", "budget": "100", "cost": "60", "rpm": 60, "concurrency": 5, "id": "once" });
        let path = format!("/op/accounts/{account}/keys");
        let stranger = lock_account(&scene.pool, &account).await;
        let mut socket = program.site.send_operator(&path, &order).await;
        until_a_commit_waits(&scene.pool).await;
        program.kill().await;
        assert_ne!(raw::read(&mut socket).await.ended, Ended::Clean);
        let program = if is_released_first {
            stranger.rollback().await.expect("released");
            scene.start().await
        } else {
            let starting = scene.spawn().ready(&scene).await;
            stranger.rollback().await.expect("released");
            starting
        };
        until_no_commit_waits(&scene.pool).await;
        let (before, _) = keys_and_main(&scene.pool).await;
        let (status, _) = program.site.operator_says(&path, &order).await;
        assert!(before == 1 || status == 201, "what did not happen can be asked for again: {status}");
        assert_eq!(keys_and_main(&scene.pool).await, (1, 140_000_000_000));
        program.stop().await;
        scene.audit().await;
    }
}

async fn keys_and_main(pool: &PgPool) -> (i64, i64) {
    let query = "SELECT (SELECT count(*) FROM ledger.client_key), main FROM ledger.account";
    sqlx::query_as(query).fetch_one(pool).await.expect("one account")
}
