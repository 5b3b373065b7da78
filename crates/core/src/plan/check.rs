//! What makes a plan unacceptable: every problem at once, each with what to mend.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::Plan;
use crate::ids::{RepositoryId, TaskKey};
use crate::text::is_out_of_line;

/// The longest title, in characters.
const TITLE: usize = 200;
/// The longest text, in bytes.
const TEXT: usize = 100_000;
/// The longest estimate: four working weeks.
const ESTIMATE: u32 = 4 * 5 * 8 * 60;

/// One thing that is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum PlanProblem {
    /// There is nothing to do.
    #[error("the plan has no tasks; add at least one")]
    NoTasks,
    /// There is too much for one sprint.
    #[error("the plan has {tasks} tasks, more than {limit}; split the goal into several sprints")]
    TooManyTasks {
        /// How many there are.
        tasks: usize,
        /// How many there may be.
        limit: usize,
    },
    /// Two tasks share a key.
    #[error("two tasks have the key \"{key}\"; give each its own")]
    DuplicateKey {
        /// The key.
        key: TaskKey,
    },
    /// A dependency names no task of the plan.
    #[error("task \"{key}\" depends on \"{on}\", which is not in the plan; add it or remove the dependency")]
    UnknownDependency {
        /// The task.
        key: TaskKey,
        /// What it names.
        on: TaskKey,
    },
    /// Tasks wait for each other.
    #[error("tasks wait for each other: {}; remove one of these dependencies", path(cycle))]
    Cycle {
        /// Each waits for the next, the last for the first.
        cycle: Vec<TaskKey>,
    },
    /// A task names no repository.
    #[error("task \"{key}\" names no repository; name at least one")]
    NoRepository {
        /// The task.
        key: TaskKey,
    },
    /// A task names a repository that is not the project's.
    #[error(
        "task \"{key}\" needs repository \"{repository}\", which the project does not have; name one of its own, or connect it first"
    )]
    UnknownRepository {
        /// The task.
        key: TaskKey,
        /// What it names.
        repository: RepositoryId,
    },
    /// A path leads somewhere else than to a file of a repository.
    #[error(
        "task \"{key}\" has the path \"{path}\", which is none in a repository; give one from its top, such as src/, without .. and .git"
    )]
    Path {
        /// The task.
        key: TaskKey,
        /// What was given, as far as it can be shown.
        path: String,
    },
    /// A text is missing.
    #[error("{of} has no title; give it one line")]
    NoTitle {
        /// What it is missing from.
        of: String,
    },
    /// A title has something in it that one does not see.
    #[error("the title of {of} has a character in it that is not seen ({}); write it in one line of plain text", named(*character))]
    Hidden {
        /// What it is the title of.
        of: String,
        /// The task, unless it is the title of the plan.
        key: Option<TaskKey>,
        /// The first such character.
        character: char,
    },
    /// A text is too long.
    #[error("{of} is too long: {length} of at most {limit}")]
    TooLong {
        /// The text.
        of: String,
        /// Its length.
        length: usize,
        /// The limit.
        limit: usize,
    },
    /// An estimate makes no sense.
    #[error("the estimate of task \"{key}\" is {minutes} minutes; give 1 to {ESTIMATE}, or split the task")]
    Estimate {
        /// The task.
        key: TaskKey,
        /// What was given.
        minutes: u32,
    },
}

fn path(cycle: &[TaskKey]) -> String {
    let mut names: Vec<&str> = cycle.iter().map(TaskKey::as_str).collect();
    names.extend(cycle.first().map(TaskKey::as_str));
    names.join(" → ")
}

/// Everything that is wrong with `plan`, in the order of the tasks; `limit` is the most tasks that a sprint may have.
pub fn check(plan: &Plan, limit: usize) -> Vec<PlanProblem> {
    let mut problems = Vec::new();
    if plan.tasks.is_empty() {
        problems.push(PlanProblem::NoTasks);
    }
    if plan.tasks.len() > limit {
        return vec![PlanProblem::TooManyTasks {
            tasks: plan.tasks.len(),
            limit,
        }];
    }
    title(&plan.title, None, || "the plan".into(), &mut problems);
    length(&plan.prd, || "the PRD".into(), &mut problems);

    let mut seen: HashMap<&TaskKey, usize> = HashMap::new();
    let mut repeated = BTreeSet::new();
    for task in &plan.tasks {
        *seen.entry(&task.key).or_default() += 1;
    }
    for task in &plan.tasks {
        let name = || format!("task \"{}\"", task.key);
        if seen.get(&task.key).is_some_and(|&n| n > 1) && repeated.insert(&task.key) {
            problems.push(PlanProblem::DuplicateKey { key: task.key.clone() });
        }
        title(&task.title, Some(&task.key), name, &mut problems);
        let criteria = task.acceptance_criteria.iter().chain(&task.paths);
        for text in [&task.what, &task.why].into_iter().chain(criteria) {
            length(text, || format!("a text of {}", name()), &mut problems);
        }
        for on in &task.depends_on {
            if !seen.contains_key(on) {
                problems.push(PlanProblem::UnknownDependency {
                    key: task.key.clone(),
                    on: on.clone(),
                });
            }
        }
        if task.repositories.is_empty() {
            problems.push(PlanProblem::NoRepository { key: task.key.clone() });
        }
        for path in task.paths.iter().filter(|path| !stays_inside(path)) {
            problems.push(PlanProblem::Path {
                key: task.key.clone(),
                path: shown(path),
            });
        }
        if !(1..=ESTIMATE).contains(&task.estimate_minutes) {
            problems.push(PlanProblem::Estimate {
                key: task.key.clone(),
                minutes: task.estimate_minutes,
            });
        }
    }
    if let Some(cycle) = plan.graph().cycle() {
        let cycle = cycle.into_iter().map(|place| plan.tasks[place].key.clone()).collect();
        problems.push(PlanProblem::Cycle { cycle });
    }
    problems
}

/// Whether it names something in a repository: a file, a folder or a pattern, but nothing outside and nothing of git's own.
fn stays_inside(path: &str) -> bool {
    let outside = |part: &str| part == ".." || part.eq_ignore_ascii_case(".git");
    // Whoever writes paths with backslashes means the same by them.
    let mut parts = path.split(['/', '\\']);
    let from_the_top =
        !path.starts_with(['/', '\\']) && !path.starts_with("~/") && path.get(1..2).is_none_or(|second| second != ":");
    !path.trim().is_empty() && from_the_top && !path.contains(char::is_control) && !parts.any(outside)
}

/// It on one line, and no longer than somebody reads.
fn shown(path: &str) -> String {
    const MOST: usize = 100;
    let mut text: String = path.escape_debug().take(MOST).collect();
    if path.len() > MOST {
        text.push('…');
    }
    text
}

fn title(text: &str, key: Option<&TaskKey>, of: impl Fn() -> String, problems: &mut Vec<PlanProblem>) {
    let length = text.chars().count();
    if text.trim().is_empty() {
        problems.push(PlanProblem::NoTitle { of: of() });
    } else if length > TITLE {
        problems.push(PlanProblem::TooLong {
            of: format!("the title of {}", of()),
            length,
            limit: TITLE,
        });
    } else if let Some(character) = text.chars().find(|char| is_out_of_line(*char)) {
        let key = key.cloned();
        problems.push(PlanProblem::Hidden {
            of: of(),
            key,
            character,
        });
    }
}

fn named(character: char) -> String {
    format!("U+{:04X}", u32::from(character))
}

fn length(text: &str, of: impl Fn() -> String, problems: &mut Vec<PlanProblem>) {
    if text.len() > TEXT {
        problems.push(PlanProblem::TooLong {
            of: of(),
            length: text.len(),
            limit: TEXT,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{PlannedTask, Priority};

    fn task(key: &str, depends_on: &[&str]) -> PlannedTask {
        PlannedTask {
            key: key.parse().unwrap(),
            title: format!("Do {key}"),
            what: String::new(),
            why: String::new(),
            acceptance_criteria: vec![],
            depends_on: depends_on.iter().map(|k| k.parse().unwrap()).collect(),
            estimate_minutes: 30,
            priority: Priority::Normal,
            specialty: None,
            repositories: vec!["shop".parse().unwrap()],
            paths: vec![],
        }
    }

    fn said(tasks: Vec<PlannedTask>) -> Vec<String> {
        let plan = Plan {
            title: "A plan".into(),
            prd: String::new(),
            tasks,
        };
        check(&plan, 500).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_sound_plan_has_no_problems() {
        assert_eq!(said(vec![task("a", &[]), task("b", &["a"])]), [""; 0]);
    }

    #[test]
    fn a_title_is_one_line_that_reads_as_it_is_written() {
        let titled = |title: &str| {
            let mut odd = task("a", &[]);
            odd.title = title.into();
            said(vec![odd])
        };
        assert_eq!(titled("Sell <img> & \"bread\" עם שמן 🥖"), [""; 0]);
        assert_eq!(
            titled("Open \u{202e}gnp.exe"),
            [
                "the title of task \"a\" has a character in it that is not seen (U+202E); write it in one line of plain text"
            ]
        );
        for hidden in [
            "two\nlines",
            "a\tb",
            "\u{1b}[2Jgone",
            "\u{2066}x\u{2069}",
            "left\u{200e}",
            "\u{200b}",
            "two\u{2028}lines",
        ] {
            assert_eq!(titled(hidden).len(), 1, "{hidden:?}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let mut bad = task("c", &["nowhere"]);
        bad.title = " ".into();
        bad.repositories.clear();
        bad.estimate_minutes = 0;
        insta::assert_snapshot!(said(vec![task("a", &["b"]), task("b", &["a"]), task("a", &[]), bad]).join("\n"), @r#"
        two tasks have the key "a"; give each its own
        task "c" has no title; give it one line
        task "c" depends on "nowhere", which is not in the plan; add it or remove the dependency
        task "c" names no repository; name at least one
        the estimate of task "c" is 0 minutes; give 1 to 9600, or split the task
        "#);
    }

    #[test]
    fn cycles_are_named_by_their_tasks() {
        assert_eq!(
            said(vec![
                task("a", &["c"]),
                task("b", &["a"]),
                task("c", &["b"]),
                task("d", &["a"])
            ]),
            ["tasks wait for each other: a → c → b → a; remove one of these dependencies"]
        );
        assert_eq!(
            said(vec![task("a", &["a"])]),
            ["tasks wait for each other: a → a; remove one of these dependencies"]
        );
    }

    #[test]
    fn paths_lead_to_files_of_the_repository() {
        let mut touching = task("a", &[]);
        let good = ["src/", "src/**/*.rs", "./a", "a..b", "a/.gitignore", ".github/x", "b c"];
        touching.paths = good.map(str::to_owned).to_vec();
        assert_eq!(said(vec![touching.clone()]), [""; 0]);
        let bad = [
            "../../etc/passwd",
            "/etc/passwd",
            "src/../../x",
            "..",
            ".git/hooks",
            "a/.GIT",
            "..\\x",
            "C:\\x",
            "~/x",
            " ",
            "a\nb",
        ];
        touching.paths = bad.map(str::to_owned).to_vec();
        let texts = said(vec![touching]);
        assert_eq!(texts.len(), bad.len(), "{texts:#?}");
        assert_eq!(
            texts[0],
            "task \"a\" has the path \"../../etc/passwd\", which is none in a repository; give one from its top, such as src/, \
             without .. and .git"
        );
        assert!(texts[10].contains(r#""a\nb""#), "{}", texts[10]);
    }

    #[test]
    fn no_tasks_and_too_many_are_refused() {
        assert_eq!(said(vec![]), ["the plan has no tasks; add at least one"]);
        let many = (0..2000).map(|n| task(&format!("t{n}"), &[])).collect();
        assert_eq!(
            said(many),
            ["the plan has 2000 tasks, more than 500; split the goal into several sprints"]
        );
    }
}
