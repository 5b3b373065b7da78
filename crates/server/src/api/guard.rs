//! Who gets in: requests of this machine's own pages and programs, with the token or a session.
//!
//! A page from elsewhere that a person opens must not reach the server through their browser: neither as another origin,
//! nor under a name of its own that it points at this machine.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;

use super::ApiState;
use super::error::ApiError;

/// Refuses what comes under a foreign name or from a foreign page.
pub(super) async fn hosts(State(api): State<ApiState>, request: Request, next: Next) -> Response {
    match check_origin(&api.hosts, &request) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}

/// Refuses what shows neither the token nor a session.
pub(super) async fn admitted(State(api): State<ApiState>, request: Request, next: Next) -> Response {
    match shown(&api, &request) {
        Ok(Shown::Token) => next.run(request).await,
        Ok(Shown::Session(secret)) if api.sessions().know(&secret, api.engine.now()).await => {
            while_known(api, secret, next.run(request).await)
        }
        Ok(Shown::Session(_)) => unauthorized(&api, "the session has ended").into_response(),
        Err(error) => error.into_response(),
    }
}

/// What goes on for long ends with the session of whoever reads it.
fn while_known(api: ApiState, secret: String, response: Response) -> Response {
    let kind = response.headers().get(header::CONTENT_TYPE);
    if kind.is_none_or(|kind| !kind.as_bytes().starts_with(b"text/event-stream")) {
        return response;
    }
    let ended = async move { api.sessions().until_ended(&secret, || api.engine.now()).await };
    let (head, body) = response.into_parts();
    let body = body.into_data_stream().take_until(Box::pin(ended));
    Response::from_parts(head, Body::from_stream(body))
}

/// Whether a request shows the token itself.
pub(super) fn shows_token(api: &ApiState, headers: &HeaderMap) -> bool {
    bearer(headers).is_some_and(|token| api.token.is(token))
}

/// What a request shows.
enum Shown {
    /// The token.
    Token,
    /// The secret of a session, which may have ended.
    Session(String),
}

fn shown(api: &ApiState, request: &Request) -> Result<Shown, ApiError> {
    let headers = request.headers();
    if bearer(headers).is_some() {
        return match shows_token(api, headers) {
            true => Ok(Shown::Token),
            false => Err(unauthorized(api, "the token is wrong")),
        };
    }
    let Some(secret) = api.sessions().secret_in(headers) else {
        return Err(unauthorized(api, "there is no token"));
    };
    if !is_of_own_page(request) {
        let text = "a session serves this server's own pages; other programs send the token";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "foreign-page", text));
    }
    Ok(Shown::Session(secret.to_owned()))
}

fn unauthorized(api: &ApiState, what: &str) -> ApiError {
    let file = api.token.file().display();
    let text = format!(
        "{what}; send Authorization: Bearer with the text of {file} on the server, or sign in with `team6 open`"
    );
    ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", text)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = text(headers, header::AUTHORIZATION.as_str())?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Whether a page of this server sent a request, as far as its browser says. To a browser another port of this machine is
/// the same site and gets the cookie; that page is told apart here. Its origin, if it is told, was looked at before.
fn is_of_own_page(request: &Request) -> bool {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    match text(request.headers(), "sec-fetch-site") {
        Some("same-origin") => true,
        Some("none") => reads,
        Some(_) => false,
        None => reads || request.headers().contains_key(header::ORIGIN),
    }
}

/// Gives each request a number, and writes down what came of it. Queries and bodies are left out.
pub(super) async fn log(request: Request, next: Next) -> Response {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let began = Instant::now();
    let mut response = next.run(request).await;
    let status = response.status().as_u16();
    let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::debug!(request = number, %method, path, status, ms = took, "answered");
    let headers = response.headers_mut();
    headers.insert("x-request-id", HeaderValue::from(number));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // What a session lets a browser read is of no use to pages of others, however they embed it.
    let own = HeaderName::from_static("cross-origin-resource-policy");
    headers.insert(own, HeaderValue::from_static("same-origin"));
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

fn check_origin(allowed: &[String], request: &Request) -> Result<(), ApiError> {
    let refused = |code, text| Err(ApiError::new(StatusCode::FORBIDDEN, code, text));
    // HTTP/2 has the host in the URI.
    let host = text(request.headers(), header::HOST.as_str()).or(request.uri().authority().map(Authority::as_str));
    let Some(authority) = host.and_then(|host| host.parse::<Authority>().ok()) else {
        return refused(
            "foreign-host",
            "the request names no host; send the header Host".to_owned(),
        );
    };
    if !is_own(&authority, allowed) {
        let text = format!(
            "the server is not reached as {authority}; use localhost, or add the name to server.hosts in the configuration"
        );
        return refused("foreign-host", text);
    }
    let Some(origin) = request.headers().get(header::ORIGIN) else {
        return Ok(());
    };
    let origin = origin.to_str().unwrap_or_default();
    let page = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    if page.is_some_and(|page| page.eq_ignore_ascii_case(authority.as_str())) {
        return Ok(());
    }
    refused(
        "foreign-origin",
        "pages of other origins may not use this server; open its own pages".to_owned(),
    )
}

/// Any port will do: a page that is served from this machine on another one is told apart by its origin.
fn is_own(authority: &Authority, allowed: &[String]) -> bool {
    let host = authority.host();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let same = |name: &String| name.eq_ignore_ascii_case(host) || name.eq_ignore_ascii_case(authority.as_str());
    host.eq_ignore_ascii_case("localhost")
        || address.is_ok_and(|address| address.is_loopback())
        || allowed.iter().any(same)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
