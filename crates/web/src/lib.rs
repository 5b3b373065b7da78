//! The web app, embedded in the binary, and how browsers get it.
//!
//! The files lie packed in the binary. What has its hash in its name never changes and is kept by browsers; the page itself
//! is asked for each time. A page may load nothing from elsewhere and be shown in no other page, whatever an agent wrote
//! into what it shows.

mod answer;
mod asset;

pub use asset::BUILT;

use axum::Router;
use axum::extract::Request;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use answer::guarded;
use asset::Asset;

/// The page from which the app starts at every address.
const INDEX: &str = "index.html";

/// Serves the app at every path; give it a place beside the API.
pub fn router() -> Router {
    Router::new().fallback(serve)
}

async fn serve(request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let allowed = [(header::ALLOW, "GET, HEAD")];
        return guarded((StatusCode::METHOD_NOT_ALLOWED, allowed, "This page can only be read.\n").into_response());
    }
    let path = request.uri().path().trim_start_matches('/');
    let path = if path.is_empty() { INDEX } else { path };
    let page = || Asset::at(INDEX).filter(|_| is_navigation(&request));
    match Asset::at(path).or_else(page) {
        Some(asset) => answer::with(asset, request.headers()),
        None => guarded((StatusCode::NOT_FOUND, "There is nothing here.\n").into_response()),
    }
}

/// Whether a browser opens an address, and does not load a part of a page. A part that is missing must fail, and not be the
/// page itself.
fn is_navigation(request: &Request) -> bool {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    match header("sec-fetch-mode") {
        Some(mode) => mode == "navigate",
        None => header("accept").is_some_and(|kinds| kinds.contains("text/html")),
    }
}
