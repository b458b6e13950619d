//! Carries a finished call's facts until they are durable. Detached from everything: the client, the body and the
//! worker may be gone.
//!
//! The key's actor decides and the lane commits. Where that takes longer than `SPOOL_AFTER`, the facts go to the spool
//! first, so that the client gets its last bytes; the task keeps trying until the ledger has them.

use crate::actors::directory::Directory;
use crate::actors::lane::Item;
use crate::actors::messages::{AskError, KeyRef, Settle, SettleReceipt};
use crate::domain::call::CallFacts;
use crate::domain::money::Cost;
use crate::domain::outcome::{Flags, Outcome};
use crate::store::journal::SettledCall;
use std::time::Duration;
use tokio::sync::oneshot;

/// A commit that takes longer than this sends the settlement to the spool (`ledger.md` §9).
pub const SPOOL_AFTER: Duration = Duration::from_millis(250);
/// How long a settlement waits before it asks again.
const ASK_AGAIN: Duration = Duration::from_millis(200);
/// How often a settlement of an older boot is tried: one account out of service must not keep the others from a start.
const REPLAY_TRIES: u32 = 50;

/// A settlement is durable, or cannot be made so.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Durable {
    /// In the ledger.
    Committed(SettleReceipt),
    /// In the local spool; what it charges is decided when it is replayed.
    Spooled,
    /// Neither: the last bytes must not be sent (`ledger.md` §14 row 13).
    Nowhere,
}

/// Starts carrying. The answer resolves once; dropping it changes nothing.
pub fn carry(directory: &Directory, facts: CallFacts) -> oneshot::Receiver<Durable> {
    let (tell, durable) = oneshot::channel();
    let carrier = Carrier { directory: directory.clone(), tell: Some(tell), spooled: false };
    directory.settlements().begin();
    directory.spawn_beside(facts.account, carrier.run(facts));
    durable
}

/// Puts a settlement of an older boot into the ledger; false while the store is away, or its account out of service.
/// One lost answer is neither.
pub async fn replay(directory: &Directory, mut facts: CallFacts) -> bool {
    facts.flags = facts.flags.with(Flags::REPLAYED);
    for _ in 0..REPLAY_TRIES {
        match find(directory, &facts).await {
            Ok(Some(found)) => {
                warn_if_unbilled(&facts, found);
                return true;
            }
            Ok(None) if matches!(ask(directory, &facts).await, Ok(Ok(_))) => return true,
            Err(_) if !directory.lane(facts.account).is_healthy() => return false,
            // One answer was lost; the next try asks first what became of it.
            Ok(None) | Err(_) => {}
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
    tracing::error!(call.id = %facts.call, account.id = %facts.account, "a settlement of an older start could not be made");
    false
}

/// A call that was voided before its spool was found stays unbilled; the exact figure goes to the operator.
fn warn_if_unbilled(facts: &CallFacts, found: SettledCall) {
    if facts.outcome == Outcome::Answered && found.outcome != Outcome::Answered {
        tracing::error!(call.id = %facts.call, cost.usd = %facts.cost, "an answered call had been voided; it stays unbilled");
    }
}

struct Carrier {
    directory: Directory,
    tell: Option<oneshot::Sender<Durable>>,
    spooled: bool,
}

impl Carrier {
    async fn run(mut self, mut facts: CallFacts) {
        let key = KeyRef { account: facts.account, key: facts.key };
        let receipt = self.until_committed(&mut facts).await;
        self.directory.open_calls().remove(key.key, facts.call);
        if self.spooled {
            self.directory.spool().mark_done(facts.call);
        }
        self.say(Durable::Committed(receipt));
        self.directory.settlements().end();
    }

    async fn until_committed(&mut self, facts: &mut CallFacts) -> SettleReceipt {
        let mut answer = ask(&self.directory, facts);
        loop {
            let wait = tokio::time::timeout(SPOOL_AFTER, &mut answer).await;
            match wait {
                Ok(Ok(Ok(receipt))) => return receipt,
                Ok(_lost) => {
                    self.spool(facts, Commit::Lost).await;
                    tokio::time::sleep(ASK_AGAIN).await;
                    match find(&self.directory, facts).await {
                        Ok(Some(found)) => return receipt_of(found),
                        Ok(None) => answer = ask(&self.directory, facts),
                        Err(_away) => answer = never(),
                    }
                }
                Err(_slow) => self.spool(facts, Commit::UnderWay).await,
            }
        }
    }

    /// Makes the facts durable here; once. Where the disk refuses too and no commit is under way, the call becomes
    /// unbilled.
    async fn spool(&mut self, facts: &mut CallFacts, commit: Commit) {
        // Whoever spooled it has told so, and what is durable nowhere was said to be unbilled.
        if self.tell.is_none() {
            return;
        }
        self.directory.open_calls().leave_slot(facts.key, facts.call);
        match (self.directory.spool().append(facts).await, commit) {
            (Ok(()), _) => {
                self.spooled = true;
                self.say(Durable::Spooled);
            }
            (Err(error), Commit::UnderWay) => {
                tracing::warn!(call.id = %facts.call, %error, "a settlement waits for its commit alone")
            }
            (Err(error), Commit::Lost) => {
                tracing::error!(call.id = %facts.call, %error, "a settlement could not be made durable; it will not be billed");
                forgo(facts);
                self.say(Durable::Nowhere);
            }
        }
    }

    fn say(&mut self, durable: Durable) {
        if let Some(tell) = self.tell.take() {
            let _ = tell.send(durable);
        }
    }
}

/// Whether the ledger may still take the settlement that was handed to it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Commit {
    UnderWay,
    Lost,
}

/// Turns the facts into an unbilled call: the client did not get its end.
fn forgo(facts: &mut CallFacts) {
    if facts.outcome == Outcome::Answered {
        facts.absorbed = facts.absorbed.saturating_add(facts.cost);
        facts.cost = Cost::ZERO;
        facts.outcome = Outcome::Unsettled;
    }
}

fn ask(directory: &Directory, facts: &CallFacts) -> oneshot::Receiver<Result<SettleReceipt, AskError>> {
    let (done, answer) = oneshot::channel();
    let key = KeyRef { account: facts.account, key: facts.key };
    directory.tell_key(key, Settle { facts: facts.clone(), done });
    answer
}

/// An answer that is lost at once.
fn never() -> oneshot::Receiver<Result<SettleReceipt, AskError>> {
    oneshot::channel().1
}

async fn find(directory: &Directory, facts: &CallFacts) -> Result<Option<SettledCall>, AskError> {
    let (done, found) = oneshot::channel();
    directory.lane(facts.account).send(Item::FindSettled(facts.call, done));
    found.await.unwrap_or(Err(AskError::Unavailable))
}

fn receipt_of(found: SettledCall) -> SettleReceipt {
    SettleReceipt { charge: found.charge, line: found.line, remaining: None }
}
