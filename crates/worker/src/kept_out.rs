//! What local files hold that nobody should read in traces and in logs.
//!
//! An agent and a check may print what they were given. A file of settings has secrets beside words that no trace could be
//! read without, so names and shapes of values decide, as they do for the variables of an agent's profile.

use team6_agent::profile::{may_hold_a_secret, names_a_secret};
use team6_workspace::LocalFile;

/// What stands alone in a line is a value from this length on.
const ALONE: usize = 16;
/// How many values of one file are looked for.
const MOST: usize = 1_000;

/// The values in local files that are taken out of what is kept.
pub(crate) fn secrets<'a>(files: impl IntoIterator<Item = &'a LocalFile>) -> Vec<String> {
    let all = files.into_iter().flat_map(|file| {
        let text = String::from_utf8_lossy(&file.content);
        text.lines().filter_map(secret).take(MOST).collect::<Vec<_>>()
    });
    all.collect()
}

/// The secret in a line of settings, if it holds one.
fn secret(line: &str) -> Option<String> {
    let line = line.trim();
    let line = line.strip_prefix("export ").unwrap_or(line);
    if line.starts_with(['#', ';']) || line.starts_with("//") {
        return None;
    }
    let bare = |text: &str| text.trim().trim_matches(['"', '\'', '`', ',', ';']).trim().to_owned();
    match line.split_once('=').or_else(|| line.split_once(':')) {
        // What is padded at its end has no value behind it.
        Some((name, value)) if is_name(&bare(name)) && !value.trim_matches('=').is_empty() => {
            let (name, value) = (words(&bare(name)), bare(value));
            let secret = names_a_secret(&name) || (may_hold_a_secret(&name) && !is_common(&value));
            secret.then_some(value)
        }
        _ => {
            let value = bare(line);
            (value.len() >= ALONE && !value.contains(char::is_whitespace)).then_some(value)
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

/// A name as a variable has it: `clientSecret` and `client-secret` are `client_Secret` and `client_secret`.
fn words(name: &str) -> String {
    let mut words = String::new();
    let mut before = ' ';
    for c in name.chars() {
        if c.is_ascii_uppercase() && before.is_ascii_lowercase() {
            words.push('_');
        }
        words.push(if "-.".contains(c) { '_' } else { c });
        before = c;
    }
    words
}

/// Words, numbers and places, which many files say.
fn is_common(value: &str) -> bool {
    let word = |c: char| c.is_alphabetic() || "-_ .,".contains(c);
    value.chars().all(word)
        || value.parse::<f64>().is_ok()
        || value.starts_with(['/', '.', '~'])
        || value.contains("://")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(content: &str) -> Vec<String> {
        let file = LocalFile {
            path: ".env".parse().unwrap(),
            content: content.into(),
        };
        secrets([&file])
    }

    #[test]
    fn values_of_settings_are_secrets_unless_their_names_or_shapes_say_otherwise() {
        let env = "# KEY=comment-comment\nAPI_KEY=correct-horse\nexport DB_PASSWORD=\"pass word\"\nNODE_ENV=development\nPORT=8080\n\
                   RETRIES=31415926\nDATA_DIR=/srv/data-2\nSERVICE_URL=http://one.example\nDSN=8f1c0b72aa\n";
        assert_eq!(found(env), ["correct-horse", "pass word", "8f1c0b72aa"]);
        let json = "{\n  \"clientSecret\": \"correct-horse\",\n  \"name\": \"shop\"\n}\n";
        assert_eq!(found(json), ["correct-horse"]);
        let toml = "[keys]\napi-token = 'correct-horse'\n";
        assert_eq!(found(toml), ["correct-horse"]);
    }

    #[test]
    fn a_file_that_is_nothing_but_a_key_is_one() {
        assert_eq!(found("0123456789abcdef\n"), ["0123456789abcdef"]);
        let pem = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ==\n-----END KEY-----\n";
        assert_eq!(found(pem), ["MIIEvQIBADANBgkqhkiG9w0BAQ=="]);
        assert_eq!(
            found("short\nSome words of a text that is longer.\n"),
            Vec::<String>::new()
        );
    }
}
