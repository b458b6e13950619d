//! Every statement of the store is prepared against the migrated schema, so a misspelt column fails here.

use crate::support::cluster::TestDatabase;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, SqlSafeStr};
use std::fs;

/// Runs as several statements in one snapshot; the checker's own test runs it.
const SCRIPTS: [&str; 1] = ["ledger_check.sql"];

#[tokio::test]
async fn every_statement_fits_the_schema() {
    let database = TestDatabase::create().await;
    let mut connection = PgConnection::connect(&database.url).await.expect("the test cluster answers");
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/sql");
    let mut faults = Vec::new();
    for entry in fs::read_dir(folder).expect("statements").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if SCRIPTS.contains(&name.as_str()) {
            continue;
        }
        let text = fs::read_to_string(entry.path()).expect("a statement");
        if let Err(error) = connection.prepare(AssertSqlSafe(text).into_sql_str()).await {
            faults.push(format!("{name}: {error}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
