//! The description of the API for programs.

use std::sync::Arc;

use axum::{Extension, Json};
use team6_core::ledger::BudgetSpan;
use team6_core::sprint::Event as SprintEvent;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{Modify, OpenApi as _};

use super::types::{Problem, StreamPosition};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Team6",
        description = "Requests show the token of the server, or the cookie of a session that `POST /api/v1/sign-in` \
                       opened, and act for the person that the header Team6-Person names. Errors are problems as RFC 9457 describes them, with a code that stays the same over versions. \
                       Times are milliseconds since 1970-01-01 00:00 UTC."
    ),
    components(schemas(Problem, StreamPosition, SprintEvent, BudgetSpan)),
    security(("token" = [])),
    modifiers(&Token)
)]
struct Document;

struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut OpenApi) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
        let bearer = bearer.description(Some("The text of the file `token` in the data folder of the server."));
        let components = document.components.get_or_insert_with(Components::new);
        components.add_security_scheme("token", SecurityScheme::Http(bearer.build()));
    }
}

/// Describes this API for programs, as OpenAPI does. It needs no token.
#[utoipa::path(get, path = "/openapi.json", tag = "operations", security(()), responses((status = OK, body = Object)))]
pub(super) async fn describe(Extension(document): Extension<Arc<OpenApi>>) -> Json<Arc<OpenApi>> {
    Json(document)
}

/// The document before any route is added to it.
pub(super) fn begin() -> OpenApi {
    Document::openapi()
}

/// Every operation may be answered with a problem.
pub(super) fn finish(document: &mut OpenApi) {
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            let summary = operation.summary.clone().unwrap_or_default();
            let responses = &mut operation.responses.responses;
            for response in responses.values_mut() {
                if let RefOr::T(response) = response
                    && response.description.is_empty()
                {
                    response.description.clone_from(&summary);
                }
            }
            responses.insert("4XX".to_owned(), problem("What was asked cannot be done").into());
            responses.insert(
                "5XX".to_owned(),
                problem("The server failed; asking again may help").into(),
            );
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let all = [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.patch,
        &mut item.delete,
    ];
    all.into_iter().flatten()
}

fn problem(description: &str) -> Response {
    let schema = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", content)
        .build()
}
