//! The mail with a code: text and HTML, the code once, the site asked from, and a last line that phones fill in by
//! themselves. No link: mail scanners click links.

use crate::domain::email::EmailAddress;
use crate::domain::login_code::LoginCode;
use crate::domain::site::Purpose;

/// A mail ready for the queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CodeMail {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// Who writes, from which site.
#[derive(Clone, Debug)]
pub struct Sender {
    /// Shown in subject and text.
    pub brand: String,
    /// The site's host, as the autofill line needs it.
    pub host: String,
}

/// Writes the mail of a code.
pub fn write(code: &LoginCode, purpose: Purpose, to: &EmailAddress, from: &Sender, minutes: u64) -> CodeMail {
    let brand: String = from.brand.chars().filter(|c| !c.is_control()).collect();
    let act = match purpose {
        Purpose::SignIn(_) => "sign in",
        Purpose::StepUp => "confirm a change",
    };
    let (digits, host) = (code.reveal(), from.host.as_str());
    let ask = format!("Use this code to {act} at {host} as {}:", to.as_str());
    let rule = format!(
        "It works once, for {minutes} minutes, in the browser that asked for it. If you did not ask for it, ignore this mail: nobody gets in without the code."
    );
    let text = format!("{brand}\n\n{ask}\n\n    {digits}\n\n{rule}\n\n@{host} #{digits}\n");
    let html = format!(
        "<!doctype html><html lang=\"en\"><body><p>{}</p><p>{}</p><p><strong>{digits}</strong></p><p>{}</p></body></html>",
        escaped(&brand),
        escaped(&ask),
        escaped(&rule)
    );
    CodeMail { subject: format!("Your {brand} code"), text, html }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::site::Site;

    #[test]
    fn the_mail_ends_with_the_line_that_phones_fill_in_and_carries_no_link() {
        let code = LoginCode::from_bytes(42_u64.to_le_bytes());
        let to = EmailAddress::parse("a&b@shop.com").expect("an address");
        let from = Sender { brand: "<Brand>\r\nBcc: x".into(), host: "portal.example".into() };
        let mail = write(&code, Purpose::SignIn(Site::Portal), &to, &from, 10);
        assert!(mail.text.ends_with("\n@portal.example #000042\n"));
        assert!(!mail.subject.contains(['\r', '\n']) && !mail.subject.contains("000042"));
        assert!(mail.html.contains("&lt;Brand&gt;") && mail.html.contains("a&amp;b@shop.com"));
        assert!(!mail.text.contains("http") && !mail.html.contains("href"));
    }
}
