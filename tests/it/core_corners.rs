//! Corners of the rules where one sign the other way would go unseen elsewhere: bounds, and fields that are nearly alike.

use derouter::domain::client_message::{MessageTemplate, TemplateError};
use derouter::domain::email::EmailAddress;
use derouter::domain::gate::Gate;
use derouter::domain::ids::{AccountId, CallId, TopupId};
use derouter::domain::label::{Label, LabelError};
use derouter::domain::line_state::LineState;
use derouter::domain::money::Cost;
use derouter::domain::payment::{Method, PaymentFact, PaymentState, Received, Refund, RefundState};
use derouter::domain::portal_look::{Logo, PortalName};
use derouter::domain::preference::{Preferences, STANDARD_LOW};
use derouter::domain::price_row::Day;
use derouter::domain::reconcile::{DifferenceKind, compare};
use derouter::domain::referral::{Tier, TierError, Tiers};
use derouter::domain::referral_code::ReferralCode;
use derouter::domain::request::parse;
use derouter::domain::take_back::{StepKind, TakeBack};
use derouter::domain::tally::Metric;
use derouter::domain::topup::{Topup, TopupState};
use derouter::domain::trail::{Actor, Trail};
use derouter::domain::usage_mark::Part;
use uuid::Uuid;

const DOLLAR: i64 = 1_000_000_000;

fn usd(dollars: i64) -> Cost {
    Cost::from_nanos(dollars * DOLLAR)
}

#[test]
fn an_address_of_254_characters_is_one_and_of_255_is_none() {
    let local = "a".repeat(64);
    let domain = |last: usize| format!("{}.{}.{}.com", "b".repeat(63), "b".repeat(63), "b".repeat(last));
    let longest = format!("{local}@{}", domain(57));
    assert_eq!(longest.len(), 254);
    assert_eq!(EmailAddress::parse(&longest).expect("an address").as_str(), longest);
    assert!(EmailAddress::parse(&format!("{local}@{}", domain(58))).is_err());
    let wide = format!("you@{0}.{0}.{0}.com", "ｂ".repeat(40));
    assert_eq!(EmailAddress::parse(&wide).expect("an address").as_str().len(), 4 + 3 * 41 + 3, "{} bytes", wide.len());
}

#[test]
fn a_template_may_be_wide_and_one_beyond_every_length_is_not_looked_into() {
    let flags = "{key}".to_owned() + &"🇩🇪".repeat(995);
    assert!(MessageTemplate::parse(&flags).is_ok(), "{} bytes", flags.len());
    // Four marks on each letter, none of which melts into it.
    let marked = "{key}".to_owned() + &"a\u{332}\u{332}\u{332}\u{332}".repeat(799);
    assert_eq!(MessageTemplate::parse(&marked).expect("4,000 characters").as_str(), marked);
    assert_eq!(MessageTemplate::parse(&(marked + "a")), Err(TemplateError::Length));
    for (bytes, error) in
        [(64_000, TemplateError::Control), (64_001, TemplateError::Length), (90_000, TemplateError::Length)]
    {
        assert_eq!(MessageTemplate::parse(&"\u{7}".repeat(bytes)), Err(error), "{bytes}");
    }
}

#[test]
fn an_order_id_has_one_spelling() {
    let id = "019ab0c2-f1e4-7b0f-9d3a-5c7e81f20b46";
    assert_eq!(TopupId::parse(id), Some(TopupId(id.parse().expect("an id"))));
    // The shard of an account is its last twelve bits; it decides which lane writes for it.
    let shards = [0x1234, 0xf000, 0xffff_ffff].map(|last| AccountId(Uuid::from_u128(last)).shard());
    assert_eq!(shards, [0x234, 0, 0xfff]);
    for foreign in [id.to_uppercase(), id.replace('-', ""), format!("{{{id}}}"), String::new()] {
        assert_eq!(TopupId::parse(&foreign), None, "{foreign}");
    }
}

#[test]
fn new_limits_hold_for_the_next_call() {
    let mut gate = Gate::new(60, 5);
    gate.set_limits(2, 1);
    gate.admit(CallId(Uuid::from_u128(1)), Cost::ZERO, 0);
    assert!(gate.would_admit(0).is_err(), "one at once");
    gate.set_limits(2, 2);
    assert_eq!((gate.would_admit(0), gate.window(0)), (Ok(()), (2, 1, 60_000)));
    gate.admit(CallId(Uuid::from_u128(2)), Cost::ZERO, 0);
    gate.set_limits(2, 9);
    assert!(gate.would_admit(0).is_err(), "two in the minute");
    assert_eq!((gate.open(), gate.running()), (2, 2));
}

#[test]
fn brackets_say_what_is_paid_and_which_is_the_next() {
    let tiers = Tiers::of(&[0, 1_000, 5_000].map(usd), &[500, 1_000, 1_500], 800).expect("tiers");
    let paid = [(0, 500), (1_000, 800), (5_000, 800)].map(|(from, rate_bp)| Tier { from: usd(from), rate_bp });
    assert_eq!(tiers.paid(), paid);
    assert_eq!(tiers.margin_bp(), 800);
    for (referred, place) in [(0, 0), (999, 0), (1_000, 1), (4_999, 1), (5_000, 2), (9_000, 2)] {
        assert_eq!(tiers.place(usd(referred)), place, "{referred}");
    }
}

#[test]
fn there_are_1_to_20_brackets_and_a_code_is_written_as_it_was_read() {
    let of = |number: i64| {
        let bounds: Vec<Cost> = (0..number).map(usd).collect();
        Tiers::of(&bounds, &vec![100; bounds.len()], 10_000).map(|tiers| tiers.paid().len())
    };
    assert_eq!(
        [0, 1, 20, 21, 22].map(of),
        [Err(TierError::Number), Ok(1), Ok(20), Err(TierError::Number), Err(TierError::Number)]
    );
    let code = ReferralCode::parse("0123456789ab").expect("a code");
    assert_eq!((code.as_str(), code.to_string().as_str()), ("0123456789ab", "0123456789ab"));
}

#[test]
fn fields_of_a_tool_are_read_like_those_of_a_block() {
    let read = |tool: &str| {
        let body = format!(r#"{{"model":"m","messages":[],"tools":[{tool}]}}"#);
        parse(body.as_bytes()).unwrap_or_else(|e| panic!("{body}: {e}"))
    };
    let stated = read(r#"{"type":"web_search_20250305","max_uses":null}"#);
    let unstated = read(r#"{"type":"web_search_20250305"}"#);
    assert_eq!(stated.server_tools, unstated.server_tools, "null states nothing");
    let cached = read(r#"{"name":"a","cache_control":{"type":"ephemeral","ttl":"1h"}}"#);
    assert!(cached.cache_control && cached.cache_write_1h);
    assert!(!read(r#"{"name":"a"}"#).cache_control);
}

#[test]
fn null_states_nothing_and_what_is_no_text_is_no_data() {
    let body = |fields: &str| format!(r#"{{"model":"m","messages":[],{fields}}}"#);
    let read = |fields: &str| parse(body(fields).as_bytes()).unwrap_or_else(|e| panic!("{fields}: {e}"));
    let found = read(r#""stream":null,"service_tier":null,"speed":null,"n":null"#);
    assert_eq!((found.stream, found.service_tier, found.speed_fast), (false, None, false));
    let block = r#"{"type":"document","source":{"type":"base64","data":7}}"#;
    let block = format!(r#"{{"model":"m","messages":[{{"role":"user","content":[{block}]}}]}}"#);
    assert_eq!(parse(block.as_bytes()).expect("a body").documents, 1);
    let flat = format!(r#""metadata":[{}[]]"#, "[],{},".repeat(200));
    assert!(!read(&flat).stream, "many neighbours are not deep");
}

#[test]
fn a_hold_grows_only_for_a_call_that_is_there() {
    let (mut gate, call) = (Gate::new(60, 5), CallId(Uuid::from_u128(1)));
    gate.admit(call, usd(1), 0);
    assert!(gate.grow(call, usd(2)) && !gate.grow(CallId(Uuid::from_u128(2)), usd(4)));
    assert_eq!(gate.held(), usd(3));
    assert!(gate.end(call) && !gate.grow(call, usd(1)));
    assert_eq!(gate.held(), Cost::ZERO);
}

#[test]
fn stored_parts_and_links_lead_back() {
    let parts = [Part::All, Part::Unusual, Part::Of(LineState::Measured), Part::Of(LineState::NotBilled)];
    assert_eq!(parts.map(Part::code), [0, 7, 1, 6]);
    assert_eq!(parts.map(|part| Part::from_code(part.code())), parts.map(Some));
    assert_eq!(Metric::ALL.map(Metric::is_money), [true, true, false, false]);
}

#[test]
fn a_length_of_another_dialect_is_refused_with_the_name_it_has_here() {
    for field in ["max_completion_tokens", "max_output_tokens"] {
        let body = format!(r#"{{"model":"m","messages":[],"{field}":5}}"#);
        let said = parse(body.as_bytes()).expect_err("not this dialect").to_string();
        assert!(said.contains("`max_tokens` alone"), "{said}");
    }
}

#[test]
fn a_name_is_what_was_typed_and_one_beyond_every_length_is_not_looked_into() {
    let label = Label::parse(" Müller & Söhne ").expect("a label");
    assert_eq!((label.as_str(), label.to_string().as_str()), ("Müller & Söhne", "Müller & Söhne"));
    assert_eq!(label.into_string(), "Müller & Söhne");
    assert!(Label::parse(&"👨‍👩‍👧‍👦".repeat(64)).is_ok(), "{} bytes", 64 * "👨‍👩‍👧‍👦".len());
    for (bytes, error) in [(8_192, LabelError::Control), (8_193, LabelError::Length), (9_000, LabelError::Length)] {
        assert_eq!(Label::parse(&"\u{7}".repeat(bytes)).expect_err("no label"), error, "{bytes}");
    }
    assert_eq!(PortalName::parse("Acme Keys").expect("a name").as_str(), "Acme Keys");
    assert_eq!(Logo::parse(" Ak ").expect("a logo").as_str(), "Ak");
    assert!(Logo::parse("🇩🇪🇫🇷🇮🇹").is_ok() && Logo::parse("🇩🇪🇫🇷🇮🇹x").is_err());
}

#[test]
fn a_day_is_written_as_it_was_read() {
    let day = Day::parse("2026-11-30").expect("a day");
    assert_eq!((day.to_string(), format!("{day:?}"), String::from(day)), (text(day), text(day), text(day)));
    assert_eq!(Day::try_from("2026-11-30".to_owned()), Ok(day));
    for foreign in ["2026-02-30", "2026-1-30", "+026-01-30", "2026/01/30", "2026-01-3o", ""] {
        assert!(Day::parse(foreign).is_none() && Day::try_from(foreign.to_owned()).is_err(), "{foreign}");
    }
}

fn text(_: Day) -> String {
    "2026-11-30".to_owned()
}

#[test]
fn a_request_keeps_its_trail_when_it_is_known_who_acts() {
    let request = Uuid::from_u128(1);
    let ip = [127, 0, 0, 1].into();
    let nobody = Trail { actor: Actor::Nobody, request, ip, user_agent: "Firefox".into() };
    let reseller = Actor::Reseller(AccountId(Uuid::from_u128(2)));
    let known = nobody.by(reseller);
    assert_eq!((known.actor, known.request, known.ip, known.user_agent.as_str()), (reseller, request, ip, "Firefox"));
}

#[test]
fn whoever_has_chosen_nothing_is_told_below_20_dollars() {
    assert_eq!((STANDARD_LOW, Preferences::default().low.below), (usd(20), usd(20)));
}

/// The provider's word, our order, and what of it does not agree.
#[test]
fn a_difference_between_provider_and_books_is_named_by_the_gravest() {
    let rows: [(&str, Topup, PaymentFact, Option<DifferenceKind>); 9] = [
        ("agree", credited(200), paid(200), None),
        ("paid there alone", open(), paid(200), Some(DifferenceKind::NotCredited)),
        ("paid, ended by hand", Topup { is_closed: true, ..open() }, paid(200), None),
        ("nobody paid", open(), fact(PaymentState::Open, Received::Nothing), None),
        ("another amount", credited(200), paid(201), Some(DifferenceKind::Amount)),
        ("not paid there", credited(200), fact(PaymentState::Open, Received::Nothing), Some(DifferenceKind::Amount)),
        ("given back there", credited(200), given_back(paid(200), 50), Some(DifferenceKind::NotTakenBack)),
        ("more given back", credited(200), given_back(paid(200), 201), Some(DifferenceKind::Doubtful)),
        (
            "a card that failed",
            credited(200),
            fact(PaymentState::Failed, Received::Nothing),
            Some(DifferenceKind::Doubtful),
        ),
    ];
    for (what, order, fact, wanted) in rows {
        assert_eq!(compare(&order, &fact, &[], true), wanted, "{what}");
    }
    let taken = [TakeBack { op: "refund:r".into(), kind: StepKind::Reversal, amount: usd(50) }];
    assert_eq!(compare(&credited(200), &given_back(paid(200), 50), &taken, true), None);
}

fn open() -> Topup {
    Topup {
        id: TopupId(Uuid::nil()),
        method: Some(Method::Card),
        requested: usd(200),
        state: TopupState::Open,
        credited: None,
        received: None,
        reason: None,
        expires_us: None,
        is_closed: false,
    }
}

fn credited(dollars: i64) -> Topup {
    Topup { state: TopupState::Credited, credited: Some(usd(dollars)), ..open() }
}

fn fact(state: PaymentState, received: Received) -> PaymentFact {
    let (refunds, disputes) = (Vec::new(), Vec::new());
    PaymentFact { payment: "p".into(), topup: None, state, received, live: true, refunds, disputes }
}

fn paid(dollars: i64) -> PaymentFact {
    fact(PaymentState::Paid, Received::Usd(usd(dollars)))
}

fn given_back(fact: PaymentFact, dollars: i64) -> PaymentFact {
    let refund =
        Refund { id: "r".into(), amount: Received::Usd(usd(dollars)), state: RefundState::Succeeded, intent: None };
    PaymentFact { refunds: vec![refund], ..fact }
}
