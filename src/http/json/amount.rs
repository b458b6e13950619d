//! Amounts of a request: a decimal string, or a JSON number written as plainly. Nothing is read through a float, so
//! every amount that is taken is exactly the one that was sent (`faults.md` K1).

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::money::{AmountError, Usd};
use crate::http::json::error::JsonError;

/// An amount as it was sent.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct SentAmount(Box<RawValue>);

impl SentAmount {
    /// The amount, of the field of this name.
    ///
    /// # Errors
    /// 422 with the field for anything but up to 9 digits and at most 6 decimals, and for 0.
    pub fn usd(&self, field: &str) -> Result<Usd, JsonError> {
        Usd::parse(&self.text()).map_err(|e| {
            let words = match e {
                AmountError::Zero => "The amount must be more than 0.",
                AmountError::Malformed => {
                    "Type an amount in US dollars such as 100 or 34.20: up to 9 digits, then at most 6 decimals."
                }
            };
            JsonError::invalid(field, words)
        })
    }

    /// What was sent, for the hash of the request: the same amount in another spelling is another request.
    pub fn text(&self) -> String {
        let raw = self.0.get();
        if raw.starts_with('"') { serde_json::from_str(raw).unwrap_or_default() } else { raw.to_owned() }
    }
}

/// An amount as a JSON number, exact to the nano-dollar: the reference product answers in numbers.
pub fn number(usd: Usd) -> Box<RawValue> {
    RawValue::from_string(usd.exact()).expect("a decimal is JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<i64> {
        serde_json::from_str::<SentAmount>(json).ok()?.usd("amount").ok().map(Usd::nanos)
    }

    #[test]
    fn k01_amounts_are_taken_in_the_documented_form_only() {
        let good =
            [("\"100\"", 100_000_000_000), ("100", 100_000_000_000), ("34.20", 34_200_000_000), ("0.000001", 1_000)];
        for (json, nanos) in good {
            assert_eq!(read(json), Some(nanos), "{json}");
        }
        let bad = [
            "1e-9",
            "0",
            "-1",
            "\"NaN\"",
            "\"Infinity\"",
            "1e30",
            "\"1,000\"",
            "\"١٢\"",
            "\"0x10\"",
            "\"+5\"",
            "200.0000001",
            "\"\"",
            "null",
            "true",
            "[]",
            "{}",
            "0.30000000000000004",
            "1e2",
            "\" 1\"",
            "1234567890",
        ];
        for json in bad {
            assert_eq!(read(json), None, "{json}");
        }
    }

    #[test]
    fn numbers_go_out_exact() {
        assert_eq!(number(Usd::from_nanos(34_200_000_001)).get(), "34.200000001");
        assert_eq!(number(Usd::from_nanos(100_000_000_000)).get(), "100");
    }
}
