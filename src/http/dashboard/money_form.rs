//! What the forms share that change keys: the id that makes a double click one act, and refusals as the form says them.

use std::time::Duration;

use actix_web::http::StatusCode;
use uuid::Uuid;

use crate::domain::op::Refusal;
use crate::domain::ratio::RatioError;
use crate::http::dashboard::visit::Visit;
use crate::http::json::error::JsonError;
use crate::http::page::amount;
use crate::http::page::parts::FieldError;
use crate::identity::desk_error::DeskError;

/// Said at the cost of a new key.
pub const OVER: &str = "Your cost must not be above the client budget: you would sell at a loss.";
/// Said at the cost of a new key.
pub const THIN: &str = "The client budget must be at most 1000 times your cost.";
/// How often the second click of a double click looks whether the first is done, and how long it waits in between.
const LOOKS: u32 = 40;
const PAUSE: Duration = Duration::from_millis(50);

/// How one form speaks.
pub struct FormWords {
    /// The button that does it: "Create".
    pub button: &'static str,
    /// What is not known to have happened if no answer came: "Nothing was debited as far as we know."
    pub unsure: &'static str,
    /// The field of the amount that a balance may be too low for.
    pub field: &'static str,
    /// Said there.
    pub short: &'static str,
}

/// Why a form was not done, as its page shows it; the default says nothing.
#[derive(Clone, Debug, Default)]
pub struct Refused {
    pub status: StatusCode,
    /// The whole form was refused; says what was not done.
    pub refusal: String,
    pub request_id: String,
    pub errors: Vec<FieldError>,
    /// The form's operation id stands for another act by now: the next try needs a new one.
    pub id_is_used: bool,
}

impl Refused {
    /// Fields that cannot be taken as they were typed.
    pub fn fields(errors: Vec<FieldError>) -> Self {
        Refused { status: StatusCode::UNPROCESSABLE_ENTITY, errors, ..Refused::default() }
    }

    /// What the desk refused or did not answer.
    ///
    /// # Errors
    /// What no form of a live key can say: the key is gone.
    pub fn by_desk(visit: &Visit<'_>, error: DeskError, words: &FormWords) -> Result<Self, JsonError> {
        let at =
            |status, field: &str, text: &str| Ok(Refused { status, ..Refused::fields(vec![field_error(field, text)]) });
        match &error {
            DeskError::Refused(Refusal::BalanceTooLow { .. }) => {
                at(StatusCode::PAYMENT_REQUIRED, words.field, words.short)
            }
            DeskError::Refused(Refusal::Ratio(why)) => at(StatusCode::UNPROCESSABLE_ENTITY, "cost", said(*why)),
            DeskError::Refused(Refusal::Frozen) => {
                Ok(Refused::whole(StatusCode::FORBIDDEN, JsonError::from(error).message()))
            }
            DeskError::Refused(Refusal::UnderWay) => {
                let text =
                    format!("This is being done just now. Press {} again: it is done once at most.", words.button);
                Ok(Refused::whole(StatusCode::CONFLICT, &text))
            }
            DeskError::Refused(Refusal::IdReused) => Ok(Refused::used(words)),
            DeskError::Refused(Refusal::AmountOutOfRange) => {
                at(StatusCode::UNPROCESSABLE_ENTITY, words.field, "This amount is too large for a key.")
            }
            DeskError::Refused(_) => Err(error.into()),
            DeskError::Unanswered(_) | DeskError::Store(_) => {
                tracing::warn!(%error, request.id = %visit.trail.request, "the act of a form was not answered");
                Ok(Refused::unanswered(visit, words))
            }
        }
    }

    /// The text at a field; empty if there is none.
    pub fn at(&self, field: &str) -> String {
        self.errors.iter().find(|error| error.field == field).map(|error| error.text.clone()).unwrap_or_default()
    }

    /// The operation id that the form comes back with.
    pub fn operation(&self, sent: &str) -> String {
        if self.id_is_used || sent.is_empty() { new_operation() } else { sent.to_owned() }
    }

    fn whole(status: StatusCode, text: &str) -> Self {
        Refused { status, refusal: text.to_owned(), ..Refused::default() }
    }

    fn used(words: &FormWords) -> Self {
        let text = format!(
            "This form was done before with other values, and nothing more was done now. Look at your keys; if you want \
             this too, press {} again.",
            words.button
        );
        Refused { id_is_used: true, ..Refused::whole(StatusCode::CONFLICT, &text) }
    }

    fn unanswered(visit: &Visit<'_>, words: &FormWords) -> Self {
        let FormWords { unsure, button, .. } = words;
        let text = format!("Our books did not answer in time. {unsure} Press {button} again: it is done once at most.");
        let request_id = visit.trail.request.to_string();
        Refused { request_id, ..Refused::whole(StatusCode::SERVICE_UNAVAILABLE, &text) }
    }
}

/// A new operation id for a form that is shown.
pub fn new_operation() -> String {
    Uuid::new_v4().to_string()
}

/// One entry of a form's summary.
pub fn field_error(field: &str, text: &str) -> FieldError {
    FieldError { field: field.to_owned(), text: text.to_owned() }
}

/// Asks the desk, and while the same operation is under way for an earlier click, again: both clicks answer the same.
///
/// # Errors
/// The desk's; `UnderWay` if it is not done within two seconds.
pub async fn settled<T>(ask: impl AsyncFn() -> Result<T, DeskError>) -> Result<T, DeskError> {
    for _ in 0..LOOKS {
        match ask().await {
            Err(DeskError::Refused(Refusal::UnderWay)) => tokio::time::sleep(PAUSE).await,
            answer => return answer,
        }
    }
    ask().await
}

fn said(why: RatioError) -> &'static str {
    match why {
        RatioError::CostZero => amount::ZERO,
        RatioError::CostAbovePrice => OVER,
        RatioError::MarkupTooHigh => THIN,
    }
}
