//! Long arrays of numbers and ids as Postgres sends them (`array_send`), read in one go.

use uuid::Uuid;

/// Dimensions, flags, type, length and lower bound, four bytes each.
const HEAD: usize = 20;
/// In front of each element, its length.
const LENGTH: usize = 4;

/// The numbers of a `bigint[]` without nulls; `None` for anything else.
pub fn numbers(bytes: &[u8]) -> Option<Vec<i64>> {
    elements::<8>(bytes)?.map(|element| Some(i64::from_be_bytes(element?))).collect()
}

/// The ids of a `uuid[]` without nulls; `None` for anything else.
pub fn ids(bytes: &[u8]) -> Option<Vec<Uuid>> {
    elements::<16>(bytes)?.map(|element| Some(Uuid::from_bytes(element?))).collect()
}

fn elements<const SIZE: usize>(bytes: &[u8]) -> Option<impl Iterator<Item = Option<[u8; SIZE]>>> {
    let word = |at: usize| Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
    let number = match word(0)? {
        0 => 0,
        1 => usize::try_from(word(12)?).ok()?,
        _ => return None,
    };
    let body = if number == 0 { &[][..] } else { bytes.get(HEAD..)? };
    (body.len() == number.checked_mul(LENGTH + SIZE)?).then(|| {
        body.chunks_exact(LENGTH + SIZE).map(|element| {
            let (length, value) = element.split_first_chunk::<LENGTH>()?;
            (usize::try_from(u32::from_be_bytes(*length)).ok()? == SIZE).then_some(*value.first_chunk()?)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(dimensions: u32, elements: &[&[u8]]) -> Vec<u8> {
        let number = u32::try_from(elements.len()).expect("few");
        let mut bytes: Vec<u8> = [dimensions, 0, 20, number, 1].iter().flat_map(|word| word.to_be_bytes()).collect();
        for element in elements {
            bytes.extend(u32::try_from(element.len()).expect("short").to_be_bytes());
            bytes.extend(*element);
        }
        bytes
    }

    #[test]
    fn a_vector_is_read_whole_or_not_at_all() {
        let numbers_of = |values: &[i64]| {
            let elements: Vec<[u8; 8]> = values.iter().map(|value| value.to_be_bytes()).collect();
            sent(1, &elements.iter().map(<[u8; 8]>::as_slice).collect::<Vec<_>>())
        };
        let bytes = numbers_of(&[1, -2, i64::MAX]);
        assert_eq!(numbers(&bytes), Some(vec![1, -2, i64::MAX]));
        assert_eq!(numbers(&bytes[..bytes.len() - 1]), None);
        assert_eq!((ids(&bytes), numbers(&[])), (None, None));
        assert_eq!(numbers(&sent(0, &[])), Some(vec![]));
        assert_eq!(numbers(&sent(2, &[&[0; 8]])), None);
        assert_eq!(ids(&sent(1, &[&[7; 16]])), Some(vec![Uuid::from_bytes([7; 16])]));
    }
}
