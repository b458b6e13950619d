//! The mail about a sign-in from a device that was not seen before: when, what device, and what to do about it.

use chrono::{DateTime, Utc};

use crate::domain::device;
use crate::domain::site::Site;
use crate::identity::code_mail::Sender;
use crate::mail::letter::Letter;

/// Writes that somebody signed in with a device that is new here.
pub fn write(site: Site, from: &Sender, user_agent: &str, at: DateTime<Utc>) -> Letter {
    let page = match site {
        Site::Dashboard => "/settings",
        Site::Portal => "/account",
    };
    Letter::of(&from.brand, &format!("{}: a new sign-in", from.brand))
        .say(format!("Somebody signed in to {} with a device that was not seen there before.", from.host))
        .facts(&[("When", at.format("%Y-%m-%d %H:%M:%S UTC").to_string()), ("Device", device::device(user_agent))])
        .say("If it was you, there is nothing to do.")
        .say(
            "If it was not: end that session on the page below, then make your mailbox safe, for the code came from \
             there.",
        )
        .button("See your sessions", format!("{}{page}", from.origin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mail_names_the_device_in_words_and_leads_to_the_sessions() {
        let from = Sender { brand: "Shop".into(), host: "d.example".into(), origin: "https://d.example".into() };
        let at = "2026-11-24T12:00:00Z".parse().expect("an instant");
        let letter = write(Site::Dashboard, &from, "Mozilla/5.0 (X11; Linux x86_64) Firefox/146.0", at);
        assert_eq!(letter.subject(), "Shop: a new sign-in");
        for said in
            ["Device: Firefox on Linux", "2026-11-24 12:00:00 UTC", "See your sessions: https://d.example/settings"]
        {
            assert!(letter.text().contains(said), "{said}: {}", letter.text());
        }
        assert!(write(Site::Portal, &from, "", at).text().contains("https://d.example/account"));
    }
}
