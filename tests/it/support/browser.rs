//! A person's browser at one site, and a program with a credential: what tests speak to people's JSON with.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use awc::ClientResponse;
use awc::http::Method;
use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::clients;
use crate::support::described;
use crate::support::site::Site;

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// `error.type`, or nothing.
    pub fn error(&self) -> String {
        self.json()["error"]["type"].as_str().unwrap_or_default().to_owned()
    }

    pub fn field(&self) -> String {
        self.json()["error"]["field"].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Everything of the answer that a person could read.
    pub fn everything(&self) -> String {
        let headers: Vec<String> = self.headers.iter().map(|(n, v)| format!("{n}: {v}")).collect();
        format!("{}\n{}", headers.join("\n"), self.text)
    }
}

/// Cookies, form token and origin of one person at one site.
#[derive(Clone)]
pub struct Browser {
    origin: String,
    pub cookies: BTreeMap<String, String>,
    pub csrf: String,
    /// Headers of every request, instead of the origin where it is not empty.
    pub sent: Vec<(&'static str, String)>,
    /// False at a site that is not the OpenAPI document's.
    is_described: bool,
}

impl Browser {
    pub fn at(site: SocketAddr) -> Self {
        let origin = format!("http://{site}");
        let sent = vec![("origin", origin.clone())];
        Browser { sent, origin, cookies: BTreeMap::new(), csrf: String::new(), is_described: true }
    }

    /// At a site whose paths the OpenAPI document does not describe.
    pub fn beside(site: SocketAddr) -> Self {
        Browser { is_described: false, ..Browser::at(site) }
    }

    /// A program with a key, at the API host.
    pub fn with_key(api: SocketAddr, secret: &str) -> Self {
        let sent = vec![("authorization", format!("Bearer {secret}"))];
        Browser { sent, ..Browser::at(api) }
    }

    /// The same person with all they have, at another site; what they send of the old site goes along.
    pub fn moved(&self, site: SocketAddr) -> Self {
        Browser { origin: format!("http://{site}"), ..self.clone() }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    pub async fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, &[], Some(body.to_string())).await
    }

    pub async fn delete(&mut self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], None).await
    }

    /// A money call with an operation id.
    pub async fn pay(&mut self, method: Method, path: &str, id: &str, body: &Value) -> Answer {
        let body = (!body.is_null()).then(|| body.to_string());
        self.send(method, path, &[("idempotency-key", id)], body).await
    }

    /// One request; keeps the cookies that come back.
    pub async fn send(&mut self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<String>) -> Answer {
        let asked = method.to_string();
        let mut response = self.request(method, path, headers, body).await;
        let bytes = response.body().limit(64 * 1024 * 1024).await.expect("a body");
        let answer = self.answer(&response, bytes.to_vec());
        if self.is_described {
            described::hold(&asked, path, answer.status, &answer.headers, &answer.text);
        }
        answer
    }

    /// Listens to a stream of events: the first message, and after `news` happened the next one.
    pub async fn listen(&mut self, path: &str, news: impl Future<Output = ()>) -> Answer {
        let mut response = self.request(Method::GET, path, &[("accept", "text/event-stream")], None).await;
        let mut heard = Vec::new();
        messages(&mut response, &mut heard, 1).await;
        news.await;
        messages(&mut response, &mut heard, 2).await;
        self.answer(&response, heard)
    }

    /// The first message of a stream of events.
    pub async fn first_message(&mut self, path: &str) -> Value {
        let mut response = self.request(Method::GET, path, &[("accept", "text/event-stream")], None).await;
        let mut heard = Vec::new();
        messages(&mut response, &mut heard, 1).await;
        let text = String::from_utf8(heard).expect("UTF-8");
        let data = text.strip_prefix("data: ").and_then(|rest| rest.split("\n\n").next());
        serde_json::from_str(data.expect("a message")).expect("JSON")
    }

    async fn request(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> ClientResponse {
        let mut request = clients::browsing().request(method, self.url(path)).force_close();
        for (name, value) in &self.sent {
            request = request.insert_header((*name, value.as_str()));
        }
        if !self.csrf.is_empty() {
            request = request.insert_header(("x-csrf-token", self.csrf.as_str()));
        }
        if !self.cookies.is_empty() {
            let line: Vec<String> = self.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
            request = request.insert_header(("cookie", line.join("; ")));
        }
        if body.is_some() {
            request = request.insert_header(("content-type", "application/json"));
        }
        for (name, value) in headers {
            request = request.insert_header((*name, *value));
        }
        request.send_body(body.unwrap_or_default()).await.expect("the site answers")
    }

    fn answer(&mut self, response: &ClientResponse, body: Vec<u8>) -> Answer {
        let headers = response.headers().iter();
        let headers: Vec<_> =
            headers.map(|(n, v)| (n.to_string(), v.to_str().expect("plain headers").to_owned())).collect();
        headers.iter().filter(|(n, _)| n == "set-cookie").for_each(|(_, v)| self.keep(v));
        let text = String::from_utf8(body).expect("UTF-8");
        Answer { status: response.status().as_u16(), headers, text }
    }

    fn keep(&mut self, line: &str) {
        let (name, rest) = line.split_once('=').expect("a cookie");
        let value = rest.split(';').next().unwrap_or_default();
        if value.is_empty() {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// Asks for a code; gives the answer.
    pub async fn ask_code(&mut self, email: &str) -> Answer {
        self.post("/api/v1/sign-in", &json!({ "email": email })).await
    }

    /// Types a code; keeps the form token of a new session.
    pub async fn type_code(&mut self, email: &str, code: &str) -> Answer {
        let answer = self.post("/api/v1/sign-in/verify", &json!({ "email": email, "code": code })).await;
        if let Some(csrf) = answer.json()["csrf"].as_str() {
            csrf.clone_into(&mut self.csrf);
        }
        answer
    }

    /// Signs in with the code of the outbox.
    pub async fn sign_in(&mut self, site: &Site, email: &str) -> Answer {
        assert_eq!(self.ask_code(email).await.status, 202);
        let code = site.code_for(email).await;
        let answer = self.type_code(email, &code).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer
    }
}

impl Site {
    /// Mails to an address, newest first.
    pub async fn mails_to(&self, email: &str) -> Vec<Value> {
        let outbox = Browser::at(self.console).get("/_dev/outbox").await.json();
        let mails = outbox["mails"].as_array().expect("a list").iter();
        mails.filter(|m| m["to"] == email).cloned().collect()
    }

    /// The code of the newest mail to an address.
    pub async fn code_for(&self, email: &str) -> String {
        let mails = self.mails_to(email).await;
        // Mails about money may have come since.
        let texts = mails.iter().map(|m| m["text"].as_str().expect("kept in the outbox"));
        let text = texts.into_iter().find(|t| t.contains(" #")).expect("a mail with a code").to_owned();
        let code = text.trim_end().rsplit('#').next().expect("the autofill line").to_owned();
        assert_eq!(code.len(), 6, "{text}");
        code
    }

    /// A reseller signed in at `dashboard`, with `amount` US dollars.
    pub async fn reseller_at(&self, dashboard: SocketAddr, email: &str, amount: &str) -> (Browser, String) {
        let mut browser = Browser::at(dashboard);
        let account = browser.sign_in(self, email).await.json()["account"].as_str().expect("an account").to_owned();
        let deposit = json!({ "amount": amount, "id": uuid::Uuid::new_v4() });
        self.operator(&format!("/op/accounts/{account}/deposit"), &deposit).await;
        (browser, account)
    }

    /// A program with a fresh Account Key of a signed-in reseller.
    pub async fn program_of(&self, reseller: &mut Browser) -> Browser {
        let made = reseller.post("/api/v1/account-key", &json!({})).await;
        assert_eq!(made.status, 201, "{}", made.text);
        Browser::with_key(self.api, made.json()["account_key"].as_str().expect("a key"))
    }
}

/// Reads on until `heard` holds so many messages or the answer ends; comments are no messages.
async fn messages(response: &mut ClientResponse, heard: &mut Vec<u8>, number: usize) {
    let has = |heard: &[u8]| String::from_utf8_lossy(heard).split("\n\n").filter(|m| m.starts_with("data:")).count();
    while has(heard) < number {
        let part = tokio::time::timeout(clients::PATIENCE, response.next()).await.expect("a message in time");
        let Some(part) = part else { return };
        heard.extend_from_slice(&part.expect("the stream goes on"));
    }
}

impl TestApp {
    /// A signed-in reseller with `amount` US dollars.
    pub async fn reseller(&self, email: &str, amount: &str) -> (Browser, String) {
        self.reseller_at(self.dashboard, email, amount).await
    }

    /// A signed-in client who has bound a key.
    pub async fn client(&self, email: &str, secret: &str) -> Browser {
        let mut browser = Browser::beside(self.portal);
        browser.sign_in(self, email).await;
        let bound = browser.post("/api/v1/portal/bind", &json!({ "key": secret })).await;
        assert_eq!(bound.status, 201, "{}", bound.text);
        browser
    }
}
