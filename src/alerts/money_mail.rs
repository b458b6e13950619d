//! Mails to a reseller about money that came, that does not fit, that was taken back, and that was earned.

use chrono::{DateTime, Utc};

use crate::alerts::balance_mail::Dashboard;
use crate::domain::dollars;
use crate::domain::money::Cost;
use crate::domain::month::Month;
use crate::domain::payment::Method;
use crate::mail::letter::Letter;
use crate::store::money_news::{DueCommissions, DueParked, DueReceipt, DueTrouble, Trouble};

/// Writes the receipt of a credited top-up.
pub fn receipt(dashboard: &Dashboard, due: &DueReceipt) -> Letter {
    let (brand, origin) = (&dashboard.brand, &dashboard.origin);
    let amount = shown(due.credited);
    Letter::of(brand, &format!("{brand}: receipt for {amount}"))
        .say(format!("{amount} was added to your balance. Thank you."))
        .facts(&[
            ("Amount", amount),
            ("Paid by", method(due.method).to_owned()),
            ("Credited on", second(due.at)),
            ("Top-up", due.topup.to_string()),
        ])
        .button("Receipt", format!("{origin}/billing/{}", due.topup))
        .note("You get a receipt for every top-up. The page behind the button can be printed.")
}

/// Writes that money came which does not fit its order.
pub fn parked(dashboard: &Dashboard, due: &DueParked) -> Letter {
    let (brand, origin) = (&dashboard.brand, &dashboard.origin);
    let asked = shown(due.requested);
    let came = match due.received {
        Some(received) => format!("{} came for your top-up of {asked}.", shown(received)),
        None => format!("A payment came for your top-up of {asked} that is not in US dollars."),
    };
    Letter::of(brand, &format!("{brand}: a payment of yours needs a look"))
        .say(format!("{came} It is not on your balance yet: a person looks at it."))
        .say("You need not do anything. Either it is credited as it came, or you get it back.")
        .facts(&[("Asked for", asked), ("Top-up", due.topup.to_string())])
        .button("See this top-up", format!("{origin}/billing/{}", due.topup))
}

/// Writes that a payment was taken back, or that the account is frozen.
pub fn trouble(dashboard: &Dashboard, due: &DueTrouble) -> Letter {
    let (brand, origin) = (&dashboard.brand, &dashboard.origin);
    let letter = match due.what {
        Trouble::TakenBack { amount, owed } => taken_back(brand, amount, owed),
        Trouble::Frozen => Letter::of(brand, &format!("{brand}: your account is frozen"))
            .say("Your account is frozen: a payment is disputed, or the operator suspended it.")
            .say(
                "New keys, top-ups of keys and calls wait until the freeze is lifted. What is on your balance and in \
                  your keys stays there.",
            ),
    };
    letter.facts(&[("When", second(due.at))]).button("See your movements", format!("{origin}/billing"))
}

fn taken_back(brand: &str, amount: Cost, owed: Cost) -> Letter {
    let taken = shown(amount);
    let letter = Letter::of(brand, &format!("{brand}: a payment of {taken} was taken back"))
        .say(format!("The payment provider took back {taken} of what you had paid in, so it left your balance."));
    if owed == Cost::ZERO {
        return letter;
    }
    letter.say(format!(
        "{} of it had been spent and is owed now. Until a top-up repays it, your keys serve no calls.",
        dollars::ceil(owed.usd())
    ))
}

/// Writes what a referrer earned in a month.
pub fn commissions(dashboard: &Dashboard, month: Month, due: &DueCommissions) -> Letter {
    let (brand, origin) = (&dashboard.brand, &dashboard.origin);
    let name = month.name();
    Letter::of(brand, &format!("{brand}: your commission in {name}"))
        .say(format!("This is what your referrals earned you in {name}."))
        .facts(&[
            ("Earned", shown(due.earned)),
            ("Paid into your balance", shown(due.paid)),
            ("Pending", shown(due.pending)),
        ])
        .say("What is pending goes into your balance at the end of its hold-back period.")
        .button("See your referrals", format!("{origin}/referrals"))
        .note("You get this statement once a month in which you earned something.")
}

fn shown(amount: Cost) -> String {
    dollars::floor(amount.usd())
}

fn method(method: Option<Method>) -> &'static str {
    match method {
        Some(Method::Card) => "Card",
        Some(Method::Crypto) => "Crypto",
        None => "By hand",
    }
}

fn second(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{AccountId, TopupId};
    use uuid::Uuid;

    fn dashboard() -> Dashboard {
        Dashboard { brand: "derouter".into(), origin: "https://d.example".into() }
    }

    fn usd(dollars: i64) -> Cost {
        Cost::from_nanos(dollars * 1_000_000_000)
    }

    fn noon() -> DateTime<Utc> {
        "2026-11-24T12:00:00Z".parse().expect("an instant")
    }

    #[test]
    fn a_receipt_says_amount_method_moment_and_where_the_page_is() {
        let (topup, method, address) = (TopupId(Uuid::nil()), Some(Method::Card), Some("a@b.c".into()));
        let letter = receipt(&dashboard(), &DueReceipt { topup, method, credited: usd(200), at: noon(), address });
        assert_eq!(letter.subject(), "derouter: receipt for $200.00");
        for said in ["Amount: $200.00", "Paid by: Card", "2026-11-24 12:00:00 UTC", "https://d.example/billing/0000"] {
            assert!(letter.text().contains(said), "{said}: {}", letter.text());
        }
    }

    #[test]
    fn trouble_says_what_happened_and_what_is_owed() {
        let letter = |what| {
            let (account, address) = (AccountId(Uuid::nil()), "a@b.c".to_owned());
            trouble(&dashboard(), &DueTrouble { account, seq: 1, at: noon(), what, address })
        };
        let whole = letter(Trouble::TakenBack { amount: usd(200), owed: Cost::ZERO });
        assert!(!whole.text().contains("owed"), "{}", whole.text());
        let short = letter(Trouble::TakenBack { amount: usd(200), owed: usd(21) });
        assert!(short.text().contains("$21.00 of it had been spent and is owed now."), "{}", short.text());
        assert_eq!(letter(Trouble::Frozen).subject(), "derouter: your account is frozen");
    }
}
