//! What a setting must be beyond its type: bounds of single values in tables, and how values go together. A value that no
//! part could work with is refused at the start, by its name.

use std::time::Duration;

use secrecy::ExposeSecret;

use crate::config::origin::is_origin;
use crate::config::settings::{Settings, UpstreamKind};

/// The longest time any setting may name, seconds: more cannot be added to a moment without care, and means nothing.
const YEAR_S: u64 = 366 * 24 * 3_600;
/// Numbers that the database keeps in four bytes.
const INT4: u64 = i32::MAX as u64;

impl Settings {
    /// Refuses values no part could work with; the text names the setting.
    pub(super) fn check(&self) -> Result<(), String> {
        for (name, time) in self.times() {
            time_within(name, time, 1)?;
        }
        for (name, time) in self.times_or_none() {
            time_within(name, time, 0)?;
        }
        for (name, value, most) in self.counts() {
            if value == 0 || value > most {
                return Err(format!("{name} must be 1 to {most}"));
            }
        }
        self.relations().into_iter().find(|(kept, _)| !kept).map_or(Ok(()), |(_, rule)| Err(rule.to_owned()))?;
        self.referral.check()
    }

    /// Times of which none at all would refuse or cut everything, or wait for ever.
    fn times(&self) -> [(&'static str, Duration); 20] {
        let (database, redis, upstream) = (&self.database, &self.redis, &self.upstream);
        let (limits, identity, payments) = (&self.limits, &self.identity, &self.payments);
        [
            ("listen.head_timeout_s", self.listen.head_timeout),
            ("database.connect_timeout_s", database.connect_timeout),
            ("database.lock_timeout_ms", database.lock_timeout),
            ("redis.answer_within_ms", redis.answer_within),
            ("redis.retry_after_s", redis.retry_after),
            ("ledger.idle_passivate_s", self.ledger.idle_passivate),
            ("upstream.connect_timeout_s", upstream.connect_timeout),
            ("upstream.head_timeout_s", upstream.head_timeout),
            ("upstream.idle_timeout_s", upstream.idle_timeout),
            ("upstream.total_timeout_s", upstream.total_timeout),
            ("limits.body_grace_s", limits.body_grace),
            ("limits.stall_s", limits.stall),
            ("identity.code_ttl_s", identity.code_ttl),
            ("identity.dashboard_idle_s", identity.dashboard_idle),
            ("identity.dashboard_absolute_s", identity.dashboard_absolute),
            ("identity.portal_idle_s", identity.portal_idle),
            ("identity.portal_absolute_s", identity.portal_absolute),
            ("payments.checkout_ttl_s", payments.checkout_ttl),
            ("payments.check_after_s", payments.check_after),
            ("referral.accrue_every_s", self.referral.accrue_every),
        ]
    }

    /// Times that may be none.
    fn times_or_none(&self) -> [(&'static str, Duration); 5] {
        [
            ("ledger.note_delay_ms", self.ledger.note_delay),
            ("identity.resend_after_s", self.identity.resend_after),
            ("drain.grace_s", self.drain.grace),
            ("drain.limit_s", self.drain.limit),
            ("listen.keep_alive_s", self.listen.keep_alive),
        ]
    }

    /// Numbers of which none would let nothing through, and the most that each may be.
    fn counts(&self) -> [(&'static str, u64, u64); 17] {
        let (limits, identity) = (&self.limits, &self.identity);
        let size = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
        let most = u64::MAX;
        [
            ("listen.max_connections", size(self.listen.max_connections), most),
            ("database.pool", self.database.pool.into(), 10_000),
            ("limits.rpm", limits.rpm.into(), INT4),
            ("limits.concurrency", limits.concurrency.into(), INT4),
            ("limits.body_bytes", size(limits.body_bytes), most),
            ("limits.body_bytes_per_s", limits.body_bytes_per_s, most),
            ("limits.answer_bytes", size(limits.answer_bytes), most),
            ("mail.port", self.mail.port.into(), 65_535),
            ("identity.code_tries", identity.code_tries.into(), INT4),
            ("identity.codes_per_address_hour", identity.codes_per_address_hour.into(), INT4),
            ("identity.codes_per_address_day", identity.codes_per_address_day.into(), INT4),
            ("identity.wrong_per_address_day", identity.wrong_per_address_day.into(), INT4),
            ("identity.codes_per_network_hour", identity.codes_per_network_hour.into(), INT4),
            ("identity.mails_per_hour", identity.mails_per_hour.into(), INT4),
            ("identity.binds_per_hour", identity.binds_per_hour.into(), INT4),
            ("identity.unknown_keys_per_minute", identity.unknown_keys_per_minute.into(), INT4),
            ("secrets.pepper_version", u64::try_from(self.secrets.pepper_version).unwrap_or(0), 32_767),
        ]
    }

    /// What several values, or the signs of one, must be.
    fn relations(&self) -> [(bool, &'static str); 8] {
        let (limits, upstream, payments, identity) = (&self.limits, &self.upstream, &self.payments, &self.identity);
        [
            (self.ledger.idle_passivate.as_secs() > 60, "ledger.idle_passivate_s must be more than 60"),
            (self.ledger.note_delay.as_millis() <= 1_000, "ledger.note_delay_ms must be at most 1000"),
            (
                upstream.kind == UpstreamKind::Sandbox || is_origin(&upstream.base_url),
                "upstream.base_url must be the provider's origin, such as https://api.anthropic.com, without a path",
            ),
            (
                self.secrets.upstream_credential.expose_secret().bytes().all(|b| b.is_ascii_graphic()),
                "secrets.upstream_credential must be letters, digits and signs alone, as a header can carry",
            ),
            (
                limits.body_budget_bytes >= limits.body_bytes,
                "limits.body_budget_bytes must be at least limits.body_bytes",
            ),
            (payments.min <= payments.max, "payments.min_usd must be at most payments.max_usd"),
            (
                payments.presets.iter().all(|p| (payments.min..=payments.max).contains(p)),
                "payments.presets_usd must be amounts from payments.min_usd to payments.max_usd",
            ),
            (
                identity.dashboard_idle <= identity.dashboard_absolute
                    && identity.portal_idle <= identity.portal_absolute,
                "identity.dashboard_idle_s and portal_idle_s must be at most their …_absolute_s",
            ),
        ]
    }
}

/// Checks a time in the unit that its name ends with.
fn time_within(name: &str, time: Duration, least: u64) -> Result<(), String> {
    let (value, most) = if name.ends_with("_ms") {
        (u64::try_from(time.as_millis()).unwrap_or(u64::MAX), YEAR_S * 1_000)
    } else {
        (time.as_secs(), YEAR_S)
    };
    if (least..=most).contains(&value) { Ok(()) } else { Err(format!("{name} must be {least} to {most}")) }
}

#[cfg(test)]
mod tests {
    use crate::config::{Environment, load};

    fn said(setting: &str, value: &str) -> Result<(), String> {
        let variable = format!("DEROUTER__{}", setting.to_uppercase().replace('.', "__"));
        let env: Environment = [(variable, value.to_owned())].into();
        load(&env).map(|_| ()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_value_that_nothing_could_work_with_stops_the_start_by_name() {
        let defaults = load(&Environment::new()).expect("the defaults");
        let times = defaults.times().map(|(name, _)| (name, vec!["0", "99999999999999"]));
        let others = defaults.times_or_none().map(|(name, _)| (name, vec!["99999999999999"]));
        let counts = defaults.counts().map(|(name, ..)| (name, vec!["0"]));
        for (setting, values) in times.into_iter().chain(others).chain(counts) {
            for value in values {
                let refused = said(setting, value).expect_err(setting);
                assert!(refused.contains(&format!("{setting} must be")), "{setting}={value}: {refused}");
            }
        }
    }

    #[test]
    fn what_may_be_none_or_is_at_its_bound_starts() {
        for (setting, value) in [
            ("drain.grace_s", "0"),
            ("identity.resend_after_s", "0"),
            ("ledger.note_delay_ms", "0"),
            ("listen.head_timeout_s", "1"),
            ("upstream.total_timeout_s", "31622400"),
            ("limits.rpm", "2147483647"),
            ("secrets.pepper_version", "32767"),
        ] {
            assert_eq!(said(setting, value), Ok(()), "{setting}={value}");
        }
    }

    #[test]
    fn values_that_do_not_go_together_are_named() {
        for (setting, value, named) in [
            ("limits.body_budget_bytes", "1", "at least limits.body_bytes"),
            ("payments.min_usd", "20000", "at most payments.max_usd"),
            ("payments.presets_usd", "1", "payments.presets_usd"),
            ("identity.portal_idle_s", "2592001", "identity.dashboard_idle_s and portal_idle_s"),
            ("ledger.idle_passivate_s", "60", "ledger.idle_passivate_s must be more than 60"),
            ("limits.rpm", "2147483648", "limits.rpm must be 1 to"),
        ] {
            let refused = said(setting, value).expect_err(setting);
            assert!(refused.contains(named), "{setting}={value}: {refused}");
        }
    }
}
