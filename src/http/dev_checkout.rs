//! The checkout of the simulated payment provider, beside the outbox on the console: another origin than the dashboard,
//! as a real provider's is. No other profile has these routes.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Form, Path, ServiceConfig};
use serde::Deserialize;

use crate::http::json::answer;
use crate::http::json::error::JsonError;
use crate::payments::sandbox::play::Play;
use crate::payments::sandbox::provider::{PaymentSandbox, Sending};

/// The pressed button, and how its notice is to be sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pressed {
    r#do: String,
    notice: Option<String>,
}

/// Adds the checkout; its `Data<PaymentSandbox>` too.
pub fn add(config: &mut ServiceConfig, sandbox: PaymentSandbox) {
    config.app_data(Data::new(sandbox)).route("/_dev/checkout/{payment}", web::post().to(press));
}

async fn press(
    payment: Path<String>,
    pressed: Form<Pressed>,
    sandbox: Data<PaymentSandbox>,
) -> Result<HttpResponse, JsonError> {
    let wish = Play::parse(&pressed.r#do).ok_or_else(|| JsonError::invalid("do", "There is no such button."))?;
    let sending = match pressed.notice.as_deref() {
        None | Some("once") => Sending::Once,
        Some("twice") => Sending::Twice,
        Some("never") => Sending::Never,
        Some(_) => return Err(JsonError::invalid("notice", "Choose once, twice or never.")),
    };
    let shown = sandbox.show(&payment).ok_or_else(JsonError::not_found)?;
    if !sandbox.play(&payment, wish, sending).map_err(|_| JsonError::try_again())? {
        let words = "This is not possible any more. Load the page again.";
        return Err(JsonError::new(StatusCode::CONFLICT, "not_possible", words));
    }
    Ok(answer::with_headers(StatusCode::SEE_OTHER).insert_header(("location", shown.return_url)).finish())
}
