//! Ownership files: which people a repository itself names for which paths.

use team6_core::pattern::Pattern;

/// Where ownership files lie; the first that is there counts.
pub(super) const PLACES: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/// An ownership file, read. Lines that cannot be used are left out, as forges do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct CodeOwners {
    rules: Vec<Rule>,
}

#[derive(Debug, PartialEq, Eq)]
struct Rule {
    pattern: Pattern,
    /// None takes paths away from the owners that earlier rules give them.
    owners: Vec<String>,
    everything: bool,
}

impl CodeOwners {
    pub(super) fn parse(text: &str) -> Self {
        Self {
            rules: text.lines().filter_map(rule).collect(),
        }
    }

    /// The owners of a path as the file writes them: by the last rule that takes it.
    pub(super) fn of(&self, path: &str) -> &[String] {
        let rule = self.rules.iter().rev().find(|rule| rule.pattern.matches(path));
        rule.map_or(&[], |rule| &rule.owners)
    }

    /// The owners of whatever no other rule takes.
    pub(super) fn of_the_rest(&self) -> &[String] {
        let rule = self.rules.iter().rev().find(|rule| rule.everything);
        rule.map_or(&[], |rule| &rule.owners)
    }
}

/// Reads `pattern owner…  # comment`.
fn rule(line: &str) -> Option<Rule> {
    let mut words = words(line).into_iter();
    let pattern = words.next()?;
    // Forges refuse what would mean something else in an ignore file, and sections.
    if pattern.starts_with(['!', '^']) || pattern.contains(['[', ']']) || pattern.starts_with("\\#") {
        return None;
    }
    Some(Rule {
        everything: ["*", "**", "/**"].contains(&pattern.as_str()),
        pattern: Pattern::new(&pattern),
        owners: words.filter(|word| word.contains('@')).collect(),
    })
}

/// Words up to a comment; a backslash keeps the space after it.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '#' if word.is_empty() => break,
            '\\' if rest.peek() == Some(&' ') => word.extend(rest.next()),
            c if c.is_whitespace() => words.extend((!word.is_empty()).then(|| std::mem::take(&mut word))),
            c => word.push(c),
        }
    }
    words.extend((!word.is_empty()).then_some(word));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\u{20}
# Everything that nobody else owns
*       @ada @acme/core   # the core team
/api/   bob@example.org
/api/generated/
docs/with\\ space.md @cyd
!api/x @mallory
[Section] @mallory
\\#x @mallory
/web/* @dan someone
";

    #[test]
    fn the_last_rule_that_takes_a_path_names_its_owners() {
        let owners = CodeOwners::parse(FILE);
        for (path, expected) in [
            ("README.md", &["@ada", "@acme/core"][..]),
            ("api/server.py", &["bob@example.org"]),
            ("api/generated/client.py", &[]),
            ("docs/with space.md", &["@cyd"]),
            ("web/index.html", &["@dan"]),
            ("web/deep/index.html", &["@ada", "@acme/core"]),
        ] {
            assert_eq!(owners.of(path), expected, "{path}");
        }
        assert_eq!(owners.of_the_rest(), ["@ada", "@acme/core"]);
    }

    #[test]
    fn what_is_no_ownership_file_names_nobody() {
        for text in ["", "\0\u{1}\u{fffd}", "@", "* \n", "####", "\\", "a \\"] {
            assert!(CodeOwners::parse(text).of("a").is_empty(), "{text:?}");
        }
    }
}
