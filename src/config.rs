//! The settings: read in layers, typed, and refused with every reason at once.
//!
//! `config/default.toml` documents each key and is compiled in; on it lie the profile, the file named by
//! `DEROUTER_CONFIG` and the environment. What no layer knows is an error by name, so a misspelt setting never
//! passes for a default. Values of secrets appear in no message.

use std::collections::BTreeMap;
use std::path::PathBuf;

use figment::Figment;
use figment::providers::{Format, Serialized, Toml};
use figment::value::{Dict, Value};
use thiserror::Error;

use crate::config::settings::{Profile, Settings};
use crate::config::variables::FILE_VARIABLE;

mod origin;
pub mod paying;
pub mod production;
pub mod provider;
pub mod referral;
mod rules;
pub mod secrets;
pub mod settings;
mod variables;

const DEFAULT: &str = include_str!("../config/default.toml");
const PRODUCTION: &str = include_str!("../config/production.toml");

/// The environment as a value, so that tests bring their own.
pub type Environment = BTreeMap<String, String>;

/// Why the settings were not taken. The text names the setting and never its value.
#[derive(Debug, Error)]
pub enum ConfigError {
    #[error("{0} names no setting; config/default.toml lists them all")]
    UnknownVariable(String),
    #[error("{0} names no setting; {1} is meant, it seems")]
    MisspeltVariable(String, String),
    #[error("{variable} is not {wanted}, as {setting} needs")]
    BadVariable { variable: String, setting: String, wanted: &'static str },
    #[error("cannot read {path}, named by {variable}: {reason}")]
    Unreadable { variable: String, path: PathBuf, reason: std::io::Error },
    #[error("setting {0}")]
    Refused(String),
    #[error("the production profile refuses to start:\n{}", .0.iter().map(|r| format!("  - {r}")).collect::<Vec<_>>().join("\n"))]
    NotForProduction(Vec<String>),
    #[error("cannot keep the dev secrets under {path}: {reason}")]
    DevSecrets { path: PathBuf, reason: std::io::Error },
}

/// The environment of this process.
pub fn environment() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Reads every layer and checks the profile's demands.
///
/// # Errors
/// The first unknown or malformed setting by name; in `production`, all reasons to refuse at once.
pub fn load(env: &Environment) -> Result<Settings, ConfigError> {
    let defaults: Value = parse(DEFAULT)?;
    let variables = variables::layer(env, &defaults)?;
    let mut layers = Figment::new().merge(Toml::string(DEFAULT));
    let named = env.get(FILE_VARIABLE).map(|path| variables::read(FILE_VARIABLE, path)).transpose()?;
    let chosen = chosen_profile(&layers, named.as_deref(), &variables)?;
    if chosen == Profile::Production {
        layers = layers.merge(Toml::string(PRODUCTION));
    }
    if let Some(file) = &named {
        layers = layers.merge(Toml::string(file));
    }
    let settings: Settings = extract(layers.merge(Serialized::defaults(variables)))?;
    settings.check().map_err(ConfigError::Refused)?;
    match settings.profile {
        Profile::Dev => match paying::faults(&settings).into_iter().next() {
            Some(fault) => Err(ConfigError::Refused(fault)),
            None => Ok(settings),
        },
        Profile::Production => production::refuse_unfit(settings),
    }
}

/// The profile decides a layer below the others, so it is looked up before they are merged.
fn chosen_profile(base: &Figment, file: Option<&str>, variables: &Dict) -> Result<Profile, ConfigError> {
    let with_file = file.map_or_else(|| base.clone(), |file| base.clone().merge(Toml::string(file)));
    let all = with_file.merge(Serialized::defaults(variables.clone()));
    all.extract_inner("profile").map_err(|e| ConfigError::Refused(described(&e)))
}

fn parse(toml: &str) -> Result<Value, ConfigError> {
    extract(Figment::new().merge(Toml::string(toml)))
}

fn extract<'de, T: serde::Deserialize<'de>>(layers: Figment) -> Result<T, ConfigError> {
    layers.extract().map_err(|e| ConfigError::Refused(described(&e)))
}

/// A message of figment by path and kind; kinds that repeat what was found are cut, as it may be a secret.
fn described(error: &figment::Error) -> String {
    use figment::error::Kind;
    let path = error.path.join(".");
    match &error.kind {
        Kind::UnknownField(name, _) => {
            let name = if path.is_empty() || path.ends_with(name.as_str()) { path } else { format!("{path}.{name}") };
            format!("{name} does not exist; config/default.toml lists them all")
        }
        Kind::InvalidType(_, wanted) => format!("{path} must be {wanted}"),
        Kind::InvalidValue(_, wanted) => format!("{path} must be {wanted}"),
        Kind::UnknownVariant(_, known) => format!("{path} must be one of {}", known.join(", ")),
        Kind::Message(text) => format!("{path}: {text}"),
        kind => format!("{path}: {kind}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    fn refusal(pairs: &[(&str, &str)]) -> String {
        load(&env(pairs)).map(|_| ()).expect_err("must be refused").to_string()
    }

    #[test]
    fn the_defaults_alone_are_a_working_dev_profile() {
        let settings = load(&env(&[("PATH", "/bin")])).expect("defaults");
        assert_eq!(settings.profile, Profile::Dev);
        assert_eq!(settings.limits.rpm, 60);
        assert_eq!(settings.upstream.head_timeout.as_secs(), 600);
    }

    #[test]
    fn a_variable_of_the_environment_wins_and_keeps_the_type_of_its_default() {
        let settings = load(&env(&[
            ("DEROUTER__LIMITS__RPM", "7"),
            ("DEROUTER__BRAND__NAME", "007"),
            ("DEROUTER__UPSTREAM__DENIED_BETAS", "one, two"),
            ("DATABASE_URL", "postgres://x/y"),
        ]))
        .expect("settings");
        assert_eq!(settings.limits.rpm, 7);
        assert_eq!(settings.brand.name, "007");
        assert_eq!(settings.upstream.denied_betas, ["one", "two"]);
        assert!(settings.database_url().is_some());
    }

    #[test]
    fn what_names_no_setting_is_refused_by_name() {
        assert!(refusal(&[("DEROUTER__LIMITS__RPMS", "7")]).contains("DEROUTER__LIMITS__RPMS names no setting"));
        assert!(refusal(&[("DEROUTER_PEPER", "x")]).contains("DEROUTER_PEPPER is meant"));
        assert!(refusal(&[("DEROUTER_LIMITS_RPM", "x")]).contains("DEROUTER__LIMITS__RPM is meant"));
        assert!(refusal(&[("DEROUTER__LIMITS__RPM", "many")]).contains("limits.rpm"));
        assert!(refusal(&[("DEROUTER__UPSTREAM__KIND", "antropic")]).contains("upstream.kind must be one of"));
    }

    #[test]
    fn an_upstream_that_cannot_be_called_is_refused_in_dev_too() {
        let real =
            |url: &str| load(&env(&[("DEROUTER__UPSTREAM__KIND", "anthropic"), ("DEROUTER__UPSTREAM__BASE_URL", url)]));
        for good in ["https://api.anthropic.com", "http://127.0.0.1:8084/", "http://[::1]:8084", "https://localhost"] {
            assert!(real(good).is_ok(), "{good}");
        }
        for bad in
            ["", "api.anthropic.com", "ftp://x", "https://", "https://a b", "https://x/v1", "http://u@x", "http://x:0"]
        {
            assert!(real(bad).expect_err("refused").to_string().contains("upstream.base_url"), "{bad}");
        }
        let said = refusal(&[("DEROUTER_UPSTREAM_CREDENTIAL", "sk-secret\nline")]);
        assert!(said.contains("secrets.upstream_credential") && !said.contains("sk-secret"), "{said}");
    }

    #[test]
    fn amounts_of_top_ups_are_dollars_in_whole_cents_and_fit_each_other() {
        let settings = load(&env(&[("DEROUTER__PAYMENTS__PRESETS_USD", "10, 12.50")])).expect("settings");
        assert_eq!(settings.payments.presets.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10", "12.5"]);
        for (name, value) in [("MIN_USD", "0"), ("MAX_USD", "12.505"), ("PROOF_ABOVE_USD", "-1")] {
            let said = refusal(&[(&format!("DEROUTER__PAYMENTS__{name}"), value)]);
            assert!(said.contains(&format!("payments.{}", name.to_lowercase())), "{said}");
        }
        assert!(refusal(&[("DEROUTER__PAYMENTS__MIN_USD", "60")]).contains("payments.presets_usd"));
        assert!(refusal(&[("DEROUTER__PAYMENTS__MIN_USD", "10001")]).contains("payments.min_usd"));
    }

    #[test]
    fn variables_of_the_tools_around_the_program_are_left_alone() {
        load(&env(&[("DEROUTER_BENCH_ROUNDS", "5"), ("DEROUTER_KEY", "x"), ("DEROUTER_SEED", "7")])).expect("settings");
    }

    #[test]
    fn a_misspelt_key_of_the_file_is_refused_by_name() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("my.toml");
        std::fs::write(&path, "[limits]\nrpms = 7\n").expect("file");
        let said = refusal(&[("DEROUTER_CONFIG", path.to_str().expect("utf-8"))]);
        assert!(said.contains("limits.rpms does not exist"), "{said}");
        std::fs::write(&path, "[limit]\nrpm = 7\n").expect("file");
        let said = refusal(&[("DEROUTER_CONFIG", path.to_str().expect("utf-8"))]);
        assert!(said.contains("limit does not exist"), "{said}");
    }

    #[test]
    fn a_secret_is_read_from_a_file_and_shown_nowhere() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("pepper");
        std::fs::write(&path, "a-very-long-pepper-of-forty-characters-000\n").expect("file");
        let settings = load(&env(&[("DEROUTER_PEPPER_FILE", path.to_str().expect("utf-8"))])).expect("settings");
        assert_eq!(secrecy::ExposeSecret::expose_secret(&settings.secrets.pepper).len(), 42);
        assert!(!format!("{settings:?}").contains("very-long"));
        assert!(refusal(&[("DEROUTER_SIGNING_FILE", "/nonexistent/x")]).contains("DEROUTER_SIGNING_FILE"));
    }

    #[test]
    fn a_pepper_of_digits_stays_text() {
        let digits = "0123456789".repeat(4);
        let settings = load(&env(&[("DEROUTER_PEPPER", &digits)])).expect("settings");
        assert_eq!(secrecy::ExposeSecret::expose_secret(&settings.secrets.pepper), digits);
    }
}
