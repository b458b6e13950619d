//! The spool: what was written is read back; whatever becomes of the file, nothing is read that was not written, and what
//! was not touched is found.

use derouter::domain::call::{CallFacts, Meters};
use derouter::domain::ids::{AccountId, CallId, KeyId};
use derouter::domain::money::Cost;
use derouter::domain::outcome::{Flags, Outcome};
use derouter::store::spool_record::{decode_all, encode};
use uuid::Uuid;

/// Records of one file.
const MOST: usize = 4;
/// Bytes of the plan of a damage: its kind, where, and a seed of what comes there.
const PLAN: usize = 8;

/// The bytes are read as a file, then as the content of records and a damage to their file.
pub fn check(bytes: &[u8]) {
    foreign(bytes);
    let Some((plan, content)) = bytes.split_first_chunk::<PLAN>() else { return };
    let written: Vec<CallFacts> = content.chunks(160).take(MOST).enumerate().map(|(n, part)| facts(n, part)).collect();
    let records: Vec<Vec<u8>> = written.iter().map(encode).collect();
    let file = records.concat();
    assert_eq!(decode_all(&file), (written.clone(), false), "what was written is read back");
    if !written.is_empty() {
        damaged(&written, &records, *plan);
    }
}

/// Nothing is read of any bytes that does not stand there.
fn foreign(bytes: &[u8]) {
    for facts in decode_all(bytes).0 {
        // The length alone may have been mended.
        let record = encode(&facts);
        assert!(bytes.windows(record.len() - 4).any(|part| part == &record[4..]), "{facts:?} does not stand there");
    }
}

/// Four kinds of damage: a burst within one record, a torn tail, garbage between two, a record that is gone.
fn damaged(written: &[CallFacts], records: &[Vec<u8>], plan: [u8; PLAN]) {
    let [kind, which, at_low, at_high, seed @ ..] = plan;
    let hit = usize::from(which) % records.len();
    let at = usize::from(u16::from_le_bytes([at_low, at_high])) % records[hit].len();
    let mut parts = records.to_vec();
    let mut spared: Vec<CallFacts> = written.to_vec();
    match kind % 4 {
        0 => {
            // A burst of up to 32 bits, which the checksum always finds.
            parts[hit][at..].iter_mut().zip(seed).for_each(|(byte, flip)| *byte ^= flip);
            if seed[..seed.len().min(records[hit].len() - at)].iter().any(|flip| *flip != 0) {
                spared.remove(hit);
            }
        }
        1 => {
            parts.truncate(hit + 1);
            parts[hit].truncate(at);
            spared.truncate(hit);
        }
        2 => parts.insert(hit, garbage(seed)),
        _ => {
            parts.remove(hit);
            spared.remove(hit);
        }
    }
    let (read, said) = decode_all(&parts.concat());
    let mut rest = read.iter();
    assert!(spared.iter().all(|facts| rest.any(|r| r == facts)), "what was not touched is found, in order");
    let mut all = written.iter();
    assert!(read.iter().all(|facts| all.any(|w| w == facts)), "a damaged record is never read as another one");
    assert!(kind % 4 != 1 || !said, "a torn tail is no damage");
}

/// Bytes that look like anything, up to 300, from a seed: nobody can have forged a checksum among them.
fn garbage(seed: [u8; 4]) -> Vec<u8> {
    let mut state = u64::from(u32::from_le_bytes(seed)) | 1 << 40;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    let length = 1 + usize::from(next()) + usize::from(next() % 45);
    (0..length).map(|_| next()).collect()
}

/// Facts with what the bytes say, as far as they reach; `n` keeps their ids apart.
fn facts(n: usize, part: &[u8]) -> CallFacts {
    let byte = |at: usize| part.get(at).copied().unwrap_or_default();
    let number = |at: usize| i64::from_le_bytes(std::array::from_fn(|i| byte(at + i)));
    let id = |at: usize| Uuid::from_bytes(std::array::from_fn(|i| byte(at + i)));
    let text = |from: usize, to: usize| {
        let upto = to.min(part.len());
        String::from_utf8_lossy(part.get(from..upto).unwrap_or_default()).into_owned()
    };
    let mut call = id(0).into_bytes();
    call[15] = u8::try_from(n).expect("few records");
    CallFacts {
        call: CallId(Uuid::from_bytes(call)),
        account: AccountId(id(16)),
        key: KeyId(id(24)),
        outcome: Outcome::ALL[usize::from(byte(40)) % Outcome::ALL.len()],
        flags: Flags(i16::from_le_bytes([byte(41), byte(42)])),
        cost: Cost::from_nanos(number(43)),
        absorbed: Cost::from_nanos(number(51)),
        model: text(59, 80).into(),
        meters: Meters {
            input: number(80).unsigned_abs(),
            output: number(88).unsigned_abs(),
            cache_read: number(96).unsigned_abs(),
            cache_write: number(104).unsigned_abs(),
        },
        detail: Some(text(112, 160)).filter(|detail| !detail.is_empty()),
        started_us: number(8),
        ended_us: number(32),
    }
}
