//! Signatures of notices: `sha256=<hex>`, an HMAC-SHA-256 over the raw body. There is no stamp, so a replay is authentic
//! for ever and must be harmless.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

const SCHEME: &str = "sha256=";

/// Whether a body was signed under one of the secrets. Several are live while one replaces another.
pub fn is_authentic(header: &str, body: &[u8], secrets: &[SecretString]) -> bool {
    let mut signature = [0_u8; 32];
    let Some(text) = header.strip_prefix(SCHEME) else { return false };
    // A longer or shorter text does not fill the array and is refused.
    let is_read = hex::decode_to_slice(text, &mut signature).is_ok();
    // `verify_slice` takes as long for each wrong one.
    is_read && secrets.iter().any(|secret| digest(secret, body).verify_slice(&signature).is_ok())
}

/// The header of a body.
pub fn sign(secret: &SecretString, body: &[u8]) -> String {
    format!("{SCHEME}{}", hex::encode(digest(secret, body).finalize().into_bytes()))
}

fn digest(secret: &SecretString, body: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).expect("any length");
    mac.update(body);
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = b"{\n  \"type\": \"InvoiceSettled\",\n  \"invoiceId\": \"inv_1\"\n}";
    const SIGNED: &str = "sha256=b62a60bf74730720063c48fa0834e84e07e68406e015e7b526d3c9abc81ce667";

    fn secrets(names: &[&str]) -> Vec<SecretString> {
        names.iter().map(|n| SecretString::from(*n)).collect()
    }

    #[test]
    fn g06_the_vector_verifies_also_while_one_secret_replaces_the_other() {
        assert!(is_authentic(SIGNED, BODY, &secrets(&["HelloWorld"])));
        assert!(is_authentic(SIGNED, BODY, &secrets(&["new", "HelloWorld"])));
        assert_eq!(sign(&secrets(&["HelloWorld"])[0], BODY), SIGNED);
    }

    #[test]
    fn g04_whatever_else_is_changed_the_notice_is_refused() {
        let own = secrets(&["HelloWorld"]);
        let (flipped, long) = (SIGNED.replace("=b6", "=a6"), format!("sha256={}", "a".repeat(10_000)));
        for header in
            ["", "sha256=", "sha256=zz", "garbage", &SIGNED[7..], &SIGNED[..SIGNED.len() - 2], &flipped, &long]
        {
            assert!(!is_authentic(header, BODY, &own), "{header:.40}");
        }
        assert!(!is_authentic(SIGNED, br#"{"type":"InvoiceSettled","invoiceId":"inv_1"}"#, &own), "written anew");
        assert!(!is_authentic(SIGNED, BODY, &secrets(&["another"])));
        assert!(!is_authentic(SIGNED, BODY, &[]), "no secret");
    }
}
