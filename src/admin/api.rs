//! The server as a terminal sees it.

use anyhow::{Context, bail};
use reqwest::{Method, Response};
use serde_json::Value;

use crate::cli::Server;
use crate::config::own_key;

/// One server.
pub(super) struct Api {
    http: reqwest::Client,
    url: String,
}

impl Api {
    pub(super) fn of(server: &Server) -> Self {
        Self { http: reqwest::Client::new(), url: server.url.trim_end_matches('/').to_owned() }
    }

    pub(super) async fn get(&self, path: &str) -> anyhow::Result<Value> {
        Ok(self.request(Method::GET, path, &[]).await?.json().await?)
    }

    pub(super) async fn text(&self, path: &str) -> anyhow::Result<String> {
        Ok(self.request(Method::GET, path, &[]).await?.text().await?)
    }

    pub(super) async fn post(&self, path: &str) -> anyhow::Result<()> {
        self.request(Method::POST, path, &[]).await.map(|_| ())
    }

    /// What the server answers; a problem becomes an error that tells its detail.
    pub(super) async fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
    ) -> anyhow::Result<Response> {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if let Some(key) = own_key(&|name| std::env::var(name).ok())? {
            request = request.header("x-api-key", key.reveal());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let unreachable =
            || format!("no server answers at {}; start one, or name it with --url", self.url);
        let answer = request.send().await.with_context(unreachable)?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let text = answer.text().await.unwrap_or_default();
        let problem: Value = serde_json::from_str(&text).unwrap_or_default();
        match problem["detail"].as_str() {
            Some(detail) => bail!("{detail} ({status})"),
            None => bail!("{status}: {text}"),
        }
    }
}
