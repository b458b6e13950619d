//! A top-up in words (`docs/payments.md` §8): what our row says, never more.

use crate::domain::money::{Cost, Usd};
use crate::domain::payment::Method;
use crate::domain::topup::TopupState;
use crate::http::dashboard::visit::Visit;
use crate::http::page::words;
use crate::store::payments::TopupRow;

/// A top-up and its state.
#[derive(Clone, Debug, Default)]
pub struct TopUp {
    pub id: String,
    /// "+$200.00" once credited, else what was asked
    pub amount: String,
    /// "Card"
    pub method: String,
    pub at: String,
    pub at_iso: String,
    pub at_exact: String,
    pub state: String,
    pub tone: String,
    pub icon: String,
    /// Receipt, or where to continue
    pub href: String,
    /// Receipt, Details, Continue, Try again
    pub word: String,
    pub cancel: bool,
}

/// What a state is called, with its tone and icon.
pub struct StateWords {
    pub text: String,
    pub tone: &'static str,
    pub icon: &'static str,
}

/// "+$200.00 pending": payments that are made and not confirmed yet; empty without any.
pub fn pending(rows: &[TopupRow]) -> String {
    let on_its_way = rows.iter().filter(|row| row.order.state == TopupState::Processing);
    match on_its_way.fold(Cost::ZERO, |sum, row| sum.saturating_add(row.order.requested)) {
        Cost::ZERO => String::new(),
        sum => format!("{} pending", words::change(sum.usd())),
    }
}

impl TopUp {
    /// One line of the list.
    pub fn of(visit: &Visit<'_>, row: &TopupRow) -> Self {
        let StateWords { text, tone, icon } = state(row);
        let (href, word) = onwards(row);
        TopUp {
            id: row.order.id.to_string(),
            amount: amount(row),
            method: method(row).to_owned(),
            at: visit.when(row.created_at),
            at_iso: words::iso(row.created_at),
            at_exact: words::second(row.created_at),
            state: text,
            tone: tone.to_owned(),
            icon: icon.to_owned(),
            href,
            word: word.to_owned(),
            cancel: matches!(row.order.state, TopupState::Created | TopupState::Open),
        }
    }
}

/// "+$200.00" once credited, else what was asked.
pub fn amount(row: &TopupRow) -> String {
    let asked = || words::dollars(row.order.requested.usd());
    row.order.credited.map_or_else(asked, |credited| words::change(credited.usd()))
}

/// "−$200.00 refunded": what was taken back of it, with who took it.
fn taken_back(row: &TopupRow, word: &str) -> String {
    format!("{} {word}", words::change(Usd::from_nanos(row.taken_back.nanos().saturating_neg())))
}

/// What became of money that was credited and taken back.
fn after_credit(row: &TopupRow) -> StateWords {
    let (text, tone, icon) = match row.order.state {
        TopupState::Disputed if row.taken_back == Cost::ZERO => {
            ("Disputed by the payer’s bank: your account is frozen until it ends".to_owned(), "bad", "lock")
        }
        TopupState::Disputed => {
            // A refund made before the dispute is in the sum too.
            let so_far = format!("{} was taken back so far", words::dollars(row.taken_back.usd()));
            (format!("Disputed by the payer’s bank: your account is frozen until it ends; {so_far}"), "bad", "lock")
        }
        TopupState::Lost => (format!("{} for good", taken_back(row, "taken back")), "bad", "alert"),
        TopupState::RefundedPart => (format!("{} in part", taken_back(row, "refunded")), "", "info"),
        _ => (taken_back(row, "refunded"), "", "info"),
    };
    StateWords { text, tone, icon }
}

/// "Card", "Crypto"; money that came past every provider was entered by hand.
pub fn method(row: &TopupRow) -> &'static str {
    match row.order.method {
        Some(Method::Card) => "Card",
        Some(Method::Crypto) => "Crypto",
        None => "By hand",
    }
}

/// The state in words.
pub fn state(row: &TopupRow) -> StateWords {
    let order = &row.order;
    let says = |text: &str, tone, icon| StateWords { text: text.to_owned(), tone, icon };
    match order.state {
        TopupState::Created => says("The payment provider has not answered yet", "", "clock"),
        TopupState::Open => says("Waiting for payment", "", "clock"),
        TopupState::Processing if order.method == Some(Method::Crypto) => {
            says("Payment seen, waiting for confirmations", "", "clock")
        }
        TopupState::Processing => says("Payment received, waiting for confirmation", "", "clock"),
        TopupState::Parked => StateWords { text: parked(row), tone: "warn", icon: "alert" },
        TopupState::Credited => credited(row),
        TopupState::RefundedPart | TopupState::Refunded | TopupState::Disputed | TopupState::Lost => after_credit(row),
        TopupState::Expired => says("Expired. Nothing was charged", "", "info"),
        TopupState::Cancelled => says("Cancelled. Nothing was charged", "", "info"),
        TopupState::Failed if order.is_closed => says("Closed by support. Nothing was credited", "", "info"),
        TopupState::Failed => says("Failed. Nothing was charged", "", "info"),
    }
}

fn parked(row: &TopupRow) -> String {
    let asked = words::dollars(row.order.requested.usd());
    match row.order.received {
        Some(received) => format!("Received {} of {asked}: we are looking at it", words::dollars(received.usd())),
        None => format!("A payment came that does not fit {asked}: we are looking at it"),
    }
}

fn credited(row: &TopupRow) -> StateWords {
    let order = &row.order;
    let credited = order.credited.unwrap_or_default();
    if let Some(received) = order.received.filter(|received| *received > credited) {
        let text = format!("Credited. {} came in all: we are looking at the rest", words::dollars(received.usd()));
        return StateWords { text, tone: "warn", icon: "alert" };
    }
    let text = if credited == order.requested {
        "Credited".to_owned()
    } else {
        format!("Credited as it came; {} was asked for", words::dollars(order.requested.usd()))
    };
    StateWords { text, tone: "good", icon: "check" }
}

fn onwards(row: &TopupRow) -> (String, &'static str) {
    let (order, own) = (&row.order, format!("/billing/{}", row.order.id));
    match (order.state, &row.checkout_url) {
        (TopupState::Open, Some(url)) => (url.clone(), "Continue"),
        (TopupState::Created | TopupState::Open, _) => (String::new(), ""),
        (state, _) if state.is_credited() => (own, "Receipt"),
        (state, _) if state.is_over() && !order.is_closed => (again(row), "Try again"),
        _ => (own, "Details"),
    }
}

/// The form with the same amount and way to pay.
pub fn again(row: &TopupRow) -> String {
    let method = row.order.method.map_or("", Method::word);
    format!("/top-up?amount={}&method={method}", row.order.requested)
}
