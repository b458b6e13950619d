//! The named scenarios of `wire.md` §14, each as the script it stands for.

/// Every scenario by name, in the groups good, usage, refuse, break.
pub const SCENARIOS: &[(&str, &str)] = &[
    ("ok", "{}"),
    ("long", r#"{"tokens":1000,"delay_ms":10}"#),
    ("thinking", r#"{"blocks":["thinking","text"]}"#),
    ("tool_use", r#"{"blocks":["text","tool_use"]}"#),
    (
        "cached",
        r#"{"usage":{"input_tokens":1000,"cache_read_input_tokens":30011,"cache_creation_input_tokens":9016,
            "cache_creation":{"ephemeral_5m_input_tokens":4007,"ephemeral_1h_input_tokens":5009},
            "output_tokens":2003}}"#,
    ),
    ("fast", r#"{"usage":{"speed":"fast"}}"#),
    ("geo_us", r#"{"usage":{"inference_geo":"us"}}"#),
    (
        "web_search",
        r#"{"blocks":["web_search","text"],
            "usage":{"server_tool_use":{"web_search_requests":2,"web_fetch_requests":0}}}"#,
    ),
    (
        "compaction",
        r#"{"blocks":["compaction","text"],"usage":{"input_tokens":900,"output_tokens":40,"iterations":[
            {"type":"compaction","input_tokens":5000,"output_tokens":300,"cache_creation":null,
             "cache_creation_input_tokens":0,"cache_read_input_tokens":0},
            {"type":"message","input_tokens":900,"output_tokens":40,"cache_creation":null,
             "cache_creation_input_tokens":0,"cache_read_input_tokens":0}]}}"#,
    ),
    (
        "advisor",
        r#"{"usage":{"input_tokens":900,"output_tokens":40,"iterations":[
            {"type":"message","input_tokens":900,"output_tokens":40,"cache_creation":null,
             "cache_creation_input_tokens":0,"cache_read_input_tokens":0},
            {"type":"advisor_message","model":"claude-opus-5-5","input_tokens":700,"output_tokens":50,
             "cache_creation":null,"cache_creation_input_tokens":0,"cache_read_input_tokens":0}]}}"#,
    ),
    ("other_model", r#"{"model":"claude-haiku-5-5"}"#),
    ("tier_edge", r#"{"usage":{"input_tokens":100000,"cache_read_input_tokens":1}}"#),
    ("no_usage", r#"{"usage":{"message_start":false,"message_delta":false}}"#),
    (
        "usage_in_delta_only",
        r#"{"usage":{"message_start":{"input_tokens":0,"output_tokens":0},
            "message_delta":{"input_tokens":1200,"cache_read_input_tokens":300,"output_tokens":345}}}"#,
    ),
    (
        "usage_repeated",
        r#"{"usage":{"message_start":{"input_tokens":1200,"output_tokens":1},"message_delta":[
            {"input_tokens":1200,"output_tokens":345},{"input_tokens":1200,"output_tokens":345},
            {"input_tokens":1200,"output_tokens":345}]}}"#,
    ),
    (
        "usage_shrinks",
        r#"{"usage":{"message_start":{"input_tokens":1200,"output_tokens":1},"message_delta":[
            {"input_tokens":1200,"output_tokens":900},{"input_tokens":7,"output_tokens":5}]}}"#,
    ),
    (
        "usage_garbage",
        r#"{"usage":{"message_start":{"input_tokens":-5,"cache_read_input_tokens":"12","output_tokens":0.5},
            "message_delta":[{"input_tokens":1200,"output_tokens":1e30},{"output_tokens":9223372036854775808},
            {"output_tokens":"NaN"},{"output_tokens":345},{"output_tokens":-1}]}}"#,
    ),
    ("over_hold", r#"{"usage":{"output_tokens":1000000}}"#),
    (
        "usage_only_in_incomplete",
        r#"{"stop_reason":"max_tokens","usage":{"message_start":false,
            "message_delta":{"input_tokens":1200,"output_tokens":345}}}"#,
    ),
    (
        "status_400",
        r#"{"status":400,"error":{"type":"invalid_request_error",
            "message":"messages: at least one message is required"}}"#,
    ),
    (
        "prompt_too_long",
        r#"{"status":400,"error":{"type":"invalid_request_error",
            "message":"prompt is too long: 1000123 tokens > 1000000 maximum"}}"#,
    ),
    ("401", r#"{"status":401}"#),
    ("402", r#"{"status":402}"#),
    ("403", r#"{"status":403}"#),
    ("404", r#"{"status":404,"error":{"type":"not_found_error","message":"model: no such model"}}"#),
    ("413", r#"{"status":413}"#),
    ("413_early", r#"{"status":413,"early":true}"#),
    (
        "422",
        r#"{"status":422,"error":{"type":"invalid_request_error",
            "message":"temperature: must be at most 1"}}"#,
    ),
    ("429_retry_after", r#"{"status":429,"headers":{"retry-after":"2"}}"#),
    ("500", r#"{"status":500}"#),
    (
        "502",
        r#"{"status":502,"headers":{"content-type":"text/html"},
            "body":"<html><h1>502 Bad Gateway</h1></html>"}"#,
    ),
    ("503", r#"{"status":503}"#),
    ("529", r#"{"status":529}"#),
    (
        "credit_low",
        r#"{"status":400,"error":{"type":"invalid_request_error",
            "message":"Your credit balance is too low to access the Anthropic API."}}"#,
    ),
    (
        "organization_on_hold",
        r#"{"status":403,"error":{"type":"permission_error",
            "message":"This organization has been disabled: organization_on_hold."}}"#,
    ),
    ("redirect", r#"{"status":307,"headers":{"location":"/v1/messages?redirected=1"},"body":""}"#),
    ("html_200", r#"{"status":200,"headers":{"content-type":"text/html"},"body":"<html><h1>Welcome</h1></html>"}"#),
    ("empty_200", r#"{"status":200,"body":""}"#),
    ("no_head", r#"{"fault":"no_head"}"#),
    ("close_before_head", r#"{"fault":"close_before_head"}"#),
    ("close_before_content", r#"{"fault":"close_before_content"}"#),
    ("error_before_content", r#"{"fault":"error_before_content"}"#),
    ("error_after_n", r#"{"fault":"error_after_n"}"#),
    ("reset_after_n", r#"{"fault":"reset_after_n"}"#),
    ("stall_after_n", r#"{"fault":"stall_after_n"}"#),
    ("one_byte_per_s", r#"{"chunk_bytes":1,"delay_ms":1000}"#),
    ("cut_mid_event", r#"{"fault":"cut_mid_event"}"#),
    ("no_terminal", r#"{"fault":"no_terminal"}"#),
    ("two_terminals", r#"{"fault":"two_terminals"}"#),
    ("tail_after_terminal", r#"{"fault":"tail_after_terminal"}"#),
    ("bad_json_data", r#"{"fault":"bad_json_data"}"#),
    ("wrong_content_length", r#"{"fault":"wrong_content_length"}"#),
    ("gzip_anyway", r#"{"fault":"gzip_anyway"}"#),
    ("huge_line", r#"{"fault":"huge_line"}"#),
    ("odd_framing", r#"{"fault":"odd_framing"}"#),
    ("trailers", r#"{"fault":"trailers"}"#),
    ("header_flood", r#"{"fault":"header_flood"}"#),
    (
        "leaky_headers",
        r#"{"headers":{"connection":"keep-alive, x-hop","x-hop":"1","keep-alive":"timeout=5","via":"1.1 google",
            "server":"cloudflare","set-cookie":"__cf_bm=abc; path=/; HttpOnly","cf-ray":"8a1b2c3d4e5f-FRA",
            "cf-cache-status":"DYNAMIC","anthropic-workspace-id":"wrkspc_sandbox",
            "anthropic-ratelimit-requests-limit":"4000","anthropic-ratelimit-requests-remaining":"3999",
            "anthropic-ratelimit-tokens-limit":"400000","anthropic-ratelimit-tokens-reset":"2026-11-23T00:00:00Z",
            "x-ratelimit-limit-requests":"4000","openai-organization":"org-sandbox","openai-project":"proj_sandbox",
            "openai-processing-ms":"12","alt-svc":"h3=\":443\"","strict-transport-security":"max-age=1",
            "x-envoy-upstream-service-time":"7"}}"#,
    ),
    (
        "echo_credential",
        r#"{"status":400,"error":{"type":"invalid_request_error",
            "message":"invalid header x-api-key: {credential} of organization org_sandbox_0001"}}"#,
    ),
];

/// The script of a scenario. A refusal may be asked for with or without `status_` before its number.
pub fn find_scenario(name: &str) -> Option<&'static str> {
    let of = |name: &str| SCENARIOS.iter().find(|(known, _)| *known == name).map(|(_, script)| *script);
    of(name).or_else(|| name.strip_prefix("status_").and_then(of)).or_else(|| of(&format!("status_{name}")))
}
