//! What BTCPay Server publishes of the calls we make and the notices we take: names, kinds and words of its OpenAPI document
//! (`swagger.template.invoices.json` and `swagger.template.webhooks.json` of its repository), as facts in a table of ours.
//! `paidAmount`, `paymentMethodId`, `includeArchived` and the `metadata` of notices came after the copy the rest was read
//! from. Every request of ours and every answer and notice of the fake is held against it, so neither side grows a field
//! that no server has.

use crate::payments::fake_server::{Answer, Seen};
use serde_json::{Value, json};

/// A word that no server has: tests put it where the published words may grow.
pub const UNPUBLISHED: &str = "a_new_one";

enum Kind {
    Text,
    /// A decimal number in a string.
    Decimal,
    Number,
    Flag,
    Free,
    Word(&'static [&'static str]),
    Parts(&'static [Field]),
    Each(&'static Kind),
}

type Field = (&'static str, Kind);

const STATUS: Kind = Kind::Word(&["New", "Processing", "Expired", "Invalid", "Settled", UNPUBLISHED]);
const ADDITIONAL: Kind = Kind::Word(&["None", "PaidLate", "PaidPartial", "Marked", "Invalid", "PaidOver", UNPUBLISHED]);
const SPEED: Kind = Kind::Word(&["HighSpeed", "MediumSpeed", "LowSpeed", "LowMediumSpeed"]);

const CHECKOUT: Kind = Kind::Parts(&[
    ("speedPolicy", SPEED),
    ("expirationMinutes", Kind::Number),
    ("monitoringMinutes", Kind::Number),
    ("paymentTolerance", Kind::Number),
    ("redirectURL", Kind::Text),
    ("redirectAutomatically", Kind::Flag),
    ("requiresRefundEmail", Kind::Flag),
    ("defaultLanguage", Kind::Text),
]);

/// `CreateInvoiceRequest`.
const WISH: Kind = Kind::Parts(&[
    ("amount", Kind::Decimal),
    ("currency", Kind::Text),
    ("additionalSearchTerms", Kind::Each(&Kind::Text)),
    ("metadata", Kind::Free),
    ("checkout", CHECKOUT),
    ("receipt", Kind::Free),
]);

/// `InvoiceData`.
const INVOICE: Kind = Kind::Parts(&[
    ("id", Kind::Text),
    ("storeId", Kind::Text),
    ("amount", Kind::Decimal),
    ("paidAmount", Kind::Decimal),
    ("currency", Kind::Text),
    ("type", Kind::Word(&["Standard", "TopUp"])),
    ("checkoutLink", Kind::Text),
    ("createdTime", Kind::Number),
    ("expirationTime", Kind::Number),
    ("monitoringExpiration", Kind::Number),
    ("status", STATUS),
    ("additionalStatus", ADDITIONAL),
    ("availableStatusesForManualMarking", Kind::Each(&STATUS)),
    ("archived", Kind::Flag),
    ("metadata", Kind::Free),
    ("checkout", CHECKOUT),
    ("receipt", Kind::Free),
]);

/// `InvoicePaymentMethodDataModel`, as far as it says when money came.
const METHODS: Kind = Kind::Each(&Kind::Parts(&[("paymentMethodId", Kind::Text), ("payments", Kind::Each(&PAYMENT))]));
const PAYMENT: Kind = Kind::Parts(&[
    ("id", Kind::Text),
    ("receivedDate", Kind::Number),
    ("value", Kind::Decimal),
    ("fee", Kind::Decimal),
    ("status", Kind::Word(&["Invalid", "Processing", "Settled"])),
    ("destination", Kind::Text),
]);

/// `MarkInvoiceStatusRequest`.
const MARK: Kind = Kind::Parts(&[("status", Kind::Word(&["Invalid", "Settled"]))]);

const LOOK: &[&str] = &["orderId", "status", "textSearch", "startDate", "endDate", "skip", "take", "includeArchived"];

/// `WebhookInvoiceEvent`; what each type has beyond it is in `notice`.
const NOTICE: &[Field] = &[
    ("deliveryId", Kind::Text),
    ("webhookId", Kind::Text),
    ("originalDeliveryId", Kind::Text),
    ("isRedelivery", Kind::Flag),
    ("type", Kind::Text),
    ("timestamp", Kind::Number),
    ("storeId", Kind::Text),
    ("invoiceId", Kind::Text),
    ("metadata", Kind::Free),
];

/// Panics if a request or its answer is none that the document has.
pub fn hold(seen: &Seen, answer: &Answer) {
    let steps: Vec<&str> = seen.path.trim_matches('/').split('/').skip(5).collect();
    let (asked, told): (Option<Kind>, Kind) = match (seen.method.as_str(), steps.as_slice()) {
        ("POST", []) => (Some(WISH), INVOICE),
        ("GET", []) => (None, Kind::Each(&INVOICE)),
        ("GET", [_]) => (None, INVOICE),
        ("GET", [_, "payment-methods"]) => (None, METHODS),
        ("POST", [_, "status"]) => (Some(MARK), INVOICE),
        (method, steps) => panic!("no such call: {method} {steps:?}"),
    };
    let is_list = seen.method == "GET" && steps.is_empty();
    let strange: Vec<_> = seen.query.keys().filter(|name| !is_list || !LOOK.contains(&name.as_str())).collect();
    assert!(strange.is_empty(), "{} has no {strange:?}", seen.path);
    match asked {
        Some(kind) => fits(&serde_json::from_str(&seen.body).expect("json"), &kind, "request"),
        None => assert_eq!(seen.body, "", "{} takes no body", seen.path),
    }
    if answer.0 == 200 {
        fits(&serde_json::from_str(&answer.1).expect("json"), &told, "answer");
    }
}

/// What a notice of a type says beyond what all say.
pub fn beyond(kind: &str) -> &'static [&'static str] {
    match kind {
        "InvoiceCreated" => &[],
        "InvoiceSettled" => &["manuallyMarked", "overPaid"],
        "InvoiceInvalid" => &["manuallyMarked"],
        "InvoiceProcessing" => &["overPaid"],
        "InvoiceExpired" => &["partiallyPaid"],
        "InvoiceReceivedPayment" | "InvoicePaymentSettled" => &["afterExpiration"],
        _ => panic!("no notice is a {kind}"),
    }
}

/// Panics if a notice is none that the document has.
pub fn notice(event: &Value) {
    let more = beyond(event["type"].as_str().expect("a type"));
    for (name, value) in event.as_object().expect("an object") {
        match NOTICE.iter().find(|(known, _)| known == name) {
            Some((_, kind)) => fits(value, kind, name),
            None => assert!(more.contains(&name.as_str()) && value.is_boolean(), "{name} of {event}"),
        }
    }
}

fn fits(value: &Value, kind: &Kind, what: &str) {
    if let Some(found) = misfit(value, kind, what) {
        panic!("{found}");
    }
}

/// What of a value the document does not have, if anything.
fn misfit(value: &Value, kind: &Kind, what: &str) -> Option<String> {
    let strange = || Some(format!("{what}: {value}"));
    let fits = match kind {
        Kind::Text => value.is_string(),
        Kind::Decimal => value.as_str().is_some_and(|text| text.parse::<rust_decimal::Decimal>().is_ok()),
        Kind::Number => value.is_number(),
        Kind::Flag => value.is_boolean(),
        Kind::Free => true,
        Kind::Word(words) => value.as_str().is_some_and(|word| words.contains(&word)),
        Kind::Each(kind) => {
            return value.as_array().map_or_else(strange, |all| all.iter().find_map(|one| misfit(one, kind, what)));
        }
        Kind::Parts(fields) => {
            let part = |(name, value): (&String, &Value)| match fields.iter().find(|(field, _)| field == name) {
                Some((_, kind)) => misfit(value, kind, name),
                None => Some(format!("{what} has no {name}")),
            };
            return value.as_object().map_or_else(strange, |parts| parts.iter().find_map(part));
        }
    };
    if fits { None } else { strange() }
}

#[test]
fn a_field_a_kind_or_a_word_that_no_server_has_is_noticed() {
    let sound = json!([{ "id": "i", "amount": "5.00", "status": "New", "archived": false, "expirationTime": 9,
                         "checkout": { "speedPolicy": "MediumSpeed" }, "metadata": { "any": [] } }]);
    assert_eq!(misfit(&sound, &Kind::Each(&INVOICE), "answer"), None);
    let rows = [
        ("invoiceId", json!("i"), "answer has no invoiceId"),
        ("id", json!(7), "id: 7"),
        ("amount", json!(5), "amount: 5"),
        ("amount", json!("much"), "amount: \"much\""),
        ("status", json!("Paid"), "status: \"Paid\""),
        ("archived", json!("no"), "archived: \"no\""),
        ("expirationTime", json!("9"), "expirationTime: \"9\""),
        ("checkout", json!({ "speedPolicy": "Slow" }), "speedPolicy: \"Slow\""),
        ("checkout", json!([]), "checkout: []"),
        ("availableStatusesForManualMarking", json!("Settled"), "availableStatusesForManualMarking: \"Settled\""),
    ];
    for (name, value, found) in rows {
        let mut odd = sound.clone();
        odd[0][name] = value;
        assert_eq!(misfit(&odd, &Kind::Each(&INVOICE), "answer").as_deref(), Some(found));
    }
}
