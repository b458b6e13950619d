//! Speaks to the console of the server that runs here.

use crate::app::operator_token;
use crate::config::settings::Settings;
use anyhow::{Context, bail};
use awc::Client;
use secrecy::ExposeSecret;
use serde_json::Value;

/// The console of the running server.
pub struct Console {
    base: String,
    token: String,
}

impl Console {
    /// # Errors
    /// If no server was ever started on this data folder, or its token may not be read.
    pub fn of(settings: &Settings) -> anyhow::Result<Self> {
        let file = settings.data_dir.join(operator_token::FILE);
        if !file.exists() {
            bail!("no server was started on the data folder {} yet: start one with ./run", settings.data_dir.display());
        }
        let token = operator_token::kept(&settings.data_dir).context("the operator token cannot be read")?;
        Ok(Console { base: format!("http://{}", settings.listen.console), token: token.expose_secret().to_owned() })
    }

    /// Asks, and gives the answer's JSON.
    ///
    /// # Errors
    /// Where no server answers, or the server's own words where it refuses.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.say(Client::default().get(format!("{}{path}", self.base)), &Value::Null).await
    }

    /// As `get`, with a body to post.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        self.say(Client::default().post(format!("{}{path}", self.base)), body).await
    }

    async fn say(&self, request: awc::ClientRequest, body: &Value) -> anyhow::Result<Value> {
        let request = request.insert_header(("authorization", format!("Bearer {}", self.token)));
        let sent = if body.is_null() { request.send().await } else { request.send_json(body).await };
        let mut response =
            sent.map_err(|_| anyhow::anyhow!("no server answers at {}: start one with ./run", self.base))?;
        let answer: Value = response.json().limit(16 * 1024 * 1024).await.context("the server's answer is no JSON")?;
        if !response.status().is_success() {
            bail!("{}", answer["error"]["message"].as_str().unwrap_or("the server refused"));
        }
        Ok(answer)
    }
}
