//! What a call must hold, to the nano-dollar on either side of each bound (`architecture.md` §6 "Holds").

use derouter::domain::admission::{self, FLOOR_TOKENS, SLICE_TOKENS, Terms};
use derouter::domain::money::Cost;
use derouter::domain::op::Refusal;
use derouter::domain::price_row::Day;
use derouter::domain::pricing::PriceBook;
use derouter::domain::quote::{Quote, QuoteRefusal};
use derouter::domain::request::parse;

const LIMIT: u64 = 10_000;

fn quote(fields: &str) -> Quote {
    let book = PriceBook::from_toml(include_str!("../../config/prices.toml"), Day::parse("2026-11-23").expect("a day"));
    let body = format!(r#"{{"model":"claude-opus-4-8","messages":[],{fields}}}"#);
    book.expect("a book").quote(&parse(body.as_bytes()).expect("a body")).expect("a price")
}

fn nano(cost: Cost, more: i64) -> Cost {
    Cost::from_nanos(cost.nanos() + more)
}

fn holding(hold: Cost, output: u64, lowered: bool) -> Result<Terms, Refusal> {
    Ok(Terms { hold, output, lowered })
}

#[test]
fn a_buffered_call_holds_its_worst_case_or_what_there_is_down_to_the_smallest_answer() {
    let quote = quote(&format!(r#""max_tokens":{LIMIT}"#));
    let (worst, floor) = (quote.worst_case(), quote.input_bound().saturating_add(quote.output_cost(FLOOR_TOKENS)));
    let rows = [
        (nano(worst, 1), holding(worst, LIMIT, false)),
        (worst, holding(worst, LIMIT, false)),
        (nano(worst, -1), holding(nano(worst, -1), LIMIT - 1, true)),
        (floor, holding(floor, FLOOR_TOKENS, true)),
        (nano(floor, -1), Err(Refusal::BalanceTooLow { needed: floor, available: nano(floor, -1) })),
    ];
    for (free, wanted) in rows {
        assert_eq!(admission::buffered(&quote, free), wanted, "{free} USD free, the worst case is {worst}");
    }
}

#[test]
fn a_stream_holds_a_slice_at_a_time() {
    let quote = quote(&format!(r#""max_tokens":{LIMIT}"#));
    let slice = quote.input_bound().saturating_add(quote.output_cost(SLICE_TOKENS));
    assert_eq!(admission::streamed(&quote, slice), holding(slice, SLICE_TOKENS, false));
    assert_eq!(admission::streamed(&quote, nano(slice, -1)), holding(nano(slice, -1), SLICE_TOKENS - 1, false));
    let short = self::quote(r#""max_tokens":10"#);
    assert_eq!(admission::streamed(&short, short.worst_case()), holding(short.worst_case(), 10, false));
    assert!(admission::streamed(&short, nano(short.worst_case(), -1)).is_err(), "ten tokens are its floor");
}

#[test]
fn an_answer_has_room_after_its_thinking() {
    let quote = quote(r#""max_tokens":10000,"thinking":{"type":"enabled","budget_tokens":2048}"#);
    assert_eq!((quote.thinking_budget(), quote.model(), quote.max_output()), (Some(2_048), "claude-opus-4-8", LIMIT));
    let floor = quote.input_bound().saturating_add(quote.output_cost(2_049));
    assert_eq!(admission::buffered(&quote, floor), holding(floor, 2_049, true));
    let refused = Err(Refusal::BalanceTooLow { needed: floor, available: nano(floor, -1) });
    assert_eq!(admission::buffered(&quote, nano(floor, -1)), refused);
}

#[test]
fn what_costs_nothing_needs_a_key_that_is_not_empty() {
    let one = Cost::from_nanos(1);
    assert_eq!(admission::free(one), holding(Cost::ZERO, 0, false));
    assert_eq!(
        admission::free(Cost::ZERO),
        Err(Refusal::BalanceTooLow { needed: one, available: Cost::ZERO }),
        "an empty key counts no tokens"
    );
}

#[test]
fn what_a_rest_pays_for_never_costs_more_than_the_rest() {
    let quote = quote(r#""max_tokens":10000"#);
    for tokens in [1, 2, 255, 256, 9_999] {
        let cost = quote.output_cost(tokens);
        assert_eq!((quote.tokens_affordable(cost), quote.tokens_affordable(nano(cost, -1))), (tokens, tokens - 1));
    }
    assert!(quote.input_tokens() >= 50, "a token covers at least one byte: {}", quote.input_tokens());
}

#[test]
fn a_model_without_a_price_is_not_there_and_a_field_without_one_is_not_supported() {
    let rows = [
        (QuoteRefusal::UnknownModel("m".into()), "model_not_found"),
        (QuoteRefusal::UnpricedTool("t".into()), "unsupported_field"),
        (QuoteRefusal::UnpricedSpeed, "unsupported_field"),
    ];
    for (refusal, code) in rows {
        assert_eq!(refusal.code(), code);
    }
}
