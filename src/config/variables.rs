//! The layer of the environment: which variable sets what, typed like the default it replaces.
//!
//! Slips are found by name, since a misspelt setting that is silently ignored is worse than a refused start.

use figment::value::{Dict, Value};

use crate::config::{ConfigError, Environment};

/// Keys of the environment: `DEROUTER__SECTION__KEY`.
const PREFIX: &str = "DEROUTER__";
/// Names a file of settings.
pub(super) const FILE_VARIABLE: &str = "DEROUTER_CONFIG";
/// Short names and the settings they set.
const SHORT: [(&str, &str); 13] = [
    ("DEROUTER_PROFILE", "profile"),
    ("DATABASE_URL", "database.url"),
    ("REDIS_URL", "redis.url"),
    ("DEROUTER_PEPPER", "secrets.pepper"),
    ("DEROUTER_PEPPER_VERSION", "secrets.pepper_version"),
    ("DEROUTER_PREVIOUS_PEPPER", "secrets.previous_pepper"),
    ("DEROUTER_SIGNING", "secrets.signing"),
    ("DEROUTER_UPSTREAM_CREDENTIAL", "secrets.upstream_credential"),
    ("DEROUTER_SMTP_PASSWORD", "secrets.smtp_password"),
    ("DEROUTER_STRIPE_KEY", "secrets.stripe_key"),
    ("DEROUTER_STRIPE_WEBHOOK_SECRETS", "secrets.stripe_webhook_secrets"),
    ("DEROUTER_BTCPAY_KEY", "secrets.btcpay_key"),
    ("DEROUTER_BTCPAY_WEBHOOK_SECRETS", "secrets.btcpay_webhook_secrets"),
];

/// The layer of the environment: each variable typed like the default it replaces.
pub(super) fn layer(env: &Environment, defaults: &Value) -> Result<Dict, ConfigError> {
    let mut layer = Dict::new();
    for (variable, text) in env {
        let Some((setting, from_file)) = setting_of(variable, env)? else {
            refuse_misspelt(variable, defaults)?;
            continue;
        };
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
    Ok(file_of.map(|(_, setting)| ((*setting).to_owned(), true)))
}

/// Tools around the program have variables of its prefix too, so only what looks like a slip is refused.
fn refuse_misspelt(variable: &str, defaults: &Value) -> Result<(), ConfigError> {
    if !variable.starts_with("DEROUTER_")
        || SHORT.iter().any(|(name, _)| *name == variable)
        || variable == FILE_VARIABLE
    {
        return Ok(());
    }
    let short = SHORT.iter().map(|(name, _)| (*name).to_owned()).chain([FILE_VARIABLE.to_owned()]);
    let files = SHORT.iter().map(|(name, _)| format!("{name}_FILE"));
    let close = short.chain(files).find(|name| distance(name, variable) <= 2);
    let bare = |name: &str| name.replace('_', "");
    let meant = close.or_else(|| all_variables(defaults).into_iter().find(|name| bare(name) == bare(variable)));
    meant.map_or(Ok(()), |meant| Err(ConfigError::MisspeltVariable(variable.to_owned(), meant)))
}

/// The long name of every setting.
fn all_variables(defaults: &Value) -> Vec<String> {
    let mut names = Vec::new();
    for (section, value) in defaults.as_dict().into_iter().flatten() {
        match value.as_dict() {
            Some(keys) => names.extend(keys.keys().map(|key| format!("{PREFIX}{section}__{key}").to_uppercase())),
            None => names.push(format!("{PREFIX}{section}").to_uppercase()),
        }
    }
    names
}

/// How many letters must be added, removed or changed to make one word the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in other.bytes().enumerate() {
            let changed = diagonal + usize::from(a != b);
            let cheapest = changed.min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], cheapest);
        }
    }
    row[other.len()]
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

/// The text of the file that a variable names.
pub(super) fn read(variable: &str, path: &str) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|reason| ConfigError::Unreadable {
        variable: variable.to_owned(),
        path: path.into(),
        reason,
    })
}
