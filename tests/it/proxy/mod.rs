//! The proxy over HTTP: the whole program, its ledger, and a provider that misbehaves. Named after `faults.md`.

mod endings;
