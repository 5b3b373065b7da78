//! What git says, made fit for people and logs: no credentials, no control characters, not too long.

/// The most characters of git's words that are kept.
const KEPT: usize = 2_000;

/// The text with the user and password of every URL taken out.
pub fn redact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        out.push_str(before);
        out.push_str("://");
        let host_end = after
            .find(|c: char| c == '/' || c.is_whitespace() || c == '\'' || c == '"')
            .unwrap_or(after.len());
        match after[..host_end].rfind('@') {
            Some(at) => {
                out.push_str("***");
                rest = &after[at..];
            }
            None => rest = after,
        }
    }
    out.push_str(rest);
    out
}

/// What a process wrote, cut and redacted.
pub fn excerpt(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let clean: String = text
        .trim()
        .chars()
        .filter(|c| !c.is_control() || *c == '\n')
        .take(KEPT)
        .collect();
    redact(&clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_urls_are_taken_out_and_the_rest_stays() {
        assert_eq!(
            redact("cannot read 'https://me:s3cret@host.example/x.git' or ssh://git@h/y or http://h/@z"),
            "cannot read 'https://***@host.example/x.git' or ssh://***@h/y or http://h/@z"
        );
        assert_eq!(redact("https://a:p@ss@host"), "https://***@host");
        assert_eq!(redact("plain"), "plain");
    }

    #[test]
    fn long_and_colourful_words_are_tamed() {
        let said = excerpt(format!("\x1b[31m{}", "é".repeat(5_000)).as_bytes());
        assert_eq!(said.chars().count(), KEPT);
        assert!(said.starts_with("[31mé"), "{said}");
    }
}
