//! The mail to a reseller whose available balance fell below the amount of the alert.

use crate::domain::dollars;
use crate::mail::letter::Letter;
use crate::store::balance_marks::WatchedBalance;

/// The site resellers read.
#[derive(Clone, Debug)]
pub struct Dashboard {
    pub brand: String,
    /// Its origin, without a slash at the end.
    pub origin: String,
}

/// Writes that a balance is low.
pub fn write(dashboard: &Dashboard, balance: &WatchedBalance) -> Letter {
    let (brand, origin) = (&dashboard.brand, &dashboard.origin);
    let (available, below) = (dollars::floor(balance.available.usd()), dollars::floor(balance.below.usd()));
    Letter::of(brand, &format!("{brand}: {available} available"))
        .say(format!("Your available balance has fallen below {below}. It is {available} now."))
        .say("Keys keep what was put into them and go on working. New keys and top-ups of keys need balance.")
        .button("Top up", format!("{origin}/top-up"))
        .link("Change or switch off this alert", format!("{origin}/settings"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AccountId;
    use crate::domain::low_balance::Memory;
    use crate::domain::money::Cost;
    use uuid::Uuid;

    #[test]
    fn a_reseller_reads_what_is_available_and_the_amount_it_chose() {
        let balance = WatchedBalance {
            account: AccountId(Uuid::nil()),
            address: "you@shop.com".into(),
            available: Cost::from_nanos(12_349_999_999),
            below: Cost::from_nanos(1_000_000_000_000),
            memory: Memory::Armed,
            nth: 1,
        };
        let letter = write(&Dashboard { brand: "derouter".into(), origin: "https://d.example".into() }, &balance);
        assert_eq!(letter.subject(), "derouter: $12.34 available");
        assert!(letter.text().contains("fallen below $1,000.00. It is $12.34 now."), "{}", letter.text());
        assert!(letter.html().contains("href=\"https://d.example/top-up\""), "{}", letter.html());
    }
}
