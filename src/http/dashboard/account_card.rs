//! The Account Balance card: what there is, what lies in keys, what runs.

use crate::actors::messages::AccountView;
use crate::actors::open_calls::InFlight;
use crate::domain::money::Cost;
use crate::http::page::words;

/// What an amount must have to show as more than nothing.
const CENT: Cost = Cost::from_nanos(10_000_000);

/// The Account Balance card.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    pub balance: String,
    pub balance_exact: String,
    pub available: String,
    pub available_exact: String,
    /// Cost in keys that is not used yet
    pub allocated: String,
    pub allocated_exact: String,
    /// Cost promised to running calls
    pub flight: String,
    /// "+$200.00 pending": a payment waits for confirmation
    pub pending: String,
    /// "$21.00": receivable after a chargeback
    pub owed: String,
    /// "primary" where topping up is the next step
    pub top_up_look: &'static str,
    pub create_look: &'static str,
    /// False while frozen
    pub can_create: bool,
}

impl Account {
    /// The card; `pending` is for whoever knows of payments under way.
    pub fn of(view: &AccountView, allocated: Cost, in_flight: InFlight) -> Self {
        let empty = is_empty(view.available);
        Account {
            balance: words::dollars(view.main.usd()),
            balance_exact: words::dollars_9(view.main.usd()),
            available: words::dollars(view.available.usd()),
            available_exact: words::dollars_9(view.available.usd()),
            allocated: words::dollars(allocated.usd()),
            allocated_exact: words::dollars_9(allocated.usd()),
            flight: words::dollars(in_flight.held.usd()),
            pending: String::new(),
            owed: if view.receivable == Cost::ZERO { String::new() } else { owed(view.receivable) },
            top_up_look: if empty { "primary" } else { "" },
            create_look: if empty { "" } else { "primary" },
            can_create: !view.frozen,
        }
    }
}

/// Less than a cent: it shows as nothing, and topping up is the next step.
pub fn is_empty(available: Cost) -> bool {
    available < CENT
}

/// A debt rounds up: what is shown is enough to repay it.
fn owed(receivable: Cost) -> String {
    let short = Cost::from_nanos(receivable.nanos().rem_euclid(CENT.nanos()));
    let rest = if short == Cost::ZERO { Cost::ZERO } else { CENT.saturating_sub(short) };
    words::dollars(receivable.saturating_add(rest).usd())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(nanos: i64) -> Cost {
        Cost::from_nanos(nanos)
    }

    #[test]
    fn the_next_step_is_the_primary_button() {
        let view = |available| AccountView {
            main: cost(available),
            available: cost(available),
            receivable: Cost::ZERO,
            frozen: false,
            held: false,
        };
        let looks = |available| {
            let card = Account::of(&view(available), Cost::ZERO, InFlight::default());
            (card.top_up_look, card.create_look)
        };
        assert_eq!(looks(0), ("primary", ""));
        assert_eq!(looks(9_999_999), ("primary", ""));
        assert_eq!(looks(200_000_000_000), ("", "primary"));
    }

    #[test]
    fn a_debt_is_shown_whole_and_stops_new_keys() {
        let view = AccountView {
            main: Cost::ZERO,
            available: Cost::ZERO,
            receivable: cost(20_990_000_001),
            frozen: true,
            held: false,
        };
        let in_flight = InFlight { calls: 2, held: cost(310_000_000) };
        let card = Account::of(&view, cost(39_480_000_000), in_flight);
        let shown = [&card.balance, &card.allocated, &card.flight, &card.owed];
        assert_eq!(shown, ["$0.00", "$39.48", "$0.31", "$21.00"]);
        assert!(!card.can_create);
    }
}
