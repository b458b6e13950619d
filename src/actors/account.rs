//! The actor of one reseller's account: serialises everything that touches its main balance.
//!
//! A handler decides, applies the debit, hands the op to the lane and answers with a future that waits for the
//! receipt. No handler changes state after an await.

use crate::actors::directory::Directory;
use crate::actors::entry::Life;
use crate::actors::lane::{Item, Submission, Waiter};
use crate::actors::messages::{
    AccountView, Answer, AskError, CloseKey, Committed, CreateKey, FundKey, KeyFunded, KeyOpened, Move, Passivate,
    Receipt, SetFreeze, TakeRefund, ViewAccount,
};
use crate::domain::account::AccountBook;
use crate::domain::ids::AccountId;
use crate::domain::money::Cost;
use crate::domain::op::{Direction, Op, Refusal};
use crate::store::journal::LoadedAccount;
use actix::fut::WrapFuture;
use actix::{Actor, ActorContext, ActorFutureExt, Addr, AsyncContext, Context, Handler, ResponseFuture};
use std::sync::Arc;
use tokio::sync::oneshot;

type Done = oneshot::Receiver<Result<Receipt, AskError>>;

/// One account's book with its way to the lane.
pub struct AccountActor {
    account: AccountId,
    generation: u64,
    directory: Directory,
    life: Arc<Life>,
    /// `None` until loaded; no message is handled before.
    book: Option<AccountBook>,
}

impl AccountActor {
    pub fn new(account: AccountId, generation: u64, directory: Directory, life: Arc<Life>) -> Self {
        AccountActor { account, generation, directory, life, book: None }
    }

    fn take_in(&mut self, loaded: LoadedAccount) {
        let mut book = AccountBook::new(loaded.account, loaded.main, loaded.receivable, loaded.freezes);
        (book.deposits, book.granted, book.reversals) = (loaded.deposits, loaded.granted, loaded.reversals);
        book.keys.extend(loaded.keys);
        self.book = Some(book);
    }

    /// The book, unless it is in doubt.
    fn book(&mut self) -> Result<&mut AccountBook, AskError> {
        if self.life.is_retired() {
            return Err(AskError::Discarded);
        }
        self.book.as_mut().ok_or(AskError::Unavailable)
    }

    /// Decides by `decide`, applies, and hands the op to the lane.
    fn decide(
        &mut self,
        by: Option<Arc<str>>,
        addr: Addr<Self>,
        decide: impl FnOnce(&AccountBook) -> Result<Op, Refusal>,
    ) -> Answer<(Op, Done)> {
        let book = self.book()?;
        let mut op = match decide(book) {
            Ok(op) => op,
            Err(refusal) => return Ok(Err(refusal)),
        };
        op.by = by;
        let was_frozen = book.frozen();
        book.apply(&op);
        let frozen = book.frozen();
        if frozen && !was_frozen {
            self.directory.freeze_keys(self.account, true);
        }
        let (done, receipt) = oneshot::channel();
        self.submit(op.clone(), Some(done), addr);
        Ok(Ok((op, receipt)))
    }

    fn submit(&self, op: Op, done: Option<oneshot::Sender<Result<Receipt, AskError>>>, author: Addr<Self>) {
        let waiter = Waiter::Op { done, author };
        let submission = Submission { op, generation: self.generation, waiter };
        self.directory.lane(self.account).send(Item::Op(Box::new(submission)));
    }

    fn available(&self) -> Cost {
        self.book.as_ref().map_or(Cost::ZERO, AccountBook::available)
    }
}

/// Waits for an op's receipt and makes the answer of it.
fn answer<T: 'static>(
    decided: Answer<(Op, Done)>,
    make: impl FnOnce(Op, Receipt) -> T + 'static,
) -> ResponseFuture<Answer<T>> {
    Box::pin(async move {
        match decided {
            Ok(Ok((op, done))) => {
                let receipt = done.await.unwrap_or(Err(AskError::Unavailable))?;
                Ok(Ok(make(op, receipt)))
            }
            Ok(Err(refusal)) => Ok(Err(refusal)),
            Err(error) => Err(error),
        }
    })
}

impl Drop for AccountActor {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.directory.poisoned(self.account);
        }
    }
}

impl Actor for AccountActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let (done, loaded) = oneshot::channel();
        self.directory.lane(self.account).send(Item::LoadAccount(self.account, self.generation, done));
        let take_in = loaded.into_actor(self).map(|loaded, actor, ctx| match loaded.ok().flatten() {
            Some(loaded) => actor.take_in(loaded),
            None => ctx.stop(),
        });
        // Messages queue until the book is there.
        ctx.wait(take_in);
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        self.directory.forget_account(self.account, &self.life);
    }
}

impl Handler<Move> for AccountActor {
    type Result = ResponseFuture<Answer<Receipt>>;

    fn handle(&mut self, m: Move, ctx: &mut Self::Context) -> Self::Result {
        let decided = self.decide(m.by, ctx.address(), |book| match m.movement.direction() {
            Direction::Credit => book.decide_credit(m.amount, m.movement, Some(m.idem)),
            _ => book.decide_take_back(m.amount, m.movement, Some(m.idem)),
        });
        answer(decided, |_, receipt| receipt)
    }
}

impl Handler<CreateKey> for AccountActor {
    type Result = ResponseFuture<Answer<KeyOpened>>;

    fn handle(&mut self, m: CreateKey, ctx: &mut Self::Context) -> Self::Result {
        let decided =
            self.decide(m.by, ctx.address(), |book| book.decide_create_key(m.key, m.price, m.cost, m.new, m.idem));
        let available = self.available();
        answer(decided, move |op, receipt| KeyOpened { seq: receipt.seq, debited: op.cost, available })
    }
}

impl Handler<FundKey> for AccountActor {
    type Result = ResponseFuture<Answer<KeyFunded>>;

    fn handle(&mut self, m: FundKey, ctx: &mut Self::Context) -> Self::Result {
        let decided = self.decide(m.by, ctx.address(), |book| book.decide_fund_key(m.key, m.price, m.idem));
        let available = self.available();
        let budget = self.book.as_ref().and_then(|b| b.keys.get(&m.key)).map(|f| f.budget).unwrap_or_default();
        answer(decided, move |op, receipt| KeyFunded { seq: receipt.seq, debited: op.cost, budget, available })
    }
}

impl Handler<CloseKey> for AccountActor {
    type Result = ResponseFuture<Answer<Receipt>>;

    fn handle(&mut self, m: CloseKey, ctx: &mut Self::Context) -> Self::Result {
        let decided = self.decide(m.by, ctx.address(), |book| book.decide_close_key(m.key, m.idem));
        answer(decided, |_, receipt| receipt)
    }
}

impl Handler<SetFreeze> for AccountActor {
    type Result = ResponseFuture<Answer<Receipt>>;

    fn handle(&mut self, m: SetFreeze, ctx: &mut Self::Context) -> Self::Result {
        let decided = self.decide(m.by, ctx.address(), |book| book.decide_freeze(m.movement, m.idem));
        answer(decided, |_, receipt| receipt)
    }
}

impl Handler<TakeRefund> for AccountActor {
    type Result = ();

    fn handle(&mut self, m: TakeRefund, ctx: &mut Self::Context) {
        let author = ctx.address();
        // A dropped `done` tells the key that its refund was not written; the rebuilt key offers it again.
        let Ok(book) = self.book() else { return };
        let op = book.decide_refund(m.key, m.cost);
        book.apply(&op);
        let (done, receipt) = oneshot::channel();
        self.submit(op, Some(done), author);
        actix::spawn(async move {
            if let Ok(Ok(receipt)) = receipt.await {
                let _ = m.done.send(receipt);
            }
        });
    }
}

impl Handler<Committed> for AccountActor {
    type Result = ();

    fn handle(&mut self, m: Committed, _: &mut Self::Context) {
        let account = self.account;
        let Ok(book) = self.book() else { return };
        book.committed(&m.op);
        let frozen = book.frozen();
        if !frozen && (m.op.movement.kind() == 13 || m.op.owed > Cost::ZERO) {
            self.directory.freeze_keys(account, false);
        }
    }
}

impl Handler<ViewAccount> for AccountActor {
    type Result = Result<AccountView, AskError>;

    fn handle(&mut self, _: ViewAccount, _: &mut Self::Context) -> Self::Result {
        let book = self.book()?;
        Ok(AccountView {
            main: book.committed_main(),
            available: book.available(),
            receivable: book.receivable,
            frozen: book.frozen(),
            held: book.freezes > 0,
        })
    }
}

impl Handler<Passivate> for AccountActor {
    type Result = ();

    fn handle(&mut self, _: Passivate, ctx: &mut Self::Context) {
        let busy = self.book.as_ref().is_some_and(AccountBook::busy);
        if !busy && self.directory.leave_account(self.account, &self.life) {
            ctx.stop();
        }
    }
}
