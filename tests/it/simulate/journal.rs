//! A lane's journal on the world's ledger: it delays, loses and refuses within what Postgres allows.

use crate::simulate::faults::Fault;
use crate::simulate::ledger::Refused;
use crate::simulate::world::{Inner, Late, World};
use derouter::domain::account::KeyFunding;
use derouter::domain::ids::{AccountId, BootId, CallId, KeyId, NodeId};
use derouter::domain::key::{KeyBook, KeyStatus};
use derouter::domain::money::{Cost, Price};
use derouter::domain::ratio::Ratio;
use derouter::store::error::StoreError;
use derouter::store::journal::{Batch, Journal, LoadedAccount, LoadedKey, Position, SettledCall};
use futures_util::future::LocalBoxFuture;
use rand::Rng;

/// How long the store waits for a locked row, in microseconds.
const LOCK_WAIT_US: u64 = 500_000;

type Accepted = Result<Vec<(AccountId, i64)>, StoreError>;

/// One connection of one boot.
pub struct SimulatedJournal {
    world: World,
    node: NodeId,
    boot: BootId,
    is_connected: bool,
}

impl SimulatedJournal {
    pub fn new(world: World, node: NodeId, boot: BootId) -> Self {
        SimulatedJournal { world, node, boot, is_connected: false }
    }

    /// A statement under way: time passes, the program may be killed, the store may be away.
    async fn reach(&mut self) -> Result<(), StoreError> {
        self.world.step().await;
        self.world.pass(50..=1_500).await;
        self.world.step().await;
        let mut world = self.world.lock();
        let now = world.now_us();
        if now < world.away_until {
            world.faults.count(Fault::Outage);
            // A connection that stood may have carried the statement; none was made here.
            let was_connected = std::mem::replace(&mut self.is_connected, false);
            return Err(if was_connected { lost() } else { StoreError::Away("nobody answers".into()) });
        }
        // As the real one does: a connection that was lost is made again by whoever needs it.
        self.is_connected = true;
        Ok(())
    }

    /// As `reach`, for a read that may fail by itself.
    async fn reach_to_read(&mut self) -> Result<(), StoreError> {
        self.reach().await?;
        let mut world = self.world.lock();
        let store = world.plan.store / 4;
        let is_told = world.lost_reads > 0;
        world.lost_reads = world.lost_reads.saturating_sub(1);
        if is_told || world.happens(store) {
            world.faults.count(Fault::LoadLost);
            self.is_connected = false;
            return Err(lost());
        }
        Ok(())
    }

    async fn commit_now(&mut self, batch: &Batch) -> Accepted {
        self.reach().await?;
        let fault = self.draw(batch);
        match fault {
            Some(Fault::GaveWay) => Err(StoreError::GaveWay),
            Some(Fault::RowLocked) => {
                tokio::time::sleep(std::time::Duration::from_micros(LOCK_WAIT_US)).await;
                Err(StoreError::Locked)
            }
            Some(Fault::CannotWrite) => Err(StoreError::CannotWrite("disk full".into())),
            Some(Fault::RuleBroken) => Err(self.refuse(batch)),
            Some(Fault::CommitLost) => {
                self.is_connected = false;
                Err(lost())
            }
            Some(Fault::CommitLate) => {
                let mut world = self.world.lock();
                let lands = world.rng.random();
                world.late.push(Late { node: self.node, boot: self.boot, batch: batch.clone(), lands });
                self.is_connected = false;
                Err(lost())
            }
            other => self.write(batch, other).await,
        }
    }

    /// Writes, with what may go wrong around it.
    async fn write(&mut self, batch: &Batch, fault: Option<Fault>) -> Accepted {
        if fault == Some(Fault::CommitSlow) {
            self.world.pass(250_000..=3_000_000).await;
            self.world.step().await;
        }
        let written = {
            let mut world = self.world.lock();
            world.end_late();
            let written = world.ledger.commit(self.node, self.boot, batch);
            let Inner { ledger, audit, .. } = &mut *world;
            audit.committed(ledger, batch, &written);
            world.note(batch.entries.len() as u64);
            written
        };
        self.world.step().await;
        self.world.pass(50..=500).await;
        if fault == Some(Fault::AnswerLost) {
            self.is_connected = false;
            return Err(lost());
        }
        written.map_err(|refused| match refused {
            Refused::Known(accounts) => StoreError::Refused { why: "known".into(), accounts },
            Refused::Unsound(why) => StoreError::Refused { why, accounts: Vec::new() },
        })
    }

    /// Which fault this commit meets, if any; those of the world's condition first.
    fn draw(&self, batch: &Batch) -> Option<Fault> {
        let mut world = self.world.lock();
        let now = world.now_us();
        let of_batch = |account: &AccountId| batch.entries.iter().any(|e| e.op.account == *account);
        let store = world.plan.store;
        let told = world.commits_meet.pop_front();
        let fault = if told.is_some() {
            told
        } else if now < world.full_until {
            Some(Fault::CannotWrite)
        } else if world.refused.is_some_and(|(account, until)| now < until && of_batch(&account)) {
            Some(Fault::RuleBroken)
        } else if world.locked.iter().any(|(account, until)| now < *until && of_batch(account)) {
            Some(Fault::RowLocked)
        } else if world.happens(store) {
            const DRAWN: [Fault; 5] =
                [Fault::AnswerLost, Fault::CommitLost, Fault::CommitLate, Fault::CommitSlow, Fault::GaveWay];
            Some(DRAWN[world.rng.random_range(0..DRAWN.len())])
        } else {
            None
        };
        fault.inspect(|fault| world.faults.count(*fault))
    }

    /// A rule of a row names nobody, one of the ledger names the account: either may be met.
    fn refuse(&self, batch: &Batch) -> StoreError {
        let mut world = self.world.lock();
        let guilty = world.refused.map(|(account, _)| account);
        let is_named = batch.entries.len() == 1 || world.rng.random();
        let accounts = guilty.filter(|_| is_named).into_iter().collect();
        StoreError::Refused { why: "a rule of the simulation".into(), accounts }
    }
}

fn lost() -> StoreError {
    StoreError::Unknown(sqlx::Error::WorkerCrashed)
}

impl Journal for SimulatedJournal {
    fn commit<'a>(&'a mut self, batch: &'a Batch) -> LocalBoxFuture<'a, Accepted> {
        Box::pin(self.commit_now(batch))
    }

    fn load_accounts<'a>(
        &'a mut self,
        ids: &'a [AccountId],
    ) -> LocalBoxFuture<'a, Result<Vec<LoadedAccount>, StoreError>> {
        Box::pin(async move {
            self.reach_to_read().await?;
            let world = self.world.lock();
            Ok(ids.iter().filter_map(|id| loaded_account(&world, *id)).collect())
        })
    }

    fn load_keys<'a>(&'a mut self, ids: &'a [KeyId]) -> LocalBoxFuture<'a, Result<Vec<LoadedKey>, StoreError>> {
        Box::pin(async move {
            self.reach_to_read().await?;
            let world = self.world.lock();
            Ok(ids.iter().filter_map(|id| loaded_key(&world, *id)).collect())
        })
    }

    fn positions<'a>(&'a mut self, ids: &'a [AccountId]) -> LocalBoxFuture<'a, Result<Vec<Position>, StoreError>> {
        Box::pin(async move {
            self.reach().await?;
            let mut world = self.world.lock();
            if !ids.is_empty() {
                world.end_late();
            }
            let (_, epoch) = world.ledger.owner.expect("a boot took the shards");
            let row = |id: &AccountId| world.ledger.accounts.get(id).map(|a| a.last_seq);
            let position = |id: &AccountId| row(id).map(|last_seq| Position { account: *id, last_seq, epoch });
            Ok(ids.iter().filter_map(position).collect())
        })
    }

    fn blocked<'a>(&'a mut self, ids: &'a [AccountId]) -> LocalBoxFuture<'a, Result<Vec<AccountId>, StoreError>> {
        Box::pin(async move {
            self.reach().await?;
            let world = self.world.lock();
            let now = world.now_us();
            Ok(ids.iter().copied().filter(|id| world.locked.get(id).is_some_and(|until| now < *until)).collect())
        })
    }

    fn settled<'a>(&'a mut self, call: CallId) -> LocalBoxFuture<'a, Result<Option<SettledCall>, StoreError>> {
        Box::pin(async move {
            self.reach_to_read().await?;
            let world = self.world.lock();
            Ok(world.ledger.calls.get(&call).map(|line| SettledCall {
                seq: line.seq,
                outcome: line.outcome,
                charge: cost(line.charge),
                line: price(line.line),
            }))
        })
    }

    fn reconnect(&mut self) -> LocalBoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            self.world.step().await;
            self.world.pass(200..=3_000).await;
            let world = self.world.lock();
            let now = world.now_us();
            self.is_connected = now >= world.away_until;
            match (self.is_connected, now < world.full_until) {
                (false, _) => Err(StoreError::Away("nobody answers".into())),
                (true, true) => Err(StoreError::CannotWrite("read-only".into())),
                (true, false) => Ok(()),
            }
        })
    }
}

pub fn cost(nanos: i128) -> Cost {
    Cost::from_nanos(nanos.try_into().expect("an amount"))
}

pub fn price(nanos: i128) -> Price {
    Price::from_nanos(nanos.try_into().expect("an amount"))
}

fn loaded_account(world: &Inner, id: AccountId) -> Option<LoadedAccount> {
    let row = world.ledger.accounts.get(&id)?;
    let open = row.keys.iter().filter(|(_, key)| key.status != 3);
    let funding = |key: &crate::simulate::ledger::Key| KeyFunding {
        ratio: ratio(key),
        budget: price(key.budget),
        funded: cost(key.funded),
        closing: key.status != 1,
    };
    Some(LoadedAccount {
        account: id,
        last_seq: row.last_seq,
        main: cost(row.main),
        receivable: cost(row.receivable),
        deposits: cost(row.deposits),
        granted: cost(row.granted),
        reversals: cost(row.reversals),
        freezes: row.freezes,
        keys: open.map(|(id, key)| (*id, funding(key))).collect(),
    })
}

fn loaded_key(world: &Inner, id: KeyId) -> Option<LoadedKey> {
    let (account, row) = world.ledger.accounts.iter().find(|(_, row)| row.keys.contains_key(&id))?;
    let key = &row.keys[&id];
    let book = KeyBook {
        key: id,
        account: *account,
        ratio: ratio(key),
        status: [KeyStatus::Active, KeyStatus::Closing, KeyStatus::Closed][usize::from(key.status - 1)],
        budget: price(key.budget),
        funded: cost(key.funded),
        posted: cost(key.posted),
        refunded: cost(key.refunded),
        spent: price(key.spent),
        loaded_seq: row.last_seq,
    };
    Some(LoadedKey {
        book,
        paused: key.paused,
        rpm: key.rpm,
        concurrency: key.concurrency,
        frozen: row.freezes > 0 || row.receivable > 0,
        last_seq: row.last_seq,
    })
}

fn ratio(key: &crate::simulate::ledger::Key) -> Ratio {
    Ratio::of(cost(key.ratio.0), price(key.ratio.1)).expect("a ratio")
}
