//! What the meter reads of answers, good and bad (`wire.md` §8, `faults.md` E12 to E17).

use derouter::domain::sse::Splitter;
use derouter::domain::usage::{BadBody, IterationKind, Meter, Usage};

/// Meters a stream given as `event name` and `data` pairs.
fn metered(events: &[(&str, &str)]) -> Meter {
    let stream: String = events.iter().map(|(name, data)| format!("event: {name}\ndata: {data}\n\n")).collect();
    let mut meter = Meter::new("asked".into());
    Splitter::new().push(stream.as_bytes(), |event| meter.observe(event)).expect("short events");
    meter
}

/// A full stream with the usage of its start and of one or more deltas.
fn answer(start: &str, deltas: &[&str]) -> Meter {
    let start = format!(r#"{{"type":"message_start","message":{{"id":"msg_1","model":"served","usage":{start}}}}}"#);
    let deltas: Vec<_> =
        deltas.iter().map(|u| format!(r#"{{"type":"message_delta","delta":{{}},"usage":{u}}}"#)).collect();
    let mut events = vec![
        ("message_start", start.as_str()),
        ("content_block_start", r#"{"index":0,"content_block":{"type":"text","text":""}}"#),
        ("content_block_delta", r#"{"index":0,"delta":{"type":"text_delta","text":"12\u00e9\n中😀789"}}"#),
        ("content_block_stop", r#"{"index":0}"#),
    ];
    events.extend(deltas.iter().map(|d| ("message_delta", d.as_str())));
    events.push(("message_stop", "{}"));
    metered(&events)
}

const START: &str = r#"{"input_tokens":1000,"output_tokens":1}"#;

#[test]
fn reports_are_cumulative_and_never_added_up() {
    let delta = r#"{"input_tokens":1000,"cache_read_input_tokens":null,"output_tokens":50}"#;
    let reading = answer(START, &[delta, delta, delta]).reading();
    assert_eq!(reading.usage, Usage { input: 1_000, output: 50, ..Usage::default() });
    assert!(!reading.estimated && !reading.odd && !reading.missing);
    assert_eq!((&*reading.served_model, reading.upstream_id.as_deref()), ("served", Some("msg_1")));
    let late = answer(r#"{"input_tokens":0,"output_tokens":0}"#, &[r#"{"input_tokens":700,"output_tokens":9}"#]);
    assert_eq!(late.reading().usage, Usage { input: 700, output: 9, ..Usage::default() });
}

#[test]
fn numbers_that_are_none_are_left_out_and_told() {
    // What the delta reports, and the output, estimate and oddness read of it: the text has nine characters.
    let rows = [
        (r#"{"output_tokens":40,"input_tokens":3}"#, 40, false, false),
        (r#"{"output_tokens":-40}"#, 3, true, true),
        (r#"{"output_tokens":1e30}"#, 3, true, true),
        (r#"{"output_tokens":12.0}"#, 3, true, true),
        (r#"{"output_tokens":"12"}"#, 3, true, true),
        (r#"{"output_tokens":9223372036854775808}"#, 3, true, true),
        (r#"{"output_tokens":2147483648}"#, 3, true, true),
        (r#"{"output_tokens":2147483647}"#, 2_147_483_647, false, false),
        (r#"{"output_tokens":NaN}"#, 3, true, true),
        (r#"{"output_tokens":[1]}"#, 3, true, true),
        (r#"{"output_tokens":null}"#, 3, true, false),
        (r#"{"output_tokens":40,"input_tokens":-1}"#, 40, false, true),
        (r#""none""#, 3, true, true),
        ("null", 3, true, false),
        ("{}", 3, true, false),
    ];
    for (delta, output, estimated, odd) in rows {
        let reading = answer(START, &[delta]).reading();
        assert_eq!((reading.usage.input, reading.usage.output), (1_000, output), "{delta}");
        assert_eq!((reading.estimated, reading.odd, reading.missing), (estimated, odd, estimated), "{delta}");
    }
    for (start, odd) in
        [(r#"{"input_tokens":1,"cache_creation":5}"#, true), (r#"{"input_tokens":1,"cache_creation":null}"#, false)]
    {
        assert_eq!(answer(start, &[r#"{"output_tokens":2}"#]).reading().odd, odd, "{start}");
    }
    let shrinks = answer(START, &[r#"{"output_tokens":40}"#, r#"{"output_tokens":7,"input_tokens":1}"#]).reading();
    assert_eq!((shrinks.usage.input, shrinks.usage.output, shrinks.odd), (1_000, 40, false));
}

#[test]
fn cache_writes_without_a_split_are_five_minute_writes() {
    let rows = [
        (r#"{"cache_creation_input_tokens":100}"#, 100, 0),
        (r#"{"cache_creation_input_tokens":100,"cache_creation":null}"#, 100, 0),
        (
            r#"{"cache_creation_input_tokens":100,"cache_creation":{"ephemeral_5m_input_tokens":30,"ephemeral_1h_input_tokens":70}}"#,
            30,
            70,
        ),
        (r#"{"cache_creation_input_tokens":100,"cache_creation":{"ephemeral_1h_input_tokens":70}}"#, 30, 70),
        (
            r#"{"cache_creation_input_tokens":100,"cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":70}}"#,
            30,
            70,
        ),
        (r#"{"cache_creation":{"ephemeral_5m_input_tokens":10,"ephemeral_1h_input_tokens":70}}"#, 10, 70),
    ];
    for (start, short, long) in rows {
        let usage = answer(start, &[]).reading().usage;
        assert_eq!((usage.cache_write_5m, usage.cache_write_1h), (short, long), "{start}");
    }
}

#[test]
fn what_was_read_from_a_cache_is_counted_apart() {
    let start =
        r#"{"input_tokens":5,"output_tokens":1,"cache_read_input_tokens":700,"cache_creation_input_tokens":30}"#;
    let usage = answer(start, &[r#"{"output_tokens":9}"#]).reading().usage;
    let expected = Usage { input: 5, output: 9, cache_read: 700, cache_write_5m: 30, ..Usage::default() };
    assert_eq!(usage, expected);
}

#[test]
fn iterations_that_are_none_are_told() {
    for (iterations, odd) in [("null", false), ("[]", false), ("5", true), ("\"x\"", true), ("[5]", true)] {
        let report = format!(r#"{{"output_tokens":9,"iterations":{iterations}}}"#);
        assert_eq!(answer(START, &[&report]).reading().odd, odd, "{iterations}");
    }
}

#[test]
fn labels_searches_and_iterations_are_read() {
    let start = r#"{"input_tokens":5,"output_tokens":1,"service_tier":"priority","inference_geo":"us","speed":"fast"}"#;
    let delta = r#"{"output_tokens":9,"server_tool_use":{"web_search_requests":10,"web_fetch_requests":5},"iterations":[
        {"type":"message","input_tokens":5,"output_tokens":9},
        {"type":"compaction","input_tokens":100,"output_tokens":20},
        {"type":"advisor_message","model":"wise","input_tokens":7,"cache_creation_input_tokens":8}]}"#;
    let delta = delta.replace('\n', "");
    let reading = answer(start, &[&delta, &delta.replace("100", "50")]).reading();
    assert_eq!(reading.usage.web_searches, 10);
    let labels = [&reading.tier, &reading.geo, &reading.speed].map(|l| l.as_deref());
    assert_eq!(labels, [Some("priority"), Some("us"), Some("fast")]);
    let parts: Vec<_> = reading.iterations.iter().map(|i| (i.kind, i.model.as_deref(), i.usage)).collect();
    let compaction = Usage { input: 100, output: 20, ..Usage::default() };
    let advisor = Usage { input: 7, cache_write_5m: 8, ..Usage::default() };
    let expected = [(IterationKind::Compaction, None, compaction), (IterationKind::Advisor, Some("wise"), advisor)];
    assert_eq!(parts, expected);
    assert!(!reading.odd);
    assert!(answer(start, &[r#"{"output_tokens":9,"iterations":[{"type":"dream","input_tokens":1}]}"#]).reading().odd);
}

#[test]
fn a_stream_tells_how_far_it_came() {
    let start = ("message_start", r#"{"message":{"model":"m","usage":{"input_tokens":8,"output_tokens":2}}}"#);
    let block = ("content_block_start", r#"{"index":3,"content_block":{"type":"text","text":""}}"#);
    let tool = ("content_block_start", r#"{"index":0,"content_block":{"type":"tool_use","name":"a"}}"#);
    let delta = ("content_block_delta", r#"{"delta":{"type":"thinking_delta","thinking":"0123456789abc"}}"#);
    let (stop, end) = (("content_block_stop", r#"{"index":3}"#), ("message_stop", "{}"));
    let error = ("error", r#"{"type":"error","error":{"type":"overloaded_error"}}"#);
    let ping = ("ping", "{}");
    // started, content, finished, failed, open block, running output
    let rows = [
        (vec![], (false, false, false, false, None, 0)),
        (vec![ping, ("brand_new", "{]")], (false, false, false, false, None, 0)),
        (vec![start, ping], (true, false, false, false, None, 2)),
        (vec![start, block], (true, false, false, false, Some(3), 2)),
        (vec![start, tool], (true, true, false, false, Some(0), 2)),
        (vec![start, block, delta], (true, true, false, false, Some(3), 4)),
        (vec![start, block, delta, stop], (true, true, false, false, None, 4)),
        (vec![start, error], (true, false, false, true, None, 2)),
        (vec![start, end, delta, error, start], (true, false, true, false, None, 2)),
    ];
    for (events, expected) in rows {
        let m = metered(&events);
        let found = (m.started(), m.has_content(), m.finished(), m.failed(), m.open_block(), m.running_output());
        assert_eq!(found, expected, "{events:?}");
    }
    let cut = metered(&[start, block, delta]).reading();
    assert_eq!((cut.usage.input, cut.usage.output, cut.estimated, cut.missing), (8, 4, true, false));
}

#[test]
fn a_reading_is_an_estimate_where_a_count_is_missing_or_more_was_forwarded_than_reported() {
    let start = ("message_start", r#"{"message":{"model":"m","usage":{"input_tokens":8,"output_tokens":2}}}"#);
    let bare = ("message_start", r#"{"message":{"model":"m","usage":{"output_tokens":2}}}"#);
    let text = ("content_block_delta", r#"{"delta":{"type":"text_delta","text":"0123456789abcdef"}}"#);
    let report = ("message_delta", r#"{"delta":{},"usage":{"output_tokens":2}}"#);
    for (events, estimated) in [
        (vec![start, report], false),
        (vec![start], true),
        (vec![start, report, text], true),
        (vec![bare, report], true),
    ] {
        assert_eq!(metered(&events).reading().estimated, estimated, "{events:?}");
    }
}

#[test]
fn broken_data_counts_as_forwarded_text_and_the_meter_goes_on() {
    let m = metered(&[
        ("content_block_delta", r#"{"delta":{"text":"01234567"#),
        ("content_block_delta", r#"{"delta":{"text":"0123"}}"#),
    ]);
    assert_eq!((m.has_content(), m.running_output()), (true, 8), "26 broken bytes and 4 characters");
}

#[test]
fn a_buffered_answer_is_read_whole_or_refused() {
    let body = r#"{"id":"msg_2","type":"message","model":"served","content":[{"type":"text","text":"hello"}],
        "stop_reason":"end_turn","usage":{"input_tokens":12,"output_tokens":34,"cache_creation":null}}"#;
    let meter = Meter::read_buffered(body.as_bytes(), "asked".into()).expect("a message");
    assert!(meter.started() && meter.has_content() && meter.finished() && !meter.failed());
    let reading = meter.reading();
    assert_eq!((reading.usage.input, reading.usage.output, reading.estimated), (12, 34, false));
    let silent = r#"{"type":"message","content":[{"type":"tool_use","input":{"a":"bcd"}}]}"#;
    let silent = Meter::read_buffered(silent.as_bytes(), "asked".into()).expect("a message").reading();
    assert_eq!(
        (&*silent.served_model, silent.usage.output, silent.estimated, silent.missing),
        ("asked", 3, true, true)
    );
    for (body, not_json) in [
        (&body[..60], true),
        ("", true),
        ("<html>", true),
        ("{} {}", true),
        (r#"{"type":"error","error":{}}"#, false),
        ("[]", false),
        ("null", false),
        ("{}", false),
    ] {
        let error = Meter::read_buffered(body.as_bytes(), "asked".into()).err().expect(body);
        assert_eq!(matches!(error, BadBody::NotJson(_)), not_json, "{body}");
    }
}
