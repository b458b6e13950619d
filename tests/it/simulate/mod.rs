//! Deterministic simulation: the real actors, lanes, directory and call lifecycle on paused time, in a world made from a
//! seed. The world's ledger, disk, upstream, clients, resellers and clock fail as real ones may; an auditor holds every
//! reply and every state against what it saw for itself. A seed replays exactly.

mod audit;
mod boot;
mod calls;
mod chaos;
mod client;
mod disk;
mod faults;
mod journal;
mod lanes;
mod ledger;
mod lives;
mod regressions;
mod reseller;
mod runs;
mod world;
