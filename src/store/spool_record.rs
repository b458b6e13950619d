//! One settlement as bytes: length u32 · crc32c u32 · version u8 · ids · cost · absorbed · outcome · flags · times ·
//! meters · model and detail. Little-endian.
//!
//! A short record at the end is a torn write, which nobody was told of, and is cut. Damage elsewhere is reported, and
//! reading goes on at the next sound record wherever it begins, so one bad bit never takes its neighbours with it.

use crate::domain::call::{CallFacts, Meters};
use crate::domain::ids::{AccountId, CallId, KeyId};
use crate::domain::money::Cost;
use crate::domain::outcome::{Flags, Outcome};
use std::ops::RangeInclusive;
use uuid::Uuid;

const VERSION: u8 = 1;
const HEAD: usize = 8;
/// No body of ours is shorter (every text empty) or longer; a length beyond is damage.
const BODY_RANGE: RangeInclusive<usize> = 125..=1024 * 1024;

/// The record of a call.
pub fn encode(facts: &CallFacts) -> Vec<u8> {
    let mut body = vec![VERSION];
    for id in [facts.call.0, facts.account.0, facts.key.0] {
        body.extend_from_slice(id.as_bytes());
    }
    for number in [facts.cost.nanos(), facts.absorbed.nanos(), facts.started_us, facts.ended_us] {
        body.extend_from_slice(&number.to_le_bytes());
    }
    body.extend_from_slice(&facts.outcome.code().to_le_bytes());
    body.extend_from_slice(&facts.flags.0.to_le_bytes());
    let m = facts.meters;
    for count in [m.input, m.output, m.cache_read, m.cache_write] {
        body.extend_from_slice(&count.to_le_bytes());
    }
    put_text(&mut body, &facts.model);
    put_text(&mut body, facts.detail.as_deref().unwrap_or_default());
    let mut record = u32::try_from(body.len()).expect("a record is short").to_le_bytes().to_vec();
    record.extend_from_slice(&crc32c::crc32c(&body).to_le_bytes());
    record.extend_from_slice(&body);
    record
}

/// Every record that can be read, and whether something other than a torn tail could not.
pub fn decode_all(bytes: &[u8]) -> (Vec<CallFacts>, bool) {
    let (mut records, mut damaged, mut at) = (Vec::new(), false, 0);
    while at < bytes.len() {
        if let Some((facts, length)) = record_at(&bytes[at..]) {
            records.push(facts);
            at += length;
            continue;
        }
        let next = (at + 1..bytes.len()).find(|i| record_at(&bytes[*i..]).is_some());
        let lost = &bytes[at..next.unwrap_or(bytes.len())];
        let spared = record_of_unknown_length(lost);
        damaged |= next.is_some() || spared.is_some() || has_whole_record(lost);
        records.extend(spared);
        at += lost.len();
    }
    (records, damaged)
}

/// The record at the front and its length in bytes, if it is sound.
fn record_at(bytes: &[u8]) -> Option<(CallFacts, usize)> {
    let (length, sum) = head(bytes)?;
    let body = bytes.get(HEAD..HEAD.checked_add(length)?)?;
    // The cheap look at the version first: the search for the next record asks at every byte.
    let sound = BODY_RANGE.contains(&length) && body[0] == VERSION && crc32c::crc32c(body) == sum;
    sound.then(|| Reader(body).facts()).flatten().map(|facts| (facts, HEAD + length))
}

/// The record of bytes whose length field alone was damaged.
fn record_of_unknown_length(bytes: &[u8]) -> Option<CallFacts> {
    let (_, sum) = head(bytes)?;
    let body = &bytes[HEAD..];
    (crc32c::crc32c(body) == sum).then(|| Reader(body).facts()).flatten()
}

/// True if all bytes the head asks for are there: then they are damaged and not torn.
fn has_whole_record(bytes: &[u8]) -> bool {
    head(bytes).is_some_and(|(length, _)| BODY_RANGE.contains(&length) && bytes.len() - HEAD >= length)
}

/// Length of the body and its checksum.
fn head(bytes: &[u8]) -> Option<(usize, u32)> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let sum = rest.first_chunk::<4>()?;
    Some((u32::from_le_bytes(*length) as usize, u32::from_le_bytes(*sum)))
}

fn put_text(body: &mut Vec<u8>, text: &str) {
    body.extend_from_slice(&u32::try_from(text.len()).expect("a text is short").to_le_bytes());
    body.extend_from_slice(text.as_bytes());
}

/// Reads fields from the front.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn facts(mut self) -> Option<CallFacts> {
        if self.take::<1>()? != [VERSION] {
            return None;
        }
        let (call, account, key) = (CallId(self.id()?), AccountId(self.id()?), KeyId(self.id()?));
        let (cost, absorbed) = (Cost::from_nanos(self.number()?), Cost::from_nanos(self.number()?));
        let (started_us, ended_us) = (self.number()?, self.number()?);
        let outcome = Outcome::from_code(i16::from_le_bytes(self.take()?))?;
        let flags = Flags(i16::from_le_bytes(self.take()?));
        let meters = Meters {
            input: self.count()?,
            output: self.count()?,
            cache_read: self.count()?,
            cache_write: self.count()?,
        };
        let model = self.text()?.into();
        let detail = Some(self.text()?).filter(|d| !d.is_empty());
        // A record of ours ends here; a longer one is none, whatever its checksum says.
        self.0.is_empty().then_some(CallFacts {
            call,
            account,
            key,
            outcome,
            flags,
            cost,
            absorbed,
            model,
            meters,
            detail,
            started_us,
            ended_us,
        })
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_at_checked(N)?;
        self.0 = rest;
        head.try_into().ok()
    }

    fn id(&mut self) -> Option<Uuid> {
        self.take().map(Uuid::from_bytes)
    }

    fn number(&mut self) -> Option<i64> {
        self.take().map(i64::from_le_bytes)
    }

    fn count(&mut self) -> Option<u64> {
        self.take().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Option<String> {
        let length = u32::from_le_bytes(self.take()?) as usize;
        let (text, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        String::from_utf8(text.to_vec()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    fn facts(n: u128) -> CallFacts {
        CallFacts {
            call: CallId(Uuid::from_u128(n)),
            account: AccountId(Uuid::from_u128(2)),
            key: KeyId(Uuid::from_u128(3)),
            outcome: Outcome::Answered,
            flags: Flags::PARTIAL,
            cost: Cost::from_nanos(42),
            absorbed: Cost::from_nanos(7),
            model: "claude-haiku-4-5".into(),
            meters: Meters { input: 1, output: 2, cache_read: 3, cache_write: 4 },
            detail: Some("{\"a\":1}".into()),
            started_us: -5,
            ended_us: 6,
        }
    }

    #[test]
    fn what_was_spooled_is_read_back_as_it_was() {
        let file: Vec<u8> = (0..5).flat_map(|n| encode(&facts(n))).collect();
        assert_eq!(decode_all(&file), ((0..5).map(facts).collect(), false));
    }

    #[test]
    fn a_torn_tail_is_cut_at_every_length() {
        let (first, second) = (encode(&facts(1)), encode(&facts(2)));
        for cut in 0..second.len() {
            let file = [&first[..], &second[..cut]].concat();
            assert_eq!(decode_all(&file), (vec![facts(1)], false), "cut at {cut}");
        }
    }

    #[test]
    fn c07_a_flipped_bit_loses_at_most_its_own_record_and_is_reported() {
        let whole: Vec<u8> = (1..=3).flat_map(|n| encode(&facts(n))).collect();
        let length = whole.len() / 3;
        for bit in 0..whole.len() * 8 {
            let mut bad = whole.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let (records, damaged) = decode_all(&bad);
            let hit = u128::try_from(bit / 8 / length + 1).expect("small");
            let others: Vec<CallFacts> = (1..=3).filter(|n| *n != hit).map(facts).collect();
            let rest: Vec<CallFacts> = records.iter().filter(|r| r.call != facts(hit).call).cloned().collect();
            assert_eq!(rest, others, "bit {bit}");
            assert!(records.iter().all(|r| *r == facts(1) || *r == facts(2) || *r == facts(3)), "bit {bit}");
            assert!(damaged, "bit {bit}");
        }
    }

    #[test]
    fn a_damaged_length_costs_no_record_at_all() {
        let mut file: Vec<u8> = (1..=3).flat_map(|n| encode(&facts(n))).collect();
        let second = file.len() / 3;
        file[second + 1] ^= 0x40;
        assert_eq!(decode_all(&file), ((1..=3).map(facts).collect(), true));
    }

    proptest! {
        #[test]
        fn garbage_is_never_read_as_a_record_and_never_panics(garbage in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            prop_assert_eq!(decode_all(&garbage).0, vec![]);
        }

        #[test]
        fn records_before_and_after_any_garbage_are_found(garbage in proptest::collection::vec(any::<u8>(), 1..300)) {
            let file = [encode(&facts(1)), garbage, encode(&facts(2))].concat();
            prop_assert_eq!(decode_all(&file), (vec![facts(1), facts(2)], true));
        }
    }
}
