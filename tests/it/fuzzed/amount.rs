//! Amounts: taken in one form alone, as a text and as a JSON number alike; what is shown leads back to what was meant.

use derouter::domain::money::{AmountError, MAX_TYPED, Usd};
use derouter::http::json::amount::{SentAmount, number};

pub fn check(bytes: &[u8]) {
    if let Some((nanos, _)) = bytes.split_first_chunk::<8>() {
        shown(Usd::from_nanos(i64::from_le_bytes(*nanos)));
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let parsed = Usd::parse(text);
    assert_eq!(parsed.map(Usd::nanos), expected(text), "{text:?}");
    let quoted = serde_json::to_string(text).expect("a text");
    assert_eq!(sent(&quoted), parsed.ok(), "{text:?}");
    if let Some(usd) = sent(text).filter(|_| !text.trim_start().starts_with('"')) {
        assert_eq!(
            Usd::parse(text.trim_matches([' ', '\t', '\r', '\n'])),
            Ok(usd),
            "a number is read as it is written"
        );
    }
    if let Ok(usd) = parsed {
        assert!((1..=MAX_TYPED.nanos()).contains(&usd.nanos()));
        assert_eq!(Usd::parse(&usd.exact()), Ok(usd), "what is shown may be typed");
        assert_eq!(sent(number(usd).get()), Some(usd));
    }
}

fn sent(json: &str) -> Option<Usd> {
    serde_json::from_str::<SentAmount>(json).ok()?.usd("amount").ok()
}

/// The rule once more, digit by digit: up to nine digits, perhaps a point and up to six.
fn expected(text: &str) -> Result<i64, AmountError> {
    let (mut nanos, mut whole, mut decimals) = (0_i64, 0, None);
    for letter in text.chars() {
        match (letter, decimals) {
            ('0'..='9', None) if whole < 9 => whole += 1,
            ('0'..='9', Some(places)) if places < 6 => decimals = Some(places + 1),
            ('.', None) if whole > 0 => {
                decimals = Some(0);
                continue;
            }
            _ => return Err(AmountError::Malformed),
        }
        nanos = nanos * 10 + i64::from(u32::from(letter) - u32::from('0'));
    }
    if whole == 0 || decimals == Some(0) {
        return Err(AmountError::Malformed);
    }
    let scaled = nanos * 10_i64.pow(9 - decimals.unwrap_or(0));
    if scaled == 0 { Err(AmountError::Zero) } else { Ok(scaled) }
}

/// Rounding goes the asked way by less than a unit, and the exact form is exact.
fn shown(usd: Usd) {
    assert_eq!(nanos_of(&usd.exact()), i128::from(usd.nanos()));
    for places in 0..=9 {
        let unit = 10_i128.pow(9 - places);
        let (down, up) = (nanos_of(&usd.fixed_floor(places)), nanos_of(&usd.fixed_ceil(places)));
        let nanos = i128::from(usd.nanos());
        assert!(down <= nanos && nanos - down < unit, "{usd:?} {places}");
        assert!(up >= nanos && up - nanos < unit, "{usd:?} {places}");
        assert!(down % unit == 0 && up % unit == 0, "{usd:?} {places}");
    }
}

fn nanos_of(text: &str) -> i128 {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    sign * format!("{whole}{fraction:0<9}").parse::<i128>().expect("a decimal")
}
