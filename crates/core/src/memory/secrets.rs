//! Whether a text seems to hold a secret. What is remembered is read in the prompts of many tasks and by every person of
//! the project, so a refusal too many costs less than a key that was kept.

/// Beginnings of well-known keys.
const KEYS: &[&str] = &[
    "sk-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xapp-",
    "AKIA",
    "ASIA",
    "AIza",
    "ya29.",
    "eyJ",
    "npm_",
    "pypi-",
    "hf_",
    "SG.",
    "dop_v1_",
];
/// Names that a secret is given.
const NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "credential",
];
/// What stands where a secret would, in texts that only say where it goes.
const PLACEHOLDERS: &[&str] = &[
    "example",
    "changeme",
    "placeholder",
    "redacted",
    "your",
    "xxx",
    "none",
    "null",
];

/// What a text holds that seems to be a secret, named so that who wrote it finds it; its value is not repeated.
pub(super) fn found(text: &str) -> Option<String> {
    if text.contains("-----BEGIN") && text.contains("PRIVATE KEY") {
        return Some("a private key".into());
    }
    let words = text.split(|c: char| c.is_whitespace() || "\"'`<>()[]{},;".contains(c));
    words
        .filter(|word| !word.is_empty())
        .find_map(of_word)
        .or_else(|| assigned(text))
}

fn of_word(word: &str) -> Option<String> {
    let value = word.rsplit('=').next().unwrap_or(word);
    let long_enough = |rest: &str| rest.chars().filter(char::is_ascii_alphanumeric).count() >= 12;
    if let Some(key) = KEYS
        .iter()
        .find(|key| value.strip_prefix(**key).is_some_and(long_enough))
    {
        return Some(format!("a key that begins with {key}"));
    }
    if let Some((_, rest)) = word.split_once("://")
        && let Some((user, _)) = rest.split('/').next().unwrap_or_default().rsplit_once('@')
        && let Some((_, password)) = user.split_once(':')
        && is_value(password)
    {
        return Some("a password in a URL".into());
    }
    is_random(value).then(|| "a long random string".into())
}

/// `password: value` and `API_KEY=value`.
fn assigned(text: &str) -> Option<String> {
    let mut rest = text;
    while let Some(place) = rest.find([':', '=']) {
        let (before, after) = rest.split_at(place);
        let name: String = before
            .chars()
            .rev()
            .skip_while(|c| c.is_whitespace() || "\"'`".contains(*c))
            .take_while(|c| c.is_alphanumeric() || "_-".contains(*c))
            .filter(|c| c.is_alphanumeric())
            .collect();
        let name: String = name.chars().rev().collect::<String>().to_lowercase();
        let after = after.trim_start_matches([':', '=']);
        let value = after.trim_start_matches(|c: char| c == ' ' || "\"'`".contains(c));
        let value = value
            .split(|c: char| c.is_whitespace() || "\"'`,;".contains(c))
            .next()
            .unwrap_or_default();
        if NAMES.iter().any(|known| name.ends_with(known)) && is_value(value) {
            return Some(format!("the value of {name}"));
        }
        rest = after;
    }
    None
}

/// Whether it may be a secret rather than a word, a variable or a gap to be filled.
fn is_value(text: &str) -> bool {
    let lower = text.to_lowercase();
    let named = text.starts_with(['$', '<', '{', '*']) || text.contains("${");
    let mixed = text.chars().any(|c| c.is_ascii_digit()) || text.chars().any(|c| "!@#%^&+".contains(c));
    text.chars().count() >= 6 && mixed && !named && !PLACEHOLDERS.iter().any(|known| lower.contains(known))
}

/// Long, without a pattern, and neither a commit nor a path: letters of both cases and digits in turn.
fn is_random(text: &str) -> bool {
    let text = text.trim_end_matches(['.', '=', ':']);
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '_' || c == '-';
    if text.len() < 32 || !text.chars().all(plain) || text.chars().all(|c| c.is_ascii_hexdigit()) {
        return false;
    }
    let kind = |c: char| match c {
        'a'..='z' => 0,
        'A'..='Z' => 1,
        '0'..='9' => 2,
        _ => 3,
    };
    let letters: Vec<u8> = text.chars().map(kind).collect();
    let turns = letters.windows(2).filter(|pair| pair[0] != pair[1]).count();
    [0, 1, 2].iter().all(|kind| letters.contains(kind)) && turns * 3 >= letters.len()
}

#[cfg(test)]
mod tests {
    use super::found;

    #[test]
    fn what_looks_like_a_secret_is_named_and_not_repeated() {
        for (text, named) in [
            ("Use sk-ant-REDACTED-KEY-abc for the API", "a key that begins with sk-"),
            (
                "export GITHUB_TOKEN=ghp_0123456789abcdefABCDEF0123456789abcd",
                "a key that begins with ghp_",
            ),
            (
                "the database is at postgres://app:hunter22@db.internal/app",
                "a password in a URL",
            ),
            ("staging password: Tr0ub4dor&3", "the value of password"),
            ("set API_KEY=\"9f8a7b6c5d\" first", "the value of apikey"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nabc", "a private key"),
            (
                "header is Zm9vYmFyQmF6MTIzNDU2Nzg5MGFiY0RlZkdoSTE",
                "a long random string",
            ),
        ] {
            assert_eq!(found(text).as_deref(), Some(named), "{text}");
        }
    }

    #[test]
    fn what_is_said_of_secrets_is_none() {
        for text in [
            "The token comes from the variable DEPLOY_TOKEN; never print it.",
            "Set password=$DB_PASSWORD before `make migrate`.",
            "Mended by 0123456789abcdef0123456789abcdef01234567.",
            "postgres://app:<password>@localhost/app is what the tests expect.",
            "Run `cargo test -p team6-store --test contract rows::a_rebuild_replaces_everything`.",
            "The password: at least twelve characters, checked in auth/policy.rs.",
            "Keys of Redis begin with session: and expire after 30 minutes.",
        ] {
            assert_eq!(found(text), None, "{text}");
        }
    }
}
