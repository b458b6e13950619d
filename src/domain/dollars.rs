//! Amounts as people read them: `$1,234.56`, rounded down, with a minus sign that is one (`ui.md` §2).

use crate::domain::money::Usd;

/// An amount to the cent, rounded down: remaining and available never look larger than they are.
pub fn floor(usd: Usd) -> String {
    grouped(&usd.fixed_floor(2))
}

/// `-1234.56` as `−$1,234.56`.
fn grouped(plain: &str) -> String {
    let (sign, plain) = plain.strip_prefix('-').map_or(("", plain), |rest| ("\u{2212}", rest));
    let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
    let mut digits = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            digits.push(',');
        }
        digits.push(digit);
    }
    format!("{sign}${digits}.{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_grouped_and_rounded_down() {
        let rows = [
            (0, "$0.00"),
            (65_800_000_000, "$65.80"),
            (9_999_999, "$0.00"),
            (1_234_567_899_999_999, "$1,234,567.89"),
            (100_000_000_000, "$100.00"),
            (-30_000_000_000, "\u{2212}$30.00"),
        ];
        for (nanos, shown) in rows {
            assert_eq!(floor(Usd::from_nanos(nanos)), shown);
        }
    }
}
