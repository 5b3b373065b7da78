//! The cookie of a session, both ways.

use std::time::Duration;

use axum::http::{HeaderMap, header};

/// A cookie as it is set. Only the API gets it, no page reads it, and no other site's page sends it along.
pub(super) fn set(name: &str, value: &str, life: Duration, encrypted: bool) -> String {
    let secure = if encrypted { "; Secure" } else { "" };
    let seconds = life.as_secs();
    format!("{name}={value}; Path=/api/v1; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

/// The value of a cookie that was sent.
pub(super) fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let sent = headers.get_all(header::COOKIE).into_iter();
    let pairs = sent
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'));
    pairs
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(given, value)| *given == name && !value.is_empty())
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("theme=dark; team6_1=abc=; x"));
        headers.append(header::COOKIE, HeaderValue::from_static("team6_2=def"));
        assert_eq!(value(&headers, "team6_1"), Some("abc="));
        assert_eq!(value(&headers, "team6_2"), Some("def"));
        assert_eq!(value(&headers, "team6"), None);
    }
}
