//! The mail to a client whose key runs low or is used up. It knows client price, the client's own name for the key and
//! the name of the portal, and nothing of the other side.

use crate::domain::budget_alert::{Level, Look};
use crate::domain::dollars;
use crate::domain::money::Usd;
use crate::domain::portal_look::PortalName;
use crate::mail::letter::Letter;
use crate::store::key_marks::{ChangedKey, KeyFace, Reader};

/// One cent, in nano-USD: what is left is shown in whole ones.
const CENT: i64 = 10_000_000;

/// The site the clients read.
#[derive(Clone, Debug)]
pub struct Portal {
    /// The name it has where its reseller chose none.
    pub brand: String,
    /// Its origin, without a slash at the end.
    pub origin: String,
}

/// Writes to one reader that a key has passed a level.
pub fn write(portal: &Portal, key: &ChangedKey, face: &KeyFace, to: &Reader, level: Level) -> Letter {
    let (brand, name) = (face.look.name.as_ref().map_or(portal.brand.as_str(), PortalName::as_str), name(face, to));
    let (spent, left) = shown(key.now);
    let budget = dollars::floor(key.now.budget.usd());
    let subject = match level {
        Level::UsedUp => format!("{brand}: {name} is used up"),
        Level::Low | Level::Fine => format!("{brand}: 80% of {name} is used"),
    };
    let letter = Letter::of(brand, &subject);
    let letter = match level {
        Level::UsedUp => letter
            .say(format!("Your key {name} has used up its budget of {budget}. It serves calls again after a top-up."))
            .say("Ask your provider for a top-up."),
        Level::Low | Level::Fine => letter
            .say(format!("Your key {name} has used {spent} of its budget of {budget}. {left} is left."))
            .say("Ask your provider for a top-up before it runs out."),
    };
    letter
        .button("Budget and requests", format!("{}/keys/{}", portal.origin, key.key))
        .note("You get this mail because mail alerts are on for this key. You can switch them off on the key's page.")
}

/// What the client calls the key: its own name and the first characters, or these alone.
fn name(face: &KeyFace, to: &Reader) -> String {
    let masked = format!("{}…", face.hint);
    to.name.as_ref().map_or(masked.clone(), |name| format!("{name} ({masked})"))
}

/// Spent and left, so that what is shown adds up to the budget.
fn shown(look: Look) -> (String, String) {
    let left = look.remaining().nanos();
    let left = left - left.rem_euclid(CENT);
    let spent = look.budget.nanos() - left;
    (dollars::floor(Usd::from_nanos(spent)), dollars::floor(Usd::from_nanos(left)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::budget_alert::{Mark, Wants};
    use crate::domain::ids::{KeyId, UserId};
    use crate::domain::money::Price;
    use crate::domain::portal_look::PortalLook;
    use uuid::Uuid;

    fn letter(name: Option<&str>, chosen: Option<&str>, level: Level) -> Letter {
        let now = Look { budget: Price::from_nanos(100_000_000_000), spent: Price::from_nanos(80_123_456_789) };
        let key = ChangedKey { key: KeyId(Uuid::nil()), now, mark: Mark::of(now), nth: 0 };
        let look = PortalLook { name: chosen.map(|n| PortalName::parse(n).expect("a name")), logo: None };
        let face = KeyFace { hint: "sk-ant-12345".into(), look };
        let wants = Wants { at_80: true, at_100: true };
        let to = Reader { user: UserId(Uuid::nil()), address: "a@b.c".into(), name: name.map(str::to_owned), wants };
        let portal = Portal { brand: "API Portal".into(), origin: "https://apikey.cloud".into() };
        write(&portal, &key, &face, &to, level)
    }

    #[test]
    fn a_client_reads_its_own_name_and_figures_that_add_up() {
        let low = letter(Some("Acme prod"), None, Level::Low);
        assert_eq!(low.subject(), "API Portal: 80% of Acme prod (sk-ant-12345…) is used");
        assert!(low.text().contains("has used $80.13 of its budget of $100.00. $19.87 is left."), "{}", low.text());
        assert!(low.text().contains("https://apikey.cloud/keys/00000000"), "{}", low.text());
        let used = letter(None, Some("Shop"), Level::UsedUp);
        assert_eq!(used.subject(), "Shop: sk-ant-12345… is used up");
        assert!(used.text().starts_with("Shop\n\nYour key sk-ant-12345… has used up its budget of $100.00."));
    }
}
