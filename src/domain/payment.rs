//! What a payment provider says about one payment, in one form for every provider.
//!
//! Nothing here is trusted because a notice said it: a fact is what the provider's own interface answered when asked.

use crate::domain::ids::{IntentId, TopupId};
use crate::domain::money::{Cost, NANOS_PER_USD};

/// How a reseller pays; it decides the words they see and how an odd amount is judged.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Method {
    Card,
    Crypto,
}

impl Method {
    pub const ALL: [Method; 2] = [Method::Card, Method::Crypto];

    /// The stored word.
    pub fn word(self) -> &'static str {
        match self {
            Method::Card => "card",
            Method::Crypto => "crypto",
        }
    }

    /// The method of a stored or typed word.
    pub fn parse(word: &str) -> Option<Self> {
        Method::ALL.into_iter().find(|m| m.word() == word)
    }
}

/// How far a payment is at its provider.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PaymentState {
    /// The checkout waits for the person.
    Open,
    /// Money is on its way and not certain: a bank transfer, a transaction without its confirmations.
    Processing,
    /// Paid, and the provider says as asked.
    Paid,
    /// Paid, and the provider says it was more than asked.
    Over,
    /// Something came, less than asked, and the checkout is over.
    Partial,
    /// Paid at this moment (µs since 1970), after the checkout had expired.
    Late { paid_us: i64 },
    /// A person at the provider said that it is paid, whatever came.
    Marked,
    /// Nobody paid in time.
    Expired,
    /// The payment was refused or is void.
    Failed,
}

/// An amount as a provider states it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Received {
    Nothing,
    /// US dollars, more than 0.
    Usd(Cost),
    /// Another currency, by its code as sent.
    Foreign(String),
    /// No amount of money: negative, too large, or finer than a nano-dollar.
    Unreadable,
}

/// Most digits before the point: what a person may type, too.
const WHOLE_DIGITS: usize = 9;
/// Finest decimals kept: the nano-dollar.
const DECIMALS: usize = 9;
const NANOS_PER_CENT: i64 = NANOS_PER_USD / 100;

impl Received {
    /// A decimal text such as `200.00` in a currency such as `usd`, as crypto providers send it.
    pub fn decimal(text: &str, currency: &str) -> Self {
        if !currency.eq_ignore_ascii_case("usd") {
            return Received::Foreign(currency.chars().take(16).collect());
        }
        match nanos(text) {
            Some(0) => Received::Nothing,
            Some(nanos) => Received::Usd(Cost::from_nanos(nanos)),
            None => Received::Unreadable,
        }
    }

    /// Whole cents in a currency, as card providers send it.
    pub fn cents(cents: i64, currency: &str) -> Self {
        match (currency.eq_ignore_ascii_case("usd"), cents) {
            (false, _) => Received::Foreign(currency.chars().take(16).collect()),
            (true, 0) => Received::Nothing,
            (true, 1..) => cents
                .checked_mul(NANOS_PER_CENT)
                .map_or(Received::Unreadable, |nanos| Received::Usd(Cost::from_nanos(nanos))),
            (true, _) => Received::Unreadable,
        }
    }

    /// The amount, where it is one of US dollars.
    pub fn usd(&self) -> Option<Cost> {
        match self {
            Received::Usd(amount) => Some(*amount),
            _ => None,
        }
    }
}

/// Up to nine digits, then at most nine decimals that count; zeros behind them say nothing.
fn nanos(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit());
    let fraction_counts = fraction.trim_end_matches('0');
    let fits = (1..=WHOLE_DIGITS).contains(&whole.len()) && fraction_counts.len() <= DECIMALS;
    if !fits || !is_number(whole) || !is_number(fraction) || text.ends_with('.') {
        return None;
    }
    let whole: i64 = whole.parse().ok()?;
    let fraction: i64 = format!("{fraction_counts:0<width$}", width = DECIMALS).parse().ok()?;
    whole.checked_mul(NANOS_PER_USD)?.checked_add(fraction)
}

/// One payment as its provider answers for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PaymentFact {
    /// The provider's id of the payment.
    pub payment: String,
    /// The top-up it says it is for. Ours decides; another one here is an alarm.
    pub topup: Option<TopupId>,
    pub state: PaymentState,
    pub received: Received,
    /// Real money; false for a provider's test mode.
    pub live: bool,
    /// What the provider gave back of it, in any order; each stays listed for ever.
    pub refunds: Vec<Refund>,
    /// What the payer's bank disputes of it, in any order; each stays listed for ever.
    pub disputes: Vec<Dispute>,
}

/// Money that a provider gives back to the payer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refund {
    /// The provider's id of the refund, the same for ever.
    pub id: String,
    pub amount: Received,
    pub state: RefundState,
    /// Ours it answers; `None` for one that was made at the provider.
    pub intent: Option<IntentId>,
}

/// How far a refund is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefundState {
    /// Asked for; no money moved, as far as is known.
    Pending,
    Succeeded,
    /// It came back, or was called off: what was taken for it is owed again.
    Failed,
}

/// A payer's bank that wants money back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dispute {
    /// The provider's id of the dispute, the same for ever.
    pub id: String,
    pub amount: Received,
    pub state: DisputeState,
    /// Whether the provider has taken the money from us now; a won dispute's is given back.
    pub is_withdrawn: bool,
}

/// How far a dispute is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DisputeState {
    /// Nobody knows yet; an inquiry too.
    Open,
    Won,
    Lost,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g12_amounts_are_taken_exactly_or_not_at_all() {
        let good = [
            ("200.00", 200_000_000_000),
            ("200", 200_000_000_000),
            ("0.000000001", 1),
            ("1.50000000000000000000", 1_500_000_000),
            ("999999999.999999999", 999_999_999_999_999_999),
        ];
        for (text, nanos) in good {
            assert_eq!(Received::decimal(text, "USD"), Received::Usd(Cost::from_nanos(nanos)), "{text}");
        }
        for text in ["0", "0.00", "0.0000000000"] {
            assert_eq!(Received::decimal(text, "usd"), Received::Nothing, "{text}");
        }
        for text in
            ["", "-1", "+1", "1e30", "1.", ".5", "1.0000000001", "1234567890", "NaN", "1,000", "١", "1.2.3", "1.-0"]
        {
            assert_eq!(Received::decimal(text, "usd"), Received::Unreadable, "{text}");
        }
        assert_eq!(Received::decimal("200", "eur"), Received::Foreign("eur".into()));
        let cents = [
            (20_000, Received::Usd(Cost::from_nanos(200_000_000_000))),
            (0, Received::Nothing),
            (-1, Received::Unreadable),
            (i64::MAX, Received::Unreadable),
        ];
        for (cents, amount) in cents {
            assert_eq!(Received::cents(cents, "usd"), amount, "{cents}");
        }
        assert_eq!(Received::cents(20_000, "jpy"), Received::Foreign("jpy".into()));
    }
}
