//! Who looks at which account at this moment. Open pages hear that something changed and read it anew; nothing is told
//! of what it was. An account that nobody looks at costs a call one look at a counter.

use crate::domain::ids::AccountId;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::watch;

/// Pages that may look at one account at once; more of them ask now and then instead.
const MOST: usize = 64;

/// How often an account changed since somebody first looked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Changes {
    /// Figures: a call began, ended or was settled; money moved.
    pub figures: u64,
    /// What there is to list: a key came, closed or was renamed.
    pub shape: u64,
}

/// The accounts that are looked at.
#[derive(Default)]
pub struct Onlookers {
    accounts: RwLock<HashMap<AccountId, watch::Sender<Changes>>>,
    number: AtomicUsize,
}

impl Onlookers {
    /// Looks at an account from now on, until the receiver is dropped; `None` where too many look already.
    pub fn look(&self, account: AccountId) -> Option<watch::Receiver<Changes>> {
        let mut accounts = self.accounts.write();
        accounts.retain(|_, changes| changes.receiver_count() > 0);
        let changes = accounts.entry(account).or_insert_with(|| watch::channel(Changes::default()).0);
        let looks = (changes.receiver_count() < MOST).then(|| changes.subscribe());
        self.number.store(accounts.len(), Ordering::Release);
        looks
    }

    /// Says that figures of the account changed.
    pub fn changed(&self, account: AccountId) {
        self.tell(account, |changes| changes.figures += 1);
    }

    /// Says that a key came, closed or was renamed.
    pub fn reshaped(&self, account: AccountId) {
        self.tell(account, |changes| changes.shape += 1);
    }

    fn tell(&self, account: AccountId, what: impl FnOnce(&mut Changes)) {
        if self.number.load(Ordering::Acquire) == 0 {
            return;
        }
        if let Some(changes) = self.accounts.read().get(&account) {
            changes.send_modify(what);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn those_who_look_hear_of_their_account_alone() {
        let (onlookers, ours, theirs) = (Onlookers::default(), AccountId(Uuid::new_v4()), AccountId(Uuid::new_v4()));
        onlookers.changed(ours);
        let mut look = onlookers.look(ours).expect("the first look");
        assert_eq!(*look.borrow_and_update(), Changes::default());
        onlookers.changed(theirs);
        assert!(!look.has_changed().expect("it is still told"));
        onlookers.changed(ours);
        onlookers.reshaped(ours);
        assert_eq!(*look.borrow_and_update(), Changes { figures: 1, shape: 1 });
    }

    #[test]
    fn an_account_is_looked_at_by_so_many_pages_and_no_more() {
        let (onlookers, account) = (Onlookers::default(), AccountId(Uuid::new_v4()));
        let mut looks: Vec<_> = (0..MOST).map(|_| onlookers.look(account).expect("room")).collect();
        assert!(onlookers.look(account).is_none());
        looks.pop();
        assert!(onlookers.look(account).is_some());
    }
}
