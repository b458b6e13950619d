//! What these tests share: a referrer, its referee with a key, and a keeper with a clock of its own.

use crate::people::alerts;
use crate::support::app::TestApp;
use crate::support::browser::Browser;
use crate::support::site::TestKey;
use derouter::actors::messages::Move;
use derouter::clock::Clock;
use derouter::config::{self, Environment};
use derouter::domain::ids::AccountId;
use derouter::domain::money::Cost;
use derouter::domain::op::{Idem, Movement};
use derouter::referrals::keeper::Keeper;
use derouter::store::referrals::ReferralStore;
use serde_json::json;
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;

pub const USD: i64 = 1_000_000_000;
pub const YOU: &str = "you@shop.com";
pub const FRIEND: &str = "friend.of.yours@corner-shop.example";
const DAY: Duration = Duration::from_secs(86_400);

/// A referrer and a referee of it with 1,000 dollars and a key of 900.
pub struct Pair {
    pub app: TestApp,
    pub referrer: Browser,
    pub referrer_id: String,
    pub referee: Browser,
    pub referee_id: String,
    pub key: TestKey,
    pub clock: Clock,
}

/// A line as the ledger has it: what it covers, what it comes to, where it stands.
pub type Line = (i64, i64, String);

impl Pair {
    pub async fn meet() -> Self {
        // Some tests sign up more people than one network may.
        let app = TestApp::start_with(&[("DEROUTER__IDENTITY__CODES_PER_NETWORK_HOUR", "1000")]).await;
        let (referrer, referrer_id) = app.reseller(YOU, "10").await;
        let (referee, referee_id) = sign_up(&app, YOU, FRIEND).await;
        deposit(&app, &referee_id, "1000").await;
        let key = app.key_of(&referee_id, "900", "900", 1_000, 50).await;
        Pair { app, referrer, referrer_id, referee, referee_id, key, clock: Clock::manual(Clock::real().wall_us()) }
    }

    /// A worker beside the program's own, under changed settings.
    pub fn keeper_with(&self, changes: &[(&str, &str)]) -> Keeper {
        let env: Environment =
            changes.iter().map(|(name, value)| (format!("DEROUTER__REFERRAL__{name}"), (*value).to_owned())).collect();
        let settings = config::load(&env).expect("settings");
        let store = ReferralStore::new(self.app.pool.clone());
        Keeper::new(store, self.app.directory.clone(), self.clock.clone(), &settings.referral).expect("a keeper")
    }

    /// One round of a worker with the default settings.
    pub async fn round(&self) {
        self.keeper_with(&[]).round().await.expect("the store answers");
    }

    pub fn days_pass(&self, days: u32) {
        self.clock.advance(DAY * days);
    }

    /// The referee's clients use so much, cost side.
    pub async fn spend(&self, nanos: i64) {
        alerts::spend(&self.app, self.key.owned(), nanos).await;
    }

    /// The referee's bank takes so much back.
    pub async fn charge_back(&self, nanos: i64) {
        let source = Uuid::new_v4().to_string();
        let idem = Idem::of(format!("dispute:{source}:out"), &[]);
        let message = Move { amount: Cost::from_nanos(nanos), movement: Movement::Reversal { source }, idem, by: None };
        let asked = self.app.directory.ask_account(account(&self.referee_id), message).await;
        asked.expect("the books answer").expect("the books answer").expect("no refusal");
    }

    /// Every line, oldest first.
    pub async fn lines(&self) -> Vec<Line> {
        lines(&self.app.pool).await
    }

    pub async fn states(&self) -> Vec<String> {
        self.lines().await.into_iter().map(|(_, _, state)| state).collect()
    }

    /// The referrer's main balance.
    pub async fn main(&self) -> i64 {
        main_of(&self.app.pool, &self.referrer_id).await
    }
}

/// Signs up by the link of the reseller of this address.
pub async fn sign_up(app: &TestApp, referrer: &str, email: &str) -> (Browser, String) {
    let code = code_of(&app.pool, referrer).await;
    let mut browser = Browser::at(app.dashboard);
    browser.open(&format!("/login?ref={code}")).await;
    let account = browser.sign_in(app, email).await.json()["account"].as_str().expect("an account").to_owned();
    (browser, account)
}

/// The code in an address's link.
pub async fn code_of(pool: &PgPool, address: &str) -> String {
    let query = sqlx::query_scalar("SELECT referral_code FROM web.reseller WHERE address = $1").bind(address);
    query.fetch_one(pool).await.expect("a code")
}

pub async fn deposit(app: &TestApp, account: &str, amount: &str) {
    let deposit = json!({ "amount": amount, "id": Uuid::new_v4() });
    app.operator(&format!("/op/accounts/{account}/deposit"), &deposit).await;
}

pub async fn lines(pool: &PgPool) -> Vec<Line> {
    let query = "SELECT base_to - base_from, amount, state FROM ledger.commission ORDER BY commission_id";
    sqlx::query_as(query).fetch_all(pool).await.expect("lines")
}

pub async fn main_of(pool: &PgPool, id: &str) -> i64 {
    let query = sqlx::query_scalar("SELECT main FROM ledger.account WHERE account_id = $1").bind(account(id).0);
    query.fetch_one(pool).await.expect("an account")
}

pub fn account(id: &str) -> AccountId {
    AccountId(id.parse().expect("an id"))
}
