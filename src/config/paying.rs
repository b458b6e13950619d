//! What the payment providers of the settings need, each fault naming the setting and never a value.

use secrecy::{ExposeSecret, SecretString};

use crate::config::origin::is_origin;
use crate::config::provider::Mode;
use crate::config::settings::{PaidBy, Profile, Settings};

/// Stripe takes checkouts of 30 minutes to a day; a slow request eats into the first.
const STRIPE_TTL_S: std::ops::RangeInclusive<u64> = 1_860..=86_400;
/// A shorter secret of notices could be guessed.
const SECRET_MIN_CHARS: usize = 16;

/// The secrets of a setting that holds several: between commas, spaces or lines.
pub fn each_secret(setting: &SecretString) -> Vec<SecretString> {
    let all = setting.expose_secret().split(|c: char| c == ',' || c.is_whitespace());
    all.filter(|text| !text.is_empty()).map(SecretString::from).collect()
}

/// Every reason why the chosen providers cannot be used.
pub(super) fn faults(settings: &Settings) -> Vec<String> {
    let mut faults = Vec::new();
    let payments = &settings.payments;
    if payments.card == PaidBy::Btcpay {
        faults.push("payments.card is btcpay, which takes crypto: set DEROUTER__PAYMENTS__CARD".into());
    }
    if payments.crypto == PaidBy::Stripe {
        faults.push("payments.crypto is stripe, which takes cards: set DEROUTER__PAYMENTS__CRYPTO".into());
    }
    if payments.card == PaidBy::Stripe {
        stripe(settings, &mut faults);
    }
    if payments.crypto == PaidBy::Btcpay {
        btcpay(settings, &mut faults);
    }
    faults
}

fn stripe(settings: &Settings, faults: &mut Vec<String>) {
    let (stripe, secrets) = (&settings.stripe, &settings.secrets);
    origin("stripe.base_url", &stripe.base_url, settings.profile, faults);
    origin("stripe.checkout_url", &stripe.checkout_url, settings.profile, faults);
    mode("stripe.mode", stripe.mode, settings.profile, faults);
    let word = match stripe.mode {
        Mode::Live => "live",
        Mode::Test => "test",
    };
    let (name, variable) = ("secrets.stripe_key", "DEROUTER_STRIPE_KEY");
    key(name, variable, &secrets.stripe_key, faults);
    let text = secrets.stripe_key.expose_secret();
    let fits = ["sk", "rk"].iter().any(|kind| text.starts_with(&format!("{kind}_{word}_")));
    if !text.is_empty() && !fits {
        faults.push(format!("{name} is no sk_{word}_… or rk_{word}_…, as stripe.mode needs: set {variable} or …_FILE"));
    }
    let all = each_secret(&secrets.stripe_webhook_secrets);
    if all.is_empty() || all.iter().any(|s| !s.expose_secret().starts_with("whsec_")) {
        faults.push(notice_secrets("stripe", "is missing or holds one that is no whsec_…"));
    }
    if !STRIPE_TTL_S.contains(&settings.payments.checkout_ttl.as_secs()) {
        faults.push(
            "payments.checkout_ttl_s must be 1860 to 86400 for Stripe: set DEROUTER__PAYMENTS__CHECKOUT_TTL_S".into(),
        );
    }
}

fn btcpay(settings: &Settings, faults: &mut Vec<String>) {
    let (btcpay, secrets) = (&settings.btcpay, &settings.secrets);
    origin("btcpay.base_url", &btcpay.base_url, settings.profile, faults);
    if !btcpay.checkout_url.is_empty() {
        origin("btcpay.checkout_url", &btcpay.checkout_url, settings.profile, faults);
    }
    mode("btcpay.mode", btcpay.mode, settings.profile, faults);
    if !is_store_id(&btcpay.store_id) {
        faults.push("btcpay.store_id is missing or no id: set DEROUTER__BTCPAY__STORE_ID".into());
    }
    key("secrets.btcpay_key", "DEROUTER_BTCPAY_KEY", &secrets.btcpay_key, faults);
    let all = each_secret(&secrets.btcpay_webhook_secrets);
    if all.is_empty() || all.iter().any(|s| s.expose_secret().chars().count() < SECRET_MIN_CHARS) {
        faults.push(notice_secrets("btcpay", "is missing or holds one shorter than 16 characters"));
    }
}

/// One step of a path.
fn is_store_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
}

fn notice_secrets(provider: &str, fault: &str) -> String {
    let variable = format!("DEROUTER_{}_WEBHOOK_SECRETS", provider.to_uppercase());
    format!("secrets.{provider}_webhook_secrets {fault}: set {variable} or …_FILE")
}

fn origin(name: &str, url: &str, profile: Profile, faults: &mut Vec<String>) {
    let variable = format!("DEROUTER__{}", name.replace('.', "__").to_uppercase());
    if !is_origin(url) {
        faults.push(format!("{name} is no origin such as https://pay.example.com, without a path: set {variable}"));
    } else if profile == Profile::Production && !url.starts_with("https://") {
        faults.push(format!("{name} is not https://: set {variable}"));
    }
}

/// Test money in production would be credit for nothing; real money in dev would be lost.
fn mode(name: &str, mode: Mode, profile: Profile, faults: &mut Vec<String>) {
    let wanted = match (profile, mode) {
        (Profile::Production, Mode::Test) => "live",
        (Profile::Dev, Mode::Live) => "test",
        _ => return,
    };
    let variable = format!("DEROUTER__{}", name.replace('.', "__").to_uppercase());
    faults.push(format!("{name} does not fit the profile: set {variable}={wanted}"));
}

fn key(name: &str, variable: &str, secret: &SecretString, faults: &mut Vec<String>) {
    let text = secret.expose_secret();
    if text.is_empty() {
        faults.push(format!("{name} is missing: set {variable} or {variable}_FILE"));
    } else if !text.bytes().all(|b| b.is_ascii_graphic()) {
        faults.push(format!("{name} holds signs that no header can carry: set {variable} or {variable}_FILE"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_secrets_stand_between_commas_spaces_and_lines() {
        let all = each_secret(&SecretString::from(" one, two\nthree,\n"));
        assert_eq!(all.iter().map(ExposeSecret::expose_secret).collect::<Vec<_>>(), ["one", "two", "three"]);
        assert!(each_secret(&SecretString::from(" ,\n")).is_empty());
    }
}
