//! What handlers take from a request: path, query, who acts, and an order to carry out once.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use team6_core::ids::PersonId;
use team6_store::IdempotentAnswer;
use utoipa::{IntoParams, ToSchema};

use super::ApiState;
use super::error::ApiError;

/// The header that says who acts.
pub(super) const PERSON: &str = "team6-person";
/// The header that names a request, so that it is carried out once however often it is sent.
const KEY: &str = "idempotency-key";
/// The most bytes of a body: a plan of 2,000 tasks fits.
pub(super) const MOST: usize = 2 * 1024 * 1024;
/// The most characters of an idempotency key.
const KEY_MOST: usize = 200;
/// The most items of a page.
const PAGE_MOST: u32 = 1_000;

/// Parts of the path.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiError))]
pub(super) struct Path<T>(pub(super) T);

impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        Self::bad("bad-path", rejection.body_text())
    }
}

/// The query.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(ApiError))]
pub(super) struct Query<T>(pub(super) T);

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad("bad-query", rejection.body_text())
    }
}

/// How many items of a list are wanted.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u32")]
pub(super) struct Limit(pub(super) u32);

impl Default for Limit {
    fn default() -> Self {
        Self(100)
    }
}

impl TryFrom<u32> for Limit {
    type Error = String;
    fn try_from(limit: u32) -> Result<Self, String> {
        match limit {
            1..=PAGE_MOST => Ok(Self(limit)),
            _ => Err(format!("limit {limit} is not between 1 and {PAGE_MOST}")),
        }
    }
}

/// Who acts.
pub(super) struct Caller(pub(super) PersonId);

impl FromRequestParts<ApiState> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &ApiState) -> Result<Self, ApiError> {
        let Some(given) = parts.headers.get(PERSON) else {
            let person = api.default_person();
            let none = "nobody is configured; add [people.<id>] with name and email to the configuration";
            let none = || ApiError::new(StatusCode::FORBIDDEN, "no-people", none);
            return person.cloned().map(Self).ok_or_else(none);
        };
        let known = given.to_str().ok().and_then(|text| text.parse::<PersonId>().ok());
        let known = known.filter(|person| api.people.contains_key(person));
        known.map(Self).ok_or_else(|| {
            let given = String::from_utf8_lossy(given.as_bytes());
            unknown_person(api, &given, StatusCode::FORBIDDEN)
        })
    }
}

/// Somebody whom the configuration does not have.
fn unknown_person(api: &ApiState, given: &str, status: StatusCode) -> ApiError {
    let known: Vec<&PersonId> = api.people.keys().collect();
    let names: Vec<&str> = api.people.keys().map(PersonId::as_str).collect();
    let given: String = given.chars().take(100).collect();
    let text = format!(
        "{given:?} is not one of the people; choose one of: {}",
        names.join(", ")
    );
    ApiError::new(status, "unknown-person", text).with("known", known)
}

/// Whether a person to whom something is given is one of the team.
pub(super) fn known_person(api: &ApiState, person: &PersonId) -> Result<(), ApiError> {
    if api.people.contains_key(person) {
        return Ok(());
    }
    Err(unknown_person(api, person.as_str(), StatusCode::UNPROCESSABLE_ENTITY))
}

/// A body alone, of whomever.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<ApiState> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &ApiState) -> Result<Self, ApiError> {
        let headers = request.headers().clone();
        let bytes = Bytes::from_request(request, api).await?;
        read(&headers, &bytes).map(Self)
    }
}

/// A body without fields.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// The header of what is answered for a person.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only described here; `Caller` reads it")]
pub(super) struct PersonHeader {
    /// Who asks; the person that the server is configured for unless given.
    #[param(rename = "Team6-Person")]
    person: Option<String>,
}

/// Headers of every order.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only described here; `Order` reads them")]
pub(super) struct OrderHeaders {
    /// Who acts; the person that the server is configured for unless given.
    #[param(rename = "Team6-Person")]
    person: Option<String>,
    /// Names the request, so that it is carried out once however often it is sent.
    #[param(rename = "Idempotency-Key")]
    key: Option<String>,
}

/// An order: who gives it, what it says, and the key by which it is carried out once.
pub(super) struct Order<T> {
    pub(super) by: PersonId,
    pub(super) body: T,
    pub(super) headers: HeaderMap,
    pub(super) key: Option<Key>,
}

/// An idempotency key with the request that it names.
#[derive(Debug, Clone)]
pub(super) struct Key {
    /// The key, apart for each person.
    pub(super) name: String,
    /// A hash of the request, in hexadecimal digits.
    pub(super) request: String,
}

impl Key {
    /// The answer to be kept with what the request changes.
    pub(super) fn answer(&self, body: Value) -> IdempotentAnswer {
        IdempotentAnswer {
            key: self.name.clone(),
            request_hash: self.request.clone(),
            body,
        }
    }

    /// A number that follows from key and request.
    pub(super) fn number(&self) -> u64 {
        let digest = Sha256::digest(format!("{} {}", self.name, self.request));
        digest
            .iter()
            .take(8)
            .fold(0, |number, byte| (number << 8) | u64::from(*byte))
    }
}

impl<T: DeserializeOwned> FromRequest<ApiState> for Order<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, api: &ApiState) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let Caller(by) = Caller::from_request_parts(&mut parts, api).await?;
        let headers = parts.headers.clone();
        let target = format!("{} {}", parts.method, parts.uri);
        let bytes = Bytes::from_request(Request::from_parts(parts, body), api).await?;
        let key = key(&headers, &by, &target, &bytes)?;
        let body = read(&headers, &bytes)?;
        Ok(Self { by, body, headers, key })
    }
}

impl From<BytesRejection> for ApiError {
    fn from(rejection: BytesRejection) -> Self {
        let status = rejection.status();
        if status == StatusCode::PAYLOAD_TOO_LARGE {
            let text = format!("the body is larger than {MOST} bytes; send less, such as a plan in several sprints");
            return Self::new(status, "body-too-large", text);
        }
        Self::bad("bad-body", rejection.body_text())
    }
}

fn read<T: DeserializeOwned>(headers: &HeaderMap, bytes: &[u8]) -> Result<T, ApiError> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_json = kind.is_some_and(|kind| {
        kind.split(';')
            .next()
            .is_some_and(|kind| kind.trim() == "application/json")
    });
    if !bytes.is_empty() && !is_json {
        let text = "the body is not JSON; send it with Content-Type: application/json";
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json", text));
    }
    let bytes = if bytes.is_empty() { b"{}" } else { bytes };
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let field = error.path().to_string();
        let error = error.into_inner();
        if error.is_data() {
            // The field says where; a line and a column of what a program sent tell nobody more.
            let place = format!(" at line {} column {}", error.line(), error.column());
            let text = error.to_string();
            let what = text.strip_suffix(&place).unwrap_or(&text);
            let text = if field == "." {
                what.to_owned()
            } else {
                format!("{field}: {what}")
            };
            ApiError::unusable("bad-field", text).with("field", field)
        } else {
            ApiError::bad("broken-json", format!("the body is not valid JSON: {error}"))
        }
    })?;
    json.end()
        .map_err(|error| ApiError::bad("broken-json", format!("the body goes on after its JSON: {error}")))?;
    Ok(read)
}

fn key(headers: &HeaderMap, by: &PersonId, target: &str, body: &[u8]) -> Result<Option<Key>, ApiError> {
    let Some(given) = headers.get(KEY) else {
        return Ok(None);
    };
    let given = given
        .to_str()
        .ok()
        .filter(|key| !key.is_empty() && key.len() <= KEY_MOST);
    let Some(given) = given else {
        let text =
            format!("Idempotency-Key is not 1 to {KEY_MOST} visible characters; send a random one, such as a UUID");
        return Err(ApiError::bad("bad-idempotency-key", text));
    };
    let expected = headers.get(header::IF_MATCH).map_or(&b""[..], |value| value.as_bytes());
    let mut hash = Sha256::new();
    for part in [by.as_str().as_bytes(), target.as_bytes(), expected, body] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    Ok(Some(Key {
        name: format!("{by}/{given}"),
        request: hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect(),
    }))
}

/// The version that an edit began from, as `If-Match` names it: `"3"`.
pub(super) fn expected_version(headers: &HeaderMap) -> Result<u32, ApiError> {
    let Some(given) = headers.get(header::IF_MATCH) else {
        let text = "the request does not say which version of the plan was edited; send If-Match with it, such as \"3\", \
                    or \"0\" for the first plan";
        return Err(ApiError::new(
            StatusCode::PRECONDITION_REQUIRED,
            "if-match-missing",
            text,
        ));
    };
    let version = given
        .to_str()
        .ok()
        .and_then(|text| text.strip_prefix('"')?.strip_suffix('"')?.parse().ok());
    version.ok_or_else(|| ApiError::bad("bad-if-match", "If-Match names no version of a plan; write it as \"3\""))
}
