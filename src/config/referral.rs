//! The section `[referral]`: what a reseller earns on what its referees consume (`referrals.md`).

use std::time::Duration;

use serde::Deserialize;

use crate::config::settings::seconds;
use crate::domain::money::{Cost, Usd};
use crate::domain::referral::{TierError, Tiers};

/// Longest hold-back: card payments can be disputed for about so long.
const MOST_DAYS: u32 = 365;

/// Commission: tiers, margin, hold-back.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Referral {
    tier_bounds_usd: Vec<String>,
    tier_rates_bp: Vec<String>,
    platform_margin_bp: u32,
    /// Days a line waits before it is paid.
    pub hold_back_days: u32,
    #[serde(rename = "accrue_every_s", deserialize_with = "seconds")]
    pub accrue_every: Duration,
}

impl Referral {
    /// The brackets of commission.
    ///
    /// # Errors
    /// The setting that cannot work, by name.
    pub fn tiers(&self) -> Result<Tiers, String> {
        let bounds: Option<Vec<Cost>> = self.tier_bounds_usd.iter().map(|text| bound(text)).collect();
        let bounds = bounds.ok_or("referral.tier_bounds_usd must be US dollars such as \"0\" or \"1000\"")?;
        let rates: Option<Vec<u32>> = self.tier_rates_bp.iter().map(|text| text.parse().ok()).collect();
        let rates = rates.ok_or("referral.tier_rates_bp must be basis points such as \"500\"")?;
        let margin = self.platform_margin_bp;
        Tiers::of(&bounds, &rates, margin).map_err(|error| match error {
            TierError::Unpaired => {
                "referral.tier_rates_bp must have a rate for each of referral.tier_bounds_usd".into()
            }
            TierError::Rate if rates.iter().any(|rate| *rate > 10_000) => format!("referral.tier_rates_bp: {error}"),
            TierError::Rate => "referral.platform_margin_bp must be 0 to 10000".to_owned(),
            _ => format!("referral.tier_bounds_usd: {error}"),
        })
    }

    /// Refuses values the accrual could not work with; the text names the setting.
    pub(super) fn check(&self) -> Result<(), String> {
        self.tiers()?;
        let kept = self.hold_back_days <= MOST_DAYS;
        if kept { Ok(()) } else { Err("referral.hold_back_days must be at most 365".to_owned()) }
    }
}

/// A bound: an amount as people type it, or 0.
fn bound(text: &str) -> Option<Cost> {
    const CENT_NANOS: i64 = 10_000_000;
    let amount = if text == "0" { Some(Cost::ZERO) } else { Usd::parse(text).ok().map(Cost::from) };
    amount.filter(|amount| amount.nanos() % CENT_NANOS == 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, load};

    fn refusal(name: &str, value: &str) -> String {
        let env: Environment = [(format!("DEROUTER__REFERRAL__{name}"), value.to_owned())].into();
        load(&env).map(|_| ()).expect_err("must be refused").to_string()
    }

    #[test]
    fn the_default_tiers_are_all_paid() {
        let settings = load(&Environment::new()).expect("settings");
        let tiers = settings.referral.tiers().expect("tiers");
        assert_eq!(
            tiers.paid().iter().map(|t| t.rate_bp).collect::<Vec<_>>(),
            [500, 1_000, 1_500, 2_000, 2_500, 3_000]
        );
        assert_eq!(tiers.total(Usd::parse("1200").expect("an amount").into()).to_string(), "70");
    }

    #[test]
    fn settings_that_cannot_work_are_refused_by_name() {
        let rows = [
            ("TIER_BOUNDS_USD", "0, 5, 5, 6, 7, 8", "referral.tier_bounds_usd: the bounds must rise"),
            ("TIER_BOUNDS_USD", "1, 2, 3, 4, 5, 6", "referral.tier_bounds_usd: the first bound must be 0"),
            ("TIER_BOUNDS_USD", "0, 5", "referral.tier_rates_bp must have a rate for each"),
            ("TIER_BOUNDS_USD", "0, 5.001, 6, 7, 8, 9", "referral.tier_bounds_usd must be US dollars"),
            ("TIER_BOUNDS_USD", "0, a, 6, 7, 8, 9", "referral.tier_bounds_usd must be US dollars"),
            ("TIER_BOUNDS_USD", "", "referral.tier_bounds_usd: there must be 1 to 20 tiers"),
            ("TIER_RATES_BP", "1, 2, 3, 4, 5, 10001", "referral.tier_rates_bp: a rate must be"),
            ("TIER_RATES_BP", "5%", "referral.tier_rates_bp must be basis points"),
            ("PLATFORM_MARGIN_BP", "10001", "referral.platform_margin_bp must be 0 to 10000"),
            ("HOLD_BACK_DAYS", "366", "referral.hold_back_days must be at most 365"),
            ("ACCRUE_EVERY_S", "0", "referral.accrue_every_s must be 1 to 31622400"),
        ];
        for (name, value, wanted) in rows {
            let said = refusal(name, value);
            assert!(said.contains(wanted), "{name}={value}: {said}");
        }
    }
}
