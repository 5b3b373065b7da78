//! Names and numbers of everything that has an identity.
//!
//! Slugs are what people type and what becomes a part of paths, branches and queue names, so they are checked where
//! they enter and are safe everywhere after.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a name was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} \"{given}\" is not valid: {rule}")]
pub struct InvalidName {
    /// What the name was for, such as "project".
    pub kind: &'static str,
    /// What was given.
    pub given: String,
    /// The rule it breaks, for people.
    pub rule: &'static str,
}

fn is_slug(text: &str) -> bool {
    let bytes = text.as_bytes();
    (1..=40).contains(&bytes.len())
        && bytes
            .iter()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
        && bytes.first() != Some(&b'-')
        && bytes.last() != Some(&b'-')
}

macro_rules! slug {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
        pub struct $name(String);

        impl $name {
            /// Checks and makes the name: 1 to 40 of `a-z`, `0-9` and `-`, no `-` at either end.
            pub fn new(name: impl Into<String>) -> Result<Self, InvalidName> {
                let name = name.into();
                if is_slug(&name) {
                    Ok(Self(name))
                } else {
                    Err(InvalidName {
                        kind: $kind,
                        given: name,
                        rule: "use 1 to 40 of a-z, 0-9 and -, beginning and ending with a letter or digit",
                    })
                }
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;
            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;
            fn try_from(text: String) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }
    };
}

slug!(
    /// A project: the unit of isolation, with its own queue and its own workers.
    ProjectId, "project"
);
slug!(
    /// A repository, unique over the whole server.
    RepositoryId, "repository"
);
slug!(
    /// A person who plans, owns, reviews and merges.
    PersonId, "person"
);
slug!(
    /// An agent: a profile that says which program to run and what it is good at.
    AgentId, "agent"
);
slug!(
    /// A field of work, such as `backend`, by which agents are matched to tasks.
    Specialty, "specialty"
);
slug!(
    /// A worker, which leases jobs of one project.
    WorkerId, "worker"
);
slug!(
    /// The name that a plan gives to a task; it stays the same over the versions of the plan.
    TaskKey, "task key"
);
slug!(
    /// A check of a repository, such as `test`.
    CheckName, "check"
);

macro_rules! number {
    ($(#[$doc:meta])* $name:ident, $inner:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
        #[serde(transparent)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map($name)
            }
        }
    };
}

number!(
    /// A sprint, numbered over the whole server.
    SprintId, u64
);
number!(
    /// A task, numbered over the whole server, so that `task show 12` needs nothing else.
    TaskId, u64
);
number!(
    /// A version of a sprint's plan, from 1.
    PlanVersion, u32
);
number!(
    /// A question of the planning agent, numbered in its sprint from 1.
    QuestionId, u32
);
number!(
    /// A chat message, numbered in its sprint from 1.
    MessageId, u32
);
number!(
    /// A review, numbered in its sprint from 1.
    ReviewId, u32
);
number!(
    /// A thread of review comments, numbered in its sprint from 1.
    ThreadId, u32
);
number!(
    /// A memory, numbered in its project from 1.
    MemoryId, u64
);
number!(
    /// Grows with every lease that is handed out in a sprint; what carries an older one changes nothing.
    FencingToken, u64
);
number!(
    /// The place of an event in the whole log, from 1, without gaps a reader could notice.
    Position, u64
);
number!(
    /// The number of events in one stream, which is what an append expects.
    StreamVersion, u64
);

/// One leased run of a piece of work by an agent: the `n`th attempt of a sprint, over all of its tasks.
///
/// It is written `s<sprint>-a<n>`, which is also the id of its job and the key of its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AttemptId {
    /// The sprint that the attempt belongs to.
    pub sprint: SprintId,
    /// Its number in the sprint, from 1.
    pub n: u32,
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for AttemptId {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        String::schema()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for AttemptId {}

impl fmt::Display for AttemptId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}-a{}", self.sprint, self.n)
    }
}

impl FromStr for AttemptId {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let parts = text.strip_prefix('s').and_then(|rest| rest.split_once("-a"));
        let numbers = parts.and_then(|(sprint, n)| Some((sprint.parse().ok()?, n.parse().ok()?)));
        let (sprint, n) = numbers.ok_or_else(|| InvalidName {
            kind: "attempt",
            given: text.to_owned(),
            rule: "write it as s<sprint>-a<number>, such as s1-a3",
        })?;
        Ok(Self {
            sprint: SprintId(sprint),
            n,
        })
    }
}

impl TryFrom<String> for AttemptId {
    type Error = InvalidName;
    fn try_from(text: String) -> Result<Self, InvalidName> {
        text.parse()
    }
}

impl From<AttemptId> for String {
    fn from(id: AttemptId) -> String {
        id.to_string()
    }
}

/// A commit's object name: 40 (SHA-1) or 64 (SHA-256) lowercase hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
pub struct CommitId(String);

impl CommitId {
    /// Checks and makes the object name.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidName> {
        let text = text.into();
        let hex = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if hex && (text.len() == 40 || text.len() == 64) {
            Ok(Self(text))
        } else {
            Err(InvalidName {
                kind: "commit",
                given: text,
                rule: "give all 40 or 64 lowercase hexadecimal digits",
            })
        }
    }

    /// All digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first ten digits, for people.
    pub fn short(&self) -> &str {
        self.0.get(..10).unwrap_or(&self.0)
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for CommitId {
    type Error = InvalidName;
    fn try_from(text: String) -> Result<Self, InvalidName> {
        Self::new(text)
    }
}

impl From<CommitId> for String {
    fn from(id: CommitId) -> String {
        id.0
    }
}

impl FromStr for CommitId {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        Self::new(text)
    }
}

/// A branch name that is safe on a command line and accepted by `git check-ref-format --branch`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
pub struct BranchName(String);

impl BranchName {
    /// Checks the name by the rules of git-check-ref-format(1), and refuses what begins with `-`.
    pub fn new(name: impl Into<String>) -> Result<Self, InvalidName> {
        let name = name.into();
        let forbidden = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\\"'`$;&|<>(){}".contains(c);
        let bad = name.is_empty()
            || name.len() > 200
            || name == "@"
            || name == "HEAD"
            || name.starts_with('-')
            || name.chars().any(forbidden)
            || name.contains("..")
            || name.contains("@{")
            || name.split('/').any(|part| {
                part.is_empty()
                    || part.starts_with('.')
                    || part.ends_with('.')
                    || part.to_lowercase().ends_with(".lock")
            });
        if bad {
            Err(InvalidName {
                kind: "branch",
                given: name,
                rule: "use a name that git accepts, without spaces or quotes",
            })
        } else {
            Ok(Self(name))
        }
    }

    /// The branch of a task: `feature/task-<n>-<slug>`, the slug made from the title and at most 40 characters long.
    pub fn for_task(task: TaskId, title: &str) -> Self {
        let mut slug = String::new();
        for c in title.chars() {
            if slug.len() >= 40 {
                break;
            }
            if c.is_ascii_alphanumeric() {
                slug.push(c.to_ascii_lowercase());
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
        }
        let slug = slug.trim_end_matches('-');
        Self(if slug.is_empty() {
            format!("feature/task-{task}")
        } else {
            format!("feature/task-{task}-{slug}")
        })
    }

    /// The name without `refs/heads/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The full ref name, `refs/heads/<name>`.
    pub fn full(&self) -> String {
        format!("refs/heads/{}", self.0)
    }
}

impl fmt::Display for BranchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for BranchName {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        Self::new(text)
    }
}

impl TryFrom<String> for BranchName {
    type Error = InvalidName;
    fn try_from(text: String) -> Result<Self, InvalidName> {
        Self::new(text)
    }
}

impl From<BranchName> for String {
    fn from(name: BranchName) -> String {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_safe_in_paths_and_branches() {
        for good in ["a", "web-app", "a1-b2", &"x".repeat(40)] {
            assert!(ProjectId::new(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a b", "a/b", "..", "ä", &"x".repeat(41)] {
            assert!(ProjectId::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_bad_slug_is_refused_when_it_comes_as_json() {
        let error = serde_json::from_str::<ProjectId>("\"../etc\"").unwrap_err();
        assert!(
            error.to_string().starts_with("project \"../etc\" is not valid"),
            "{error}"
        );
    }

    #[test]
    fn attempts_are_written_and_read_back() {
        let id = AttemptId {
            sprint: SprintId(3),
            n: 12,
        };
        assert_eq!(id.to_string(), "s3-a12");
        assert_eq!("s3-a12".parse(), Ok(id));
        for bad in ["", "s3", "a3-s1", "s-a1", "s1-a", "s1-a-1"] {
            assert!(bad.parse::<AttemptId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_branch_of_a_task_is_made_from_its_title() {
        let branch = |title: &str| BranchName::for_task(TaskId(1), title).to_string();
        assert_eq!(branch("Foundation"), "feature/task-1-foundation");
        assert_eq!(
            branch("  Größe & \"quotes\"; rm -rf /"),
            "feature/task-1-gr-e-quotes-rm-rf"
        );
        assert_eq!(branch("日本語"), "feature/task-1");
        for title in ["x".repeat(500), "a.lock".into(), "-".into(), "a..b@{1}".into()] {
            assert!(BranchName::new(branch(&title)).is_ok(), "{title}");
        }
    }

    #[test]
    fn branch_names_that_git_or_a_shell_would_misread_are_refused() {
        for good in ["main", "feature/x", "release-1.2"] {
            assert!(BranchName::new(good).is_ok(), "{good}");
        }
        for bad in [
            "", "-x", "a..b", "a b", "a~1", "a^", "a:b", "/a", "a/", "a//b", ".a", "a.lock", "a.lock/b", "@", "a@{b",
            "a\nb", "HEAD",
        ] {
            assert!(BranchName::new(bad).is_err(), "{bad}");
        }
    }
}
