//! How tests, assertions and skips look in each language.

/// A language whose tests are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Language {
    Rust,
    JavaScript,
    Python,
    Go,
    Java,
}

impl Language {
    /// By the end of a file's name.
    pub(super) fn of(path: &str) -> Option<Self> {
        let (_, end) = path.rsplit_once('.')?;
        Some(match end {
            "rs" => Self::Rust,
            "js" | "jsx" | "mjs" | "cjs" | "ts" | "tsx" | "mts" | "cts" => Self::JavaScript,
            "py" => Self::Python,
            "go" => Self::Go,
            "java" | "kt" => Self::Java,
            _ => return None,
        })
    }

    /// Whether what asserts something in a file is of tests. Those of Rust may be anywhere.
    pub(super) fn tests_are_in(self, path: &str) -> bool {
        let path = path.to_lowercase();
        self == Self::Rust || path.contains("test") || path.contains("spec")
    }

    /// The names of the tests in these lines.
    pub(super) fn tests(self, lines: &[&str]) -> Vec<String> {
        let mut tests = Vec::new();
        // An attribute or annotation says that what comes next is a test.
        let mut marked = false;
        for line in lines.iter().map(|line| line.trim()) {
            match self {
                Self::Rust if is_rust_test(line) => marked = true,
                Self::Java
                    if ["@Test", "@ParameterizedTest", "@RepeatedTest"]
                        .iter()
                        .any(|mark| line.starts_with(mark)) =>
                {
                    marked = true;
                    // It may stand in the same line.
                    tests.extend(java_name(line).filter(|_| line.contains(')') && line.contains("void")));
                    marked &= !line.contains("void");
                }
                Self::Rust if marked => {
                    if let Some(name) = after(line, "fn ") {
                        tests.push(name);
                        marked = false;
                    }
                }
                Self::Java if marked && !line.starts_with('@') => {
                    if let Some(name) = java_name(line) {
                        tests.push(name);
                        marked = false;
                    }
                }
                Self::JavaScript => tests.extend(javascript_name(line)),
                Self::Python => {
                    let line = line.strip_prefix("async ").unwrap_or(line);
                    tests.extend(line.starts_with("def test").then(|| after(line, "def ")).flatten());
                }
                Self::Go => {
                    let known = ["func Test", "func Fuzz"].iter().any(|begin| line.starts_with(begin));
                    tests.extend(known.then(|| after(line, "func ")).flatten());
                }
                Self::Rust | Self::Java => {}
            }
        }
        tests
    }

    /// Whether a line asserts something.
    pub(super) fn asserts(self, line: &str) -> bool {
        let line = line.trim();
        let has = |words: &[&str]| words.iter().any(|word| line.contains(word));
        if is_comment(self, line) {
            return false;
        }
        match self {
            Self::Rust => line.contains("assert") && line.contains('!') || line.starts_with("#[should_panic"),
            Self::JavaScript => has(&["expect(", "assert(", "assert."]),
            Self::Python => {
                line.starts_with("assert ") || line.starts_with("assert(") || has(&["self.assert", "pytest.raises"])
            }
            Self::Go => has(&["t.Error", "t.Fatal", "t.Fail(", "t.FailNow(", "assert.", "require."]),
            Self::Java => has(&["assert", "verify(", "fail("]) && line.contains('(') && !line.starts_with("import "),
        }
    }

    /// Whether a line has a test left out.
    pub(super) fn skips(self, line: &str) -> bool {
        let line = line.trim();
        let begins = |words: &[&str]| words.iter().any(|word| line.starts_with(word));
        match self {
            Self::Rust => {
                begins(&["#[ignore", "#[cfg(any())]"]) || line.starts_with("#[cfg_attr(") && line.contains("ignore")
            }
            Self::JavaScript => {
                begins(&["xit(", "xtest(", "xdescribe(", "fit(", "fdescribe("])
                    || ["it", "test", "describe", "suite", "context"].iter().any(|what| {
                        let how = line.strip_prefix(what);
                        how.is_some_and(|how| {
                            [".skip", ".only", ".todo", ".failing"]
                                .iter()
                                .any(|word| how.starts_with(word))
                        })
                    })
            }
            Self::Python => {
                begins(&[
                    "@pytest.mark.skip",
                    "@pytest.mark.xfail",
                    "@unittest.skip",
                    "@skip",
                    "@unittest.expectedFailure",
                ]) || begins(&[
                    "pytest.skip(",
                    "pytest.xfail(",
                    "self.skipTest(",
                    "pytestmark = pytest.mark.skip",
                ])
            }
            Self::Go => begins(&["t.Skip(", "t.Skipf(", "t.SkipNow("]),
            Self::Java => begins(&["@Disabled", "@Ignore"]),
        }
    }
}

fn is_comment(language: Language, line: &str) -> bool {
    match language {
        Language::Python => line.starts_with('#'),
        _ => line.starts_with("//") || line.starts_with("/*") || line.starts_with('*'),
    }
}

/// `#[test]`, `#[tokio::test(…)]`, `#[rstest]` and the like.
fn is_rust_test(line: &str) -> bool {
    let Some(attribute) = line.strip_prefix("#[") else {
        return false;
    };
    let end = attribute.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
    let name = &attribute[..end.unwrap_or(attribute.len())];
    matches!(
        name.rsplit("::").next(),
        Some("test" | "rstest" | "test_case" | "wasm_bindgen_test")
    )
}

/// The name that follows a word.
fn after(line: &str, word: &str) -> Option<String> {
    let (_, rest) = line.split_once(word)?;
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
    let name = &rest[..end.unwrap_or(rest.len())];
    (!name.is_empty()).then(|| name.to_owned())
}

/// The name before the first parenthesis that follows a name.
fn java_name(line: &str) -> Option<String> {
    let line = line.strip_prefix("@Test").unwrap_or(line);
    let (before, _) = line.split_once('(')?;
    let name = before
        .rsplit(|c: char| !c.is_alphanumeric() && c != '_' && c != '`')
        .next()?;
    (!name.is_empty() && before.contains(' ')).then(|| name.trim_matches('`').to_owned())
}

/// The text of `it("…")`, `test.each(…)("…")` and the like.
fn javascript_name(line: &str) -> Option<String> {
    let rest = ["xit", "xtest", "fit", "it", "test"]
        .iter()
        .find_map(|word| line.strip_prefix(word))?;
    let call = rest.starts_with('(') || rest.starts_with('.');
    let begin = rest.find(['"', '\'', '`']).filter(|_| call)?;
    let quote = rest[begin..].chars().next()?;
    let text = &rest[begin + 1..];
    Some(text[..text.find(quote).unwrap_or(text.len())].to_owned())
}
