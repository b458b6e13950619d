//! Turns a management request into its caller, through the door of its host.

use actix_web::HttpRequest;
use uuid::Uuid;

use crate::actors::messages::KeyRef;
use crate::domain::ids::{AccountId, CallId};
use crate::domain::trail::{Actor, Trail};
use crate::http::json::error::JsonError;
use crate::http::manage::state::{Door, ManageState};
use crate::http::principal::{self, ApiPrincipal};
use crate::http::site::guard;
use crate::store::views::scope::OwnedKey;

/// A reseller, or a program with their Account Key.
pub struct Caller {
    pub account: AccountId,
    pub trail: Trail,
    /// A session needs a fresh code for dangerous acts; a program has none to give.
    proved: bool,
}

impl Caller {
    /// Refuses a dangerous act in a session without a fresh code (`identity.md` §5).
    ///
    /// # Errors
    /// 403.
    pub fn require_proof(&self) -> Result<(), JsonError> {
        if self.proved { Ok(()) } else { Err(JsonError::step_up_required()) }
    }
}

/// The caller of a management request.
///
/// # Errors
/// 401 without a proof of who it is, 403 for a change from a foreign page or with a client key.
pub async fn reseller(http: &HttpRequest, state: &ManageState) -> Result<Caller, JsonError> {
    match &state.door {
        Door::Session(site) => {
            let signed = guard::reseller(http, site).await?;
            Ok(Caller { account: signed.account, trail: signed.trail, proved: signed.session.fresh })
        }
        Door::Credential { credentials, trusted_hops, uses } => {
            match principal::api(http, credentials, request_id()).await? {
                ApiPrincipal::Account(account) => {
                    let trail = guard::trail(http, *trusted_hops, Actor::AccountKey(account));
                    uses.note(account, &trail).await;
                    Ok(Caller { account, trail, proved: true })
                }
                ApiPrincipal::Client(_) => {
                    let words = "This is a client key: it calls models and asks about itself. Use your Account Key.";
                    Err(JsonError::wrong_key_kind(words))
                }
            }
        }
    }
}

/// The client key that asks about itself, on the API host alone.
pub async fn client_key(http: &HttpRequest, state: &ManageState) -> Result<KeyRef, JsonError> {
    let Door::Credential { credentials, .. } = &state.door else { return Err(JsonError::not_found()) };
    match principal::api(http, credentials, request_id()).await? {
        ApiPrincipal::Client(key) => Ok(key),
        ApiPrincipal::Account(_) => {
            Err(JsonError::wrong_key_kind("This is an Account Key. Ask with the client key itself."))
        }
    }
}

/// The key of this id, if the caller owns it: absent and foreign look alike.
pub async fn owned(state: &ManageState, caller: &Caller, raw: &str) -> Result<OwnedKey, JsonError> {
    state.scope.owned_key(caller.account, raw).await?.ok_or_else(JsonError::not_found)
}

fn request_id() -> CallId {
    CallId(Uuid::now_v7())
}
