//! What the production profile refuses: everything that only pretends, and every secret that is missing or known.
//!
//! All reasons are listed at once, each naming the setting and how to set it, never a value.

use std::net::IpAddr;

use secrecy::{ExposeSecret, SecretString};

use crate::config::ConfigError;
use crate::config::paying;
use crate::config::secrets::DEV_MARK;
use crate::config::settings::{MailKind, MailTls, PaidBy, Settings, UpstreamKind};

/// A pepper or signing secret shorter than this could be guessed.
const SECRET_MIN_CHARS: usize = 32;
/// What stands in examples where a secret is to come, without its separators. Each is so long that no random secret has it.
const PLACEHOLDERS: [&str; 11] = [
    "changeme",
    "changethis",
    "replaceme",
    "replacethis",
    "placeholder",
    "example",
    "insertyour",
    "yoursecret",
    "yourpepper",
    "password",
    "0123456789",
];

/// Gives the settings back if nothing in them is unfit for real money.
///
/// # Errors
/// `NotForProduction` with every reason.
pub fn refuse_unfit(settings: Settings) -> Result<Settings, ConfigError> {
    let mut reasons = Vec::new();
    upstream(&settings, &mut reasons);
    mail(&settings, &mut reasons);
    payments(&settings, &mut reasons);
    reasons.extend(paying::faults(&settings));
    console(&settings, &mut reasons);
    origins(&settings, &mut reasons);
    secrets(&settings, &mut reasons);
    if reasons.is_empty() { Ok(settings) } else { Err(ConfigError::NotForProduction(reasons)) }
}

fn upstream(settings: &Settings, reasons: &mut Vec<String>) {
    if settings.upstream.kind == UpstreamKind::Sandbox {
        reasons.push("upstream.kind is the sandbox: set DEROUTER__UPSTREAM__KIND=anthropic".into());
    }
    if !settings.upstream.base_url.starts_with("https://") {
        reasons.push("upstream.base_url is not https://: set DEROUTER__UPSTREAM__BASE_URL".into());
    }
    let credential = settings.secrets.upstream_credential.expose_secret();
    if credential.is_empty() || credential.contains(DEV_MARK) {
        reasons.push("secrets.upstream_credential is missing: set DEROUTER_UPSTREAM_CREDENTIAL or …_FILE".into());
    }
}

fn mail(settings: &Settings, reasons: &mut Vec<String>) {
    let mail = &settings.mail;
    if mail.kind == MailKind::Outbox {
        reasons.push("mail.kind is the outbox: set DEROUTER__MAIL__KIND=smtp".into());
    }
    if mail.host.is_empty() {
        reasons.push("mail.host is missing: set DEROUTER__MAIL__HOST".into());
    }
    if mail.from.contains("localhost") {
        reasons.push("mail.from is the default: set DEROUTER__MAIL__FROM".into());
    }
    if mail.tls == MailTls::None && !matches!(mail.host.as_str(), "localhost" | "127.0.0.1" | "::1") {
        reasons.push("mail.tls is none for a host that is not loopback: set DEROUTER__MAIL__TLS".into());
    }
    if !mail.user.is_empty() && settings.secrets.smtp_password.expose_secret().is_empty() {
        reasons.push("secrets.smtp_password is missing: set DEROUTER_SMTP_PASSWORD or …_FILE".into());
    }
}

/// A checkout that pretends would give credit for nothing.
fn payments(settings: &Settings, reasons: &mut Vec<String>) {
    for (name, by) in [("card", settings.payments.card), ("crypto", settings.payments.crypto)] {
        if by == PaidBy::Sandbox {
            let variable = format!("DEROUTER__PAYMENTS__{}", name.to_uppercase());
            reasons.push(format!("payments.{name} is the sandbox: set {variable}=none"));
        }
    }
}

/// The console speaks plain HTTP with a token that runs the platform.
fn console(settings: &Settings, reasons: &mut Vec<String>) {
    let near = match settings.listen.console.ip().to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local(),
    };
    if !near {
        reasons.push("listen.console is neither loopback nor private: set DEROUTER__LISTEN__CONSOLE".into());
    }
}

fn origins(settings: &Settings, reasons: &mut Vec<String>) {
    let brand = &settings.brand;
    let origins = [
        ("dashboard_url", &brand.dashboard_url),
        ("portal_url", &brand.portal_url),
        ("api_url", &brand.api_url),
        ("console_url", &brand.console_url),
    ];
    for (name, url) in origins {
        if !url.starts_with("https://") {
            reasons.push(format!("brand.{name} is not https://: set DEROUTER__BRAND__{}", name.to_uppercase()));
        }
    }
    if brand.support_address.ends_with("@localhost") {
        reasons.push("brand.support_address is the default: set DEROUTER__BRAND__SUPPORT_ADDRESS".into());
    }
}

fn secrets(settings: &Settings, reasons: &mut Vec<String>) {
    let secrets = &settings.secrets;
    let required = [("pepper", "DEROUTER_PEPPER", &secrets.pepper), ("signing", "DEROUTER_SIGNING", &secrets.signing)];
    for (name, variable, secret) in required {
        if let Some(fault) = fault_of(secret) {
            reasons.push(format!("secrets.{name} {fault}: set {variable} or {variable}_FILE"));
        }
    }
    if is_placeholder(&secrets.upstream_credential) {
        reasons.push("secrets.upstream_credential is a placeholder: set DEROUTER_UPSTREAM_CREDENTIAL or …_FILE".into());
    }
    if secrets.previous_pepper.expose_secret().contains(DEV_MARK) {
        reasons.push("secrets.previous_pepper comes from the dev profile: remove it".into());
    }
}

fn fault_of(secret: &SecretString) -> Option<&'static str> {
    let text = secret.expose_secret();
    let distinct = text.chars().collect::<std::collections::BTreeSet<_>>().len();
    match () {
        () if text.is_empty() => Some("is missing"),
        () if text.contains(DEV_MARK) => Some("comes from the dev profile"),
        () if is_placeholder(secret) => Some("is a placeholder"),
        () if text.chars().count() < SECRET_MIN_CHARS => Some("is shorter than 32 characters"),
        () if distinct < 8 => Some("repeats a few characters"),
        () => None,
    }
}

/// Whether it is what an example says in place of a secret, however it is spelt.
fn is_placeholder(secret: &SecretString) -> bool {
    let letters = secret.expose_secret().chars().filter(|c| c.is_alphanumeric());
    let plain: String = letters.flat_map(char::to_lowercase).collect();
    PLACEHOLDERS.iter().any(|words| plain.contains(words))
}

#[cfg(test)]
mod tests {
    use crate::config::{Environment, load};

    const FIT: [(&str, &str); 14] = [
        ("DEROUTER_PROFILE", "production"),
        ("DEROUTER__UPSTREAM__KIND", "anthropic"),
        ("DEROUTER__UPSTREAM__BASE_URL", "https://api.example.com"),
        ("DEROUTER_UPSTREAM_CREDENTIAL", "sk-real"),
        ("DEROUTER__MAIL__KIND", "smtp"),
        ("DEROUTER__MAIL__HOST", "mail.example.com"),
        ("DEROUTER__MAIL__FROM", "Credit <no-reply@example.com>"),
        ("DEROUTER__BRAND__DASHBOARD_URL", "https://a.example.com"),
        ("DEROUTER__BRAND__PORTAL_URL", "https://b.example.com"),
        ("DEROUTER__BRAND__API_URL", "https://c.example.com"),
        ("DEROUTER__BRAND__CONSOLE_URL", "https://d.example.com"),
        ("DEROUTER__BRAND__SUPPORT_ADDRESS", "help@example.com"),
        ("DEROUTER_PEPPER", "c0ffee11d00dfeed42aa77bb19ef5521"),
        ("DEROUTER_SIGNING", "9d2f6a1c8e4b7035a1b2c3d4e5f60718"),
    ];

    fn fit_but(changes: &[(&str, &str)]) -> Environment {
        FIT.iter().chain(changes).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn a_complete_production_profile_starts_and_drains_for_two_minutes() {
        let settings = load(&fit_but(&[])).expect("fit");
        assert_eq!(settings.drain.limit.as_secs(), 120);
        assert_eq!(settings.drain.grace.as_secs(), 5);
    }

    #[test]
    fn the_console_may_not_listen_where_strangers_are() {
        for (addr, fits) in
            [("10.1.2.3:8083", true), ("[::1]:8083", true), ("0.0.0.0:8083", false), ("8.8.8.8:1", false)]
        {
            let said = load(&fit_but(&[("DEROUTER__LISTEN__CONSOLE", addr)])).map(|_| ()).map_err(|e| e.to_string());
            assert_eq!(said.is_ok(), fits, "{addr}");
            assert!(fits || said.is_err_and(|said| said.contains("DEROUTER__LISTEN__CONSOLE")), "{addr}");
        }
    }

    #[test]
    fn o06_production_on_defaults_lists_all_reasons_at_once() {
        let env = [("DEROUTER_PROFILE".to_owned(), "production".to_owned())].into();
        let said = load(&env).expect_err("unfit").to_string();
        for setting in [
            "upstream.kind",
            "upstream.base_url",
            "secrets.upstream_credential",
            "mail.kind",
            "mail.host",
            "brand.dashboard_url",
            "brand.console_url",
            "brand.support_address",
            "secrets.pepper",
            "secrets.signing",
        ] {
            assert!(said.contains(setting), "{setting} is not named in:\n{said}");
        }
    }

    #[test]
    fn nobody_gets_credit_for_pretended_payments() {
        for method in ["CARD", "CRYPTO"] {
            let variable = format!("DEROUTER__PAYMENTS__{method}");
            let said = load(&fit_but(&[(&variable, "sandbox")])).expect_err("unfit").to_string();
            assert!(said.contains(&variable), "{said}");
        }
        let settings = load(&fit_but(&[])).expect("fit");
        assert_eq!(settings.payments.card, crate::config::settings::PaidBy::None);
    }

    /// Settings with which both real providers start.
    const PAID: [(&str, &str); 8] = [
        ("DEROUTER__PAYMENTS__CARD", "stripe"),
        ("DEROUTER_STRIPE_KEY", "sk_live_51abcdef"),
        ("DEROUTER_STRIPE_WEBHOOK_SECRETS", "whsec_new,whsec_old"),
        ("DEROUTER__PAYMENTS__CRYPTO", "btcpay"),
        ("DEROUTER__BTCPAY__BASE_URL", "https://pay.example.com"),
        ("DEROUTER__BTCPAY__STORE_ID", "5BtfVkKQkEPqpEbfsUNhTyrCNsCt8Y"),
        ("DEROUTER_BTCPAY_KEY", "b1946ac92492d2347c6235b4d2611184"),
        ("DEROUTER_BTCPAY_WEBHOOK_SECRETS", "3uqpGMnXyGvrWmV9Qc7e"),
    ];

    #[test]
    fn real_payments_start_with_all_they_need_and_each_lack_is_named() {
        load(&fit_but(&PAID)).expect("fit");
        for (variable, value, named) in [
            ("DEROUTER_STRIPE_KEY", "", "secrets.stripe_key is missing"),
            ("DEROUTER_STRIPE_KEY", "sk_test_51abcdef", "secrets.stripe_key is no sk_live_"),
            ("DEROUTER_STRIPE_KEY", "sk_live_a b", "secrets.stripe_key holds signs"),
            ("DEROUTER_STRIPE_WEBHOOK_SECRETS", "", "secrets.stripe_webhook_secrets is missing"),
            ("DEROUTER_STRIPE_WEBHOOK_SECRETS", "whsec_a,b", "secrets.stripe_webhook_secrets is missing or"),
            ("DEROUTER__STRIPE__MODE", "test", "DEROUTER__STRIPE__MODE=live"),
            ("DEROUTER__STRIPE__BASE_URL", "http://127.0.0.1:1", "stripe.base_url is not https://"),
            ("DEROUTER__PAYMENTS__CHECKOUT_TTL_S", "1800", "payments.checkout_ttl_s"),
            ("DEROUTER__BTCPAY__BASE_URL", "", "btcpay.base_url is no origin"),
            ("DEROUTER__BTCPAY__STORE_ID", "a/b", "btcpay.store_id"),
            ("DEROUTER__BTCPAY__MODE", "test", "DEROUTER__BTCPAY__MODE=live"),
            ("DEROUTER_BTCPAY_KEY", "", "secrets.btcpay_key is missing"),
            ("DEROUTER_BTCPAY_WEBHOOK_SECRETS", "short", "secrets.btcpay_webhook_secrets is missing or"),
            ("DEROUTER__PAYMENTS__CARD", "btcpay", "payments.card is btcpay"),
            ("DEROUTER__PAYMENTS__CRYPTO", "stripe", "payments.crypto is stripe"),
        ] {
            let changes: Vec<_> = PAID.into_iter().chain([(variable, value)]).collect();
            let said = load(&fit_but(&changes)).expect_err(named).to_string();
            assert!(said.contains(named), "{named} is not in:\n{said}");
            assert!(!said.contains("51abcdef"), "no value is shown: {said}");
        }
    }

    #[test]
    fn n09_a_placeholder_of_an_example_is_no_secret() {
        for (variable, value) in [
            ("DEROUTER_SIGNING", "change-me-change-me-change-me-change-me-"),
            ("DEROUTER_SIGNING", "CHANGE_ME_before_you_start_0d9f8a7b6c5e"),
            ("DEROUTER_PEPPER", "replace this by 32 random characters!"),
            ("DEROUTER_PEPPER", "0123456789abcdef0123456789abcdef"),
            ("DEROUTER_PEPPER", "<your-secret-pepper-of-32-characters>"),
            ("DEROUTER_UPSTREAM_CREDENTIAL", "sk-ant-placeholder"),
        ] {
            let said = load(&fit_but(&[(variable, value)])).expect_err(value).to_string();
            assert!(said.contains(&format!("is a placeholder: set {variable}")), "{said}");
            assert!(!said.contains(value), "{said}");
        }
    }

    #[test]
    fn n09_a_missing_empty_or_default_secret_is_named_and_never_shown() {
        for (variable, value) in [
            ("DEROUTER_PEPPER", ""),
            ("DEROUTER_PEPPER", "hunter2"),
            ("DEROUTER_PEPPER", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
            ("DEROUTER_SIGNING", "dev-only-4f6e2a9b1c8d7053f6e2a9b1c8d70534"),
        ] {
            let said = load(&fit_but(&[(variable, value)])).expect_err("unfit").to_string();
            assert!(said.contains(variable), "{said}");
            assert!(value.is_empty() || !said.contains(value), "{said}");
        }
    }
}
