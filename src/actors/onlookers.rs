//! Who looks at which account at this moment. Open pages hear that something changed and read it anew; nothing is told
//! of what it was. An account that nobody looks at costs a call one look at a counter.
//!
//! A page is read before it looks. What is reshaped in between shows in the mark that the page carries: the mark is taken
//! before the page is read, and compared once it is told of everything later.

use crate::domain::ids::AccountId;
use futures_util::future::select_all;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::sync::watch;

/// Pages that may look at one account at once; more of them ask now and then instead.
const MOST: usize = 64;
/// Counters of reshapings, each shared by the accounts that fall on it: 128 KiB for however many accounts. A neighbour's
/// reshaping in the moment between reading a page and looking costs one needless reading.
const COUNTERS: u64 = 16_384;

/// How often an account changed since somebody first looked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Changes {
    /// Figures: a call began, ended or was settled; money moved.
    figures: u64,
    /// What there is to list: a key came, closed or was renamed, an order changed, a freeze began or ended.
    shape: u64,
}

/// What accounts looked like at one moment: `Onlookers::is_old` tells whether any of them was reshaped since. It tells
/// nothing else, not even how often.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark {
    /// Which run of the program it is of.
    run: u32,
    shapes: u32,
}

impl Mark {
    /// As it is printed; `None` for anything else.
    pub fn parse(raw: &str) -> Option<Mark> {
        let hex = |part| u32::from_str_radix(part, 16).ok();
        let (run, shapes) = (raw.len() == 16).then(|| raw.split_at_checked(8)).flatten()?;
        Some(Mark { run: hex(run)?, shapes: hex(shapes)? })
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}{:08x}", self.run, self.shapes)
    }
}

/// The accounts that are looked at.
pub struct Onlookers {
    accounts: RwLock<HashMap<AccountId, watch::Sender<Changes>>>,
    number: AtomicUsize,
    reshapings: Box<[AtomicU64]>,
    /// Keys of this run.
    keys: RandomState,
    /// Tells marks of this run from those of another.
    run: u32,
}

impl Default for Onlookers {
    fn default() -> Self {
        let reshapings = (0..COUNTERS).map(|_| AtomicU64::new(0)).collect();
        let keys = RandomState::new();
        let run = short(keys.hash_one("run"));
        Onlookers { accounts: RwLock::default(), number: AtomicUsize::new(0), reshapings, keys, run }
    }
}

impl Onlookers {
    /// Looks at accounts from now on, until the answer is dropped; `None` where too many look already, or at nothing.
    pub fn look(&self, accounts: &[AccountId]) -> Option<Looks> {
        let mut looked_at = self.accounts.write();
        looked_at.retain(|_, changes| changes.receiver_count() > 0);
        let mut accounts = accounts.to_vec();
        accounts.sort_unstable();
        accounts.dedup();
        let looks = accounts.iter().map(|account| {
            let changes = looked_at.entry(*account).or_insert_with(|| watch::channel(Changes::default()).0);
            (changes.receiver_count() < MOST).then(|| changes.subscribe())
        });
        let looks: Option<Vec<_>> = looks.collect();
        self.number.store(looked_at.len(), Ordering::Release);
        // While the lock is held nobody is told of a shape, so these are the shapes at the moment of the first look.
        looks.filter(|looks| !looks.is_empty()).map(|looks| Looks { shape: sum(&looks), looks })
    }

    /// The mark of accounts at this moment; in whatever order they are named.
    ///
    /// Taken before a page is read, and compared after `look`: what came in between was either counted by then or is
    /// told to the one who looks.
    pub fn mark(&self, accounts: &[AccountId]) -> Mark {
        let mut counts: Vec<(AccountId, u64)> =
            accounts.iter().map(|account| (*account, self.counter(*account).load(Ordering::Acquire))).collect();
        counts.sort_unstable();
        counts.dedup_by_key(|(account, _)| *account);
        Mark { run: self.run, shapes: short(self.keys.hash_one(counts)) }
    }

    /// True if any of these accounts may have been reshaped since its mark was taken. A mark of another run is old once
    /// this one has reshaped anything: whoever looked when that run ended was told of all before.
    pub fn is_old(&self, mark: Mark, accounts: &[AccountId]) -> bool {
        match mark.run == self.run {
            true => mark != self.mark(accounts),
            false => accounts.iter().any(|account| self.counter(*account).load(Ordering::Acquire) > 0),
        }
    }

    /// Says that figures of the account changed.
    pub fn changed(&self, account: AccountId) {
        if self.number.load(Ordering::Acquire) > 0 {
            self.tell(account, |changes| changes.figures += 1);
        }
    }

    /// Says that what there is to list changed; after the change can be read.
    pub fn reshaped(&self, account: AccountId) {
        self.counter(account).fetch_add(1, Ordering::AcqRel);
        // The lock is taken even if nobody seems to look: whoever looks after it finds the counter raised.
        self.tell(account, |changes| changes.shape += 1);
    }

    fn counter(&self, account: AccountId) -> &AtomicU64 {
        let place = self.keys.hash_one(account) % COUNTERS;
        &self.reshapings[usize::try_from(place).expect("below the number of counters")]
    }

    fn tell(&self, account: AccountId, what: impl FnOnce(&mut Changes)) {
        if let Some(changes) = self.accounts.read().get(&account) {
            changes.send_modify(what);
        }
    }
}

fn short(hash: u64) -> u32 {
    u32::try_from(hash >> 32).expect("the upper half")
}

/// An open page's look at its accounts.
pub struct Looks {
    looks: Vec<watch::Receiver<Changes>>,
    /// The sum of the shapes it knows.
    shape: u64,
}

impl Looks {
    /// Waits until anything changed that `take` has not taken note of.
    pub async fn changed(&mut self) {
        drop(select_all(self.looks.iter_mut().map(|look| Box::pin(look.changed()))).await);
    }

    /// Takes note of everything so far; true if an account was reshaped since the last time, or since the look began.
    pub fn take(&mut self) -> bool {
        self.looks.iter_mut().for_each(|look| drop(look.borrow_and_update()));
        let shape = sum(&self.looks);
        std::mem::replace(&mut self.shape, shape) != shape
    }
}

fn sum(looks: &[watch::Receiver<Changes>]) -> u64 {
    looks.iter().map(|look| look.borrow().shape).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use uuid::Uuid;

    fn account() -> AccountId {
        AccountId(Uuid::new_v4())
    }

    fn hears(looks: &mut Looks) -> bool {
        looks.changed().now_or_never().is_some()
    }

    #[test]
    fn those_who_look_hear_of_their_account_alone() {
        let (onlookers, ours, theirs) = (Onlookers::default(), account(), account());
        onlookers.changed(ours);
        let mut looks = onlookers.look(&[ours]).expect("the first look");
        onlookers.changed(theirs);
        onlookers.reshaped(theirs);
        assert!(!hears(&mut looks) && !looks.take());
        onlookers.changed(ours);
        assert!(hears(&mut looks) && !looks.take(), "figures are no shape");
        onlookers.reshaped(ours);
        assert!(hears(&mut looks) && looks.take() && !looks.take(), "told once");
    }

    #[test]
    fn an_account_is_looked_at_by_so_many_pages_and_no_more() {
        let (onlookers, account) = (Onlookers::default(), account());
        let mut looks: Vec<_> = (0..MOST).map(|_| onlookers.look(&[account, account]).expect("room")).collect();
        assert!(onlookers.look(&[account]).is_none());
        looks.pop();
        assert!(onlookers.look(&[account]).is_some());
        assert!(onlookers.look(&[]).is_none());
    }

    /// Where the news falls between reading a page, looking, comparing and taking note.
    #[test]
    fn news_is_heard_wherever_it_falls() {
        for falls in 0..4 {
            let (onlookers, accounts) = (Onlookers::default(), [account(), account()]);
            let news = |now| {
                if falls == now {
                    onlookers.reshaped(accounts[1]);
                }
            };
            news(0);
            let mark = onlookers.mark(&accounts);
            news(1);
            let mut looks = onlookers.look(&accounts).expect("a look");
            news(2);
            let is_old = onlookers.is_old(mark, &[accounts[1], accounts[0]]);
            news(3);
            let told = hears(&mut looks) && looks.take();
            assert_eq!(is_old, falls == 1 || falls == 2, "{falls}");
            assert_eq!(told, falls == 2 || falls == 3, "{falls}");
            assert!(!looks.take(), "{falls}: no second time");
            assert_eq!(onlookers.mark(&accounts), onlookers.mark(&accounts), "{falls}: a page read anew is not old");
        }
    }

    #[test]
    fn news_is_heard_by_a_page_that_looks_at_the_same_moment() {
        let (onlookers, account) = (Onlookers::default(), account());
        for round in 0..2_000 {
            let mark = onlookers.mark(&[account]);
            let heard = std::thread::scope(|scope| {
                scope.spawn(|| onlookers.reshaped(account));
                let looks = onlookers.look(&[account]);
                let is_old = onlookers.is_old(mark, &[account]);
                (looks.expect("a look"), is_old)
            });
            let (mut looks, is_old) = heard;
            assert!(is_old || looks.take(), "round {round}");
        }
    }

    #[test]
    fn a_mark_of_another_run_is_old_once_something_was_reshaped_in_this_one() {
        let (before, now, ours, theirs) = (Onlookers::default(), Onlookers::default(), account(), account());
        before.reshaped(ours);
        let mark = before.mark(&[ours]);
        assert!(!now.is_old(mark, &[ours]), "a restart alone is no news");
        now.changed(ours);
        assert!(!now.is_old(mark, &[ours]), "figures are no shape");
        now.reshaped(ours);
        assert!(now.is_old(mark, &[ours, theirs]));
    }

    #[test]
    fn a_mark_is_read_as_it_is_printed() {
        let mark = Onlookers::default().mark(&[account()]);
        assert_eq!(Mark::parse(&mark.to_string()), Some(mark));
        for odd in ["", "1", "xyz", "00000000000000000", "🦀🦀🦀🦀", "0000000🦀00000"] {
            assert_eq!(Mark::parse(odd), None, "{odd}");
        }
    }
}
