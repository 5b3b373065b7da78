//! What whoever reviews is told: what was asked, what changed, where the risk lies, what is open, and what of it a forge
//! may make of an agent's words.

use std::time::Duration;

use team6_core::checks::Weakened;
use team6_core::failure::FailureKind;
use team6_core::ids::TaskId;
use team6_core::packet::{Facts, Foreseen, Packet, RepositoryFacts, TouchedFile, Weight, packet};
use team6_core::plan::PlannedTask;
use team6_core::sprint::{Command, Sprint};

use crate::team::{Team, ada, repository, task};

fn file(path: &str, additions: u32, deletions: u32) -> TouchedFile {
    TouchedFile {
        path: path.into(),
        additions,
        deletions,
        ..TouchedFile::default()
    }
}

fn facts(files: Vec<TouchedFile>) -> Facts {
    let facts = RepositoryFacts {
        files: Some(files),
        ..RepositoryFacts::default()
    };
    [(repository("app"), facts)].into()
}

fn of(sprint: &Sprint, facts: &Facts) -> Packet {
    packet(sprint, &sprint.tasks[&TaskId(1)], facts)
}

/// What is said of a delivery of these files, but for checks, of which there are none.
fn risks(planned: PlannedTask, files: Vec<TouchedFile>) -> Vec<String> {
    let mut team = Team::running(vec![planned]);
    team.delivers(1, &[("app", 'a')]);
    said(&of(&team.sprint, &facts(files)))
}

fn said(packet: &Packet) -> Vec<String> {
    let unchecked = "no check of app was run";
    let texts = packet.risks.iter().map(|noted| noted.text.clone());
    texts.filter(|text| text != unchecked).collect()
}

#[test]
fn a_small_change_where_it_was_expected_stands_out_by_nothing() {
    let mut planned = task("one", &[]);
    planned.paths = vec!["src/money".into()];
    let files = vec![file("src/money/round.rs", 10, 2), file("tests/money.rs", 20, 0)];
    assert_eq!(risks(planned, files), Vec::<String>::new());
}

#[test]
fn what_nobody_said_it_would_touch_is_told() {
    let mut planned = task("one", &[]);
    planned.paths = vec!["app/src/money".into(), "docs/*.md".into()];
    let files = vec![
        file("src/money.rs", 1, 0),
        file("src/money/a.rs", 1, 0),
        file("docs/a.md", 1, 0),
    ];
    assert_eq!(
        risks(planned, files),
        ["outside of what was planned in app: src/money.rs"]
    );
}

#[test]
fn files_that_more_depends_on_than_their_own_lines_are_told_by_what_they_are() {
    let mut script = file("run.sh", 0, 0);
    script.mode = true;
    let files = vec![
        file("Cargo.toml", 1, 0),
        file("web/package-lock.json", 9, 9),
        file(".github/workflows/ci.yml", 1, 1),
        file("db/migrations/7.sql", 3, 0),
        file("AGENTS.md", 1, 0),
        script,
    ];
    assert_eq!(
        risks(task("one", &[]), files),
        [
            "changes permissions in app: run.sh",
            "changes what is built or run automatically in app: .github/workflows/ci.yml",
            "changes kept data in app: db/migrations/7.sql",
            "changes what is depended on in app: Cargo.toml",
            "changes locked versions in app: web/package-lock.json",
            "changes what agents are told in app: AGENTS.md",
        ]
    );
}

#[test]
fn what_is_too_large_to_be_read_with_care_is_told_and_so_is_what_cannot_be_read() {
    let mut image = file("logo.png", 0, 0);
    image.binary = true;
    assert_eq!(
        risks(task("one", &[]), vec![file("a.rs", 300, 101), image]),
        [
            "no text, so not in the diff of app: logo.png",
            "large: 2 files, 401 lines"
        ]
    );
    let mut team = Team::running(vec![task("one", &[])]);
    team.delivers(1, &[("app", 'a')]);
    let unread: Facts = [(repository("app"), RepositoryFacts::default())].into();
    assert_eq!(
        said(&of(&team.sprint, &unread)),
        ["what changed in app could not be read; look at the whole diff"]
    );
}

#[test]
fn weakened_tests_and_conflicts_with_the_base_come_first() {
    let mut team = Team::running(vec![task("one", &[])]);
    team.delivers(1, &[("app", 'a')]);
    let mut facts = facts(vec![file("Cargo.toml", 1, 0)]);
    let known = facts.get_mut(&repository("app")).unwrap();
    let removed = serde_json::json!({ "path": "a.rs", "how": { "how": "test_removed", "test": "adds" } });
    known.weakened = vec![serde_json::from_value::<Weakened>(removed).unwrap()];
    known.conflicts = [None, Some(TaskId(2))]
        .map(|with| Foreseen {
            with,
            title: with.map(|_| "Do two".into()),
            files: vec!["a.rs".into()],
        })
        .into();
    let packet = of(&team.sprint, &facts);
    let high = packet.risks.iter().filter(|noted| noted.weight == Weight::High).count();
    assert_eq!(high, 2);
    assert_eq!(
        said(&packet),
        [
            "weakened tests in app: a.rs: test `adds` was removed",
            "conflicts in app with the branch that it goes into: a.rs",
            "conflicts in app with task 2 \"Do two\": a.rs",
            "changes what is depended on in app: Cargo.toml",
        ]
    );
}

#[test]
fn how_often_it_was_tried_is_told_once_something_failed() {
    let mut team = Team::running(vec![task("one", &[])]);
    team.fails(1, FailureKind::AgentExited, "it broke off");
    team.waits(Duration::from_secs(600));
    team.delivers(1, &[("app", 'a')]);
    let packet = of(&team.sprint, &facts(vec![file("a.rs", 1, 0)]));
    assert_eq!(said(&packet), ["took 2 attempts, of which 1 failed"]);
}

#[test]
fn questions_stand_with_what_was_answered_and_what_was_left_to_the_agent() {
    let mut team = Team::running(vec![task("one", &[])]);
    let (attempt, token) = team.works_on(1);
    team.does(Command::AskOwner {
        attempt,
        token,
        question: "Which currency?".into(),
        options: vec![],
    });
    team.writes(1, "Euro.");
    let (attempt, token) = team.works_on(1);
    let mut deliver = team.deliver(attempt, token, &[("app", 'a')]);
    if let Command::Deliver { delivery, .. } = &mut deliver {
        delivery.left = vec!["Rounding is untested.".into()];
    }
    team.does(deliver);
    let body = of(&team.sprint, &facts(vec![])).body(&repository("app"));
    assert!(
        body.contains("- The agent says: Rounding is untested.\n- The agent asked: Which currency? It was told: Euro."),
        "{body}"
    );
    assert_eq!(team.sprint.tasks[&TaskId(1)].owner, Some(ada()));
}

#[test]
fn the_body_of_a_pull_request_holds_the_packet_and_an_agent_can_make_nothing_else_of_it() {
    let mut planned = task("one", &[]);
    planned.repositories = vec![repository("app"), repository("web")];
    planned.acceptance_criteria = vec!["Fixes #1 [see](https://x.org)".into()];
    let mut team = Team::running(vec![planned]);
    let (attempt, token) = team.works_on(1);
    let mut deliver = team.deliver(attempt, token, &[("app", 'a'), ("web", 'b')]);
    if let Command::Deliver { delivery, .. } = &mut deliver {
        delivery.what = "Sums `totals`.\n# Checks\n<img src=x> @ada closes #2".into();
    }
    team.does(deliver);
    team.does(Team::shown(1, "app", 'a'));
    let body = of(&team.sprint, &facts(vec![file("a`.rs", 2, 1)])).body(&repository("app"));
    insta::assert_snapshot!(body.replace('\u{200b}', "^"));
}
