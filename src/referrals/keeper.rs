//! Works beside the listeners: turns what referees consumed into lines, pays the lines that are due, and takes back what was
//! earned on money that went back.
//!
//! Rows are the state. Any number may work at once and die at any point: one referrer's lines are one worker's at a time,
//! a line and its watermark are one commit, and a payment's operation id is its line's.

use crate::actors::directory::Directory;
use crate::actors::messages::{AskError, Move};
use crate::clock::Clock;
use crate::config::referral::Referral;
use crate::domain::ids::AccountId;
use crate::domain::money::Cost;
use crate::domain::op::{Idem, Movement, Refusal};
use crate::domain::referral::{self, LiveLine, Tiers, Undo};
use crate::store::error::StoreError;
use crate::store::referrals::{Referee, ReferralStore, Turn};
use chrono::TimeDelta;
use std::time::Duration;
use thiserror::Error;
use uuid::Uuid;

/// Referrers read at a time.
const PAGE: i64 = 500;
/// Passes over one referrer in one round; each undoes or pays up to a thousand lines. The next round goes on.
const MOST_PASSES: usize = 100;
/// Who the journal names.
const BY: &str = "referral";

/// Why a referrer's lines were left for the next round; nothing is lost by it.
#[derive(Debug, Error)]
pub enum ReferralError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Ask(#[from] AskError),
}

/// Accrues and pays commission.
#[derive(Clone)]
pub struct Keeper {
    store: ReferralStore,
    directory: Directory,
    clock: Clock,
    tiers: Tiers,
    hold_back: TimeDelta,
    every: Duration,
}

impl Keeper {
    /// # Errors
    /// The setting that cannot work, by name.
    pub fn new(store: ReferralStore, directory: Directory, clock: Clock, rules: &Referral) -> Result<Self, String> {
        let hold_back = TimeDelta::days(rules.hold_back_days.into());
        Ok(Keeper { store, directory, clock, tiers: rules.tiers()?, hold_back, every: rules.accrue_every })
    }

    /// Works until its task is dropped.
    pub async fn run(self) {
        let mut rounds = tokio::time::interval(self.every);
        loop {
            rounds.tick().await;
            if let Err(error) = self.round().await {
                tracing::warn!(%error, "commission could not be looked at; the next round does");
            }
        }
    }

    /// Brings every referrer's lines up to date.
    ///
    /// # Errors
    /// If the store cannot be asked. What one referrer comes to is logged and does not keep the others waiting.
    pub async fn round(&self) -> Result<(), StoreError> {
        let mut after = Uuid::nil();
        loop {
            let page = self.store.referrers_with_work(after, self.clock.now_utc(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.0;
            for referrer in page {
                if let Err(error) = self.bring_up(referrer).await {
                    tracing::warn!(account.id = %referrer, %error, "commission waits for the next round");
                }
            }
        }
    }

    async fn bring_up(&self, referrer: AccountId) -> Result<(), ReferralError> {
        for _ in 0..MOST_PASSES {
            let done = self.accrue(referrer).await? + self.take_back(referrer).await? + self.release(referrer).await?;
            if done == 0 {
                break;
            }
        }
        Ok(())
    }

    /// New lines and withheld ones, in one commit with the watermarks; how many there were.
    async fn accrue(&self, referrer: AccountId) -> Result<usize, ReferralError> {
        let Some(mut turn) = self.store.turn(referrer).await? else { return Ok(0) };
        let (mut done, mut referred) = (0, turn.referred().await?);
        for referee in turn.lock_changed().await? {
            match referral::next_line(&self.tiers, referee.base, referee.watermark, referred) {
                Some(line) => {
                    let at = self.clock.now_utc();
                    turn.add(&referee, Uuid::now_v7(), &line, at, at + self.hold_back).await?;
                    (referred, done) = (line.tier_to, done + 1);
                }
                None => {
                    for line in withheld_first(&self.undone(&mut turn, &referee).await?) {
                        turn.withhold(&referee, &line).await?;
                        (referred, done) = (referred.saturating_sub(line.length), done + 1);
                    }
                }
            }
        }
        turn.commit().await?;
        Ok(done)
    }

    /// Takes back what was paid on consumption that counts no more; how many lines.
    async fn take_back(&self, referrer: AccountId) -> Result<usize, ReferralError> {
        // The turn is held, not the rows: the commit of the operation needs those.
        let Some(mut turn) = self.store.turn(referrer).await? else { return Ok(0) };
        let mut done = 0;
        for referee in turn.fallen().await? {
            for undo in self.undone(&mut turn, &referee).await? {
                let Undo::TakeBack(line) = undo else { break };
                let (id, movement) = (line.line, Movement::CommissionBack { line: line.line });
                if !self.moved(referrer, format!("commission_back:{id}"), line.amount, movement).await? {
                    break;
                }
                done += 1;
            }
        }
        turn.commit().await?;
        Ok(done)
    }

    /// Pays the lines that are due, of referees whose base covers their lines at this moment; how many.
    async fn release(&self, referrer: AccountId) -> Result<usize, ReferralError> {
        let Some(mut turn) = self.store.turn(referrer).await? else { return Ok(0) };
        let mut done = 0;
        while let Some((line, amount)) = turn.next_due(self.clock.now_utc()).await? {
            let movement = Movement::Commission { line };
            if !self.moved(referrer, format!("commission:{line}"), amount, movement).await? {
                break;
            }
            done += 1;
        }
        turn.commit().await?;
        Ok(done)
    }

    async fn undone(&self, turn: &mut Turn, referee: &Referee) -> Result<Vec<Undo>, StoreError> {
        if referee.base >= referee.watermark {
            return Ok(Vec::new());
        }
        let lines = turn.live_lines(referee.account).await?;
        Ok(referral::undo(referee.base, referee.watermark, &lines))
    }

    /// One movement through the referrer's account; false if it must wait for the next round.
    async fn moved(&self, referrer: AccountId, id: String, amount: Cost, movement: Movement) -> Result<bool, AskError> {
        let idem = Idem::of(id.clone(), &[&amount.to_string()]);
        let message = Move { amount, movement, idem, by: Some(BY.into()) };
        match self.directory.ask_account(referrer, message).await.and_then(|answer| answer)? {
            Ok(_) => {
                tracing::info!(account.id = %referrer, operation.id = id, amount = %amount, "a commission moved");
                Ok(true)
            }
            // An older round's operation: its commit changes the line.
            Err(Refusal::UnderWay | Refusal::DoneAlready) => Ok(false),
            Err(refusal) => {
                tracing::error!(account.id = %referrer, operation.id = id, %refusal, "the books refused a commission");
                Ok(false)
            }
        }
    }
}

/// The lines to withhold before the first that must be taken back: lines go strictly newest first.
fn withheld_first(undone: &[Undo]) -> Vec<LiveLine> {
    let lines = undone.iter().map_while(|undo| match undo {
        Undo::Withhold(line) => Some(*line),
        Undo::TakeBack(_) => None,
    });
    lines.collect()
}
