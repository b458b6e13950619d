//! A reseller and its operator: money in and out, keys cut, topped up, paused and deleted, all under operation ids that
//! are sent again while their answer is in doubt.

use crate::simulate::faults::Fault;
use crate::simulate::journal::{cost, price};
use crate::simulate::world::{Inner, World};
use derouter::actors::directory::Directory;
use derouter::actors::messages::{
    Answer, AskError, CloseKey, CreateKey, FundKey, KeyRef, Move, SetFreeze, SettingsChanged,
};
use derouter::domain::ids::{AccountId, KeyId, TopupId};
use derouter::domain::op::{Idem, Movement, NewKey, Refusal};
use derouter::domain::ratio::Ratio;
use rand::Rng;

const USD: i128 = 1_000_000_000;
/// How often an operation without an answer is sent again before its sender gives up.
const TRIES: u32 = 8;

/// What is wished, drawn once, so that every repeat is the same.
#[derive(Clone)]
enum Order {
    Move(i128, Movement),
    Freeze(Movement),
    Create(KeyId, i128, i128, Box<NewKey>),
    Fund(KeyId, i128),
    Close(KeyId),
}

/// Makes so many operations, one after the other.
pub async fn run(world: World, directory: Directory, account: AccountId) {
    loop {
        world.pass(10_000..=3_000_000).await;
        world.step().await;
        let Some(wished) = draw(&mut world.lock(), account) else { return };
        match wished {
            Wished::Order(order) => send(&world, &directory, account, order).await,
            Wished::Edit(key) => edit(&world, &directory, KeyRef { account, key }),
        }
    }
}

/// Gives a world its first account and its keys, before anything fails.
pub async fn found(world: &World, directory: &Directory, account: AccountId) {
    let topup = {
        let mut inner = world.lock();
        inner.ledger.accounts.insert(account, Default::default());
        let topup = TopupId(inner.fresh_id());
        inner.ledger.orders.insert(topup);
        topup
    };
    send(world, directory, account, Order::Move(500 * USD, Movement::Deposit { topup })).await;
    let keys = world.lock().rng.random_range(1..=3);
    for _ in 0..keys {
        let order = create(&mut world.lock());
        send(world, directory, account, order).await;
    }
}

enum Wished {
    Order(Order),
    Edit(KeyId),
}

fn draw(world: &mut Inner, account: AccountId) -> Option<Wished> {
    world.operations_left = world.operations_left.checked_sub(1)?;
    let keys: Vec<KeyId> = world.ledger.accounts[&account].keys.keys().copied().collect();
    let key = (!keys.is_empty()).then(|| keys[world.rng.random_range(0..keys.len())]);
    let amount = world.rng.random_range(1..=20 * USD);
    let order = match (world.rng.random_range(0..18), key) {
        (0..3, _) => deposit(world, amount),
        (3, _) => Order::Move(amount, Movement::Correction { reason: "s".into() }),
        (4, _) => Order::Move(amount / 4, Movement::CorrectionBack { reason: "s".into() }),
        (5, _) => Order::Move(amount, Movement::Reversal { source: "s".into() }),
        (6, _) => Order::Move(amount, Movement::Reinstate { source: "s".into() }),
        (7, _) if world.rng.random_ratio(1, 3) => Order::Freeze(Movement::Freeze { reason: "s".into() }),
        (7..=9, _) => Order::Freeze(Movement::Thaw { reason: "s".into() }),
        (10, _) => commission(world, amount / 10),
        (11, _) => commission_back(world, amount),
        (12, _) | (_, None) => create(world),
        (13, Some(key)) if world.rng.random() => Order::Close(key),
        (14 | 15, Some(key)) => return Some(Wished::Edit(key)),
        (_, Some(key)) => Order::Fund(key, amount),
    };
    Some(Wished::Order(order))
}

fn deposit(world: &mut Inner, amount: i128) -> Order {
    let topup = TopupId(world.fresh_id());
    world.ledger.orders.insert(topup);
    Order::Move(amount, Movement::Deposit { topup })
}

fn commission(world: &mut Inner, amount: i128) -> Order {
    let line = world.fresh_id();
    world.ledger.pending.insert(line, amount);
    Order::Move(amount.max(1), Movement::Commission { line })
}

/// A line that was released, if there is one; else money that a payment takes back.
fn commission_back(world: &mut Inner, amount: i128) -> Order {
    let line = world.ledger.released.iter().map(|(line, amount)| (*line, *amount)).min();
    match line {
        Some((line, amount)) => Order::Move(amount, Movement::CommissionBack { line }),
        None => Order::Move(amount, Movement::Reversal { source: "s".into() }),
    }
}

fn create(world: &mut Inner) -> Order {
    // Some keys are used up within a few calls, most last.
    let most = if world.rng.random_ratio(1, 4) { USD } else { 40 * USD };
    let funded = world.rng.random_range(USD / 100..=most);
    let budget = funded * world.rng.random_range(1_000..=3_000) / 1_000;
    let ratio = Ratio::of(cost(funded), price(budget)).expect("a ratio");
    let rpm = if world.rng.random() { 60 } else { world.rng.random_range(2..=20) };
    let new = NewKey {
        label: "simulated".into(),
        ratio,
        rpm,
        concurrency: world.rng.random_range(1..=5),
        secret_digest: [0; 32],
        pepper_version: 1,
        hint: "cr_simulated".into(),
    };
    Order::Create(world.fresh_key(), budget, funded, Box::new(new))
}

/// Sends an operation until it is answered; a client that gave up does not know what became of it.
async fn send(world: &World, directory: &Directory, account: AccountId, order: Order) {
    let id = world.lock().fresh_id().to_string();
    let idem = Idem::of(id.clone(), &["simulated"]);
    world.lock().audit.operations.entry((account, id.clone())).or_default();
    for attempt in 0..TRIES {
        if attempt > 0 {
            world.lock().faults.count(Fault::Repeated);
        }
        // Until it is answered nobody knows; a program that is killed answers never.
        world.lock().audit.operations.get_mut(&(account, id.clone())).expect("known").is_in_doubt = true;
        let answer = ask(directory, account, order.clone(), idem.clone()).await;
        world.step().await;
        if heard(&mut world.lock(), account, &id, &order, answer, attempt) {
            return;
        }
        world.pass(50_000..=1_000_000).await;
    }
}

async fn ask(directory: &Directory, account: AccountId, order: Order, idem: Idem) -> Answer<i64> {
    let by = None;
    Ok(match order {
        Order::Move(amount, movement) => {
            directory.ask_account(account, Move { amount: cost(amount), movement, idem, by }).await??.map(|r| r.seq)
        }
        Order::Freeze(movement) => {
            directory.ask_account(account, SetFreeze { movement, idem, by }).await??.map(|r| r.seq)
        }
        Order::Create(key, budget, funded, new) => {
            let message = CreateKey { key, price: price(budget), cost: cost(funded), new: *new, idem, by };
            directory.ask_account(account, message).await??.map(|opened| opened.seq)
        }
        Order::Fund(key, amount) => {
            let message = FundKey { key, price: price(amount), idem, by };
            directory.ask_account(account, message).await??.map(|funded| funded.seq)
        }
        Order::Close(key) => {
            let closed = directory.ask_account(account, CloseKey { key, idem, by }).await??.map(|r| r.seq);
            if closed.is_ok() {
                // The second step may fail: the housekeeper repeats it.
                let _ = directory.finish_closing(KeyRef { account, key }).await;
            }
            closed
        }
    })
}

/// Takes an answer down; true if there is nothing more to send.
fn heard(
    world: &mut Inner,
    account: AccountId,
    id: &str,
    order: &Order,
    answer: Result<Result<i64, Refusal>, AskError>,
    attempt: u32,
) -> bool {
    let at = (account, id.to_owned());
    let known = world.audit.operations.get_mut(&at).expect("known");
    match answer {
        Ok(Ok(seq)) => {
            (known.granted_at, known.is_in_doubt) = (Some(seq), false);
            world.ledger.told.answered(account, seq);
            if let Order::Create(key, ..) = order {
                world.keys.push(KeyRef { account, key: *key });
            }
            true
        }
        Ok(Err(Refusal::UnderWay)) | Err(_) => false,
        Ok(Err(Refusal::DoneAlready)) => {
            // Whoever asks again is answered from the ledger.
            known.granted_at = world.ledger.idems.get(&at).copied();
            if known.granted_at.is_none() {
                world.audit.find(format_args!("operation {id} is called done and is not in the ledger"));
            }
            true
        }
        Ok(Err(_refused)) => {
            // Its earlier attempt may have been written where its answer was lost.
            (known.is_refused, known.is_in_doubt) = (true, attempt > 0);
            true
        }
    }
}

/// Pauses, resumes or relimits a key, as the dashboard does: the row first, then its actor.
fn edit(world: &World, directory: &Directory, key: KeyRef) {
    let mut inner = world.lock();
    let paused = inner.rng.random_ratio(1, 8);
    let Some(row) = inner.ledger.accounts.get_mut(&key.account).and_then(|a| a.keys.get_mut(&key.key)) else { return };
    if row.status != 1 {
        return;
    }
    row.paused = paused;
    let settings = SettingsChanged { paused, rpm: row.rpm, concurrency: row.concurrency };
    drop(inner);
    directory.settings_changed(key, settings);
}
