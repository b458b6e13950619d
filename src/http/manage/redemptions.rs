//! Redeeming a code, on the dashboard alone; what is said of one that is not taken, there and on the page.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use crate::http::json::answer;
use crate::http::json::body;
use crate::http::json::error::JsonError;
use crate::http::manage::show;
use crate::http::site::guard;
use crate::http::site::state::SiteState;
use crate::payments::redemption::{RedeemError, Redemptions};

/// A text that has not the form of a code.
pub const MALFORMED: &str = "A code has 25 letters and digits, such as 7KQ2M-… in five groups. Type it whole.";
/// One sentence for every code that is not taken, whatever the reason.
pub const NOT_TAKEN: &str = "This code cannot be redeemed: it may be mistyped, used, expired or withdrawn. Check it, or ask who gave it to you.";
/// After too many wrong codes.
pub const TOO_MANY: &str = "Too many codes were tried. Wait an hour and try again.";
/// The claim is kept, the books have not answered.
pub const UNANSWERED: &str = "The code is yours, but our books did not answer in time. The amount appears on your balance by itself; you may also redeem the code again.";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redeem {
    code: String,
}

/// `POST /api/v1/redemptions`: a repeat by the same account is the same redemption.
pub async fn redeem(
    http: HttpRequest,
    payload: Payload,
    site: Data<SiteState>,
    redemptions: Data<Redemptions>,
) -> Result<HttpResponse, JsonError> {
    let caller = guard::reseller(&http, &site).await?;
    let wanted: Redeem = body::read(&http, payload).await?;
    let redeemed = redemptions.redeem(caller.account, &wanted.code, &caller.trail).await.map_err(refused)?;
    Ok(answer::ok(&json!({ "id": redeemed.id, "amount": show::cost(redeemed.amount) })))
}

fn refused(error: RedeemError) -> JsonError {
    match error {
        RedeemError::Malformed => JsonError::invalid("code", MALFORMED),
        RedeemError::NotTaken => JsonError::invalid("code", NOT_TAKEN),
        RedeemError::Throttled => JsonError::throttled(TOO_MANY),
        RedeemError::Unanswered(error) => error.into(),
        RedeemError::Refused(_) => {
            JsonError::invalid("code", "Your account cannot take this amount. Write to support.")
        }
        RedeemError::Store(error) => error.into(),
    }
}
