//! What befalls a world beside its calls: the store goes away, a row is locked, clocks step, actors panic.

use crate::simulate::boot;
use crate::simulate::faults::Fault;
use crate::simulate::world::{Inner, World};
use actix::{Actor, Context, Handler, Message};
use derouter::actors::account::AccountActor;
use derouter::actors::client_key::KeyActor;
use derouter::actors::directory::Directory;
use derouter::actors::housekeeper;
use derouter::domain::ids::{AccountId, BootId, KeyId, NodeId};
use rand::Rng;
use std::time::Duration;

/// A bug that shows when it is told to; the words are known to the panic hook of the runs.
#[derive(Message)]
#[rtype(result = "()")]
struct Strike;

pub const STRUCK: &str = "a bug of an actor, as the simulation wants it";

impl Handler<Strike> for KeyActor {
    type Result = ();

    fn handle(&mut self, _: Strike, _: &mut <Self as Actor>::Context) {
        panic!("{STRUCK}");
    }
}

impl Handler<Strike> for AccountActor {
    type Result = ();

    fn handle(&mut self, _: Strike, _: &mut Context<Self>) {
        panic!("{STRUCK}");
    }
}

/// Befalls the world until its boot ends.
pub async fn run(world: World, directory: Directory, node: NodeId, boot: BootId) {
    loop {
        world.pass(20_000..=4_000_000).await;
        world.step().await;
        let befalls = draw(&mut world.lock());
        match befalls {
            Some(Befalls::ClockStep(us)) => directory.clock().step_wall(us),
            Some(Befalls::Panic(account, key)) => strike(&directory, account, key).await,
            Some(Befalls::Passivation(idle_ms)) => directory.passivate_idle(idle_ms),
            Some(Befalls::Housekeeping) => {
                boot::settle_older(&world, &directory, node, boot).await;
                housekeeper::finish_each(&directory, closing_keys(&world)).await;
            }
            None => {}
        }
    }
}

enum Befalls {
    ClockStep(i64),
    Panic(AccountId, Option<KeyId>),
    Passivation(u64),
    Housekeeping,
}

fn draw(world: &mut Inner) -> Option<Befalls> {
    let (now, is_stormy) = (world.now_us(), world.plan.store > 0);
    let accounts: Vec<AccountId> = world.ledger.accounts.keys().copied().collect();
    let account = accounts[world.rng.random_range(0..accounts.len())];
    // Now and then for longer than a start waits.
    let longest = if world.rng.random_ratio(1, 3) { 90_000_000 } else { 8_000_000 };
    let lasting = now + world.rng.random_range(10_000..=longest);
    match world.rng.random_range(0..12) {
        0 if is_stormy => world.away_until = lasting,
        1 if is_stormy => world.full_until = lasting,
        2 if is_stormy => drop(world.locked.insert(account, lasting)),
        3 if is_stormy => world.refused = Some((account, lasting)),
        4 if world.plan.has_panics => return Some(panic_of(world, account)),
        5 | 6 => {
            world.faults.count(Fault::ClockStep);
            return Some(Befalls::ClockStep(world.rng.random_range(-3_600_000_000..=3_600_000_000)));
        }
        7 | 8 => {
            world.faults.count(Fault::Passivation);
            // A window that is held exactly must not be forgotten.
            return Some(Befalls::Passivation(if world.plan.is_calm { 60_001 } else { 0 }));
        }
        9 | 10 => return Some(Befalls::Housekeeping),
        _ => {}
    }
    None
}

fn panic_of(world: &mut Inner, account: AccountId) -> Befalls {
    world.faults.count(Fault::ActorPanic);
    let key = world.ledger.accounts[&account].keys.keys().next().copied();
    Befalls::Panic(account, key.filter(|_| world.rng.random()))
}

async fn strike(directory: &Directory, account: AccountId, key: Option<KeyId>) {
    let struck = async {
        match key {
            Some(key) => {
                let key = derouter::actors::messages::KeyRef { account, key };
                let _ = directory.ask_key(key, Strike).await;
            }
            None => {
                let _ = directory.ask_account(account, Strike).await;
            }
        }
    };
    // One that is out of service hears nothing.
    let _ = tokio::time::timeout(Duration::from_secs(5), struck).await;
}

/// Keys whose deletion has begun and not ended.
pub fn closing_keys(world: &World) -> Vec<(AccountId, KeyId)> {
    let inner = world.lock();
    let accounts = inner.ledger.accounts.iter();
    let closing = accounts.flat_map(|(account, row)| {
        row.keys.iter().filter(|(_, key)| key.status == 2).map(move |(id, _)| (*account, *id))
    });
    closing.collect()
}
