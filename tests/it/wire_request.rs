//! What a request body may say, and what is read of it (`wire.md` §4, `faults.md` K10, K13, K14).

use derouter::domain::request::{ModelRequest, parse, with_max_tokens};

fn read(body: &str) -> ModelRequest {
    parse(body.as_bytes()).unwrap_or_else(|e| panic!("{body}: {e}"))
}

fn refusal(body: &str) -> (String, &'static str, Option<&'static str>) {
    let error = parse(body.as_bytes()).expect_err(body);
    (error.to_string(), error.code(), error.field())
}

/// A body with one more field at its top level.
fn with(field: &str) -> String {
    format!(r#"{{"model":"claude-opus-5","messages":[{{"role":"user","content":"hi"}}],{field}}}"#)
}

fn with_block(block: &str) -> String {
    format!(r#"{{"model":"m","messages":[{{"role":"user","content":[{{"type":"text","text":"hi"}},{block}]}}]}}"#)
}

#[test]
fn the_fields_that_matter_are_read_and_the_rest_is_let_be() {
    let body = r#" {"metadata":{"user_id":"{\"a\":[1]}"},"mod\u0065l":"claude-opus-5-5","max_tokens" : 128000 ,
        "stream":true,"speed":"fast","inference_geo":"us","service_tier":"auto","thinking":{"type":"enabled",
        "budget_tokens":2048},"system":[{"type":"text","text":"x","cache_control":{"type":"ephemeral","ttl":"1h"}}],
        "tools":[{"name":"a","input_schema":{"type":"object"}},{"type":"bash_20250124","name":"bash"},
        {"type":"web_search_20250305","name":"web_search","max_uses":3}],"container":null,"n":1,"safeguards":[],
        "messages":[{"role":"user","content":"x \ud83d\ude00"}]} "#;
    let found = read(body);
    assert_eq!((found.model.as_str(), found.stream, found.speed_fast), ("claude-opus-5-5", true, true));
    let (tokens, range) = found.max_tokens.clone().expect("a limit");
    assert_eq!((tokens, &body[range]), (128_000, "128000"));
    assert_eq!((found.geo.as_deref(), found.service_tier.as_deref()), (Some("us"), Some("auto")));
    assert_eq!((found.thinking_budget, found.cache_control, found.cache_write_1h), (Some(2_048), true, true));
    let tools: Vec<_> = found.server_tools.iter().map(|t| (t.family.as_str(), t.uses)).collect();
    assert_eq!(tools, [("web_search", 3)]);
    assert!(found.text_bytes >= body.len() as u64, "a token covers at least one byte");
}

#[test]
fn what_is_not_json_is_refused_wherever_it_stands() {
    let junk = r#"{"model":"m","messages":[]} x|{"model":"m","metadata":{"a":1e400}}|{"model":"m","x":"\ud800"}
        |[]|"m"||{"model":"m",}|{"model":"m","x":01}|{"model":"m" "x":1}|{"model":"m""#;
    for body in junk.split('|') {
        let (text, code, field) = refusal(body);
        assert_eq!((code, field), ("bad_request", None), "{body}");
        assert!(text.starts_with("the body is not valid JSON: ") && text.contains(" at byte "), "{text}");
    }
    let deep = with(&format!(r#""x":{}{}"#, "[".repeat(10_000), "]".repeat(10_000)));
    assert!(refusal(&deep).0.contains("nested deeper than 128 levels"));
    assert!(parse(b"{\"model\":\"\xff\"}").is_err());
    assert!(parse(b"\xef\xbb\xbf{\"model\":\"m\"}").is_err());
}

#[test]
fn a_read_field_given_twice_is_refused_at_every_level() {
    let rows = [
        (r#"{"model":"a","model":"b"}"#.to_owned(), "`model`"),
        (r#"{"model":"a","m\u006fdel":"b"}"#.to_owned(), "`model`"),
        (with(r#""max_tokens":1,"max_tokens":2"#), "`max_tokens`"),
        (with(r#""stream":true,"stream":false"#), "`stream`"),
        (with(r#""thinking":{"budget_tokens":1,"budget_tokens":9}"#), "`thinking.budget_tokens`"),
        (with(r#""tools":[{"type":"custom","type":"web_search_20250305"}]"#), "`tools[].type`"),
        (with(r#""cache_control":{"ttl":"5m","ttl":"1h"}"#), "`cache_control.ttl`"),
        (with_block(r#"{"type":"text","type":"image"}"#), "`content[].type`"),
        (with_block(r#"{"type":"image","source":{"type":"url","type":"file"}}"#), "`source.type`"),
        (r#"{"model":"m","messages":[{"content":"a","content":"b"}]}"#.to_owned(), "`messages[].content`"),
    ];
    for (body, field) in rows {
        let (text, code, _) = refusal(&body);
        assert_eq!((text, code), (format!("{field} is given twice; send it once"), "bad_request"), "{body}");
    }
    read(&with(r#""metadata":{"a":1,"a":2},"unknown":1,"unknown":2"#));
}

#[test]
fn what_reaches_into_the_upstreams_organisation_is_refused() {
    let fields =
        ["container", "billing_policy", "thread", "previous_message_id", "previous_response_id", "conversation"];
    for field in fields {
        for value in [r#""x""#, r#"{"id":"x"}"#, "1"] {
            assert_eq!(refusal(&with(&format!(r#""{field}":{value}"#))).1, "unsupported_field", "{field}");
        }
        read(&with(&format!(r#""{field}":null"#)));
    }
    assert_eq!(refusal(&with(r#""background":true"#)).1, "unsupported_field");
    read(&with(r#""background":false"#));
    let blocks = [
        r#"{"type":"image","source":{"type":"file","file_id":"f"}}"#,
        r#"{"type":"document","source":{"file_id":"f"}}"#,
        r#"{"type":"container_upload","file_id":"f"}"#,
        r#"{"type":"tool_result","content":[{"type":"image","source":{"type":"file","file_id":"f"}}]}"#,
        r#"{"type":"code_result","content":{"type":"x","content":[{"type":"output","file_id":"f"}]}}"#,
        r#"{"type":"document","source":{"type":"content","content":[{"type":"image","source":{"type":"file"}}]}}"#,
    ];
    for block in blocks {
        assert_eq!(refusal(&with_block(block)).1, "unsupported_field", "{block}");
    }
    read(&with_block(r#"{"type":"tool_use","input":{"file_id":"mine","type":"image","type":"again"}}"#));
}

#[test]
fn a_length_is_one_whole_number_under_one_name() {
    let rows = [
        (r#""max_tokens":1,"max_output_tokens":8000"#, "unsupported_field", "max_output_tokens"),
        (r#""max_completion_tokens":8000"#, "unsupported_field", "max_completion_tokens"),
        (r#""n":2"#, "unsupported_field", "n"),
        (r#""max_tokens":"1""#, "bad_request", "max_tokens"),
        (r#""max_tokens":1.0"#, "bad_request", "max_tokens"),
        (r#""max_tokens":1e3"#, "bad_request", "max_tokens"),
        (r#""max_tokens":-1"#, "bad_request", "max_tokens"),
        (r#""max_tokens":null"#, "bad_request", "max_tokens"),
        (r#""max_tokens":99999999999999999999"#, "bad_request", "max_tokens"),
        (r#""stream":"yes""#, "bad_request", "stream"),
        (r#""speed":"ludicrous""#, "bad_request", "speed"),
        (r#""thinking":{"budget_tokens":-5}"#, "bad_request", "thinking.budget_tokens"),
    ];
    for (field, code, at) in rows {
        let (text, found, named) = refusal(&with(field));
        assert_eq!((found, named), (code, Some(at)), "{text}");
    }
    assert_eq!(read(&with(r#""max_tokens":999999999"#)).max_tokens.map(|m| m.0), Some(999_999_999));
    for body in ["{}", r#"{"model":""}"#, r#"{"model":null}"#, r#"{"model":7}"#] {
        assert_eq!(refusal(body).2, Some("model"), "{body}");
    }
}

#[test]
fn pictures_and_documents_are_counted_by_item_and_not_as_text() {
    let data = "A".repeat(100_000);
    let rows = [
        (format!(r#"{{"type":"image","source":{{"data":"{data}","type":"base64"}}}}"#), (1, 0, 0), true),
        (r#"{"type":"image","source":{"type":"url","url":"https://x/y.png"}}"#.to_owned(), (1, 0, 0), true),
        (format!(r#"{{"type":"document","source":{{"type":"base64","data":"{data}"}}}}"#), (0, 1, 98), true),
        (r#"{"type":"document","source":{"type":"url","url":"https://x/y.pdf"}}"#.to_owned(), (0, 1, 600), true),
        (format!(r#"{{"type":"document","source":{{"type":"text","data":"{data}"}}}}"#), (0, 0, 0), false),
        (format!(r#"{{"type":"later","source":{{"type":"base64","data":"{data}"}}}}"#), (0, 0, 0), false),
        (
            format!(
                r#"{{"type":"tool_result","content":[{{"type":"image","source":{{"type":"base64","data":"{data}"}}}}]}}"#
            ),
            (1, 0, 0),
            true,
        ),
    ];
    for (block, counts, left_out) in rows {
        let found = read(&with_block(&block));
        assert_eq!((found.images, found.documents, found.pages), counts, "{}", &block[..60]);
        assert_eq!(found.text_bytes < 1_000, left_out || block.len() < 1_000, "{}", &block[..60]);
    }
}

#[test]
fn a_lowered_limit_changes_its_number_and_nothing_else() {
    let body = with(r#""metadata":{"max_tokens":7} , "max_tokens": 128000 ,"x":1"#);
    let lowered = with_max_tokens(body.as_bytes(), &read(&body), 999);
    assert_eq!(String::from_utf8(lowered).expect("text"), body.replace("128000", "999"));
    let body = " \n{ \"model\":\"m\"}";
    let inserted = String::from_utf8(with_max_tokens(body.as_bytes(), &read(body), 999)).expect("text");
    assert_eq!(inserted, " \n{\"max_tokens\":999, \"model\":\"m\"}");
    assert_eq!(read(&inserted).max_tokens.map(|m| m.0), Some(999));
}
