//! Query strings: known parameters, each at most once.

use std::collections::HashMap;

use actix_web::HttpRequest;
use actix_web::web::Query;
use chrono::{DateTime, Datelike, Utc};

use crate::http::json::error::JsonError;
use crate::identity::cursors::Cursors;

/// Lines of a page unless asked otherwise.
const LIMIT: i64 = 100;
/// Most lines of a page; more is cut to it.
const MOST: i64 = 1_000;

/// The parameters of a request.
pub struct Params(HashMap<String, String>);

impl Params {
    /// # Errors
    /// 422 for a parameter that is not in `known` or is given twice.
    pub fn read(http: &HttpRequest, known: &[&str]) -> Result<Self, JsonError> {
        let pairs = Query::<Vec<(String, String)>>::from_query(http.query_string())
            .map_err(|_| JsonError::bad_request("The query string cannot be read."))?;
        let mut params = HashMap::new();
        for (name, value) in pairs.into_inner() {
            if !known.contains(&name.as_str()) {
                let name: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
                return Err(JsonError::invalid(&name, "There is no such parameter. Leave it out."));
            }
            if params.insert(name.clone(), value).is_some() {
                return Err(JsonError::invalid(&name, "This parameter is given twice. Send it once."));
            }
        }
        Ok(Params(params))
    }

    pub fn text(&self, name: &str) -> Result<Option<&str>, JsonError> {
        match self.0.get(name) {
            Some(text) if text.len() > 512 || text.chars().any(char::is_control) => {
                Err(JsonError::invalid(name, "Send at most 512 characters of plain text."))
            }
            found => Ok(found.map(String::as_str)),
        }
    }

    /// `limit`, 1 to 1,000; 100 if it is not there.
    pub fn limit(&self) -> Result<i64, JsonError> {
        let Some(text) = self.0.get("limit") else { return Ok(LIMIT) };
        let digits = !text.is_empty() && text.len() <= 18 && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse::<i64>() {
            Ok(limit) if digits && limit > 0 => Ok(limit.min(MOST)),
            _ => Err(JsonError::invalid("limit", "Send a whole number from 1 to 1000.")),
        }
    }

    /// The place that a cursor of this list points to.
    pub fn cursor(&self, cursors: &Cursors, list: &str) -> Result<Option<String>, JsonError> {
        let Some(text) = self.0.get("cursor") else { return Ok(None) };
        match cursors.read(list, text) {
            Some(place) => Ok(Some(place)),
            None => Err(JsonError::invalid("cursor", "This cursor is not one of this list. Start without one.")),
        }
    }

    /// An instant such as `2026-11-23T09:41:00Z`.
    pub fn instant(&self, name: &str) -> Result<Option<DateTime<Utc>>, JsonError> {
        let Some(text) = self.0.get(name) else { return Ok(None) };
        let parsed = DateTime::parse_from_rfc3339(text).map(|t| t.with_timezone(&Utc)).ok();
        match parsed.filter(|t| (1970..=9998).contains(&t.year())) {
            Some(instant) => Ok(Some(instant)),
            None => Err(JsonError::invalid(name, "Send an instant such as 2026-11-23T09:41:00Z.")),
        }
    }
}
