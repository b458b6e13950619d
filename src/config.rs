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

pub mod production;
pub mod secrets;
pub mod settings;

const DEFAULT: &str = include_str!("../config/default.toml");
const PRODUCTION: &str = include_str!("../config/production.toml");
/// Keys of the environment: `DEROUTER__SECTION__KEY`.
const PREFIX: &str = "DEROUTER__";
/// Short names and the settings they set.
const SHORT: [(&str, &str); 9] = [
    ("DEROUTER_PROFILE", "profile"),
    ("DATABASE_URL", "database.url"),
    ("REDIS_URL", "redis.url"),
    ("DEROUTER_PEPPER", "secrets.pepper"),
    ("DEROUTER_PEPPER_VERSION", "secrets.pepper_version"),
    ("DEROUTER_PREVIOUS_PEPPER", "secrets.previous_pepper"),
    ("DEROUTER_SIGNING", "secrets.signing"),
    ("DEROUTER_UPSTREAM_CREDENTIAL", "secrets.upstream_credential"),
    ("DEROUTER_SMTP_PASSWORD", "secrets.smtp_password"),
];

/// The environment as a value, so that tests bring their own.
pub type Environment = BTreeMap<String, String>;

/// Why the settings were not taken. The text names the setting and never its value.
#[derive(Debug, Error)]
pub enum ConfigError {
    #[error("{0} names no setting; config/default.toml lists them all")]
    UnknownVariable(String),
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
    let variables = variables(env, &defaults)?;
    let mut layers = Figment::new().merge(Toml::string(DEFAULT));
    let named = env.get("DEROUTER_CONFIG").map(|path| read("DEROUTER_CONFIG", path)).transpose()?;
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
        Profile::Dev => Ok(settings),
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

/// The layer of the environment: each variable typed like the default it replaces.
fn variables(env: &Environment, defaults: &Value) -> Result<Dict, ConfigError> {
    let mut layer = Dict::new();
    for (variable, text) in env {
        let Some((setting, from_file)) = setting_of(variable, env)? else { continue };
        let text =
            if from_file { read(variable, text)?.trim_end_matches(['\r', '\n']).to_owned() } else { text.clone() };
        let Some(default) = defaults.clone().find(&setting) else {
            return Err(ConfigError::UnknownVariable(variable.clone()));
        };
        let value = typed_like(&default, &text).map_err(|wanted| ConfigError::BadVariable {
            variable: variable.clone(),
            setting: setting.clone(),
            wanted,
        })?;
        place(&mut layer, &setting, value);
    }
    Ok(layer)
}

/// The setting a variable sets, and whether its text is the path of a file; `None` for what is not ours.
fn setting_of(variable: &str, env: &Environment) -> Result<Option<(String, bool)>, ConfigError> {
    if let Some((_, setting)) = SHORT.iter().find(|(name, _)| *name == variable) {
        // An empty DATABASE_URL is how people say "none".
        return Ok((!env[variable].is_empty()).then(|| ((*setting).to_owned(), false)));
    }
    if let Some(key) = variable.strip_prefix(PREFIX) {
        return Ok(Some((key.to_lowercase().replace("__", "."), false)));
    }
    let file_of = variable.strip_suffix("_FILE").and_then(|name| SHORT.iter().find(|(short, _)| *short == name));
    match file_of {
        Some((_, setting)) => Ok(Some(((*setting).to_owned(), true))),
        None if variable == "DEROUTER_CONFIG" || !variable.starts_with("DEROUTER_") => Ok(None),
        None => Err(ConfigError::UnknownVariable(variable.to_owned())),
    }
}

fn typed_like(default: &Value, text: &str) -> Result<Value, &'static str> {
    match default {
        Value::String(..) => Ok(Value::from(text)),
        Value::Num(..) => text.parse::<u64>().map(Value::from).map_err(|_| "a whole number"),
        Value::Bool(..) => text.parse::<bool>().map(Value::from).map_err(|_| "true or false"),
        Value::Array(..) => {
            Ok(Value::from(text.split(',').map(str::trim).filter(|t| !t.is_empty()).collect::<Vec<_>>()))
        }
        Value::Char(..) | Value::Dict(..) | Value::Empty(..) => Err("a single value"),
    }
}

fn place(layer: &mut Dict, setting: &str, value: Value) {
    match setting.split_once('.') {
        None => {
            layer.insert(setting.to_owned(), value);
        }
        Some((section, rest)) => {
            let mut inner = layer.remove(section).and_then(Value::into_dict).unwrap_or_default();
            place(&mut inner, rest, value);
            layer.insert(section.to_owned(), Value::from(inner));
        }
    }
}

fn read(variable: &str, path: &str) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|reason| ConfigError::Unreadable {
        variable: variable.to_owned(),
        path: path.into(),
        reason,
    })
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
        assert!(refusal(&[("DEROUTER_PEPER", "x")]).contains("DEROUTER_PEPER names no setting"));
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
