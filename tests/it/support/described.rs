//! Holds answers against our OpenAPI document: the status is declared, the headers are there, the body fits its schema.
//!
//! It knows the words of JSON Schema that the document uses, and falls over any other, so none is passed over in silence.

use std::sync::LazyLock;

use chrono::DateTime;
use derouter::http::manage::openapi::DOCUMENT;
use regex_lite::Regex;
use serde_json::{Map, Value};
use uuid::Uuid;

/// The document as it is served.
pub static DESCRIBED: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(DOCUMENT).expect("JSON"));

/// Words that say nothing of what is valid.
const NOTES: [&str; 4] = ["description", "examples", "default", "title"];

/// An operation of the document.
pub struct Operation {
    pub method: &'static str,
    pub path: &'static str,
    pub told: &'static Value,
}

impl Operation {
    pub fn id(&self) -> &'static str {
        self.told["operationId"].as_str().expect("a name")
    }

    /// An example of its body, if it takes one.
    pub fn example(&self) -> Option<&'static Value> {
        let schema = self.told["requestBody"]["content"]["application/json"].get("schema")?;
        Some(resolved(schema)["examples"].get(0).unwrap_or_else(|| panic!("{} has an example", self.id())))
    }
}

/// Every operation, in the document's order.
pub fn operations() -> Vec<Operation> {
    let paths = DESCRIBED["paths"].as_object().expect("paths").iter();
    let all = paths.flat_map(|(path, item)| {
        item.as_object().expect("methods").iter().map(move |(method, told)| Operation { method, path, told })
    });
    all.collect()
}

/// The operation of a request, if the document has it.
pub fn operation(method: &str, path_and_query: &str) -> Option<Operation> {
    let path = path_and_query.split('?').next().unwrap_or_default();
    operations().into_iter().find(|o| o.method.eq_ignore_ascii_case(method) && fits(o.path, path))
}

fn fits(pattern: &str, path: &str) -> bool {
    let (wanted, given): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    let same = |(w, g): (&&str, &&str)| w == g || (w.starts_with('{') && !g.is_empty());
    wanted.len() == given.len() && wanted.iter().zip(&given).all(same)
}

/// Fails on an answer that the document does not describe; requests it does not know are none of its matter.
pub fn hold(method: &str, path: &str, status: u16, headers: &[(String, String)], body: &str) {
    let Some(operation) = operation(method, path) else { return };
    let what = format!("{method} {path} {status}");
    let told = operation.told["responses"].get(status.to_string());
    let told = resolved(told.unwrap_or_else(|| panic!("{what} is not in the document: {body}")));
    for (name, header) in told["headers"].as_object().into_iter().flatten() {
        let sent = headers.iter().find(|(sent, _)| sent == name);
        assert!(sent.is_some() || header["required"] != true, "{what} lacks {name}");
    }
    let kind = headers.iter().find(|(name, _)| name == "content-type").map_or("", |(_, kind)| kind.as_str());
    let Some(content) = told["content"].as_object() else {
        return assert!(body.is_empty(), "{what} has a body: {body}");
    };
    let media = kind.split(';').next().unwrap_or_default();
    let schema = &content.get(media).unwrap_or_else(|| panic!("{what} is {kind:?}"))["schema"];
    if media == "application/json" {
        let value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{what}: {error} in {body}"));
        check(schema, &value).unwrap_or_else(|why| panic!("{what}: {why} in {body}"));
    }
}

/// What a `$ref` leads to, or the value itself.
pub fn resolved(value: &'static Value) -> &'static Value {
    value.get("$ref").map_or(value, place)
}

fn place(path: &'static Value) -> &'static Value {
    let path = path.as_str().expect("a path");
    DESCRIBED.pointer(path.trim_start_matches('#')).unwrap_or_else(|| panic!("{path} is missing"))
}

/// Whether a value fits a schema; else where it does not.
pub fn check(schema: &'static Value, value: &Value) -> Result<(), String> {
    let rules = schema.as_object().expect("a schema is an object");
    rules.iter().try_for_each(|(word, rule)| check_word(rules, word, rule, value))
}

fn check_word(
    rules: &'static Map<String, Value>,
    word: &str,
    rule: &'static Value,
    value: &Value,
) -> Result<(), String> {
    let text = value.as_str();
    let said = || rule.as_str().expect("a text");
    let fits = match word {
        "$ref" => return check(place(rule), value),
        "properties" => return each_property(rule, value),
        "items" => return value.as_array().into_iter().flatten().try_for_each(|item| check(rule, item)),
        "additionalProperties" => {
            value.as_object().is_none_or(|o| o.keys().all(|k| rules["properties"].get(k).is_some()))
        }
        "required" => listed(rule).iter().all(|name| value.get(name.as_str().expect("a name")).is_some()),
        "anyOf" => listed(rule).iter().any(|one| check(one, value).is_ok()),
        "type" if rule.is_string() => is_a(said(), value),
        "type" => listed(rule).iter().any(|kind| is_a(kind.as_str().expect("a word"), value)),
        "enum" => listed(rule).contains(value),
        "pattern" => text.is_none_or(|text| Regex::new(said()).expect("a pattern").is_match(text)),
        "format" => text.is_none_or(|text| is_of_format(said(), text)),
        "minLength" => text.is_none_or(|text| text.chars().count() as u64 >= rule.as_u64().expect("a count")),
        "maxLength" => text.is_none_or(|text| text.chars().count() as u64 <= rule.as_u64().expect("a count")),
        "minimum" => value.as_f64().is_none_or(|n| n >= rule.as_f64().expect("a number")),
        note if NOTES.contains(&note) => true,
        other => panic!("the checks do not know {other}"),
    };
    if fits { Ok(()) } else { Err(format!("{value} is not {word} {rule}")) }
}

fn each_property(rule: &'static Value, value: &Value) -> Result<(), String> {
    let known = rule.as_object().expect("properties").iter();
    known
        .filter_map(|(name, schema)| Some((name, schema, value.get(name)?)))
        .try_for_each(|(name, schema, value)| check(schema, value).map_err(|why| format!("{name}: {why}")))
}

fn listed(rule: &'static Value) -> &'static [Value] {
    rule.as_array().expect("a list")
}

fn is_a(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the checks do not know the type {other}"),
    }
}

fn is_of_format(format: &str, text: &str) -> bool {
    match format {
        "uuid" => Uuid::try_parse(text).is_ok_and(|id| id.to_string() == text),
        "date-time" => DateTime::parse_from_rfc3339(text).is_ok(),
        other => panic!("the checks do not know the format {other}"),
    }
}
