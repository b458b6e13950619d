//! What tests ask of the books directly, without HTTP: keys, top-ups and calls of any cost.

use derouter::actors::call::{CallEnd, LiveCall, Reservation};
use derouter::actors::directory::Directory;
use derouter::actors::messages::{Answer, Delivery, FundKey, KeyFunded, KeyRef, Move, Receipt};
use derouter::actors::new_key::{KeyMade, KeyOrder};
use derouter::actors::settlement::Durable;
use derouter::app::build;
use derouter::clock::Clock;
use derouter::domain::call::Meters;
use derouter::domain::ids::{AccountId, CallId};
use derouter::domain::money::{Cost, Price};
use derouter::domain::op::{Idem, Movement};
use derouter::domain::outcome::{Flags, Outcome};
use derouter::domain::pricing::PriceBook;
use derouter::domain::quote::Quote;
use derouter::domain::request;
use tokio::sync::oneshot;
use uuid::Uuid;

pub const USD: i64 = 1_000_000_000;
const PRICES: &str = include_str!("../../../config/prices.toml");

/// An operation id that was never used.
pub fn new_idem() -> Idem {
    Idem { id: Uuid::new_v4().to_string(), hash: [0; 32] }
}

/// Money in, at the platform's expense.
pub async fn grant(directory: &Directory, account: AccountId, nanos: i64, idem: Idem) -> Answer<Receipt> {
    let movement = Movement::Correction { reason: "test".into() };
    directory.ask_account(account, Move { amount: Cost::from_nanos(nanos), movement, idem, by: None }).await?
}

/// A key of these numbers without limits that matter.
pub async fn create_key(directory: &Directory, account: AccountId, budget: i64, cost: i64) -> Answer<KeyMade> {
    let order = KeyOrder {
        label: "test".into(),
        budget: Price::from_nanos(budget),
        cost: Cost::from_nanos(cost),
        rpm: 1_000_000,
        concurrency: 1_000_000,
    };
    directory.create_key(account, order, |secret| secret.digest(b"test"), 1, new_idem(), None).await
}

/// A key that must be had.
pub async fn key(directory: &Directory, account: AccountId, budget: i64, cost: i64) -> KeyRef {
    create_key(directory, account, budget, cost).await.expect("an answer").expect("a key").key
}

/// A key's top-up.
pub async fn fund(directory: &Directory, key: KeyRef, price: i64) -> Answer<KeyFunded> {
    let message = FundKey { key: key.key, price: Price::from_nanos(price), idem: new_idem(), by: None };
    directory.ask_account(key.account, message).await?
}

/// What a short question with this `max_tokens` may cost.
pub fn quote(max_tokens: u64) -> Quote {
    let today = build::day(Clock::real().now_utc().date_naive());
    let book = PriceBook::from_toml(PRICES, today).expect("the price book");
    let body = format!(
        r#"{{"model":"claude-haiku-4-5","max_tokens":{max_tokens},"messages":[{{"role":"user","content":"hi"}}]}}"#
    );
    book.quote(&request::parse(body.as_bytes()).expect("a request")).expect("a price")
}

/// Asks for a call to be let through.
pub async fn admit(directory: &Directory, key: KeyRef, quote: Quote) -> Answer<Reservation> {
    directory.admit(key, CallId(Uuid::now_v7()), quote, Delivery::Buffered).await
}

/// A call that is on its way to the provider.
pub async fn live_call(directory: &Directory, key: KeyRef, quote: Quote) -> LiveCall {
    let admitted = admit(directory, key, quote).await.expect("an answer").expect("admitted");
    admitted.dispatch().expect("noted")
}

/// Ends a call as answered, at this cost.
pub fn settle(call: LiveCall, cost: Cost) -> oneshot::Receiver<Durable> {
    let end = CallEnd {
        outcome: Outcome::Answered,
        flags: Flags::NONE,
        cost,
        absorbed: Cost::ZERO,
        model: "claude-haiku-4-5".into(),
        meters: Meters::default(),
        detail: None,
    };
    call.settle(end)
}
