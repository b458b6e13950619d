//! Carries the sandbox's notices to us over HTTP, as a real provider would: until they are taken, at least once.

use crate::payments::sandbox::event::Event;
use crate::payments::sandbox::provider::PaymentSandbox;
use std::time::Duration;

/// How long a notice may take to be taken.
const TAKE_WITHIN: Duration = Duration::from_secs(20);
/// Pause after a notice was not taken. A real provider waits longer each time; nobody at a desk would.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Works until its task is dropped.
pub async fn run(sandbox: PaymentSandbox) {
    let client = awc::Client::builder().timeout(TAKE_WITHIN).disable_redirects().finish();
    loop {
        if deliver_all(&sandbox, &client).await {
            sandbox.rung().await;
        } else {
            let _ = tokio::time::timeout(AGAIN_AFTER, sandbox.rung()).await;
        }
    }
}

/// True if nothing is left to send, or nobody listens yet.
async fn deliver_all(sandbox: &PaymentSandbox, client: &awc::Client) -> bool {
    let Some(url) = sandbox.notice_url() else { return true };
    let mut all = true;
    for (payment, event) in sandbox.unsent() {
        let taken = deliver(sandbox, client, url, &payment, &event).await;
        all &= taken && sandbox.sent(&payment, &event).is_ok();
    }
    all
}

async fn deliver(sandbox: &PaymentSandbox, client: &awc::Client, url: &str, payment: &str, event: &Event) -> bool {
    let body = event.body(payment);
    let request = client
        .post(url)
        .insert_header(("content-type", "application/json"))
        .insert_header(("sandbox-signature", sandbox.sign(body.as_bytes())));
    match request.send_body(body).await {
        Ok(answer) if answer.status().is_success() => true,
        Ok(answer) => {
            tracing::warn!(
                payment.id = payment,
                status = answer.status().as_u16(),
                "the sandbox's notice was not taken"
            );
            false
        }
        Err(error) => {
            tracing::warn!(payment.id = payment, %error, "the sandbox's notice did not arrive");
            false
        }
    }
}
