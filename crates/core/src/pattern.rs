//! Patterns of ownership files, and paths of plans, which are read the same way: who owns what a task will touch, and
//! whether it touched something else.

/// A pattern with `*`, `?` and `**`, which also takes everything below a folder that it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// Between slashes; `**` stands for any number of folders.
    parts: Vec<String>,
    /// Whether it names folders only, so that a file of that name is not meant.
    folder: bool,
}

impl Pattern {
    /// Reads a pattern: with a slash in it, it counts from the root; without one, it may lie in any folder.
    pub fn new(text: &str) -> Self {
        let trimmed = text.trim_end_matches('/');
        let anchored = trimmed.contains('/');
        let parts = trimmed.split('/').filter(|part| !part.is_empty()).map(str::to_owned);
        let anywhere = (!anchored).then(|| "**".to_owned());
        Self {
            parts: anywhere.into_iter().chain(parts).collect(),
            folder: text.ends_with('/'),
        }
    }

    /// Reads a path from the root, which may have wildcards; it may be a file or a folder.
    pub fn from_root(text: &str) -> Self {
        let parts = text.split('/').filter(|part| !part.is_empty() && *part != ".");
        Self {
            parts: parts.map(str::to_owned).collect(),
            folder: false,
        }
    }

    /// The path, if it has no wildcards and so names one place.
    pub fn literal(&self) -> Option<String> {
        let plain = |part: &String| !part.contains(['*', '?']);
        self.parts.iter().all(plain).then(|| self.parts.join("/"))
    }

    /// Whether a path from the root is meant.
    pub fn matches(&self, path: &str) -> bool {
        let names: Vec<&str> = path.split('/').collect();
        // After how many names of the path the parts so far may end.
        let mut ends = vec![false; names.len() + 1];
        ends[0] = true;
        for part in &self.parts {
            ends = if part == "**" {
                let first = ends.iter().position(|end| *end).unwrap_or(ends.len());
                (0..ends.len()).map(|at| at >= first).collect()
            } else {
                let fits = |at: usize| ends[at] && fits(part, names[at]);
                std::iter::once(false).chain((0..names.len()).map(fits)).collect()
            };
        }
        // `docs/*` means the files of a folder, not what lies deeper; a single `*` means everything.
        let only_here = self.parts.last().is_some_and(|last| last == "*") && self.parts != ["**", "*"];
        let (exactly, below) = (ends[names.len()], ends[..names.len()].contains(&true));
        (exactly && !self.folder) || (below && !only_here)
    }
}

/// Whether a name fits a part with `*` and `?`.
fn fits(part: &str, name: &str) -> bool {
    let (part, name): (Vec<char>, Vec<char>) = (part.chars().collect(), name.chars().collect());
    let (mut at, mut in_name) = (0, 0);
    // The last star, and what it was last tried to end at.
    let mut star: Option<(usize, usize)> = None;
    while in_name < name.len() {
        match part.get(at) {
            Some('*') => {
                star = Some((at, in_name));
                at += 1;
            }
            Some(c) if *c == '?' || *c == name[in_name] => {
                at += 1;
                in_name += 1;
            }
            _ => {
                let Some((star_at, tried)) = star else { return false };
                star = Some((star_at, tried + 1));
                (at, in_name) = (star_at + 1, tried + 1);
            }
        }
    }
    part[at..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_ownership_files_mean_by_them() {
        for (pattern, yes, no) in [
            ("*", &["a.rs", "src/deep/a.rs"][..], &[][..]),
            ("*.rs", &["a.rs", "src/a.rs"], &["a.rsx", "src/a.py"]),
            (
                "/build/logs/",
                &["build/logs/a.txt", "build/logs/x/y"],
                &["x/build/logs/a.txt", "build/logs"],
            ),
            (
                "docs/*",
                &["docs/start.md"],
                &["docs/build/trouble.md", "x/docs/start.md"],
            ),
            ("apps/", &["apps/a", "x/apps/b/c"], &["apps", "xapps/a"]),
            ("/docs/", &["docs/a", "docs/b/c"], &["x/docs/a"]),
            ("/scripts", &["scripts", "scripts/x.sh"], &["x/scripts"]),
            ("**/logs", &["logs/a", "build/logs/a", "a/b/logs"], &["logsx/a"]),
            ("apps/**", &["apps/a", "apps/b/c"], &["x/apps/a"]),
            ("src/**/*.rs", &["src/a.rs", "src/x/y/b.rs"], &["a.rs", "src/x/y.py"]),
            ("**/docs/*", &["docs/a", "x/docs/a"], &["docs/x/a"]),
            ("/*", &["a.rs"], &["src/a.rs"]),
            ("a?c", &["abc", "x/axc/y"], &["ac", "abbc"]),
            ("*a*b*", &["xaxbx", "ab"], &["ba", "a"]),
            ("größe/*.md", &["größe/日本.md"], &["grosse/a.md"]),
        ] {
            let parsed = Pattern::new(pattern);
            for path in yes {
                assert!(parsed.matches(path), "{pattern} should take {path}");
            }
            for path in no {
                assert!(!parsed.matches(path), "{pattern} should not take {path}");
            }
        }
    }

    #[test]
    fn paths_of_plans_count_from_the_root() {
        for (text, literal) in [
            ("src/a.rs", Some("src/a.rs")),
            ("./src/", Some("src")),
            ("/src//x", Some("src/x")),
            ("src/*.rs", None),
            ("", Some("")),
        ] {
            assert_eq!(Pattern::from_root(text).literal().as_deref(), literal, "{text:?}");
        }
        assert!(Pattern::from_root("README.md").matches("README.md"));
        assert!(!Pattern::from_root("README.md").matches("docs/README.md"));
        assert!(Pattern::from_root("").matches("any/thing"));
    }

    #[test]
    fn patterns_that_are_meant_to_take_long_do_not() {
        let nasty = Pattern::new(&"**/x/".repeat(200));
        assert!(!nasty.matches(&"x/".repeat(100)));
        let nasty = Pattern::new(&format!("/{}b", "*a".repeat(100)));
        assert!(!nasty.matches(&"a".repeat(5_000)));
    }
}
