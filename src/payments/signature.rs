//! Signatures of notices: `t=<unix seconds>,v1=<hex>[,v1=…]`, an HMAC-SHA-256 under the notice secret over `t`, a point and
//! the raw body. Card notices come so, and the sandbox's.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// How far a stamp may be from now, either way, in seconds: older ones are replays, later ones a forger's patience.
const TOLERANCE_S: i64 = 300;
/// Longest header looked at; a real one with two secrets has about 150 bytes.
const MAX_HEADER: usize = 2_048;

/// Whether a body was signed under one of the secrets within five minutes of `now_s`. Several secrets are live while one
/// replaces another.
pub fn is_authentic(header: &str, body: &[u8], secrets: &[SecretString], now_s: i64) -> bool {
    let Some((stamp, signatures)) = parsed(header) else { return false };
    let Ok(stamp_s) = stamp.parse::<i64>() else { return false };
    let is_near = now_s.checked_sub(stamp_s).is_some_and(|age| (-TOLERANCE_S..=TOLERANCE_S).contains(&age));
    let matches = |signature: &Vec<u8>| {
        // `verify_slice` takes as long for each wrong one.
        secrets.iter().any(|secret| digest(secret, stamp, body).verify_slice(signature).is_ok())
    };
    is_near && signatures.iter().any(matches)
}

/// The header of a body signed now.
pub fn sign(secret: &SecretString, body: &[u8], now_s: i64) -> String {
    let stamp = now_s.to_string();
    format!("t={stamp},v1={}", hex::encode(digest(secret, &stamp, body).finalize().into_bytes()))
}

/// The stamp as it was signed, and every signature of the known scheme; others are of schemes we do not know.
fn parsed(header: &str) -> Option<(&str, Vec<Vec<u8>>)> {
    if header.len() > MAX_HEADER {
        return None;
    }
    let pairs = || header.split(',').filter_map(|pair| pair.trim().split_once('='));
    let stamp = pairs().find(|(name, _)| *name == "t").map(|(_, stamp)| stamp)?;
    let signatures = pairs().filter(|(name, _)| *name == "v1").filter_map(|(_, text)| hex::decode(text).ok());
    Some((stamp, signatures.collect()))
}

fn digest(secret: &SecretString, stamp: &str, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).expect("any length");
    mac.update(stamp.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_S: i64 = 1_760_000_000;
    /// Made by the official SDKs of the card provider.
    const BODY: &[u8] = br#"{"id":"evt_test_1","object":"event","type":"checkout.session.completed"}"#;
    const SIGNED: &str = "t=1760000000,v1=09cd88417e4383adb7b16cf00c24e99c91119ec082f5de3ce76290e649ae113b";

    fn secrets(names: &[&str]) -> Vec<SecretString> {
        names.iter().map(|n| SecretString::from(*n)).collect()
    }

    #[test]
    fn g06_the_official_vector_verifies_and_is_what_we_sign() {
        let own = secrets(&["whsec_test_secret"]);
        assert!(is_authentic(SIGNED, BODY, &own, NOW_S));
        assert_eq!(sign(&own[0], BODY, NOW_S), SIGNED);
    }

    #[test]
    fn g06_both_secrets_are_good_while_one_replaces_the_other() {
        assert!(is_authentic(SIGNED, BODY, &secrets(&["new", "whsec_test_secret"]), NOW_S));
        let two = format!("{SIGNED},v1={},v0=abc", "00".repeat(32));
        assert!(is_authentic(&two, BODY, &secrets(&["whsec_test_secret"]), NOW_S));
    }

    #[test]
    fn g04_g05_whatever_else_is_changed_the_notice_is_refused() {
        let own = secrets(&["whsec_test_secret"]);
        let flipped = SIGNED.replace("v1=0", "v1=1");
        let long = format!("{SIGNED},v1={}", "a".repeat(10_000));
        let headers = ["", "t=", "v1=00", "garbage", "t=x,v1=00", &flipped, &long, "t=99999999999999999999,v1=00"];
        for header in headers {
            assert!(!is_authentic(header, BODY, &own, NOW_S), "{header:.40}");
        }
        let respelt = br#"{"id": "evt_test_1", "object": "event", "type": "checkout.session.completed"}"#;
        assert!(!is_authentic(SIGNED, respelt, &own, NOW_S), "a body written anew");
        assert!(!is_authentic(SIGNED, BODY, &secrets(&["whsec_other"]), NOW_S), "another's secret");
        assert!(!is_authentic(SIGNED, BODY, &[], NOW_S), "no secret");
        for (now_s, good) in [(NOW_S + 300, true), (NOW_S + 301, false), (NOW_S - 300, true), (NOW_S - 301, false)] {
            assert_eq!(is_authentic(SIGNED, BODY, &own, now_s), good, "{now_s}");
        }
    }
}
