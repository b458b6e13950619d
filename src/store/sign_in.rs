//! The end of a sign-in, in one commit: the code is used up, the record exists, the session lives, the trail says so.

use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::domain::device;
use crate::domain::email::EmailAddress;
use crate::domain::ids::{AccountId, UserId};
use crate::domain::referral_code::ReferralCode;
use crate::domain::site::{Person, Site};
use crate::domain::trail::{Action, Actor, Trail};
use crate::store::audit::{self, Act};
use crate::store::codes::Claim;
use crate::store::error::StoreError;
use crate::store::mail::{self, NewMail};
use crate::store::sessions::about;
use crate::store::throttle;

/// A session about to live.
pub struct NewSession {
    pub session: Uuid,
    /// SHA-256 of its token.
    pub token_hash: [u8; 32],
}

/// Where somebody comes in, and by whose link.
#[derive(Clone, Copy)]
pub struct Entry<'a> {
    pub site: Site,
    pub referral: Option<&'a ReferralCode>,
}

/// What was counted against the address before the code was known to be right: `(scope, subject)`.
pub type GiveBack = Vec<(&'static str, String)>;

/// Sign-ins and step-ups.
#[derive(Clone)]
pub struct SignInStore {
    pool: PgPool,
}

impl SignInStore {
    pub fn new(pool: PgPool) -> Self {
        SignInStore { pool }
    }

    /// Signs in to a site after a correct code; the first one makes the record. `Entry::referral` counts for an account
    /// that this makes, and for nothing else. `new_device` is queued where the person has signed in before, and never with
    /// this device. `None` if the code was used meanwhile.
    pub async fn complete(
        &self,
        claim: &Claim,
        entry: Entry<'_>,
        (new, new_device): (&NewSession, &NewMail),
        give_back: &GiveBack,
        trail: &Trail,
    ) -> Result<Option<Person>, StoreError> {
        let mut work = self.pool.begin().await?;
        if !use_code(&mut work, claim, give_back).await? {
            return Ok(None);
        }
        let person = find_or_create(&mut work, entry, &claim.address).await?;
        let (account, user) = match person {
            Person::Reseller(account) => (Some(account.0), None),
            Person::User(user) => (None, Some(user.0)),
        };
        sqlx::query(include_str!("sql/insert_session.sql"))
            .bind(new.session)
            .bind(&new.token_hash[..])
            .bind(entry.site.word())
            .bind(account)
            .bind(user)
            .bind(&trail.user_agent)
            .execute(&mut *work)
            .await?;
        let device = device::device(&trail.user_agent);
        let is_new: bool = sqlx::query_scalar(include_str!("sql/note_device.sql"))
            .bind(entry.site.word())
            .bind(account.or(user))
            .bind(&device)
            .fetch_one(&mut *work)
            .await?;
        if is_new {
            mail::enqueue(&mut work, new_device).await?;
        }
        let act = about(person, Action::SignedIn).on(new.session);
        audit::record(&mut work, &trail.by(actor(person)), &act).await?;
        work.commit().await?;
        Ok(Some(person))
    }

    /// Renews a session's token and proof after a correct step-up code. False if code or session are gone.
    pub async fn step_up(
        &self,
        claim: &Claim,
        new: &NewSession,
        give_back: &GiveBack,
        trail: &Trail,
        account: AccountId,
    ) -> Result<bool, StoreError> {
        let mut work = self.pool.begin().await?;
        if !use_code(&mut work, claim, give_back).await? {
            return Ok(false);
        }
        let renewed: Option<bool> = sqlx::query_scalar(include_str!("sql/renew_session.sql"))
            .bind(new.session)
            .bind(&new.token_hash[..])
            .fetch_optional(&mut *work)
            .await?;
        if renewed.is_none() {
            return Ok(false);
        }
        audit::record(&mut work, trail, &Act::of(Action::SteppedUp).within(account).on(new.session)).await?;
        work.commit().await?;
        Ok(true)
    }
}

/// Who acts in a session.
pub fn actor(person: Person) -> Actor {
    match person {
        Person::Reseller(account) => Actor::Reseller(account),
        Person::User(user) => Actor::PortalUser(user),
    }
}

async fn use_code(on: &mut PgConnection, claim: &Claim, give_back: &GiveBack) -> Result<bool, StoreError> {
    let used: Option<bool> = sqlx::query_scalar(include_str!("sql/use_code.sql"))
        .bind(&claim.challenge[..])
        .fetch_optional(&mut *on)
        .await?;
    if used.is_none() {
        return Ok(false);
    }
    for (scope, subject) in give_back {
        throttle::give_back(on, scope, subject).await?;
    }
    Ok(true)
}

async fn find_or_create(on: &mut PgConnection, entry: Entry<'_>, address: &EmailAddress) -> Result<Person, StoreError> {
    let turn = format!("{}:{}", entry.site.word(), address.as_str());
    sqlx::query(include_str!("sql/lock_address.sql")).bind(turn).execute(&mut *on).await?;
    match entry.site {
        Site::Dashboard => reseller(on, address, entry.referral).await.map(Person::Reseller),
        Site::Portal => portal_user(on, address).await.map(Person::User),
    }
}

async fn reseller(
    on: &mut PgConnection,
    address: &EmailAddress,
    referral: Option<&ReferralCode>,
) -> Result<AccountId, StoreError> {
    let known: Option<Uuid> = sqlx::query_scalar(include_str!("sql/find_reseller.sql"))
        .bind(address.as_str())
        .fetch_optional(&mut *on)
        .await?;
    if let Some(account) = known {
        return Ok(AccountId(account));
    }
    let account = AccountId(Uuid::new_v4());
    sqlx::query(include_str!("sql/open_account.sql")).bind(account.0).bind(account.shard()).execute(&mut *on).await?;
    sqlx::query(include_str!("sql/insert_reseller.sql"))
        .bind(account.0)
        .bind(address.as_str())
        .bind(address.folded())
        .execute(&mut *on)
        .await?;
    if let Some(code) = referral {
        let bound = sqlx::query(include_str!("sql/bind_referral.sql"))
            .bind(account.0)
            .bind(code.as_str())
            .bind(address.folded());
        bound.execute(on).await?;
    }
    Ok(account)
}

async fn portal_user(on: &mut PgConnection, address: &EmailAddress) -> Result<UserId, StoreError> {
    let known: Option<Uuid> = sqlx::query_scalar(include_str!("sql/find_portal_user.sql"))
        .bind(address.as_str())
        .fetch_optional(&mut *on)
        .await?;
    if let Some(user) = known {
        return Ok(UserId(user));
    }
    let user = UserId(Uuid::new_v4());
    sqlx::query(include_str!("sql/insert_portal_user.sql")).bind(user.0).bind(address.as_str()).execute(on).await?;
    Ok(user)
}
