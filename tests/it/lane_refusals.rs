//! One op in a full batch breaks a rule of the store: only its account is refused and rebuilt, the others commit.

use crate::support::app::TestApp;
use crate::support::wishes::{self, USD};
use derouter::actors::messages::AskError;
use derouter::domain::ids::AccountId;
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};

const ACCOUNTS: usize = 500;

#[actix_web::test]
async fn b15_of_500_accounts_in_a_batch_only_the_one_that_breaks_a_rule_is_refused() {
    let app = TestApp::start_with(&[("DEROUTER__LEDGER__ARBITERS", "1")]).await;
    let accounts = with_money(&app).await;
    let guilty = accounts[ACCOUNTS / 2];
    // Its actor believes in 200 dollars, so the rule of the row is all that is left. The rule names no account.
    add_to_main(&app, guilty, -150 * USD).await;
    let answers = accounts.iter().map(|a| wishes::create_key(&app.directory, *a, 100 * USD, 60 * USD));
    for (account, answer) in accounts.iter().zip(join_all(answers).await) {
        match answer {
            Ok(made) => assert!(made.is_ok() && *account != guilty),
            Err(error) => assert_eq!((error, *account), (AskError::Discarded, guilty)),
        }
    }
    let rebuilt = app.directory.view_account(guilty).await.expect("a view");
    assert_eq!(rebuilt.main.nanos(), 50 * USD, "its new book is what the ledger has");
    add_to_main(&app, guilty, 150 * USD).await;
    app.close().await;
}

async fn add_to_main(app: &TestApp, account: AccountId, nanos: i64) {
    let update = "UPDATE ledger.account SET main = main + $2, granted = granted + $2 WHERE account_id = $1";
    sqlx::query(update).bind(account.0).bind(nanos).execute(&app.pool).await.expect("the row changes");
}

#[actix_web::test]
async fn b15_an_operation_id_used_behind_its_back_refuses_its_account_alone() {
    let app = TestApp::start_with(&[("DEROUTER__LEDGER__ARBITERS", "1")]).await;
    let accounts = with_money(&app).await;
    let (guilty, idem) = (accounts[7], wishes::new_idem());
    let used = sqlx::query("INSERT INTO ledger.idempotency (account_id, idem, seq) VALUES ($1, $2, 1)");
    used.bind(guilty.0).bind(&idem.id).execute(&app.pool).await.expect("used");
    let grants = accounts.iter().map(|a| wishes::grant(&app.directory, *a, USD, idem.clone()));
    for (account, answer) in accounts.iter().zip(join_all(grants).await) {
        assert_eq!(answer.is_err(), *account == guilty);
    }
    let gone = sqlx::query("DELETE FROM ledger.idempotency WHERE account_id = $1 AND idem = $2");
    gone.bind(guilty.0).bind(&idem.id).execute(&app.pool).await.expect("gone");
    app.close().await;
}

/// Accounts of 200 dollars whose actors live, made a few at a time: the pool of connections is small.
async fn with_money(app: &TestApp) -> Vec<AccountId> {
    let accounts = (0..ACCOUNTS).map(async |_| {
        let account = app.empty_account().await;
        wishes::grant(&app.directory, account, 200 * USD, wishes::new_idem())
            .await
            .expect("an answer")
            .expect("granted");
        account
    });
    stream::iter(accounts).buffered(8).collect().await
}
