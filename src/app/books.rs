//! Starts the threads of actors and lanes, and the directory over them.

use crate::actors::directory::{Directory, Home};
use crate::actors::held_notes::HeldNotes;
use crate::actors::lane::{self, Lane};
use crate::actors::lane_batch::Streams;
use crate::clock::Clock;
use crate::store::journal::Journal;
use crate::store::spool::Spool;
use actix::Arbiter;
use std::sync::Arc;
use std::time::Duration;

/// The books of this program: a directory and the threads it lives on.
pub struct Books {
    pub directory: Directory,
    arbiters: Vec<Arbiter>,
}

/// Starts `homes` threads, each with its actors and its lane over a journal of its own; notes wait for `note_delay`.
pub fn start(
    homes: usize,
    epochs: &Arc<[i64]>,
    spool: Arc<Spool>,
    clock: Clock,
    note_delay: Duration,
    journal: impl Fn() -> Box<dyn Journal>,
) -> Books {
    let arbiters: Vec<Arbiter> = (0..homes).map(|_| Arbiter::new()).collect();
    let (handles, queues): (Vec<_>, Vec<_>) = (0..homes).map(|_| lane::pair()).unzip();
    let homes = arbiters.iter().zip(&handles).map(|(a, l)| Home { arbiter: a.handle(), lane: l.clone() });
    let directory = Directory::new(homes.collect(), spool, clock);
    for ((arbiter, handle), queue) in arbiters.iter().zip(&handles).zip(queues) {
        let (streams, notes) = (Streams::new(epochs.clone()), HeldNotes::new(note_delay));
        let lane = Lane::new(handle, queue, journal(), directory.clone(), streams, notes);
        arbiter.spawn_fn(move || {
            actix::spawn(lane.run());
        });
    }
    Books { directory, arbiters }
}

impl Books {
    /// Stops the threads; nothing may be under way any more.
    pub fn stop(self) {
        for arbiter in self.arbiters {
            arbiter.stop();
            let _ = arbiter.join();
        }
    }
}
