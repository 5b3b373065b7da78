//! The web app as a browser gets it from `team6 up`, and the way in that `team6 open` gives.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::Place;

/// What a server answers to a request: its first line, its headers and its body.
fn asks(url: &str, line: &str, headers: &str, body: &str) -> String {
    let address = url.strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        connection,
        "{line} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
    .unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_link_opens_the_app_once_and_keeps_its_code_from_servers() {
    let place = Place::new("");
    let server = place.up(&[]);
    let told = place.json(&["open", "--as", "lin"]);
    let link = told["url"].as_str().unwrap();
    let (url, code) = link.split_once("/#code=").unwrap();
    let page = asks(url, "GET /", "Accept: text/html\r\nAccept-Encoding: identity\r\n", "").to_lowercase();
    assert!(page.contains("content-security-policy: default-src 'self'"), "{page}");
    assert!(page.contains("<!doctype html>"), "{page}");
    let headers = format!("Origin: {url}\r\nContent-Type: application/json\r\n");
    let sign_in = || {
        asks(
            url,
            "POST /api/v1/sign-in",
            &headers,
            &format!("{{\"code\":\"{code}\"}}"),
        )
    };
    let answer = sign_in();
    assert!(answer.contains("\"person\":\"lin\""), "{answer}");
    assert!(answer.to_lowercase().contains("set-cookie: team6_"), "{answer}");
    assert!(sign_in().contains("code-used"));
    let printed = place.ok(&["open", "--print"]);
    assert!(printed.starts_with(&format!("{url}/#code=")), "{printed}");
    assert!(printed.contains("once") && !printed.contains("It opens"), "{printed}");
    assert!(server.stop());
}
