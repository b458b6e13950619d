//! The parts of money in: the providers that the settings name, the desk over them, and the tasks beside it.

use crate::actors::directory::Directory;
use crate::config::paying;
use crate::config::provider::Mode;
use crate::config::settings::{PaidBy, Profile, Settings};
use crate::payments::btcpay::provider::{Btcpay, BtcpayStore};
use crate::payments::desk::PaymentDesk;
use crate::payments::provider::Provider;
use crate::payments::providers::Providers;
use crate::payments::redemption::Redemptions;
use crate::payments::sandbox::courier;
use crate::payments::sandbox::provider::PaymentSandbox;
use crate::payments::stripe::provider::{Stripe, StripeAccount};
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
            PaidBy::Stripe => Some(Provider::Stripe(stripe(settings))),
            PaidBy::Btcpay => Some(Provider::Btcpay(btcpay(settings))),
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

fn stripe(settings: &Settings) -> Stripe {
    let (stripe, secrets) = (&settings.stripe, &settings.secrets);
    Stripe::new(StripeAccount {
        base_url: stripe.base_url.clone(),
        checkout_origin: stripe.checkout_url.trim_end_matches('/').to_owned(),
        key: secrets.stripe_key.clone(),
        notice_secrets: paying::each_secret(&secrets.stripe_webhook_secrets),
        live: stripe.mode == Mode::Live,
        brand: settings.brand.name.clone(),
    })
}

fn btcpay(settings: &Settings) -> Btcpay {
    let (btcpay, secrets) = (&settings.btcpay, &settings.secrets);
    let checkout = if btcpay.checkout_url.is_empty() { &btcpay.base_url } else { &btcpay.checkout_url };
    Btcpay::new(BtcpayStore {
        base_url: btcpay.base_url.clone(),
        checkout_origin: checkout.trim_end_matches('/').to_owned(),
        store: btcpay.store_id.clone(),
        key: secrets.btcpay_key.clone(),
        notice_secrets: paying::each_secret(&secrets.btcpay_webhook_secrets),
        live: btcpay.mode == Mode::Live,
        lives: settings.payments.checkout_ttl,
    })
}
