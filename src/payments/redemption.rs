//! Redemption codes: the operator mints, a reseller redeems. The claim is written first, by compare-and-set, so a code
//! has one account for ever; then the account's actor credits it under the operation id `code:<id>`. What a crash leaves
//! between the two is finished by the next redemption of the code, the next round, or the next start.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::json;
use sqlx::PgPool;
use thiserror::Error;
use uuid::Uuid;

use crate::actors::directory::Directory;
use crate::actors::messages::{AskError, Move};
use crate::domain::ids::AccountId;
use crate::domain::money::Cost;
use crate::domain::op::{Idem, Movement, Refusal};
use crate::domain::redemption_code::RedemptionCode;
use crate::domain::trail::{Action, Trail, network_of};
use crate::store::audit::{Act, AuditStore};
use crate::store::error::StoreError;
use crate::store::redemptions::{Claimed, ListedCode, NewCode, RedemptionStore};
use crate::store::throttle::Limit;
use crate::store::views::statement::StatementViews;

/// Codes minted at once at most.
pub const MOST_MINTED: usize = 1_000;
/// Codes listed at most.
const SHOWN: i64 = 1_000;
/// Wrong codes an account or a network may try in an hour: enough for typing badly.
const WRONG_PER_HOUR: u32 = 10;
const HOUR: Duration = Duration::from_secs(3_600);
/// How often claims without their credit are looked for.
const ROUND: Duration = Duration::from_secs(5);
const MOST_A_ROUND: i64 = 100;
/// How long a redemption waits for its credit that is under way already.
const WAIT_FOR_CREDIT: Duration = Duration::from_millis(50);
const MOST_WAITS: usize = 40;
/// What the journal says of the credit.
const REASON: &str = "Redemption code";

/// Why a code was not redeemed.
#[derive(Debug, Error)]
pub enum RedeemError {
    /// No text of a code's form: nothing was looked for.
    #[error("this is no code")]
    Malformed,
    /// Absent, used, expired and revoked alike.
    #[error("the code is not to be had")]
    NotTaken,
    #[error("too many codes were tried")]
    Throttled,
    /// It is this account's, and the books have not answered: it is credited by itself.
    #[error("the credit is not known to be written")]
    Unanswered(#[source] AskError),
    #[error("the books refused the credit: {0}")]
    Refused(Refusal),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A code just minted; the only time it is seen.
pub struct Minted {
    pub id: Uuid,
    pub code: RedemptionCode,
}

/// Mints and redeems; clones are the same one.
#[derive(Clone)]
pub struct Redemptions(Arc<Inner>);

struct Inner {
    store: RedemptionStore,
    audit: AuditStore,
    statement: StatementViews,
    directory: Directory,
}

impl Redemptions {
    pub fn new(pool: &PgPool, directory: Directory) -> Self {
        let (store, audit) = (RedemptionStore::new(pool.clone()), AuditStore::new(pool.clone()));
        let statement = StatementViews::new(pool.clone());
        Redemptions(Arc::new(Inner { store, audit, statement, directory }))
    }

    /// Mints `count` codes of `amount` each, all or none.
    ///
    /// # Errors
    /// If the store is away or the system has no randomness; no code is worth anything then.
    ///
    /// # Panics
    /// If more than `MOST_MINTED` are asked for: the caller refuses that.
    pub async fn mint(
        &self,
        amount: Cost,
        count: usize,
        expires_at: Option<DateTime<Utc>>,
        note: Option<&str>,
    ) -> Result<Vec<Minted>, StoreError> {
        assert!(count <= MOST_MINTED, "the caller refuses more");
        let minted = (0..count).map(|_| fresh()).collect::<Result<Vec<_>, _>>()?;
        let new = |code: &Minted| NewCode { id: code.id, digest: code.code.digest(), amount, note, expires_at };
        self.0.store.mint(&minted.iter().map(new).collect::<Vec<_>>()).await?;
        Ok(minted)
    }

    /// Newest first.
    pub async fn list(&self) -> Result<Vec<ListedCode>, StoreError> {
        self.0.store.list(SHOWN).await
    }

    /// Ends a code that nobody has redeemed; the code as it is then.
    pub async fn revoke(&self, id: Uuid) -> Result<Option<ListedCode>, StoreError> {
        self.0.store.revoke(id).await?;
        self.0.store.find(id).await
    }

    /// The code of this id, if this account has redeemed it.
    pub async fn own(&self, account: AccountId, id: Uuid) -> Result<Option<ListedCode>, StoreError> {
        Ok(self.0.store.find(id).await?.filter(|code| code.claimed_by == Some(account)))
    }

    /// Redeems a typed code; a repeat by the same account is the same redemption. A place among the wrong codes is taken
    /// first and given back if it was right, so parallel guesses cannot share a place.
    ///
    /// # Errors
    /// `RedeemError`; after `Unanswered` the code stays this account's and is credited by itself.
    pub async fn redeem(&self, account: AccountId, typed: &str, trail: &Trail) -> Result<Claimed, RedeemError> {
        let code = RedemptionCode::parse(typed).ok_or(RedeemError::Malformed)?;
        let limits = limits(account, trail);
        if !self.0.store.take_try(&limits).await? {
            return Err(RedeemError::Throttled);
        }
        let now = self.0.directory.clock().now_utc();
        let Some(claimed) = self.0.store.claim(&code.digest(), account, now).await? else {
            self.note(trail, Act::of(Action::CodeRefused).within(account)).await;
            return Err(RedeemError::NotTaken);
        };
        self.0.store.give_back_try(&limits).await?;
        if !claimed.is_credited {
            self.credit(&claimed).await?;
            let detail = json!({ "amount": claimed.amount.to_string() });
            self.note(trail, Act::of(Action::CodeRedeemed).within(account).on(claimed.id).saying(detail)).await;
        }
        Ok(claimed)
    }

    /// Finishes claims without their credit until its task is dropped; the first round is a start's.
    pub async fn run(self) {
        let mut rounds = tokio::time::interval(ROUND);
        loop {
            rounds.tick().await;
            if let Err(error) = self.finish_claims().await {
                tracing::warn!(%error, "claimed codes could not be looked for; they wait");
            }
        }
    }

    /// One round; says how many credits it finished.
    ///
    /// # Errors
    /// If the claims cannot be read. A claim that cannot be finished is logged and waits for the next round.
    pub async fn finish_claims(&self) -> Result<usize, StoreError> {
        let mut finished = 0;
        for claimed in self.0.store.unpaid(MOST_A_ROUND).await? {
            match self.credit(&claimed).await {
                Ok(()) => finished += 1,
                Err(error) => tracing::warn!(code.id = %claimed.id, %error, "a claimed code waits for its credit"),
            }
        }
        Ok(finished)
    }

    /// Credits a claim through its account's actor; any number may at once, the operation id lets one through.
    async fn credit(&self, claimed: &Claimed) -> Result<(), RedeemError> {
        let Claimed { id, account, amount, .. } = *claimed;
        let idem = Idem::of(format!("code:{id}"), &[&amount.to_string()]);
        // The actor knows what was done in its own life; what an older one committed only the store knows.
        if self.0.statement.recorded(account, &idem.id).await?.is_some() {
            return Ok(self.0.store.mark_credited(id).await?);
        }
        let movement = Movement::Correction { reason: REASON.to_owned() };
        let message = Move { amount, movement, idem, by: Some("code".into()) };
        let mut asked = self.0.directory.ask_account(account, message.clone()).await.and_then(|answer| answer);
        for _ in 0..MOST_WAITS {
            // The same code is being credited for an earlier click: both answer the same.
            if !matches!(asked, Ok(Err(Refusal::UnderWay))) {
                break;
            }
            tokio::time::sleep(WAIT_FOR_CREDIT).await;
            asked = self.0.directory.ask_account(account, message.clone()).await.and_then(|answer| answer);
        }
        match asked.map_err(RedeemError::Unanswered)? {
            Ok(_) => tracing::info!(code.id = %id, account.id = %account, amount = %amount, "a code is redeemed"),
            Err(Refusal::DoneAlready) => {}
            Err(Refusal::UnderWay) => return Err(RedeemError::Unanswered(AskError::Unavailable)),
            Err(refusal) => {
                tracing::error!(code.id = %id, account.id = %account, %refusal, "the books refused a claimed code");
                return Err(RedeemError::Refused(refusal));
            }
        }
        Ok(self.0.store.mark_credited(id).await?)
    }

    /// The act is done: a trail that cannot be written does not undo it.
    async fn note(&self, trail: &Trail, act: Act) {
        if let Err(error) = self.0.audit.record(trail, &act).await {
            tracing::error!(%error, "an act on a code is missing in the trail");
        }
    }
}

fn fresh() -> Result<Minted, StoreError> {
    let mut random = [0; 25];
    getrandom::fill(&mut random).map_err(|_| StoreError::CannotWrite("the system has no randomness".into()))?;
    Ok(Minted { id: Uuid::now_v7(), code: RedemptionCode::from_bytes(random) })
}

fn limits(account: AccountId, trail: &Trail) -> [Limit; 2] {
    let limit = |scope, subject| Limit { scope, subject, window: HOUR, most: WRONG_PER_HOUR };
    [limit("redeem.account", account.to_string()), limit("redeem.network", network_of(trail.ip))]
}
