//! The HTTP API as this program uses it.
//!
//! Whatever a server says may hold text that an agent wrote. For people it is cleaned of control characters once, here;
//! `--json` shows it as it came.

mod clean;
mod connection;
mod events;

use std::fmt::Display;

use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use team6_server::api::types::Problem;

pub(crate) use connection::Connection;
pub(crate) use events::{Event, Events};

use crate::failure::Failure;

/// How many items of a list are asked for at once.
const PAGE: &str = "500";

/// A server that can be talked to.
pub(crate) struct Client {
    http: reqwest::Client,
    /// Such as `http://127.0.0.1:6060`.
    base: String,
    token: String,
    person: Option<String>,
}

/// An answer: as it came, and as people may see it.
#[derive(Debug)]
pub(crate) struct Reply<T> {
    /// As it came.
    pub(crate) raw: Value,
    /// Without control characters.
    pub(crate) item: T,
}

impl<T: DeserializeOwned> Reply<T> {
    fn new(raw: Value) -> Result<Self, Failure> {
        let item = serde_json::from_value(clean::all(raw.clone())).map_err(|error| {
            Failure::Failed(format!(
                "the server's answer is not understood: {error}; is it another version?"
            ))
        })?;
        Ok(Self { raw, item })
    }
}

impl Client {
    /// Where the server is, such as `http://127.0.0.1:6060`.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// What is at a path, such as `/sprints/3`.
    pub(crate) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Reply<T>, Failure> {
        self.find(path, &[]).await
    }

    /// What is at a path, with a query.
    pub(crate) async fn find<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Reply<T>, Failure> {
        Reply::new(self.json(self.request(Method::GET, path).query(query)).await?)
    }

    /// A whole list, part by part. `turn` is the parameter that the list goes on with: `after` or `before`.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        turn: &str,
        query: &[(&str, String)],
    ) -> Result<Reply<Vec<T>>, Failure> {
        let mut items = Vec::new();
        let mut next = None::<String>;
        loop {
            let mut request = self.request(Method::GET, path).query(query).query(&[("limit", PAGE)]);
            if let Some(next) = &next {
                request = request.query(&[(turn, next)]);
            }
            let mut part = self.json(request).await?;
            if let Some(Value::Array(more)) = part.get_mut("items").map(Value::take) {
                items.extend(more);
            }
            match part.get("next").and_then(Value::as_str) {
                Some(more) => next = Some(more.to_owned()),
                None => return Reply::new(Value::Array(items)),
            }
        }
    }

    /// Orders something; it is carried out once, even if the request has to be sent twice.
    pub(crate) async fn order<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Reply<T>, Failure> {
        Reply::new(
            self.json(self.request(method, path).header("idempotency-key", key()?).json(body))
                .await?,
        )
    }

    /// Sends bytes as they are, or none, to where a query says. It may be sent twice.
    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        bytes: Vec<u8>,
    ) -> Result<Reply<T>, Failure> {
        let request = self.request(method, path).query(query);
        Reply::new(
            self.json(request.header("content-type", "application/octet-stream").body(bytes))
                .await?,
        )
    }

    /// Orders something by POST.
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Reply<T>, Failure> {
        self.order(Method::POST, path, body).await
    }

    /// Orders something by POST that needs no words.
    pub(crate) async fn tell<T: DeserializeOwned>(&self, path: &str) -> Result<Reply<T>, Failure> {
        self.post(path, &json!({})).await
    }

    /// Saves an edit that began from a version.
    pub(crate) async fn save<T: DeserializeOwned>(
        &self,
        path: &str,
        version: impl Display,
        body: &impl Serialize,
    ) -> Result<Reply<T>, Failure> {
        let request = self
            .request(Method::PUT, path)
            .header("if-match", format!("\"{version}\""));
        Reply::new(self.json(request.header("idempotency-key", key()?).json(body)).await?)
    }

    /// A text that is no JSON, as it came.
    pub(crate) async fn text(&self, path: &str, query: &[(&str, String)]) -> Result<String, Failure> {
        let response = self.answered(self.request(Method::GET, path).query(query)).await?;
        let bytes = response.bytes().await.map_err(|error| self.unreachable(&error))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Follows server-sent events at a path, from after a position if one is given.
    pub(crate) fn follow(&self, path: &str, query: &[(&str, String)], after: Option<String>) -> Events<'_> {
        Events::new(self, path, query, after)
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .http
            .request(method, format!("{}/api/v1{path}", self.base))
            .bearer_auth(&self.token);
        match &self.person {
            Some(person) => request.header("team6-person", person),
            None => request,
        }
    }

    async fn json(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let response = self.answered(request).await?;
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        let bytes = response.bytes().await.map_err(|error| self.unreachable(&error))?;
        serde_json::from_slice(&bytes)
            .map_err(|error| Failure::Failed(format!("the answer of {} is broken: {error}", self.base)))
    }

    /// Sends a request, once more if the connection broke or the server was busy; reads and keyed orders bear it.
    async fn answered(&self, request: RequestBuilder) -> Result<Response, Failure> {
        let again = request.try_clone();
        let first = request.send().await;
        let busy = |response: &Response| response.status() == StatusCode::SERVICE_UNAVAILABLE;
        let broken = |error: &reqwest::Error| !error.is_connect() && !error.is_timeout();
        let repeat = first.as_ref().map_or_else(broken, busy);
        let answer = match again {
            Some(again) if repeat => again.send().await,
            _ => first,
        };
        let response = answer.map_err(|error| self.unreachable(&error))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let bytes = response.bytes().await.unwrap_or_default();
        let problem = serde_json::from_slice::<Value>(&bytes).map(clean::all);
        match problem.and_then(serde_json::from_value::<Problem>) {
            Ok(problem) => Err(Failure::Problem(Box::new(problem))),
            Err(_) => Err(Failure::Failed(format!(
                "{} answered {status}, not like a Team6 server; see that --server names one",
                self.base
            ))),
        }
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        Failure::Unreachable(format!(
            "no server answers at {}: {}; start one with `team6 up`, or name one with --server",
            self.base,
            root(error)
        ))
    }
}

/// The innermost cause, which says most.
fn root(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// A name for a request that no other one has.
fn key() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| Failure::Failed(format!("no random numbers: {error}")))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
