//! Whoever uses the API, and what they get.

use std::fmt::Display;
use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;

/// How long anything may take on a slow machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// A client of one server that acts for one person.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    /// Where the server is, such as `http://127.0.0.1:6060`.
    url: String,
    token: String,
    person: String,
}

impl Client {
    pub(crate) fn new(url: &str, token: &str, person: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            http,
            url: url.to_owned(),
            token: token.to_owned(),
            person: person.to_owned(),
        }
    }

    /// The same for somebody else.
    pub(crate) fn acting_for(&self, person: &str) -> Self {
        Self {
            person: person.to_owned(),
            ..self.clone()
        }
    }

    /// A request with nothing but its path below `/api/v1`.
    pub(crate) fn bare(&self, method: Method, path: impl Display) -> RequestBuilder {
        self.http.request(method, format!("{}/api/v1{path}", self.url))
    }

    /// Where the server is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A request for what lies outside of the API.
    pub(crate) fn page(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}{path}", self.url))
    }

    /// A request with token and person, to be given more.
    pub(crate) fn request(&self, method: Method, path: impl Display) -> RequestBuilder {
        self.bare(method, path)
            .bearer_auth(&self.token)
            .header("Team6-Person", &self.person)
    }

    pub(crate) async fn get(&self, path: impl Display) -> Answer {
        Answer::to(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: impl Display, body: Value) -> Answer {
        Answer::to(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn put(&self, path: impl Display, body: Value) -> Answer {
        Answer::to(self.request(Method::PUT, path).json(&body)).await
    }

    /// Saves a plan that was edited from a version.
    pub(crate) async fn saves(&self, sprint: u64, base: u32, plan: &Value) -> Answer {
        let request = self.request(Method::PUT, format_args!("/sprints/{sprint}/plan"));
        let request = request.header("If-Match", format!("\"{base}\""));
        Answer::to(request.json(&serde_json::json!({ "plan": plan, "note": "" }))).await
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn to(request: RequestBuilder) -> Self {
        Self::of(request.timeout(LIMIT).send().await.unwrap()).await
    }

    async fn of(response: Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        Self { status, headers, text }
    }

    /// The body of an answer that says that it was done.
    #[track_caller]
    pub(crate) fn done(&self) -> Value {
        assert!((200..300).contains(&self.status), "{}", self.shown());
        serde_json::from_str(&self.text).unwrap()
    }

    /// The problem that is expected, which is whole.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        let shown = self.shown();
        assert_eq!(self.headers["content-type"], "application/problem+json", "{shown}");
        let problem: Value = serde_json::from_str(&self.text).unwrap();
        assert_eq!((self.status, problem["code"].as_str()), (status, Some(code)), "{shown}");
        assert_eq!(problem["status"], status, "{shown}");
        assert_eq!(problem["type"], format!("urn:team6:problem:{code}"), "{shown}");
        assert!(
            problem["title"].as_str().is_some_and(|title| !title.is_empty()),
            "{shown}"
        );
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.len() > 10 && !detail.contains('\u{1b}'), "{shown}");
        problem
    }

    fn shown(&self) -> String {
        let text: String = self.text.chars().take(2_000).collect();
        format!("{}: {text}", self.status)
    }

    /// The text of the problem that is expected.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> String {
        self.problem(status, code)["detail"].as_str().unwrap().to_owned()
    }
}
