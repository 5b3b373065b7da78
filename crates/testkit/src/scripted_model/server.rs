//! The HTTP side: from a request to a recorded answer. Nothing that an agent sends can end it.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, to_bytes};
use axum::extract::{Request as HttpRequest, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::sse::{Event as SseEvent, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::api::{self, Frame, Speech};
use super::play::{self, Answer, Content, Play, Spent};
use super::record::{Api, Asked, Outcome, Request};
use crate::scripted_model::conversation::Conversation;

/// The most bytes that a request may have: whole conversations with files in them.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// How many requests are remembered; older ones are forgotten.
const REMEMBERED: usize = 1_000;

/// What the server and the test that started it share.
#[derive(Debug)]
pub(super) struct Shared {
    play: Play,
    spent: Mutex<Spent>,
    pub(super) requests: watch::Sender<Vec<Arc<Request>>>,
    /// The gates that are open.
    pub(super) open: watch::Sender<BTreeSet<String>>,
    /// How many answers are held at each gate.
    pub(super) held: watch::Sender<BTreeMap<String, usize>>,
    pub(super) stop: CancellationToken,
}

impl Shared {
    pub(super) fn new(play: Play) -> Self {
        Self {
            play,
            spent: Mutex::default(),
            requests: watch::Sender::default(),
            open: watch::Sender::default(),
            held: watch::Sender::default(),
            stop: CancellationToken::new(),
        }
    }

    /// Numbers and remembers a request.
    fn record(&self, mut request: Request) -> u64 {
        let mut number = 0;
        self.requests.send_modify(|requests| {
            number = requests.last().map_or(0, |last| last.number) + 1;
            request.number = number;
            if requests.len() == REMEMBERED {
                requests.remove(0);
            }
            requests.push(Arc::new(request));
        });
        number
    }

    /// Waits until the gate is open; `false` if the model stops before.
    async fn pass(&self, gate: &str) -> bool {
        let _held = Held::at(self, gate);
        let mut open = self.open.subscribe();
        tokio::select! {
            opened = open.wait_for(|open| open.contains(gate)) => opened.is_ok(),
            () = self.stop.cancelled() => false,
        }
    }
}

/// An answer that is held at a gate, counted for as long as it is.
struct Held<'a> {
    shared: &'a Shared,
    gate: &'a str,
}

impl<'a> Held<'a> {
    fn at(shared: &'a Shared, gate: &'a str) -> Self {
        shared
            .held
            .send_modify(|held| *held.entry(gate.to_owned()).or_default() += 1);
        Self { shared, gate }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.shared.held.send_modify(|held| {
            if let Some(count) = held.get_mut(self.gate) {
                *count -= 1;
            }
        });
    }
}

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(serve).with_state(shared)
}

/// Agents put the paths behind bases of their own, so that only their ends count.
async fn serve(State(shared): State<Arc<Shared>>, request: HttpRequest) -> Response {
    let path = request.uri().path().trim_end_matches('/').to_owned();
    let method = request.method().clone();
    let asked = Asked {
        line: format!("{method} {path}"),
        key: key(request.headers()),
    };
    let Ok(bytes) = to_bytes(request.into_body(), MAX_BODY).await else {
        return other(&shared, asked, Value::Null, StatusCode::PAYLOAD_TOO_LARGE, json!({}));
    };
    let body = serde_json::from_slice(&bytes).ok();
    if method == Method::POST
        && let Some(api) = prompt(&path)
    {
        return answer(&shared, api, asked, body).await;
    }
    let body = body.unwrap_or_default();
    if path.ends_with("/count_tokens") {
        let tokens = bytes.len().div_ceil(4).max(1);
        return other(&shared, asked, body, StatusCode::OK, json!({ "input_tokens": tokens }));
    }
    if path.ends_with("/models") {
        return other(&shared, asked, body, StatusCode::OK, models());
    }
    if let Some(gate) = path.strip_prefix("/scripted/release/") {
        shared.open.send_modify(|open| {
            open.insert(gate.to_owned());
        });
        return Json(json!({})).into_response();
    }
    if path == "/scripted/requests" {
        let requests = shared.requests.borrow().clone();
        return Json(requests.iter().map(Arc::as_ref).collect::<Vec<&Request>>()).into_response();
    }
    if path.is_empty() {
        return other(&shared, asked, body, StatusCode::OK, json!({}));
    }
    let unknown = api::failure(Api::Other, 404, &format!("the scripted model has no {}", asked.line));
    other(&shared, asked, body, StatusCode::NOT_FOUND, unknown)
}

fn prompt(path: &str) -> Option<Api> {
    [
        ("/messages", Api::Messages),
        ("/chat/completions", Api::ChatCompletions),
        ("/responses", Api::Responses),
    ]
    .into_iter()
    .find_map(|(end, api)| path.ends_with(end).then_some(api))
}

/// The credential of a request, as it was sent.
fn key(headers: &HeaderMap) -> Option<String> {
    let sent = headers
        .get("x-api-key")
        .or_else(|| headers.get(header::AUTHORIZATION))?;
    Some(String::from_utf8_lossy(sent.as_bytes()).into_owned())
}

/// What is no prompt.
fn other(shared: &Shared, asked: Asked, body: Value, status: StatusCode, reply: Value) -> Response {
    let outcome = Outcome::Answered(status.as_u16());
    shared.record(Request::of(Api::Other, asked, body, &Conversation::default(), outcome));
    (status, Json(reply)).into_response()
}

async fn answer(shared: &Shared, api: Api, asked: Asked, body: Option<Value>) -> Response {
    let talk = body.as_ref().map(|body| api::read(api, body)).unwrap_or_default();
    let answer = match &body {
        Some(Value::Object(_)) => {
            let mut spent = shared.spent.lock().unwrap_or_else(PoisonError::into_inner);
            shared.play.answer(&talk, &mut spent)
        }
        _ => play::refuse("the body of the request is no JSON object".to_owned()),
    };
    let body = body.unwrap_or_default();
    let number = shared.record(Request::of(api, asked, body.clone(), &talk, answer.outcome.clone()));
    if let Some(gate) = &answer.hold
        && !shared.pass(gate).await
    {
        let message = "the scripted model stopped while it held this answer";
        return (StatusCode::SERVICE_UNAVAILABLE, Json(api::failure(api, 503, message))).into_response();
    }
    // The first number grows within a conversation even if the model starts anew, the second one otherwise.
    write(api, &answer, &body, &format!("{}_{number}", talk.items))
}

fn write(api: Api, answer: &Answer, body: &Value, id: &str) -> Response {
    let (text, calls) = match &answer.content {
        Content::Say { text, calls } => (text.as_deref(), calls.as_slice()),
        Content::Fail(failure) => {
            let status = StatusCode::from_u16(failure.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let reply = Json(api::failure(api, failure.status, &failure.message));
            let mut response = (status, reply).into_response();
            if let Some(seconds) = failure.retry_after {
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            }
            return response;
        }
    };
    let speech = Speech { text, calls };
    let frame = Frame {
        model: body["model"].as_str().unwrap_or("scripted"),
        id,
        usage: answer.usage,
    };
    if body["stream"] != true {
        return Json(api::write(api, &speech, &frame)).into_response();
    }
    let events = api::stream(api, &speech, &frame, body).into_iter().map(|(name, data)| {
        let event = SseEvent::default().data(data);
        Ok::<_, Infallible>(match name {
            Some(name) => event.event(name),
            None => event,
        })
    });
    Sse::new(stream::iter(events)).into_response().map(Body::new)
}

fn models() -> Value {
    let model = json!({
        "id": "scripted",
        "object": "model",
        "type": "model",
        "display_name": "Scripted",
        "created": 0,
        "created_at": "2026-01-01T00:00:00Z",
        "owned_by": "team6",
    });
    json!({
        "object": "list",
        "data": [model],
        "has_more": false,
        "first_id": "scripted",
        "last_id": "scripted",
        "models": [],
    })
}
