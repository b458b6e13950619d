//! One settlement as bytes: length u32 · crc32c u32 · version u8 · ids · cost · absorbed · outcome · flags · times ·
//! meters · model and detail. Little-endian. A short record at the end is a torn write and is cut; a wrong checksum in
//! the middle is passed over and reported.

use crate::domain::call::{CallFacts, Meters};
use crate::domain::ids::{AccountId, CallId, KeyId};
use crate::domain::money::Cost;
use crate::domain::outcome::{Flags, Outcome};
use uuid::Uuid;

const VERSION: u8 = 1;
const HEAD: usize = 8;
/// No record of ours is longer: a length beyond it is damage, and nothing after it can be found.
const MAX_RECORD: usize = 1024 * 1024;

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

/// Every record that can be read, and whether one in the middle could not.
pub fn decode_all(bytes: &[u8]) -> (Vec<CallFacts>, bool) {
    let (mut records, mut damaged, mut rest) = (Vec::new(), false, bytes);
    while rest.len() >= HEAD {
        let length = u32::from_le_bytes(rest[..4].try_into().expect("four bytes")) as usize;
        if length > MAX_RECORD {
            return (records, true);
        }
        let Some(body) = rest.get(HEAD..HEAD + length) else { return (records, damaged) };
        let sum = u32::from_le_bytes(rest[4..HEAD].try_into().expect("four bytes"));
        match (crc32c::crc32c(body) == sum).then(|| Reader(body).facts()).flatten() {
            Some(facts) => records.push(facts),
            None => damaged = true,
        }
        rest = &rest[HEAD + length..];
    }
    (records, damaged)
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
        Some(CallFacts {
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
    fn a_flipped_bit_loses_one_record_and_says_so() {
        let (first, second, third) = (encode(&facts(1)), encode(&facts(2)), encode(&facts(3)));
        for at in 4..second.len() {
            let mut bad = second.clone();
            bad[at] ^= 1;
            let file = [&first[..], &bad, &third].concat();
            assert_eq!(decode_all(&file), (vec![facts(1), facts(3)], true), "flipped at {at}");
        }
    }
}
