//! Where the risk of a delivery lies: what whoever reviews should look at first. Hints by rules, which stop nothing.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Facts, Foreseen, TouchedFile};
use crate::checks::{CheckOutcome, Receipt, called};
use crate::ids::{CheckName, RepositoryId, TaskId};
use crate::pattern::Pattern;
use crate::sprint::{Outcome, Sprint, Task};

/// More files than one looks through with care.
const FILES: usize = 20;
/// More lines than one reads with care.
const LINES: u64 = 400;
/// More attempts than a task takes that goes well.
const ATTEMPTS: usize = 3;
/// How many files a hint names.
const NAMED: usize = 5;

/// How much a hint matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Something is wrong, unless somebody says that it is not.
    High,
    /// Worth a look.
    Notable,
}

/// A hint with its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Noted {
    /// How much it matters.
    pub weight: Weight,
    /// It in words.
    pub text: String,
    /// It in parts.
    pub risk: Risk,
}

/// What a file is that more than its own lines depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Sensitive {
    /// It says what the program depends on.
    Manifest,
    /// It says in which versions.
    Lockfile,
    /// It says what is run on the team's machines.
    Automation,
    /// It changes kept data.
    Migration,
    /// It says who may do what.
    Permission,
    /// It says what agents are told.
    Instructions,
}

/// A reason to look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "risk", rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant's text says what its fields are")]
pub enum Risk {
    Check {
        repository: RepositoryId,
        check: CheckName,
        outcome: CheckOutcome,
        /// Whether it was run over all repositories of the task.
        #[serde(default)]
        together: bool,
    },
    Weakened {
        repository: RepositoryId,
        places: Vec<String>,
    },
    Conflict {
        repository: RepositoryId,
        with: Option<TaskId>,
        title: Option<String>,
        files: Vec<String>,
    },
    Unread {
        repository: RepositoryId,
    },
    Outside {
        repository: RepositoryId,
        files: Vec<String>,
    },
    Touches {
        repository: RepositoryId,
        what: Sensitive,
        files: Vec<String>,
    },
    Binary {
        repository: RepositoryId,
        files: Vec<String>,
    },
    Large {
        files: usize,
        lines: u64,
    },
    Unchecked {
        repository: RepositoryId,
    },
    Attempts {
        attempts: usize,
        failed: usize,
    },
}

impl Risk {
    fn weight(&self) -> Weight {
        match self {
            Self::Check { outcome, .. } if *outcome != CheckOutcome::Broke => Weight::Notable,
            Self::Check { .. } | Self::Weakened { .. } | Self::Unread { .. } => Weight::High,
            Self::Conflict { with: None, .. } => Weight::High,
            _ => Weight::Notable,
        }
    }
}

/// The reasons to look at a task, the worst first.
pub(super) fn risks(sprint: &Sprint, task: &Task, facts: &Facts) -> Vec<Noted> {
    let mut found: Vec<Risk> = task.current_checks().filter_map(of_receipt).collect();
    let mut size = (0, 0);
    for (repository, offered) in &task.pull_requests {
        if offered.merged.is_some() {
            continue;
        }
        let Some(facts) = facts.get(repository) else { continue };
        let known = facts.files.as_deref();
        let files = known.unwrap_or_default();
        size.0 += files.len();
        let lines = files
            .iter()
            .map(|file| u64::from(file.additions) + u64::from(file.deletions));
        size.1 += lines.sum::<u64>();
        if known.is_none() {
            let repository = repository.clone();
            found.push(Risk::Unread { repository });
        }
        if !facts.weakened.is_empty() {
            found.push(Risk::Weakened {
                repository: repository.clone(),
                places: facts.weakened.iter().map(ToString::to_string).collect(),
            });
        }
        found.extend(facts.conflicts.iter().map(|conflict| of_conflict(repository, conflict)));
        found.extend(outside(task, repository, files));
        found.extend(touched(repository, files));
        let binary = paths(files, |file| file.binary);
        if !binary.is_empty() {
            found.push(Risk::Binary {
                repository: repository.clone(),
                files: binary,
            });
        }
        if !task.current_checks().any(|receipt| receipt.covers(repository)) {
            let repository = repository.clone();
            found.push(Risk::Unchecked { repository });
        }
    }
    if size.0 > FILES || size.1 > LINES {
        found.push(Risk::Large {
            files: size.0,
            lines: size.1,
        });
    }
    found.extend(attempts(sprint, task));
    let mut noted: Vec<Noted> = found.into_iter().map(noted).collect();
    noted.sort_by_key(|noted| noted.weight);
    noted
}

fn noted(risk: Risk) -> Noted {
    Noted {
        weight: risk.weight(),
        text: risk.to_string(),
        risk,
    }
}

fn of_receipt(receipt: &Receipt) -> Option<Risk> {
    (receipt.outcome != CheckOutcome::Passed).then(|| Risk::Check {
        repository: receipt.repository.clone(),
        check: receipt.check.name.clone(),
        outcome: receipt.outcome,
        together: receipt.check.is_together(),
    })
}

fn of_conflict(repository: &RepositoryId, conflict: &Foreseen) -> Risk {
    Risk::Conflict {
        repository: repository.clone(),
        with: conflict.with,
        title: conflict.title.clone(),
        files: conflict.files.clone(),
    }
}

/// Files that nobody said it would touch. Tests and documents go with any change, and what has no paths may touch all.
fn outside(task: &Task, repository: &RepositoryId, files: &[TouchedFile]) -> Option<Risk> {
    if task.planned.paths.is_empty() {
        return None;
    }
    let patterns: Vec<Pattern> = task.planned.paths.iter().map(|path| Pattern::from_root(path)).collect();
    let foreseen = |path: &str| {
        // Where repositories lie side by side, paths may begin with the name of one.
        let beside = format!("{repository}/{path}");
        patterns
            .iter()
            .any(|pattern| pattern.matches(path) || pattern.matches(&beside))
    };
    let files = paths(files, |file| !foreseen(&file.path) && !goes_along(&file.path));
    (!files.is_empty()).then(|| Risk::Outside {
        repository: repository.clone(),
        files,
    })
}

/// Whether a file is a test or a document.
fn goes_along(path: &str) -> bool {
    let path = path.to_lowercase();
    let name = path.rsplit('/').next().unwrap_or_default();
    let of_tests = |part: &str| matches!(part, "test" | "tests" | "spec" | "specs" | "__tests__");
    path.split('/').any(of_tests) || name.contains("test") || name.contains("spec.") || name.starts_with("changelog")
}

fn touched(repository: &RepositoryId, files: &[TouchedFile]) -> Vec<Risk> {
    use Sensitive::{Automation, Instructions, Lockfile, Manifest, Migration, Permission};
    let kinds = [Permission, Automation, Migration, Manifest, Lockfile, Instructions];
    let of_kind = |what: Sensitive| {
        let files = paths(files, |file| {
            sensitive(&file.path) == Some(what) || what == Permission && file.mode
        });
        (!files.is_empty()).then(|| Risk::Touches {
            repository: repository.clone(),
            what,
            files,
        })
    };
    kinds.into_iter().filter_map(of_kind).collect()
}

/// What a file is by its path.
fn sensitive(path: &str) -> Option<Sensitive> {
    let path = path.to_lowercase();
    let name = path.rsplit('/').next().unwrap_or_default();
    let end = name.rsplit_once('.').map_or("", |(_, end)| end);
    let within = |folder: &str| path.starts_with(&format!("{folder}/")) || path.contains(&format!("/{folder}/"));
    Some(match name {
        "codeowners" | "owners" | "sudoers" | ".npmrc" | ".netrc" => Sensitive::Permission,
        "agents.md" | "claude.md" | "gemini.md" | ".cursorrules" => Sensitive::Instructions,
        "cargo.lock"
        | "package-lock.json"
        | "npm-shrinkwrap.json"
        | "yarn.lock"
        | "pnpm-lock.yaml"
        | "poetry.lock"
        | "uv.lock"
        | "pipfile.lock"
        | "gemfile.lock"
        | "composer.lock"
        | "go.sum"
        | "flake.lock" => Sensitive::Lockfile,
        "cargo.toml" | "package.json" | "pyproject.toml" | "setup.py" | "setup.cfg" | "pipfile" | "gemfile"
        | "composer.json" | "go.mod" | "pom.xml" | "build.gradle" | "build.gradle.kts" | ".gitmodules" => {
            Sensitive::Manifest
        }
        _ if name.starts_with("requirements") && end == "txt" => Sensitive::Manifest,
        "dockerfile"
        | "makefile"
        | "justfile"
        | "jenkinsfile"
        | ".gitlab-ci.yml"
        | "azure-pipelines.yml"
        | ".pre-commit-config.yaml"
        | "build.rs"
        | ".gitattributes" => Sensitive::Automation,
        _ if within(".github") || within(".circleci") || within(".ci") || within(".team6") => Sensitive::Automation,
        _ if within("migrations") || within("migrate") => Sensitive::Migration,
        _ => return None,
    })
}

fn attempts(sprint: &Sprint, task: &Task) -> Option<Risk> {
    let ended = task
        .work
        .attempts
        .iter()
        .filter_map(|n| sprint.attempt(*n)?.ended.as_ref());
    let failed = ended
        .filter(|ended| matches!(ended.outcome, Outcome::Failed { .. }))
        .count();
    let attempts = task.work.attempts.len();
    (failed > 0 || attempts > ATTEMPTS).then_some(Risk::Attempts { attempts, failed })
}

fn paths(files: &[TouchedFile], wanted: impl Fn(&TouchedFile) -> bool) -> Vec<String> {
    let wanted = files.iter().filter(|file| wanted(file));
    wanted.map(|file| file.path.clone()).collect()
}

impl fmt::Display for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Manifest => "changes what is depended on",
            Self::Lockfile => "changes locked versions",
            Self::Automation => "changes what is built or run automatically",
            Self::Migration => "changes kept data",
            Self::Permission => "changes permissions",
            Self::Instructions => "changes what agents are told",
        })
    }
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |files: &[String]| {
            let more = files.len().saturating_sub(NAMED);
            let named = files[..files.len().min(NAMED)].join(", ");
            match more {
                0 => named,
                more => format!("{named} and {more} more"),
            }
        };
        match self {
            Self::Check {
                repository,
                check,
                outcome,
                together,
            } => {
                let check = called(check, repository, *together);
                match outcome {
                    CheckOutcome::Broke => write!(f, "it breaks {check}"),
                    outcome => write!(f, "{check} {outcome}"),
                }
            }
            Self::Weakened { repository, places } => {
                write!(f, "weakened tests in {repository}: {}", places.join("; "))
            }
            Self::Conflict {
                repository,
                with,
                title,
                files,
            } => {
                let with = match (with, title) {
                    (Some(task), Some(title)) => format!("task {task} \"{title}\""),
                    (Some(task), None) => format!("task {task}"),
                    (None, _) => "the branch that it goes into".to_owned(),
                };
                write!(f, "conflicts in {repository} with {with}: {}", named(files))
            }
            Self::Unread { repository } => {
                write!(
                    f,
                    "what changed in {repository} could not be read; look at the whole diff"
                )
            }
            Self::Outside { repository, files } => {
                write!(f, "outside of what was planned in {repository}: {}", named(files))
            }
            Self::Touches {
                repository,
                what,
                files,
            } => write!(f, "{what} in {repository}: {}", named(files)),
            Self::Binary { repository, files } => {
                write!(f, "no text, so not in the diff of {repository}: {}", named(files))
            }
            Self::Large { files, lines } => write!(f, "large: {files} files, {lines} lines"),
            Self::Unchecked { repository } => write!(f, "no check of {repository} was run"),
            Self::Attempts { attempts, failed: 0 } => write!(f, "took {attempts} attempts"),
            Self::Attempts { attempts, failed } => write!(f, "took {attempts} attempts, of which {failed} failed"),
        }
    }
}
