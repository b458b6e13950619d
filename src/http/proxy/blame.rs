//! Whom an upstream's refusal blames: the client's request, or our own account at the provider.
//!
//! A provider may quote the client, so only places it writes itself count: status, `error.type`, `error_code`, and
//! `error.message` where it is one of its known sentences to the last letter. Whatever else a client gets quoted may
//! cost that one call its words, and never parks the upstream for others.

use serde_json::Value;

/// Sentences on our own account, whole.
const OUR_ACCOUNT: [&str; 6] = [
    "Your credit balance is too low to access the Anthropic API.",
    "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.",
    "This organization has been disabled.",
    "This organization has been disabled: organization_on_hold.",
    "OAuth authentication is currently not allowed for this organization.",
    "This credential is only authorized for use with Claude Code and cannot be used for other API requests.",
];
/// How such sentences begin; one with another end is kept from the client all the same.
const OUR_ACCOUNT_BEGINS: [&str; 3] =
    ["Your credit balance is too low", "This organization has been disabled", "organization_on_hold"];
/// The provider's word for an organization that may not call at all.
const ON_HOLD: &str = "organization_on_hold";

/// What follows from a refusal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Blame {
    /// The client's matter: the provider's words may go to it.
    Client,
    /// Ours, for this call alone: the client may have named a model or a file that our account may not use.
    Ours,
    /// Ours, and every other call would meet it too.
    Account,
}

/// Whom a refusal blames.
pub fn of(status: u16, body: &[u8]) -> Blame {
    let envelope = envelope(body).unwrap_or_default();
    let error = &envelope["error"];
    let message = error["message"].as_str().unwrap_or_default();
    let on_hold = error["type"] == ON_HOLD || error["details"]["error_code"] == ON_HOLD;
    let credential = status == 403 && error["type"] == "authentication_error";
    match status {
        401 | 402 => Blame::Account,
        _ if on_hold || credential || OUR_ACCOUNT.contains(&message) => Blame::Account,
        403 => Blame::Ours,
        _ if OUR_ACCOUNT_BEGINS.iter().any(|text| message.starts_with(text)) => Blame::Ours,
        _ => Blame::Client,
    }
}

/// The provider's error envelope, if the body is one.
pub fn envelope(body: &[u8]) -> Option<Value> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let fits = value["type"] == "error" && value["error"]["message"].is_string() && value["error"]["type"].is_string();
    fits.then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn blame(status: u16, kind: &str, message: &str) -> Blame {
        let body = json!({ "type": "error", "error": { "type": kind, "message": message } });
        of(status, body.to_string().as_bytes())
    }

    #[test]
    fn our_account_is_blamed_only_in_the_providers_own_sentences() {
        let low = OUR_ACCOUNT[1];
        let rows = [
            (401, "authentication_error", "invalid x-api-key", Blame::Account),
            (402, "billing_error", "anything", Blame::Account),
            (400, "invalid_request_error", low, Blame::Account),
            (403, "permission_error", "This organization has been disabled: organization_on_hold.", Blame::Account),
            (403, "organization_on_hold", "anything", Blame::Account),
            (403, "authentication_error", "anything", Blame::Account),
            (
                403,
                "permission_error",
                "Your API key does not have permission to use the specified resource.",
                Blame::Ours,
            ),
            (400, "invalid_request_error", "max_tokens: Field required", Blame::Client),
        ];
        for (status, kind, message, expected) in rows {
            assert_eq!(blame(status, kind, message), expected, "{status} {message}");
        }
    }

    #[test]
    fn a_client_that_is_quoted_parks_nothing() {
        let quoted = [
            format!("messages.0: the text {:?} is not valid", OUR_ACCOUNT[1]),
            format!("{}: Extra inputs are not permitted", OUR_ACCOUNT[1]),
            "model: organization_on_hold".to_owned(),
        ];
        for message in quoted {
            assert_ne!(blame(400, "invalid_request_error", &message), Blame::Account, "{message}");
        }
        assert_eq!(of(400, OUR_ACCOUNT[0].as_bytes()), Blame::Client, "no envelope, no blame");
    }
}
