//! Signed notices: no header verifies but one that carries the signature of this very body, and a notice's body is read
//! without a fall, whatever it holds.

use derouter::payments::{btcpay, signature, stripe};
use secrecy::SecretString;

const NOW_S: i64 = 1_760_000_000;

/// Header and body, parted by the first NUL.
pub fn check(bytes: &[u8]) {
    let (header, body) = match bytes.iter().position(|b| *b == 0) {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &b""[..]),
    };
    let secrets = ["whsec_one", "whsec_two"].map(SecretString::from);
    if let Ok(header) = std::str::from_utf8(header) {
        unsigned(header, body, &secrets);
        signed(header, body, &secrets);
    }
    for live in [true, false] {
        let notice = stripe::event::read(body, live);
        assert!(!notice.event.is_empty());
    }
    assert!(!btcpay::event::read(body, "store").event.is_empty());
}

/// A header of a stranger is good only if it holds what a secret makes of this body.
fn unsigned(header: &str, body: &[u8], secrets: &[SecretString]) {
    let lower = header.to_ascii_lowercase();
    if signature::is_authentic(header, body, secrets, NOW_S) {
        let near = (NOW_S - 300..=NOW_S + 300).flat_map(|stamp| secrets.iter().map(move |s| (stamp, s)));
        let mut known = near.map(|(stamp, secret)| signature::sign(secret, body, stamp));
        assert!(known.any(|good| lower.contains(good.split_once("v1=").expect("signed").1)), "{header:?} was forged");
    }
    if btcpay::signature::is_authentic(header, body, secrets) {
        let mut known = secrets.iter().map(|secret| btcpay::signature::sign(secret, body));
        assert!(known.any(|good| lower == good), "{header:?} was forged");
    }
}

/// Ours verifies, also behind a scheme that nobody knows; for another body, moment or secret it does not.
fn signed(noise: &str, body: &[u8], secrets: &[SecretString]) {
    let other = [body, b"."].concat();
    let (good, stranger) = (signature::sign(&secrets[1], body, NOW_S), [SecretString::from("whsec_other")]);
    assert!(signature::is_authentic(&good, body, secrets, NOW_S));
    assert!(!signature::is_authentic(&good, &other, secrets, NOW_S));
    assert!(!signature::is_authentic(&good, body, secrets, NOW_S + 301));
    assert!(!signature::is_authentic(&good, body, &stranger, NOW_S));
    let unknown = noise.replace(['=', ','], "");
    if unknown.len() < 1_000 {
        assert!(signature::is_authentic(&format!("{good},v0={unknown}"), body, secrets, NOW_S));
    }
    let good = btcpay::signature::sign(&secrets[0], body);
    assert!(btcpay::signature::is_authentic(&good, body, secrets));
    assert!(!btcpay::signature::is_authentic(&good, &other, secrets));
    assert!(!btcpay::signature::is_authentic(&good, body, &stranger));
}
