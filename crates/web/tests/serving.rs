//! The app as a browser asks for it, whether it was built or a page stands in its place.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt;
use tower::ServiceExt;

const BROWSER: &[(&str, &str)] = &[
    ("accept", "text/html,*/*;q=0.8"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
];

async fn ask(method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    team6_web::router()
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map(|value| value.to_str().unwrap())
        .unwrap_or_default()
}

async fn body(response: Response) -> Vec<u8> {
    response.into_body().collect().await.unwrap().to_bytes().to_vec()
}

#[tokio::test]
async fn every_address_of_the_app_opens_its_page_and_a_missing_part_fails() {
    let page = body(ask("GET", "/", &[]).await).await;
    assert!(
        page.starts_with(b"<!doctype html>"),
        "{}",
        String::from_utf8_lossy(&page)
    );
    for path in ["/sprints/3", "/tasks/12?tab=changes", "/sign-in", "/index.html"] {
        let opened = ask("GET", path, &[("accept", "text/html"), ("sec-fetch-mode", "navigate")]).await;
        assert_eq!(
            (opened.status(), body(opened).await),
            (StatusCode::OK, page.clone()),
            "{path}"
        );
    }
    for path in ["/assets/gone-1a2b.js", "/sprints/3", "/..%2fCargo.toml"] {
        let part = ask("GET", path, &[("accept", "*/*"), ("sec-fetch-mode", "no-cors")]).await;
        assert_eq!(part.status(), StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(ask("POST", "/", BROWSER).await.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_page_may_load_nothing_from_elsewhere_and_run_no_script_that_stands_in_it() {
    for path in ["/", "/sprints/3", "/assets/gone-1a2b.js"] {
        let page = ask("GET", path, BROWSER).await;
        let policy = header(&page, "content-security-policy");
        for rule in [
            "default-src 'self'",
            "script-src 'self'",
            "frame-ancestors 'none'",
            "object-src 'none'",
        ] {
            assert!(
                policy.split("; ").any(|given| given == rule),
                "{rule} is not in {policy}"
            );
        }
        assert!(!policy.contains("unsafe-eval") && !policy.contains("http:"), "{policy}");
        assert_eq!(header(&page, "x-content-type-options"), "nosniff");
        assert_eq!(header(&page, "referrer-policy"), "no-referrer");
    }
}

#[tokio::test]
async fn a_page_is_sent_packed_unpacked_or_not_again() {
    let packed = ask("GET", "/", BROWSER).await;
    assert_eq!(
        (header(&packed, "content-encoding"), header(&packed, "vary")),
        ("br", "accept-encoding")
    );
    assert_eq!(header(&packed, "content-type"), "text/html; charset=utf-8");
    assert_eq!(header(&packed, "cache-control"), "no-cache");
    let tag = header(&packed, "etag").to_owned();
    let mut unpacked = Vec::new();
    let packed = body(packed).await;
    std::io::Read::read_to_end(&mut brotli::Decompressor::new(&packed[..], 4096), &mut unpacked).unwrap();
    for codings in ["gzip", "identity", "br;q=0, gzip", ""] {
        let plain = ask("GET", "/", &[("accept-encoding", codings)]).await;
        assert_eq!(
            (header(&plain, "content-encoding"), header(&plain, "etag")),
            ("", tag.as_str()),
            "{codings}"
        );
        assert_eq!(body(plain).await, unpacked, "{codings}");
    }
    for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}")] {
        let same = ask("GET", "/sprints/3", &[BROWSER[0], ("if-none-match", &known)]).await;
        assert_eq!(same.status(), StatusCode::NOT_MODIFIED, "{known}");
        assert!(body(same).await.is_empty());
    }
    let other = ask("GET", "/", &[("if-none-match", "\"other\"")]).await;
    assert_eq!(other.status(), StatusCode::OK);
    assert!(body(ask("HEAD", "/", BROWSER).await).await.is_empty());
}
