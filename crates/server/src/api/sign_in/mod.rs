//! Signing in with a browser.
//!
//! A browser keeps no token, since whatever runs in a page could read it. It gets a session: a secret in a cookie that no
//! page can read and that pages of other sites do not send. It is opened with the token itself, or with a code that
//! somebody who has the token asked for, so that a link can carry it.

mod cookie;
mod kept;
mod sessions;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ApiState;
use super::error::ApiError;
use super::guard;
use super::request::{Body, Caller, PersonHeader, Query};
use super::types::{SignInCode, SignInRequest, SignedIn, SignedOut};

pub(super) use sessions::Sessions;

/// What takes the token or a session.
pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(make_code))
        .routes(routes!(sign_out))
}

/// What everybody may ask.
pub(super) fn open_routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(sign_in))
}

/// Makes a code that opens a session once, within a minute. It takes the token: no session may open another one.
#[utoipa::path(post, path = "/sign-in/codes", tag = "people", params(PersonHeader),
    responses((status = CREATED, body = SignInCode)))]
async fn make_code(
    State(api): State<ApiState>,
    Caller(person): Caller,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<SignInCode>), ApiError> {
    if !guard::shows_token(&api, &headers) {
        let text = "a session makes no codes; call `team6 open` where the token of the server is";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "token-needed", text));
    }
    let code = api.sessions().make_code(person, api.engine.now()).await?;
    Ok((StatusCode::CREATED, Json(code)))
}

/// Opens a session with a code or the token, and sets its cookie. It needs neither token nor session.
#[utoipa::path(post, path = "/sign-in", tag = "people", security(()), request_body = SignInRequest,
    responses((status = OK, body = SignedIn)))]
async fn sign_in(
    State(api): State<ApiState>,
    headers: HeaderMap,
    Body(request): Body<SignInRequest>,
) -> Result<Response, ApiError> {
    let now = api.engine.now();
    let opened = match request {
        SignInRequest::Code(code) => api.sessions().redeem(code.trim(), now).await?,
        SignInRequest::Token(token) if api.token.is(token.trim()) => api.sessions().open(None, now).await?,
        SignInRequest::Token(_) => {
            let file = api.token.file().display();
            let text = format!("this is not the token; it is the text of {file} on the server");
            return Err(ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", text));
        }
    };
    let person = opened.person.or_else(|| api.default_person().cloned());
    let cookie = api
        .sessions()
        .cookie(&opened.secret, sessions::LIFE, is_encrypted(&headers))?;
    let answer = Json(SignedIn {
        person,
        until: opened.until,
    });
    Ok((AppendHeaders([(header::SET_COOKIE, cookie)]), answer).into_response())
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct SignOutQuery {
    /// Whether all sessions end, and not only the one of this browser.
    #[serde(default)]
    everywhere: bool,
}

/// Ends the session of this browser, or all sessions.
#[utoipa::path(post, path = "/sign-out", tag = "people", params(SignOutQuery),
    responses((status = OK, body = SignedOut)))]
async fn sign_out(
    State(api): State<ApiState>,
    Query(query): Query<SignOutQuery>,
    headers: HeaderMap,
) -> Result<(AppendHeaders<[(header::HeaderName, HeaderValue); 1]>, Json<SignedOut>), ApiError> {
    let only = match query.everywhere {
        true => None,
        false => Some(api.sessions().secret_in(&headers).unwrap_or_default()),
    };
    let ended = api.sessions().end(only).await?;
    let cookie = api
        .sessions()
        .cookie("", std::time::Duration::ZERO, is_encrypted(&headers))?;
    Ok((
        AppendHeaders([(header::SET_COOKIE, cookie)]),
        Json(SignedOut { sessions: ended }),
    ))
}

/// Whether the browser came by TLS, to a proxy before the server.
fn is_encrypted(headers: &HeaderMap) -> bool {
    headers
        .get(header::ORIGIN)
        .is_some_and(|origin| origin.as_bytes().starts_with(b"https://"))
}
