//! How a file is answered: packed or not, again or not at all, and what the page may do.

use std::io::{self, Read};

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::asset::Asset;

/// What a page of the app may load and do. Styles may stand in the page, as the graph's and the menus' positions do; scripts
/// may not.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
    frame-ancestors 'none'";

const GUARDS: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// Adds what tells browsers how little to trust a page.
pub(crate) fn guarded(mut response: Response) -> Response {
    for (name, value) in GUARDS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A file, or that the one that the browser has is still the same.
pub(crate) fn with(asset: &'static Asset, headers: &HeaderMap) -> Response {
    let mut response = if has(asset, headers) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        whole(asset, headers)
    };
    let kept = match asset.hashed {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    let set = response.headers_mut();
    set.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    set.insert(header::ETAG, HeaderValue::from_static(asset.tag));
    set.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    guarded(response)
}

fn whole(asset: &'static Asset, headers: &HeaderMap) -> Response {
    let kind = [(header::CONTENT_TYPE, asset.kind)];
    if !asset.packed {
        return (kind, asset.content).into_response();
    }
    if takes_brotli(headers) {
        return (kind, [(header::CONTENT_ENCODING, "br")], asset.content).into_response();
    }
    match unpacked(asset) {
        Ok(content) => (kind, content).into_response(),
        // What the build wrote can be read; if not, the binary is damaged.
        Err(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "This file is damaged; install the program again.\n",
        )
            .into_response(),
    }
}

fn unpacked(asset: &Asset) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    brotli::Decompressor::new(asset.content, 64 * 1024).read_to_end(&mut content)?;
    Ok(content)
}

fn takes_brotli(headers: &HeaderMap) -> bool {
    let refused = |weight: &str| {
        weight
            .trim()
            .strip_prefix("q=")
            .is_some_and(|q| q.trim().parse() == Ok(0.0))
    };
    listed(headers, &header::ACCEPT_ENCODING).any(|coding| {
        let mut parts = coding.split(';');
        parts.next().is_some_and(|name| name.trim().eq_ignore_ascii_case("br")) && !parts.any(refused)
    })
}

/// Whether the browser has this very file.
fn has(asset: &Asset, headers: &HeaderMap) -> bool {
    listed(headers, &header::IF_NONE_MATCH).any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == asset.tag)
}

/// The items of a header that is a list.
fn listed<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',').map(str::trim))
}
