//! Each property over its seeds and over many small changes to them; `DEROUTER_SEED` replays a run, `fuzz/` looks further.

use std::path::Path;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::fuzzed::{amount, request, spool, sse, usage, webhook};

/// Changed seeds a property.
const ROUNDS: usize = 4_000;

type Check = fn(&[u8]);

const TARGETS: [(&str, Check); 6] = [
    ("amount", amount::check),
    ("request", request::check),
    ("spool", spool::check),
    ("sse", sse::check),
    ("usage", usage::check),
    ("webhook", webhook::check),
];

#[test]
fn no_bytes_of_a_stranger_break_a_reader() {
    let seed = std::env::var("DEROUTER_SEED").ok().and_then(|n| n.parse().ok()).unwrap_or_else(rand::random);
    println!("DEROUTER_SEED={seed}");
    for (name, check) in TARGETS {
        let seeds = seeds(name);
        assert!(seeds.len() >= 3, "{name} has seeds");
        seeds.iter().for_each(|bytes| check(bytes));
        let mut random = StdRng::seed_from_u64(seed);
        for round in 0..ROUNDS {
            let bytes = changed(&seeds, &mut random);
            if std::panic::catch_unwind(|| check(&bytes)).is_err() {
                panic!("{name} at round {round}: {}", bytes.escape_ascii());
            }
        }
    }
}

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
    let mut files: Vec<_> = folder.read_dir().expect("seeds").map(|entry| entry.expect("a seed").path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).expect("a seed")).collect()
}

/// One seed with one to four changes: a bit, a byte that means something, a piece gone, doubled, or of another seed.
fn changed(seeds: &[Vec<u8>], random: &mut StdRng) -> Vec<u8> {
    let mut bytes = seeds[random.random_range(0..seeds.len())].clone();
    for _ in 0..random.random_range(1..=4) {
        let at = random.random_range(0..=bytes.len());
        let upto = random.random_range(at..=bytes.len());
        match random.random_range(0..6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.random_range(0..8),
            1 if at < bytes.len() => bytes[at] = random.random(),
            2 => bytes.insert(at, b"\r\n\0:{}[]\",.0e-\\ ud=8"[random.random_range(0..20)]),
            3 => drop(bytes.drain(at..upto.min(at + 16))),
            4 => {
                let piece = bytes[at..upto].to_vec();
                bytes.splice(at..at, piece);
            }
            _ => {
                let other = &seeds[random.random_range(0..seeds.len())];
                let from = random.random_range(0..=other.len());
                bytes.splice(at..upto, other[from..].iter().copied());
            }
        }
        bytes.truncate(8 * 1024);
    }
    bytes
}
