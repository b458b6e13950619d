//! Money: whole nano-USD (10⁻⁹ USD) in `i64`, checked, never a float.
//!
//! `Cost` is what the reseller pays, `Price` is what the client sees. There is no arithmetic between the two but
//! through `Ratio`. Overflow is a refusal of the caller, never a zero and never a wrap.

use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// Nano-USD in one US dollar.
pub const NANOS_PER_USD: i64 = 1_000_000_000;
/// The largest amount a person may type: 999,999,999.999999 USD.
pub const MAX_TYPED: Usd = Usd(999_999_999_999_999_000);

/// An amount at the edge of the program: typed by a person or shown to one. Never negative when parsed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Usd(i64);

/// Why a typed amount was not taken; the text says what to type instead.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum AmountError {
    #[error("type an amount in US dollars such as 100 or 34.20: up to 9 digits, then at most 6 decimals")]
    Malformed,
    #[error("the amount must be more than 0")]
    Zero,
}

impl Usd {
    /// An amount of whole nano-USD.
    pub const fn from_nanos(nanos: i64) -> Self {
        Usd(nanos)
    }

    /// Whole nano-USD.
    pub const fn nanos(self) -> i64 {
        self.0
    }

    /// Reads `^\d{1,9}(\.\d{1,6})?$`, more than zero (`faults.md` K1).
    ///
    /// # Errors
    /// `Malformed` for any other text, `Zero` for an amount of 0.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        if !digits(whole, 9) || !digits(fraction, 6) {
            return Err(AmountError::Malformed);
        }
        let whole: i64 = whole.parse().map_err(|_| AmountError::Malformed)?;
        let micros: i64 = format!("{fraction:0<6}").parse().map_err(|_| AmountError::Malformed)?;
        let nanos = whole
            .checked_mul(NANOS_PER_USD)
            .and_then(|n| n.checked_add(micros.checked_mul(1_000)?))
            .ok_or(AmountError::Malformed)?;
        if nanos == 0 { Err(AmountError::Zero) } else { Ok(Usd(nanos)) }
    }

    /// The amount with exactly `places` decimals (0 to 9), rounded down (towards minus infinity).
    pub fn fixed_floor(self, places: u32) -> String {
        self.fixed(places, i64::div_euclid)
    }

    /// The amount with exactly `places` decimals (0 to 9), rounded up.
    pub fn fixed_ceil(self, places: u32) -> String {
        self.fixed(places, |n, unit| n.div_euclid(unit) + i64::from(n.rem_euclid(unit) != 0))
    }

    /// The exact amount: as many decimals as it needs, up to 9 (`0.019215`, `34.2`, `140`).
    pub fn exact(self) -> String {
        let text = self.fixed_floor(9);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    fn fixed(self, places: u32, round: fn(i64, i64) -> i64) -> String {
        assert!(places <= 9, "a nano-dollar has nine decimals");
        let units = round(self.0, 10_i64.pow(9 - places));
        let scale = 10_u64.pow(places);
        let (sign, units) = (if units < 0 { "-" } else { "" }, units.unsigned_abs());
        if places == 0 {
            return format!("{sign}{units}");
        }
        format!("{sign}{}.{:0width$}", units / scale, units % scale, width = places as usize)
    }
}

fn digits(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

macro_rules! amount {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            pub const ZERO: $name = $name(0);

            /// An amount of whole nano-USD.
            pub const fn from_nanos(nanos: i64) -> Self {
                $name(nanos)
            }
            /// Whole nano-USD.
            pub const fn nanos(self) -> i64 {
                self.0
            }
            /// The same amount at the edge, for printing.
            pub const fn usd(self) -> Usd {
                Usd(self.0)
            }
            pub fn checked_add(self, other: Self) -> Option<Self> {
                self.0.checked_add(other.0).map(Self)
            }
            /// The difference, or `None` where it would be negative or overflow.
            pub fn checked_sub(self, other: Self) -> Option<Self> {
                self.0.checked_sub(other.0).filter(|n| *n >= 0).map(Self)
            }
            /// The difference, or zero where it would be negative.
            pub fn saturating_sub(self, other: Self) -> Self {
                self.checked_sub(other).unwrap_or(Self::ZERO)
            }
            /// The sum, or the largest amount there is: for bounds, never for balances.
            pub fn saturating_add(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }
        }
        impl From<Usd> for $name {
            fn from(usd: Usd) -> Self {
                $name(usd.0)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.usd().exact())
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.usd().exact())
            }
        }
    };
}

amount!(/// Cost side: what the reseller pays; the metered side, the truth.
    Cost);
amount!(/// Price side: what the client sees; derived from cost by a key's ratio.
    Price);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_only_in_the_documented_form() {
        let good = [("100", 100_000_000_000), ("34.20", 34_200_000_000), ("0.000001", 1_000), ("007.5", 7_500_000_000)];
        for (text, nanos) in good {
            assert_eq!(Usd::parse(text).map(Usd::nanos), Ok(nanos), "{text}");
        }
        let bad = [
            "",
            "-1",
            "+5",
            "1e-9",
            "1e30",
            "NaN",
            "Infinity",
            "1,000",
            "0x10",
            "200.0000001",
            "1.",
            ".5",
            " 1",
            "1 ",
            "١٢",
            "1234567890",
            "null",
            "1.2.3",
        ];
        for text in bad {
            assert_eq!(Usd::parse(text), Err(AmountError::Malformed), "{text}");
        }
        assert_eq!(Usd::parse("0.000000"), Err(AmountError::Zero));
    }

    #[test]
    fn what_is_shown_rounds_in_the_asked_direction() {
        let rows = [
            (34_205_000_001, "34.20", "34.21", "34.205000001"),
            (140_000_000_000, "140.00", "140.00", "140"),
            (-1, "-0.01", "0.00", "-0.000000001"),
        ];
        for (nanos, down, up, exact) in rows {
            let usd = Usd::from_nanos(nanos);
            assert_eq!(
                (usd.fixed_floor(2).as_str(), usd.fixed_ceil(2).as_str(), usd.exact().as_str()),
                (down, up, exact)
            );
        }
    }
}
