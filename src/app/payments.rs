//! The parts of money in: the providers that the settings name, the desk over them, and the tasks beside it.

use crate::actors::directory::Directory;
use crate::config::settings::{PaidBy, Profile, Settings};
use crate::payments::desk::PaymentDesk;
use crate::payments::provider::Provider;
use crate::payments::providers::Providers;
use crate::payments::redemption::Redemptions;
use crate::payments::sandbox::courier;
use crate::payments::sandbox::provider::PaymentSandbox;
use crate::payments::worker;
use actix_web::rt::task::JoinHandle;
use anyhow::Context;
use secrecy::SecretString;
use sqlx::PgPool;
use std::path::Path;

/// The desk and what works beside it.
pub struct PaymentParts {
    pub desk: PaymentDesk,
    pub redemptions: Redemptions,
    /// The simulated provider, where a method is paid by it.
    pub sandbox: Option<PaymentSandbox>,
    tasks: Vec<JoinHandle<()>>,
}

impl PaymentParts {
    /// Starts the desk and its tasks.
    ///
    /// # Errors
    /// If the sandbox cannot read what it kept.
    pub fn start(settings: &Settings, pool: &PgPool, directory: &Directory, data: &Path) -> anyhow::Result<Self> {
        let rules = &settings.payments;
        let is_pretended = [rules.card, rules.crypto].contains(&PaidBy::Sandbox);
        let sandbox = is_pretended.then(|| open_sandbox(directory, data)).transpose()?;
        let paid_by = |by: PaidBy| match by {
            PaidBy::Sandbox => sandbox.clone().map(Provider::Sandbox),
            PaidBy::None => None,
        };
        let providers = Providers { card: paid_by(rules.card), crypto: paid_by(rules.crypto) };
        let live = settings.profile == Profile::Production;
        let desk = PaymentDesk::new(pool, directory.clone(), providers, rules.clone(), live);
        let redemptions = Redemptions::new(pool, directory.clone());
        let mut tasks =
            vec![actix_web::rt::spawn(worker::run(desk.clone())), actix_web::rt::spawn(redemptions.clone().run())];
        if let Some(sandbox) = &sandbox {
            tasks.push(actix_web::rt::spawn(courier::run(sandbox.clone())));
        }
        Ok(PaymentParts { desk, redemptions, sandbox, tasks })
    }

    /// Ends the tasks; what they had under way is repeated by the next start.
    pub fn stop(&self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

fn open_sandbox(directory: &Directory, data: &Path) -> anyhow::Result<PaymentSandbox> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|_| anyhow::anyhow!("the system has no randomness"))?;
    let secret = SecretString::from(hex::encode(bytes));
    let folder = data.join("sandbox_payments");
    PaymentSandbox::open(&folder, secret, directory.clock().clone())
        .with_context(|| format!("the simulated payments in {} cannot be read", folder.display()))
}
