//! Forms of our pages: `application/x-www-form-urlencoded`, known fields, each at most once.

use std::collections::HashMap;

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::Payload;

use crate::domain::op::Idem;
use crate::http::json::body;
use crate::http::json::error::JsonError;

/// Fields that pages with forms fill from their address.
const IN_ADDRESS: [&str; 5] = ["label", "budget", "cost", "amount", "method"];

/// The fields of a sent form.
pub struct Form(HashMap<String, String>);

impl Form {
    /// Reads a form; `csrf` is known to every form.
    ///
    /// # Errors
    /// 415 for another media type, 413, 408, 400; 422 for a field that is unknown or given twice.
    pub async fn read(http: &HttpRequest, payload: Payload, known: &[&str]) -> Result<Self, JsonError> {
        let bytes = body::collect_of(http, payload, "application/x-www-form-urlencoded").await?;
        let text = std::str::from_utf8(&bytes).map_err(|_| JsonError::bad_request("The form is not UTF-8."))?;
        let mut fields = HashMap::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            if name != "csrf" && !known.contains(&name.as_ref()) {
                let name: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
                return Err(JsonError::invalid(&name, "There is no such field. Open the page again."));
            }
            if fields.insert(name.to_string(), value.into_owned()).is_some() {
                return Err(JsonError::invalid(&name, "This field is given twice. Open the page again."));
            }
        }
        Ok(Form(fields))
    }

    /// A field as typed; empty if it was not sent.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// A field without the white space around it.
    pub fn trimmed(&self, name: &str) -> &str {
        self.text(name).trim()
    }

    /// What its page takes in its address, as a query: no code, no key, no token is among it.
    pub fn in_address(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for name in IN_ADDRESS.iter().filter(|name| !self.text(name).is_empty()) {
            query.append_pair(name, self.text(name));
        }
        query.finish()
    }

    /// A checkbox.
    pub fn is_checked(&self, name: &str) -> bool {
        self.text(name) == "yes"
    }

    /// The id that the form's page made: a form that is sent again carries it again.
    ///
    /// # Errors
    /// 422 where it is no plain text of 1 to 64 characters.
    pub fn operation(&self) -> Result<&str, JsonError> {
        let id = self.text("operation_id");
        if !(1..=64).contains(&id.len()) || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            let words = "This form is incomplete. Open the page again.";
            return Err(JsonError::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", words).at("operation_id"));
        }
        Ok(id)
    }

    /// The identity of a money form: the id of its operation, and the hash of what was typed.
    ///
    /// # Errors
    /// As `operation`.
    pub fn identity(&self, typed: &[&str]) -> Result<Idem, JsonError> {
        // A name space of its own: no program of the account takes an id of its pages.
        Ok(Idem::of(format!("page:{}", self.operation()?), typed))
    }
}
