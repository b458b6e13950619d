//! What a reseller chose under Settings. Nothing of it moves money or changes what a key may do.

use crate::domain::client_message::MessageTemplate;
use crate::domain::money::{Cost, NANOS_PER_USD};
use crate::domain::portal_look::PortalLook;

/// The low-balance alert of whoever has not chosen: 20 USD. The table's default says the same.
pub const STANDARD_LOW: Cost = Cost::from_nanos(20 * NANOS_PER_USD);

/// How the reseller's own pages look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Display {
    /// `2026-11-23 09:41 UTC` instead of "2 min ago".
    pub exact_times: bool,
    /// Shortcuts of one key, such as `c` for a new key.
    pub single_keys: bool,
}

/// The mail about a low balance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LowAlert {
    pub on: bool,
    /// More than zero; a balance below it is low.
    pub below: Cost,
}

/// Everything a reseller chose.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Preferences {
    pub display: Display,
    pub low: LowAlert,
    /// `None`: the standard text.
    pub message: Option<MessageTemplate>,
    pub look: PortalLook,
}

/// One form of the settings page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    Display(Display),
    LowAlert(LowAlert),
    Message(Option<MessageTemplate>),
    Look(PortalLook),
}

impl Default for Preferences {
    fn default() -> Self {
        Preferences {
            display: Display { exact_times: false, single_keys: true },
            low: LowAlert { on: true, below: STANDARD_LOW },
            message: None,
            look: PortalLook::default(),
        }
    }
}

impl Preferences {
    /// The same with one form saved.
    pub fn with(&self, change: Change) -> Self {
        let mut changed = self.clone();
        match change {
            Change::Display(display) => changed.display = display,
            Change::LowAlert(low) => changed.low = low,
            // The standard text stays the standard one when that is reworded.
            Change::Message(message) => changed.message = message.filter(|m| *m != MessageTemplate::standard()),
            Change::Look(look) => changed.look = look,
        }
        changed
    }

    /// The reseller's text, or the standard one.
    pub fn message(&self) -> MessageTemplate {
        self.message.clone().unwrap_or_else(MessageTemplate::standard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_changes_its_own_part_and_nothing_else() {
        let (standard, low) = (Preferences::default(), LowAlert { on: false, below: Cost::from_nanos(1) });
        let changed = standard.with(Change::LowAlert(low));
        assert_eq!(changed, Preferences { low, ..standard.clone() });
        assert_eq!(standard.with(Change::Message(Some(MessageTemplate::standard()))), standard);
    }
}
