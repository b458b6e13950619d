//! The price book as shipped, the cost of a call and the bound of a request (`wire.md` §8, §12; `faults.md` K11).

use derouter::domain::money::Cost;
use derouter::domain::outcome::Flags;
use derouter::domain::price_row::{Day, PriceBookError};
use derouter::domain::pricing::{PriceAlarm, PriceBook, Priced};
use derouter::domain::quote::QuoteRefusal;
use derouter::domain::request::parse;
use derouter::domain::usage::{Iteration, IterationKind, Meter, Reading, Usage};

const FILE: &str = include_str!("../../config/prices.toml");

fn day(text: &str) -> Day {
    Day::parse(text).expect("a day")
}

fn book() -> PriceBook {
    PriceBook::from_toml(FILE, day("2026-11-23")).expect("the price book")
}

fn body(model: &str, fields: &str) -> String {
    format!(r#"{{"model":"{model}","max_tokens":1000,"messages":[]{fields}}}"#)
}

fn reading(model: &str, usage: Usage) -> Reading {
    let meter = Meter::new(model.into());
    Reading { usage, estimated: false, ..meter.reading() }
}

fn price(model: &str, reading: &Reading) -> Priced {
    let book = book();
    let quote = book.quote(&parse(body(model, "").as_bytes()).expect("a body")).expect("a price");
    book.price(&quote, reading)
}

fn nanos(model: &str, change: impl FnOnce(&mut Reading)) -> i64 {
    let mut reading = reading(model, Usage { input: 1_000_000, ..Usage::default() });
    change(&mut reading);
    price(model, &reading).cost.nanos()
}

#[test]
fn the_golden_call_costs_what_the_providers_own_client_says() {
    let usage = Usage {
        input: 1_000,
        cache_read: 30_011,
        cache_write_5m: 4_007,
        cache_write_1h: 5_009,
        output: 2_003,
        web_searches: 0,
    };
    let rows = [
        ("claude-sonnet-4-5", 87_128_550),
        ("claude-haiku-4-5", 29_042_850),
        ("claude-sonnet-5", 58_085_700),
        ("claude-sonnet-5-5", 55_084_600),
        ("claude-opus-4-8", 145_214_250),
        ("claude-opus-5-5", 110_169_200),
        ("claude-fable-5", 290_428_500),
        ("claude-fable-5-1", 267_920_250),
        ("claude-fable-5-2", 214_336_200),
        ("claude-haiku-5-5", 2_904_285),
    ];
    for (model, cost) in rows {
        let priced = price(model, &reading(model, usage));
        let exact = (Cost::from_nanos(cost), Flags::NONE, None);
        assert_eq!((priced.cost, priced.flags, priced.alarm), exact, "{model}");
    }
}

#[test]
fn above_the_threshold_the_whole_request_is_priced_at_the_tier() {
    let usage = |input, cache_read| Usage { input, cache_read, output: 1_000, ..Usage::default() };
    let rows = [
        (usage(100_000, 0), 10_000_000 + 500_000),
        (usage(100_001, 0), 50_000_500 + 2_500_000),
        (usage(50_000, 50_000), 5_000_000 + 500_000 + 500_000),
        (usage(50_000, 50_001), 25_000_000 + 2_500_050 + 2_500_000),
    ];
    for (usage, cost) in rows {
        assert_eq!(price("claude-haiku-5-5", &reading("claude-haiku-5-5", usage)).cost.nanos(), cost, "{usage:?}");
    }
}

/// A model with a long context and two service tiers, one below and one above the base.
const TIERED: &str = r#"[[model]]
    id = "m"
    provider = "anthropic"
    display_name = "M"
    max_output_tokens = 1000
    usd_per_million_tokens = { input = "2", output = "8" }
    [[model.long_context]]
    when_total_input_tokens_gt = 100
    usd_per_million_tokens = { input = "4", output = "12" }
    [model.service_tiers.flex]
    input = "1"
    output = "4"
    [model.service_tiers.priority]
    input = "3"
    output = "16""#;

#[test]
fn a_service_tier_costs_its_own_rates_and_the_dearer_ones_in_a_long_context() {
    let book = PriceBook::from_toml(TIERED, Day::EVER).expect("a book");
    let quote = |fields| book.quote(&parse(body("m", fields).as_bytes()).expect("a body")).expect("a price");
    let rows = [
        (100, None, 280_000),
        (100, Some("flex"), 140_000),
        (100, Some("priority"), 460_000),
        (101, None, 524_000),
        (101, Some("flex"), 524_000),
        (101, Some("priority"), 564_000),
    ];
    for (input, tier, cost) in rows {
        let usage = Usage { input, output: 10, ..Usage::default() };
        let read = Reading { tier: tier.map(str::to_owned), ..reading("m", usage) };
        let priced = book.price(&quote(""), &read);
        assert_eq!((priced.cost.nanos(), priced.alarm), (cost, None), "{input} {tier:?}");
    }
    for (fields, output) in
        [("", 8_000), (r#","service_tier":"flex""#, 4_000), (r#","service_tier":"priority""#, 16_000)]
    {
        assert_eq!(quote(fields).output_cost(1).nanos(), output, "{fields}");
    }
}

#[test]
fn fast_region_and_searches_cost_what_the_row_says() {
    let label = |text: &str| Some(text.to_owned());
    let rows = [
        ("fast", nanos("claude-opus-5-5", |r| r.speed = label("fast")), 8_000_000_000),
        ("fast, older", nanos("claude-opus-4-6", |r| r.speed = label("fast")), 30_000_000_000),
        ("standard", nanos("claude-opus-5-5", |r| r.speed = label("standard")), 4_000_000_000),
        ("us", nanos("claude-opus-5-5", |r| r.geo = label("us")), 4_400_000_000),
        ("us", nanos("claude-fable-5-2", |r| r.geo = label("us")), 8_800_000_000),
        ("global", nanos("claude-fable-5-2", |r| r.geo = label("global")), 8_000_000_000),
        ("fast us", nanos("claude-opus-5-5", |r| (r.speed, r.geo) = (label("fast"), label("us"))), 8_800_000_000),
        ("searches", nanos("claude-opus-5-5", |r| r.usage.web_searches = 10), 4_100_000_000),
    ];
    for (what, cost, expected) in rows {
        assert_eq!(cost, expected, "{what}");
    }
    let fast_searches = nanos("claude-opus-5-5", |r| (r.speed, r.usage.web_searches) = (label("fast"), 1));
    assert_eq!(fast_searches, 8_010_000_000, "no multiplier touches a search");
}

#[test]
fn a_cost_is_rounded_up_once() {
    let one =
        |usage| price("claude-haiku-5-5", &Reading { geo: Some("us".into()), ..reading("claude-haiku-5-5", usage) });
    // 11 nano-USD a cache read of the region, 137.5 a five-minute write.
    let rows = [(1, 0, 11), (0, 1, 138), (0, 2, 275), (1, 1, 149), (0, 0, 0)];
    for (cache_read, cache_write_5m, cost) in rows {
        let usage = Usage { cache_read, cache_write_5m, ..Usage::default() };
        assert_eq!(one(usage).cost.nanos(), cost, "{usage:?}");
    }
}

#[test]
fn iterations_are_added_at_their_own_model() {
    let usage = Usage { input: 1_000, output: 100, ..Usage::default() };
    let part = |kind, model: Option<&str>| Iteration { kind, model: model.map(Into::into), usage };
    let base = 1_000 * 2_000 + 100 * 10_000;
    let wise = 1_000 * 10_000 + 100 * 50_000;
    let rows = [
        (vec![], base, false),
        (vec![part(IterationKind::Compaction, None)], 2 * base, false),
        (vec![part(IterationKind::Advisor, Some("claude-fable-5"))], base + wise, false),
        (vec![part(IterationKind::Advisor, Some("no-such-model"))], 2 * base, true),
        (vec![part(IterationKind::Advisor, None)], 2 * base, true),
    ];
    for (iterations, cost, alarm) in rows {
        let priced = price("claude-sonnet-5", &Reading { iterations, ..reading("claude-sonnet-5", usage) });
        assert_eq!((priced.cost.nanos(), priced.alarm.is_some()), (cost, alarm));
    }
}

#[test]
fn what_the_answer_reports_without_a_price_is_dear_and_told() {
    let usage = Usage { input: 1_000, ..Usage::default() };
    let served = |model: &str| price("claude-opus-5", &reading(model, usage));
    assert_eq!((served("claude-haiku-4-5").cost.nanos(), served("claude-haiku-4-5").alarm), (1_000_000, None));
    assert_eq!(
        (served("claude-opus-5-20270101").cost.nanos(), served("claude-opus-5-20270101").alarm),
        (5_000_000, None)
    );
    let unknown = served("claude-next");
    assert_eq!((unknown.cost.nanos(), &*unknown.model, unknown.flags), (5_000_000, "claude-next", Flags::ESTIMATED));
    assert_eq!(unknown.alarm, Some(PriceAlarm::UnpricedModel("claude-next".into())));
    for no_date in ["claude-opus-5-2027", "claude-opus-5-latestly"] {
        assert!(served(no_date).alarm.is_some(), "{no_date} is another model");
    }
    assert!(served("claude-mythos-preview").alarm.is_none(), "a withdrawn model still has a price");
    let alarm = |change: fn(&mut Reading)| {
        let mut reading = reading("claude-opus-5", usage);
        change(&mut reading);
        let priced = price("claude-opus-5", &reading);
        (priced.cost.nanos(), priced.alarm.expect("an alarm"))
    };
    type Row = (fn(&mut Reading), i64, PriceAlarm);
    let rows: [Row; 5] = [
        (|r| r.speed = Some("warp".into()), 10_000_000, PriceAlarm::UnpricedSpeed("warp".into())),
        (|r| r.geo = Some("moon".into()), 5_500_000, PriceAlarm::UnpricedGeo("moon".into())),
        (|r| r.tier = Some("gold".into()), 5_000_000, PriceAlarm::UnpricedTier("gold".into())),
        (|r| r.odd = true, 5_000_000, PriceAlarm::OddUsage),
        (|r| r.missing = true, 5_000_000, PriceAlarm::NoUsage),
    ];
    for (change, cost, expected) in rows {
        assert_eq!(alarm(change), (cost, expected));
    }
    let huge = Usage { input: u64::MAX, output: u64::MAX, cache_read: u64::MAX, ..Usage::default() };
    let priced = price("claude-opus-5", &reading("claude-opus-5", huge));
    assert_eq!((priced.cost.nanos(), priced.alarm), (i64::MAX, Some(PriceAlarm::Overflow)));
}

#[test]
fn what_has_no_price_is_refused_before_anything_is_sent() {
    let tool = |kind: &str| format!(r#","tools":[{{"type":"{kind}","name":"t"}}]"#);
    let rows = [
        ("no-such-model", String::new(), QuoteRefusal::UnknownModel("no-such-model".into())),
        ("claude-mythos-preview", String::new(), QuoteRefusal::UnknownModel("claude-mythos-preview".into())),
        ("gpt-6.2-sol", String::new(), QuoteRefusal::UnknownModel("gpt-6.2-sol".into())),
        ("gpt-5.5", String::new(), QuoteRefusal::UnknownModel("gpt-5.5".into())),
        ("claude-haiku-4-5", tool("web_search_20250305"), QuoteRefusal::UnpricedTool("web_search".into())),
        ("claude-opus-5", tool("code_execution_20250825"), QuoteRefusal::UnpricedTool("code_execution".into())),
        ("claude-opus-5", r#","service_tier":"gold""#.into(), QuoteRefusal::UnpricedTier("gold".into())),
        ("claude-fable-5", r#","speed":"fast""#.into(), QuoteRefusal::UnpricedSpeed),
        ("claude-haiku-4-5", r#","inference_geo":"us""#.into(), QuoteRefusal::UnpricedGeo("us".into())),
        ("claude-opus-5", r#","inference_geo":"eu""#.into(), QuoteRefusal::UnpricedGeo("eu".into())),
    ];
    for (model, fields, refusal) in rows {
        let request = parse(body(model, &fields).as_bytes()).expect("a body");
        assert_eq!(book().quote(&request), Err(refusal), "{model} {fields}");
    }
    for fields in [tool("web_search_20250305"), tool("web_fetch_20250910"), tool("custom"), String::new()] {
        book().quote(&parse(body("claude-opus-5", &fields).as_bytes()).expect("a body")).expect(&fields);
    }
}

#[test]
fn a_quote_bounds_by_the_dearest_rate_the_request_can_cause() {
    let quote = |model: &str, fields: &str| {
        let body = body(model, fields);
        (body.len() as i64, book().quote(&parse(body.as_bytes()).expect("a body")).expect("a price"))
    };
    let rows = [
        ("", 5_000, 25_000),
        (r#","cache_control":{"type":"ephemeral"}"#, 6_250, 25_000),
        (r#","cache_control":{"type":"ephemeral","ttl":"1h"}"#, 10_000, 25_000),
        (r#","speed":"fast""#, 10_000, 50_000),
        (r#","speed":"fast","inference_geo":"us""#, 11_000, 55_000),
    ];
    for (fields, input, output) in rows {
        let (bytes, quote) = quote("claude-opus-5", fields);
        assert_eq!((quote.input_bound().nanos(), quote.output_cost(1).nanos()), (bytes * input, output), "{fields}");
        assert_eq!(quote.worst_case().nanos(), bytes * input + 1_000 * output, "{fields}");
    }
    let picture = r#","system":[{"type":"image","source":{"type":"url","url":"x"}}]"#;
    let (bytes, quote_of_picture) = quote("claude-opus-5", picture);
    assert_eq!(quote_of_picture.input_tokens(), bytes as u64 + 5_000);
    let of_bytes = |bytes: usize| {
        let around = body("claude-haiku-5-5", r#","system":"""#).len();
        format!(r#","system":"{}""#, "x".repeat(bytes - around))
    };
    for (bytes, output) in [(100_000, 500), (100_001, 2_500)] {
        let (length, quote) = quote("claude-haiku-5-5", &of_bytes(bytes));
        assert_eq!((length, quote.output_cost(1).nanos()), (bytes as i64, output), "the tier can be reached");
    }
    let endless = format!(r#","system":"{}""#, "x".repeat(300_000));
    assert_eq!(quote("claude-haiku-4-5", &endless).1.input_bound().nanos(), 200_000 * 1_000, "the window caps");
    let (_, plain) = quote("claude-opus-5", "");
    assert_eq!(plain.tokens_affordable(Cost::from_nanos(99_999)), 3);
    assert_eq!(plain.output_cost(u64::MAX).nanos(), i64::MAX);
    let searching = format!(r#","tools":[{{"type":"web_search_20250305","max_uses":{}}}]"#, u64::MAX);
    assert_eq!(quote("claude-opus-5", &searching).1.worst_case().nanos(), i64::MAX, "nobody can pay it");
}

#[test]
fn the_book_lists_what_is_offered_and_knows_its_days() {
    let names = |book: &PriceBook| book.models().map(|row| row.id.to_string()).collect::<Vec<_>>();
    let today = book();
    assert_eq!((today.texts().len(), today.models().count()), (58, 23));
    assert!(names(&today).is_sorted() && names(&today).contains(&"claude-sonnet-4-5".to_owned()));
    assert!(today.find("claude-mythos-preview").is_none() && today.find("claude-opus-5-5").is_some());
    let last_day = today.on(day("2026-11-30")).expect("the same book");
    assert!(last_day.find("claude-sonnet-4-5").is_some());
    assert!(today.on(day("2026-12-01")).expect("the same book").find("claude-sonnet-4-5").is_none());
    assert_eq!(today.find("claude-fable-5-2").expect("a row").max_output_tokens, 128_000);
}

#[test]
fn a_new_version_holds_from_its_day_and_leaves_admitted_calls_alone() {
    let today = book();
    let mut text = today.texts().iter().find(|t| t.id == "claude-opus-5").expect("a row").clone();
    text.usd_per_million_tokens.input = "7.000001".into();
    text.effective_from = day("2026-12-01");
    let planned = today.with(text, day("2026-11-23")).expect("a book");
    let row = |book: &PriceBook| book.find("claude-opus-5").map(|r| (r.version, r.rates.input));
    assert_eq!(row(&planned), Some((1, 5_000_000)));
    let later = planned.on(day("2026-12-01")).expect("a book");
    assert_eq!(row(&later), Some((2, 7_000_001)));
    let old = planned.quote(&parse(body("claude-opus-5", "").as_bytes()).expect("a body")).expect("a price");
    let usage = Usage { input: 1, ..Usage::default() };
    assert_eq!(later.price(&old, &reading("claude-opus-5", usage)).cost.nanos(), 5_000);
}

#[test]
fn a_book_that_would_give_tokens_away_is_refused() {
    let row = |change: (&str, &str)| {
        let text = r#"[[model]]
            id = "m"
            provider = "anthropic"
            display_name = "M"
            speed_fast_multiplier = "2.0"
            max_output_tokens = 5
            usd_per_million_tokens = { input = "1", output = "2", cache_read = "0.1" }
            server_tools_usd_per_1000 = { web_search = "10" }"#;
        PriceBook::from_toml(&text.replace(change.0, change.1), Day::EVER).map(|b| b.models().count())
    };
    assert_eq!(row(("", "")), Ok(1));
    let field = |field| move |e: &PriceBookError| matches!(e, PriceBookError::Bad { field: f, .. } if *f == field);
    let rows: [(&str, &str, &'static str); 9] = [
        (r#"input = "1""#, r#"input = "0""#, "input"),
        (r#"input = "1""#, r#"input = "-1""#, "input"),
        (r#"output = "2""#, r#"output = "1e3""#, "output"),
        (r#""0.1""#, r#""0.0000001""#, "cache_read"),
        (r#""2.0""#, r#""0.5""#, "speed_fast_multiplier"),
        (r#""2.0""#, r#""1.0001""#, "speed_fast_multiplier"),
        ("= 5", "= 0", "max_output_tokens"),
        ("web_search =", "web_crawl =", "server_tools_usd_per_1000"),
        (r#""10""#, r#""free""#, "server_tools_usd_per_1000"),
    ];
    for (from, to, at) in rows {
        assert!(row((from, to)).as_ref().is_err_and(field(at)), "{to}");
    }
    for (from, to) in [(r#"output = "2", "#, ""), ("provider", "supplier"), ("\"1\"", "1")] {
        assert!(matches!(row((from, to)), Err(PriceBookError::Unreadable(_))), "{to}");
    }
    assert!(matches!(PriceBook::from_toml(&format!("{FILE}\n{FILE}"), Day::EVER), Err(PriceBookError::Twice { .. })));
}
