//! Notes that wait a moment for their call's settlement. A call that ends within that moment is written once, as a
//! settlement; the note of one that goes on is written when its moment is over (`ledger.md` §8).

use crate::domain::ids::CallId;
use crate::store::journal::OpenNote;
use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;
use tokio::time::Instant;

/// Notes of one lane that are not in the table, in the order of their moments' ends.
pub struct HeldNotes {
    notes: VecDeque<(Instant, OpenNote)>,
    delay: Duration,
}

impl HeldNotes {
    /// `delay` is how long a note waits; with none it is due at once.
    pub fn new(delay: Duration) -> Self {
        HeldNotes { notes: VecDeque::new(), delay }
    }

    /// Lets a note wait.
    pub fn hold(&mut self, note: OpenNote) {
        self.notes.push_back((Instant::now() + self.delay, note));
    }

    /// Takes back notes that were not written, or whose settlement was not: they state facts and are due at once.
    pub fn put_back(&mut self, notes: impl IntoIterator<Item = OpenNote>) {
        let now = Instant::now();
        notes.into_iter().for_each(|note| self.notes.push_front((now, note)));
    }

    /// When the next note is due.
    pub fn due_at(&self) -> Option<Instant> {
        self.notes.front().map(|(due, _)| *due)
    }

    /// The notes whose moment is over.
    pub fn take_due(&mut self) -> Vec<OpenNote> {
        let now = Instant::now();
        let due = self.notes.iter().take_while(|(due, _)| *due <= now).count();
        self.notes.drain(..due).map(|(_, note)| note).collect()
    }

    /// The notes of these calls: they need no writing if the settlements are written.
    pub fn take_of(&mut self, calls: &HashSet<CallId>) -> HashMap<CallId, OpenNote> {
        if calls.is_empty() {
            return HashMap::new();
        }
        let (taken, left): (VecDeque<_>, _) =
            std::mem::take(&mut self.notes).into_iter().partition(|(_, note)| calls.contains(&note.call));
        self.notes = left;
        taken.into_iter().map(|(_, note)| (note.call, note)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{AccountId, KeyId};
    use crate::domain::money::Cost;
    use uuid::Uuid;

    fn note(n: u128) -> OpenNote {
        let (account, key) = (AccountId(Uuid::nil()), KeyId(Uuid::nil()));
        OpenNote { call: CallId(Uuid::from_u128(n)), account, key, bound: Cost::ZERO, model: "m".into() }
    }

    fn calls(notes: impl IntoIterator<Item = OpenNote>) -> Vec<u128> {
        notes.into_iter().map(|note| note.call.0.as_u128()).collect()
    }

    #[test]
    fn a_note_is_due_when_its_moment_is_over_unless_its_settlement_comes_first() {
        let mut held = HeldNotes::new(Duration::from_secs(3_600));
        (1..=4).for_each(|n| held.hold(note(n)));
        assert!(held.take_due().is_empty() && held.due_at().is_some());
        let settled = held.take_of(&HashSet::from([note(2).call, note(9).call]));
        assert_eq!(calls(settled.into_values()), [2]);
        held.put_back([note(2)]);
        assert_eq!(calls(held.take_due()), [2], "its settlement failed, so it waits no more");
        assert_eq!(calls(held.take_of(&[1, 3, 4].map(|n| note(n).call).into()).into_values()).len(), 3);
        assert_eq!(held.due_at(), None);
    }

    #[test]
    fn without_a_delay_a_note_is_due_at_once() {
        let mut held = HeldNotes::new(Duration::ZERO);
        (1..=2).for_each(|n| held.hold(note(n)));
        assert_eq!(calls(held.take_due()), [1, 2]);
    }
}
