//! The mail with a code: text and HTML, the code once, the site asked from, and a last line that phones fill in by
//! themselves. No link: mail scanners click links.

use crate::domain::email::EmailAddress;
use crate::domain::login_code::LoginCode;
use crate::domain::site::Purpose;
use crate::mail::letter::Letter;

/// Who writes, from which site.
#[derive(Clone, Debug)]
pub struct Sender {
    /// Shown in subject and text.
    pub brand: String,
    /// The site's host, as the autofill line needs it.
    pub host: String,
    /// Its origin, without a slash at the end.
    pub origin: String,
}

/// Writes the mail of a code.
pub fn write(code: &LoginCode, purpose: Purpose, to: &EmailAddress, from: &Sender, minutes: u64) -> Letter {
    let brand: String = from.brand.chars().filter(|c| !c.is_control()).collect();
    let act = match purpose {
        Purpose::SignIn(_) => "sign in",
        Purpose::StepUp => "confirm a change",
    };
    let (digits, host) = (code.reveal(), from.host.as_str());
    let rule = format!(
        "It works once, for {minutes} minutes, in the browser that asked for it. If you did not ask for it, ignore this mail: nobody gets in without the code."
    );
    Letter::of(&brand, &format!("Your {brand} code"))
        .say(format!("Use this code to {act} at {host} as {}:", to.as_str()))
        .code(digits)
        .say(rule)
        .tail(format!("@{host} #{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::site::Site;

    #[test]
    fn the_mail_ends_with_the_line_that_phones_fill_in_and_carries_no_link() {
        let code = LoginCode::from_bytes(42_u64.to_le_bytes());
        let to = EmailAddress::parse("a&b@shop.com").expect("an address");
        let from = Sender {
            brand: "<Brand>\r\nBcc: x".into(),
            host: "portal.example".into(),
            origin: "https://portal.example".into(),
        };
        let mail = write(&code, Purpose::SignIn(Site::Portal), &to, &from, 10);
        assert!(mail.text().ends_with("\n@portal.example #000042\n"));
        assert!(!mail.subject().contains(['\r', '\n']) && !mail.subject().contains("000042"));
        assert!(mail.html().contains("&#60;Brand&#62;") && mail.html().contains("a&#38;b@shop.com"));
        assert!(!mail.text().contains("http") && !mail.html().contains("href"));
    }
}
