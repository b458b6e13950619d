//! What BTCPay Server publishes of the calls we make and the notices we take: names, kinds and words of its OpenAPI document
//! (`swagger.template.invoices.json` and `swagger.template.webhooks.json` of its repository), as facts in a table of ours.
//! `PAID`, `METHOD` and `NOTICE_METADATA` came after the copy the rest was read from. Every request of ours and every answer
//! and notice of the fake is held against it, so neither side grows a field that no server has.

use crate::payments::fake_server::{Answer, Seen};
use serde_json::Value;

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
const PAID: Field = ("paidAmount", Kind::Decimal);
const METHOD: Field = ("paymentMethodId", Kind::Text);
const NOTICE_METADATA: Field = ("metadata", Kind::Free);

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
    PAID,
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
const METHODS: Kind = Kind::Each(&Kind::Parts(&[METHOD, ("payments", Kind::Each(&PAYMENT))]));
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
    NOTICE_METADATA,
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
    let is_one = match kind {
        Kind::Text => value.is_string(),
        Kind::Decimal => value.as_str().is_some_and(|text| text.parse::<rust_decimal::Decimal>().is_ok()),
        Kind::Number => value.is_number(),
        Kind::Flag => value.is_boolean(),
        Kind::Free => true,
        Kind::Word(words) => value.as_str().is_some_and(|word| words.contains(&word)),
        Kind::Each(kind) => {
            value.as_array().is_some_and(|all| all.iter().map(|v| fits(v, kind, what)).count() == all.len())
        }
        Kind::Parts(fields) => value.as_object().is_some_and(|parts| {
            let known = |name: &String| fields.iter().find(|(field, _)| field == name);
            parts.iter().all(|(name, value)| known(name).map(|(_, kind)| fits(value, kind, name)).is_some())
        }),
    };
    assert!(is_one, "{what}: {value}");
}
