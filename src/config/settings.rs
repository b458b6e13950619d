//! The settings as types, one struct a section of `config/default.toml`, which holds units, defaults and reasons.
//!
//! Every struct refuses unknown fields. Bounds that a type cannot say are in `rules.rs`, so a value that is here is usable.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::config::provider::{BtcpaySettings, StripeSettings};
use crate::config::referral::Referral;
use crate::domain::money::{Cost, Usd};

/// What kind of installation this is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    Dev,
    Production,
}

/// Everything an operator can choose.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub profile: Profile,
    pub data_dir: PathBuf,
    pub brand: Brand,
    pub listen: Listen,
    pub log: Log,
    pub database: Database,
    pub redis: Redis,
    pub ledger: Ledger,
    pub upstream: Upstream,
    pub limits: Limits,
    pub mail: Mail,
    pub identity: Identity,
    pub payments: Payments,
    pub stripe: StripeSettings,
    pub btcpay: BtcpaySettings,
    pub referral: Referral,
    pub drain: Drain,
    pub secrets: Secrets,
}

/// Names and origins that people see; an empty origin is the bound address.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brand {
    pub name: String,
    pub portal_name: String,
    pub portal_logo: String,
    pub support_address: String,
    pub dashboard_url: String,
    pub portal_url: String,
    pub api_url: String,
    pub console_url: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    pub dashboard: SocketAddr,
    pub portal: SocketAddr,
    pub api: SocketAddr,
    pub console: SocketAddr,
    pub sandbox: SocketAddr,
    pub max_connections: usize,
    #[serde(rename = "head_timeout_s", deserialize_with = "seconds")]
    pub head_timeout: Duration,
    #[serde(rename = "keep_alive_s", deserialize_with = "seconds")]
    pub keep_alive: Duration,
    pub trusted_hops: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub filter: String,
    pub format: LogFormat,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    url: SecretString,
    pub pool: u32,
    #[serde(rename = "connect_timeout_s", deserialize_with = "seconds")]
    pub connect_timeout: Duration,
    #[serde(rename = "lock_timeout_ms", deserialize_with = "milliseconds")]
    pub lock_timeout: Duration,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    url: SecretString,
    #[serde(rename = "answer_within_ms", deserialize_with = "milliseconds")]
    pub answer_within: Duration,
    #[serde(rename = "retry_after_s", deserialize_with = "seconds")]
    pub retry_after: Duration,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    pub arbiters: usize,
    #[serde(rename = "idle_passivate_s", deserialize_with = "seconds")]
    pub idle_passivate: Duration,
    #[serde(rename = "note_delay_ms", deserialize_with = "milliseconds")]
    pub note_delay: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpstreamKind {
    Sandbox,
    Anthropic,
}

/// How the provider's credential is sent (`wire.md` §2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
pub enum AuthStyle {
    #[serde(rename = "auto")]
    Auto,
    #[serde(rename = "x-api-key")]
    XApiKey,
    #[serde(rename = "bearer")]
    Bearer,
}

/// The provider; its credential is in `Secrets::upstream_credential`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    pub kind: UpstreamKind,
    pub base_url: String,
    pub auth_style: AuthStyle,
    pub denied_betas: Vec<String>,
    #[serde(rename = "connect_timeout_s", deserialize_with = "seconds")]
    pub connect_timeout: Duration,
    #[serde(rename = "head_timeout_s", deserialize_with = "seconds")]
    pub head_timeout: Duration,
    #[serde(rename = "idle_timeout_s", deserialize_with = "seconds")]
    pub idle_timeout: Duration,
    #[serde(rename = "total_timeout_s", deserialize_with = "seconds")]
    pub total_timeout: Duration,
    pub max_connections: usize,
    pub retries: u32,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub rpm: u32,
    pub concurrency: u32,
    pub body_bytes: usize,
    #[serde(rename = "body_grace_s", deserialize_with = "seconds")]
    pub body_grace: Duration,
    pub body_bytes_per_s: u64,
    pub answer_bytes: usize,
    pub body_budget_bytes: usize,
    #[serde(rename = "stall_s", deserialize_with = "seconds")]
    pub stall: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    Outbox,
    Smtp,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailTls {
    Starttls,
    Implicit,
    None,
}

/// Where mails go; the password is in `Secrets::smtp_password`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub kind: MailKind,
    pub host: String,
    pub port: u16,
    pub tls: MailTls,
    pub user: String,
    pub from: String,
    /// A file; empty: the system's certificates alone.
    pub root_certificate: String,
}

/// Codes, throttles and session lives (`identity.md` §2, §3).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    #[serde(rename = "code_ttl_s", deserialize_with = "seconds")]
    pub code_ttl: Duration,
    pub code_tries: u32,
    #[serde(rename = "resend_after_s", deserialize_with = "seconds")]
    pub resend_after: Duration,
    pub codes_per_address_hour: u32,
    pub codes_per_address_day: u32,
    pub wrong_per_address_day: u32,
    pub codes_per_network_hour: u32,
    pub mails_per_hour: u32,
    pub binds_per_hour: u32,
    pub unknown_keys_per_minute: u32,
    #[serde(rename = "dashboard_idle_s", deserialize_with = "seconds")]
    pub dashboard_idle: Duration,
    #[serde(rename = "dashboard_absolute_s", deserialize_with = "seconds")]
    pub dashboard_absolute: Duration,
    #[serde(rename = "portal_idle_s", deserialize_with = "seconds")]
    pub portal_idle: Duration,
    #[serde(rename = "portal_absolute_s", deserialize_with = "seconds")]
    pub portal_absolute: Duration,
}

/// Who takes payments by a method.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaidBy {
    Sandbox,
    Stripe,
    Btcpay,
    None,
}

/// Money in (`payments.md`); amounts are US dollars in whole cents.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payments {
    pub card: PaidBy,
    pub crypto: PaidBy,
    #[serde(rename = "min_usd", deserialize_with = "dollars")]
    pub min: Cost,
    #[serde(rename = "max_usd", deserialize_with = "dollars")]
    pub max: Cost,
    #[serde(rename = "presets_usd", deserialize_with = "each_dollars")]
    pub presets: Vec<Cost>,
    #[serde(rename = "proof_above_usd", deserialize_with = "dollars")]
    pub proof_above: Cost,
    #[serde(rename = "checkout_ttl_s", deserialize_with = "seconds")]
    pub checkout_ttl: Duration,
    #[serde(rename = "check_after_s", deserialize_with = "seconds")]
    pub check_after: Duration,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drain {
    #[serde(rename = "grace_s", deserialize_with = "seconds")]
    pub grace: Duration,
    #[serde(rename = "limit_s", deserialize_with = "seconds")]
    pub limit: Duration,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    pub pepper: SecretString,
    pub pepper_version: i16,
    pub previous_pepper: SecretString,
    pub signing: SecretString,
    pub upstream_credential: SecretString,
    pub smtp_password: SecretString,
    pub stripe_key: SecretString,
    /// Several, between commas, spaces or lines, while one replaces another.
    pub stripe_webhook_secrets: SecretString,
    pub btcpay_key: SecretString,
    /// As Stripe's.
    pub btcpay_webhook_secrets: SecretString,
}

impl Settings {
    /// The database to use instead of a private cluster.
    pub fn database_url(&self) -> Option<&SecretString> {
        given(&self.database.url)
    }

    /// The Redis to use, if any.
    pub fn redis_url(&self) -> Option<&SecretString> {
        given(&self.redis.url)
    }

    /// The pepper before this one, while keys of its time are still in use.
    pub fn previous_pepper(&self) -> Option<&SecretString> {
        given(&self.secrets.previous_pepper)
    }
}

/// The secret, if one was set.
pub fn given(secret: &SecretString) -> Option<&SecretString> {
    (!secret.expose_secret().is_empty()).then_some(secret)
}

/// An amount in whole cents, more than 0.
fn dollars<'de, D: Deserializer<'de>>(input: D) -> Result<Cost, D::Error> {
    dollars_of(&String::deserialize(input)?).map_err(D::Error::custom)
}

fn each_dollars<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<Cost>, D::Error> {
    let texts = Vec::<String>::deserialize(input)?;
    texts.iter().map(|text| dollars_of(text)).collect::<Result<_, _>>().map_err(D::Error::custom)
}

fn dollars_of(text: &str) -> Result<Cost, &'static str> {
    const CENT_NANOS: i64 = 10_000_000;
    let amount = Usd::parse(text).ok().filter(|amount| amount.nanos() % CENT_NANOS == 0);
    amount.map(Cost::from).ok_or("an amount must be US dollars such as \"50\" or \"12.50\", in whole cents")
}

pub(super) fn seconds<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
    u64::deserialize(input).map(Duration::from_secs)
}

fn milliseconds<'de, D: Deserializer<'de>>(input: D) -> Result<Duration, D::Error> {
    u64::deserialize(input).map(Duration::from_millis)
}
