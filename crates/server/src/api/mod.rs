//! The HTTP API: how people, the command line and the web app reach the engine.
//!
//! A handler reads its request, carries out one command or takes one look, and answers with what is there now. The rules
//! are the core's.

mod agents;
mod attempts;
mod changes;
mod checks;
mod commands;
mod conflicts;
mod costs;
mod error;
mod feed;
mod forecast;
mod guard;
mod inbox;
mod known;
mod live;
mod local_files;
mod log;
mod log_filter;
mod memories;
mod notifications;
mod openapi;
mod operations;
mod owners;
mod page;
mod plans;
mod project_budgets;
mod projects;
mod request;
mod reverts;
mod review_comments;
mod settings;
mod sign_in;
mod sprints;
mod state;
mod stream;
mod task_checks;
mod tasks;
pub mod token;
mod topics;
pub mod types;
mod views;
mod work;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse;
use axum::{Extension, Router, middleware};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use state::{AgentDirectory, ApiParts, ApiState, LoadOnly, OwnerFactsSource, TouchedPaths};

use error::ApiError;

/// How long requests that are being answered have when the server stops.
const GRACE: Duration = Duration::from_secs(5);

/// All routes, under `/api/v1`. Other paths get a problem.
pub fn router(state: ApiState) -> Router {
    router_with_pages(state, Router::new().fallback(no_such_route))
}

/// All routes, under `/api/v1`, and pages for people at all paths outside of `/api`.
pub fn router_with_pages(state: ApiState, pages: Router) -> Router {
    let (router, document) = described(&state);
    let elsewhere = move |request: Request| {
        let pages = pages.clone();
        async move {
            let uri = request.uri().clone();
            match uri.path() == "/api" || uri.path().starts_with("/api/") {
                true => no_such_route(uri).await.into_response(),
                false => pages.oneshot(request).await.into_response(),
            }
        }
    };
    router
        .layer(Extension(Arc::new(document)))
        .fallback(elsewhere)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::max(request::MOST))
        .layer(middleware::from_fn_with_state(state.clone(), guard::hosts))
        .layer(middleware::from_fn(guard::log))
        .with_state(state)
}

/// The routes with their description.
fn described(state: &ApiState) -> (Router<ApiState>, utoipa::openapi::OpenApi) {
    let closed = OpenApiRouter::new()
        .merge(projects::routes())
        .merge(project_budgets::routes())
        .merge(local_files::routes())
        .merge(checks::routes())
        .merge(agents::routes())
        .merge(sprints::routes())
        .merge(plans::routes())
        .merge(owners::routes())
        .merge(tasks::routes())
        .merge(task_checks::routes())
        .merge(changes::routes())
        .merge(reverts::routes())
        .merge(conflicts::routes())
        .merge(forecast::routes())
        .merge(attempts::routes())
        .merge(memories::routes())
        .merge(inbox::routes())
        .merge(notifications::routes())
        .merge(live::routes())
        .merge(stream::routes())
        .merge(log::routes())
        .merge(operations::routes())
        .merge(work::routes())
        .merge(settings::routes())
        .merge(costs::routes())
        .merge(sign_in::routes())
        .route_layer(middleware::from_fn_with_state(state.clone(), guard::admitted));
    let open = OpenApiRouter::new()
        .routes(routes!(operations::health))
        .routes(routes!(openapi::describe))
        .merge(sign_in::open_routes());
    let all = OpenApiRouter::with_openapi(openapi::begin()).nest("/api/v1", closed.merge(open));
    let (router, mut document) = all.split_for_parts();
    openapi::finish(&mut document);
    (router, document)
}

async fn no_such_route(uri: Uri) -> ApiError {
    let text = format!("there is nothing at {}; see /api/v1/openapi.json", uri.path());
    ApiError::missing("no-such-route", text)
}

async fn wrong_method(uri: Uri) -> ApiError {
    let text = format!("{} does not do this; see /api/v1/openapi.json", uri.path());
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "wrong-method", text)
}

/// Answers requests until told to stop, and then finishes those that it has begun. Live streams end with the state's
/// own `stop`.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) -> io::Result<()> {
    let stopped = stop.clone();
    let serving = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
    let too_late = async {
        stopped.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = serving.into_future() => served,
        () = too_late => {
            tracing::warn!("some requests were still being answered when the server stopped");
            Ok(())
        }
    }
}
