//! A movement of the balance in words.

use crate::domain::money::Usd;
use crate::domain::payment::Method;
use crate::http::page::words;
use crate::store::views::movements::Movement;

/// A movement of the balance.
#[derive(Clone, Debug, Default)]
pub struct Move {
    /// "2026-11-23 09:41"
    pub at: String,
    pub at_iso: String,
    /// "Key created: acme-corp-prod"
    pub what: String,
    /// "$100.00 for the client"; reasons; empty
    pub note: String,
    /// "−$60.00"
    pub change: String,
    pub change_exact: String,
    /// "good" where money came in
    pub tone: &'static str,
    pub after: String,
    pub after_exact: String,
    /// Of a deposit: its receipt
    pub href: String,
}

impl From<&Movement> for Move {
    fn from(row: &Movement) -> Self {
        let moved = row.change != Usd::default();
        Move {
            at: row.at.format("%Y-%m-%d %H:%M").to_string(),
            at_iso: words::iso(row.at),
            what: what(row),
            note: note(row),
            change: if moved { words::change(row.change) } else { "–".to_owned() },
            change_exact: words::dollars_9(row.change),
            tone: if row.change > Usd::default() { "good" } else { "" },
            after: words::dollars(row.after),
            after_exact: words::dollars_9(row.after),
            href: row.topup.map(|id| format!("/billing/{id}")).unwrap_or_default(),
        }
    }
}

/// What it was. A key is called as it is called now.
pub fn what(row: &Movement) -> String {
    let key = row.label.as_deref().unwrap_or("a key");
    match row.kind {
        1 => match row.method {
            Some(Method::Card) => "Paid in by card".to_owned(),
            Some(Method::Crypto) => "Paid in by crypto".to_owned(),
            None => "Paid in".to_owned(),
        },
        2 => "Payment taken back by the provider".to_owned(),
        3 => "Referral commission".to_owned(),
        4 => "Referral commission taken back".to_owned(),
        5 if row.is_code => "Redemption code".to_owned(),
        5 | 6 => "Correction by support".to_owned(),
        7 => format!("Key created: {key}"),
        8 => format!("Key topped up: {key}"),
        10 => format!("Returned from key: {key}"),
        11 => format!("Key deleted: {key}"),
        12 => "Account frozen".to_owned(),
        13 => "A freeze lifted".to_owned(),
        14 => "Payment given back by the provider".to_owned(),
        other => format!("Movement of kind {other}"),
    }
}

/// What else there is to say of it.
pub fn note(row: &Movement) -> String {
    let price = || words::dollars(row.price.usd());
    let said = match row.kind {
        7 => format!("{} for the client", price()),
        8 => format!("{} more for the client", price()),
        10 => "Unused cost came back".to_owned(),
        5 if row.is_code => String::new(),
        _ => row.reason.clone().unwrap_or_default(),
    };
    if row.owed == Usd::default() {
        return said;
    }
    let owed = words::dollars(row.owed);
    let debt = match row.kind {
        2 | 4 | 6 => format!("{owed} of it is owed now"),
        _ => format!("{owed} of it repaid what was owed"),
    };
    if said.is_empty() { debt } else { format!("{said}; {debt}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::money::Price;

    fn movement(kind: i16, change: i64) -> Movement {
        Movement {
            seq: 1,
            kind,
            at: "2026-11-23T09:41:07Z".parse().expect("an instant"),
            change: Usd::from_nanos(change),
            after: Usd::from_nanos(140_000_000_000),
            owed: Usd::default(),
            price: Price::from_nanos(100_000_000_000),
            label: Some("acme".into()),
            topup: None,
            method: None,
            reason: None,
            is_code: false,
        }
    }

    #[test]
    fn a_movement_is_a_sentence_with_its_sign() {
        let created = Move::from(&movement(7, -60_000_000_000));
        let shown = [&created.what, &created.note, &created.change, &created.after, &created.at];
        let wanted = ["Key created: acme", "$100.00 for the client", "−$60.00", "$140.00", "2026-11-23 09:41"];
        assert_eq!(shown, wanted);
        let card = Movement { method: Some(Method::Card), ..movement(1, 29_000_000_000) };
        let repaid = Move::from(&Movement { owed: Usd::from_nanos(21_000_000_000), ..card });
        assert_eq!((repaid.what.as_str(), repaid.tone), ("Paid in by card", "good"));
        assert_eq!((repaid.change.as_str(), repaid.note.as_str()), ("+$29.00", "$21.00 of it repaid what was owed"));
        let taken = Movement { owed: Usd::from_nanos(21_000_000_000), ..movement(6, -1) };
        let taken = Movement { reason: Some("a mistake".into()), ..taken };
        assert_eq!(note(&taken), "a mistake; $21.00 of it is owed now");
        let code = Movement { is_code: true, reason: Some("Redemption code".into()), ..movement(5, 25_000_000_000) };
        assert_eq!((what(&code).as_str(), note(&code).as_str()), ("Redemption code", ""));
        assert_eq!(Move::from(&movement(11, 0)).change, "–");
    }
}
