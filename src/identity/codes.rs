//! One-time codes (`identity.md` §2): asked for, mailed, tried, and turned into a session or a fresh proof.
//!
//! Asking never looks whether the address is known: known and unknown ones take the same steps and get the same answer.
//! A try is counted and committed before it is compared.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::clock::Clock;
use crate::config::settings::Identity;
use crate::domain::email::EmailAddress;
use crate::domain::ids::AccountId;
use crate::domain::login_code::LoginCode;
use crate::domain::site::{Person, Purpose};
use crate::domain::trail::{Action, Trail, network_of};
use crate::identity::code_mail::{self, Sender};
use crate::identity::{random, sign_in_mail};
use crate::store::audit::{Act, AuditStore};
use crate::store::codes::{Claim, CodeStore, Issued, NewCode, Tried};
use crate::store::error::StoreError;
use crate::store::mail::NewMail;
use crate::store::sign_in::{Entry, GiveBack, NewSession, SignInStore};
use crate::store::stores::Stores;
use crate::store::throttle::Limit;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
const RESEND: &str = "code.resend";
const WRONG: &str = "code.wrong";

/// What the browser that asked holds: 256 random bits as 64 hex digits. A code is worth nothing without it.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge(String);

/// A session's token as the cookie carries it: 256 random bits as 64 hex digits. `Debug` is not there on purpose.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// How a try ended.
pub enum SignIn {
    Done {
        person: Person,
        token: Token,
        session: Uuid,
    },
    /// Counted; so many tries are left for this code.
    Wrong {
        left: u32,
    },
    /// No live code for this browser and address, or too many wrong tries today.
    NotLive,
}

/// Issues and checks codes; clones are cheap.
#[derive(Clone)]
pub struct Codes(Arc<Inner>);

struct Inner {
    codes: CodeStore,
    sign_ins: SignInStore,
    audit: AuditStore,
    pepper: SecretString,
    rules: Identity,
    /// Wakes the mailer.
    bell: Arc<Notify>,
    clock: Clock,
}

impl Codes {
    pub fn new(stores: &Stores, pepper: SecretString, rules: Identity, bell: Arc<Notify>, clock: Clock) -> Self {
        Codes(Arc::new(Inner {
            codes: stores.codes.clone(),
            sign_ins: stores.sign_ins.clone(),
            audit: stores.audit.clone(),
            pepper,
            rules,
            bell,
            clock,
        }))
    }

    /// Sends a code, unless a throttle says no: the answer is the same. Gives the challenge to put into the cookie; a
    /// throttled browser keeps the one it `held`, so its code still works.
    pub async fn ask(
        &self,
        purpose: Purpose,
        address: &EmailAddress,
        session: Option<Uuid>,
        held: Option<Challenge>,
        from: &Sender,
        trail: &Trail,
    ) -> Result<Challenge, StoreError> {
        let challenge = Challenge::new()?;
        let code = LoginCode::from_bytes(random::bytes()?);
        let issued = self.issue(&challenge, &code, purpose, address, session, from, trail).await?;
        if let Issued::Throttled(limit) = issued {
            tracing::info!(%address, limit, "a code was not sent");
            self.0.audit.record(trail, &Act::of(Action::SignInThrottled).on(limit)).await?;
            return Ok(held.unwrap_or(challenge));
        }
        self.0.bell.notify_one();
        Ok(challenge)
    }

    #[expect(clippy::too_many_arguments, reason = "one private step of `ask`, split for its length")]
    async fn issue(
        &self,
        challenge: &Challenge,
        code: &LoginCode,
        purpose: Purpose,
        address: &EmailAddress,
        session: Option<Uuid>,
        from: &Sender,
        trail: &Trail,
    ) -> Result<Issued, StoreError> {
        let rules = &self.0.rules;
        let written = code_mail::write(code, purpose, address, from, rules.code_ttl.as_secs() / 60);
        let new = NewCode {
            challenge: challenge.hash(),
            purpose,
            address: address.clone(),
            session,
            digest: code.digest(self.pepper(), challenge.0.as_bytes()),
            lives: rules.code_ttl,
        };
        let mail = NewMail {
            dedup_key: format!("code:{}", hex::encode(challenge.hash())),
            to: address.as_str().to_owned(),
            subject: written.subject().to_owned(),
            text: written.text(),
            html: written.html(),
            challenge: Some(challenge.hash()),
            useful_for: rules.code_ttl,
        };
        self.0.codes.issue(&new, &mail, &self.limits(purpose, address, trail), rules.mails_per_hour).await
    }

    /// Signs in with a typed code, where and by whose link `entry` says.
    pub async fn sign_in(
        &self,
        entry: Entry<'_>,
        address: &EmailAddress,
        challenge: &Challenge,
        typed: &LoginCode,
        from: &Sender,
        trail: &Trail,
    ) -> Result<SignIn, StoreError> {
        let claim = claim(Purpose::SignIn(entry.site), address, challenge, None);
        if let Some(refused) = self.compare(&claim, challenge, typed, trail).await? {
            return Ok(refused);
        }
        let (token, new) = new_session(Uuid::now_v7())?;
        let letter = sign_in_mail::write(entry.site, from, &trail.user_agent, self.0.clock.now_utc());
        let mail = NewMail {
            dedup_key: format!("sign_in:{}", new.session),
            to: address.as_str().to_owned(),
            subject: letter.subject().to_owned(),
            text: letter.text(),
            html: letter.html(),
            challenge: None,
            useful_for: DAY,
        };
        let done = self.0.sign_ins.complete(&claim, entry, (&new, &mail), &counted(&claim), trail).await?;
        self.0.bell.notify_one();
        Ok(done.map_or(SignIn::NotLive, |person| SignIn::Done { person, token, session: new.session }))
    }

    /// Proves a reseller's presence anew in its session, which gets a new token.
    pub async fn step_up(
        &self,
        account: AccountId,
        session: Uuid,
        address: &EmailAddress,
        challenge: &Challenge,
        typed: &LoginCode,
        trail: &Trail,
    ) -> Result<SignIn, StoreError> {
        let claim = claim(Purpose::StepUp, address, challenge, Some(session));
        if let Some(refused) = self.compare(&claim, challenge, typed, trail).await? {
            return Ok(refused);
        }
        let (token, new) = new_session(session)?;
        let done = self.0.sign_ins.step_up(&claim, &new, &counted(&claim), trail, account).await?;
        Ok(if done { SignIn::Done { person: Person::Reseller(account), token, session } } else { SignIn::NotLive })
    }

    /// `None` if the code is right.
    async fn compare(
        &self,
        claim: &Claim,
        challenge: &Challenge,
        typed: &LoginCode,
        trail: &Trail,
    ) -> Result<Option<SignIn>, StoreError> {
        let rules = &self.0.rules;
        let wrong = limit(WRONG, claim.address.as_str().to_owned(), DAY, rules.wrong_per_address_day);
        let refused = match self.0.codes.count_try(claim, &wrong, rules.code_tries).await? {
            Tried::Counted { digest, .. } if typed.matches(self.pepper(), challenge.0.as_bytes(), &digest) => {
                return Ok(None);
            }
            Tried::Counted { tries, .. } => {
                let tries = u32::try_from(tries).unwrap_or(u32::MAX);
                SignIn::Wrong { left: rules.code_tries.saturating_sub(tries) }
            }
            Tried::NotLive | Tried::Throttled => SignIn::NotLive,
        };
        self.0.audit.record(trail, &Act::of(Action::SignInFailed).on(claim.purpose.word())).await?;
        Ok(Some(refused))
    }

    fn limits(&self, purpose: Purpose, address: &EmailAddress, trail: &Trail) -> [Limit; 4] {
        let (rules, whole) = (&self.0.rules, address.as_str());
        [
            limit(RESEND, format!("{}:{whole}", purpose.word()), rules.resend_after, 1),
            limit("code.hour", whole.to_owned(), HOUR, rules.codes_per_address_hour),
            limit("code.day", whole.to_owned(), DAY, rules.codes_per_address_day),
            limit("code.network", network_of(trail.ip), HOUR, rules.codes_per_network_hour),
        ]
    }

    fn pepper(&self) -> &[u8] {
        self.0.pepper.expose_secret().as_bytes()
    }
}

impl Challenge {
    fn new() -> Result<Self, StoreError> {
        Ok(Challenge(hex::encode(random::bytes::<32>()?)))
    }

    /// A challenge as a cookie carried it.
    pub fn parse(text: &str) -> Option<Self> {
        is_hex64(text).then(|| Challenge(text.to_owned()))
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }

    fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }
}

impl Token {
    /// A token as a cookie carried it.
    pub fn parse(text: &str) -> Option<Self> {
        is_hex64(text).then(|| Token(text.to_owned()))
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored and looked up.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }
}

fn is_hex64(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn limit(scope: &'static str, subject: String, window: Duration, most: u32) -> Limit {
    Limit { scope, subject, window, most }
}

fn claim(purpose: Purpose, address: &EmailAddress, challenge: &Challenge, session: Option<Uuid>) -> Claim {
    Claim { challenge: challenge.hash(), purpose, address: address.clone(), session }
}

/// What a right code gives back: its own try, and the pause before the next code.
fn counted(claim: &Claim) -> GiveBack {
    let address = claim.address.as_str();
    vec![(WRONG, address.to_owned()), (RESEND, format!("{}:{address}", claim.purpose.word()))]
}

fn new_session(session: Uuid) -> Result<(Token, NewSession), StoreError> {
    let token = Token(hex::encode(random::bytes::<32>()?));
    let new = NewSession { session, token_hash: token.hash() };
    Ok((token, new))
}
