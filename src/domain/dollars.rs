//! Amounts as people read them: `$1,234.56`, rounded down, with a minus sign that is one (`ui.md` §2).

use crate::domain::money::Usd;

/// An amount to the cent, rounded down: remaining and available never look larger than they are.
pub fn floor(usd: Usd) -> String {
    places(usd, 2)
}

/// An amount to the cent, rounded up: what was used, beside a rest that is rounded down.
pub fn ceil(usd: Usd) -> String {
    let cent = 10_000_000;
    let short = (cent - usd.nanos().rem_euclid(cent)) % cent;
    places(Usd::from_nanos(usd.nanos().saturating_add(short)), 2)
}

/// An amount with 1 to 9 decimals. A debt is rounded away from zero, what one has towards it: nobody reads a better
/// figure than there is.
pub fn places(usd: Usd, decimals: u32) -> String {
    let text = usd.fixed_floor(decimals);
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("\u{2212}", rest));
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{sign}${}.{fraction}", grouped(whole))
}

/// Digits in groups of three: `1,204`.
pub fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_and_what_is_left_add_up() {
        for (used, left, shown) in
            [(1, 99_999_999_999, ["$0.01", "$99.99"]), (34_200_000_000, 65_800_000_000, ["$34.20", "$65.80"])]
        {
            assert_eq!([ceil(Usd::from_nanos(used)), floor(Usd::from_nanos(left))], shown);
        }
        assert_eq!(ceil(Usd::from_nanos(0)), "$0.00");
    }

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
