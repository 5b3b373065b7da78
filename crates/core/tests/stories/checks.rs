//! The engine's own checks of what agents deliver: what reaches a person, what goes back, and what it says.

use std::time::Duration;

use team6_core::checks::{Check, CheckOutcome, Digest, Run, RunEnd, verify};
use team6_core::ids::{CheckName, CommitId, TaskId};
use team6_core::sprint::{Command, Event, Stage, Verdict};
use team6_core::time::Timestamp;

use crate::team::{Team, commit, repository, task};

pub(crate) fn check(name: &str) -> Check {
    Check {
        name: name.parse().unwrap(),
        command: format!("make {name}"),
        seconds: 60,
        together: Default::default(),
    }
}

fn name(name: &str) -> CheckName {
    name.parse().unwrap()
}

pub(crate) fn run(at: Timestamp, commit: CommitId, status: i32) -> Run {
    Run {
        tree: Some(commit.clone()),
        commit,
        end: RunEnd::Exited { status },
        log: Digest::of(b""),
        log_bytes: 0,
        beside: Default::default(),
        began: at,
        ended: at,
    }
}

/// An agent delivers a commit to `app`, which has these checks.
fn delivers(team: &mut Team, letter: char, checks: &[&str]) {
    let (attempt, token) = team.works_on(1);
    let mut deliver = team.deliver(attempt, token, &[("app", letter)]);
    if let Command::Deliver { checks: known, .. } = &mut deliver {
        known.insert(repository("app"), checks.iter().map(|name| check(name)).collect());
    }
    team.does(deliver);
}

/// The engine ran a check; with a status at the base if it failed.
fn ran(team: &mut Team, letter: char, check: &str, status: i32, at_base: Option<i32>) -> Vec<Event> {
    let run_here = run(team.now, commit(letter), status);
    let base = at_base.map(|status| run(team.now, commit('0'), status));
    team.does(Command::RecordCheck {
        task: TaskId(1),
        repository: repository("app"),
        check: name(check),
        run: run_here,
        base,
        tail: "assertion failed: 2 + 2 == 5".into(),
    })
}

#[test]
fn a_delivery_waits_for_every_check_and_then_for_its_owner() {
    let mut team = Team::running(vec![task("a", &[])]);
    delivers(&mut team, 'a', &["test", "lint"]);
    assert_eq!(
        team.why(1),
        "its checks are being run: test of app, lint of app -> the engine"
    );
    ran(&mut team, 'a', "lint", 0, None);
    assert_eq!(team.why(1), "its checks are being run: test of app -> the engine");
    ran(&mut team, 'a', "test", 0, None);
    assert_eq!(team.why(1), "its pull requests are being opened -> the engine");
    team.does(Team::shown(1, "app", 'a'));
    assert_eq!(team.why(1), "waits for review -> ada");
}

#[test]
fn what_breaks_a_check_goes_back_to_its_agent_which_is_told_the_end_of_the_log() {
    let mut team = Team::running(vec![task("a", &[])]);
    delivers(&mut team, 'a', &["test"]);
    ran(&mut team, 'a', "test", 1, Some(0));
    let attempt = team.live(team6_core::sprint::WorkId::Task(TaskId(1)));
    let news = team.sprint.briefing(attempt).unwrap().news;
    assert!(
        news.contains("Check test of app, `make test`, at aaaaaaaaaa:\n```\nassertion failed: 2 + 2 == 5\n```"),
        "{news}"
    );
    delivers(&mut team, 'b', &["test"]);
    ran(&mut team, 'b', "test", 0, None);
    team.does(Team::shown(1, "app", 'b'));
    assert_eq!(team.why(1), "waits for review, delivery 2 -> ada");
}

#[test]
fn what_stays_broken_reaches_its_owner_after_the_last_attempt_and_says_so_first() {
    let mut team = Team::running(vec![task("a", &[])]);
    for letter in ['a', 'b', 'c', 'd', 'e'] {
        assert!(team.has_attempt(1), "attempt for {letter}");
        delivers(&mut team, letter, &["test"]);
        ran(&mut team, letter, "test", 1, Some(0));
    }
    assert!(!team.has_attempt(1));
    team.does(Team::shown(1, "app", 'e'));
    assert_eq!(
        team.why(1),
        "it breaks test of app; waits for review, delivery 5 -> ada"
    );
    // A person steps in, and counting begins anew.
    team.does(Team::review(1, Verdict::RequestChanges, vec![]));
    delivers(&mut team, 'f', &["test"]);
    ran(&mut team, 'f', "test", 1, Some(0));
    assert!(team.has_attempt(1));
}

#[test]
fn the_same_broken_commits_are_not_sent_back_twice() {
    let mut team = Team::running(vec![task("a", &[])]);
    delivers(&mut team, 'a', &["test"]);
    ran(&mut team, 'a', "test", 1, Some(0));
    delivers(&mut team, 'a', &["test"]);
    assert_eq!(team.why(1), "its pull requests are being opened -> the engine");
    team.does(Team::shown(1, "app", 'a'));
    assert_eq!(
        team.why(1),
        "it breaks test of app; waits for review, delivery 2 -> ada"
    );
}

#[test]
fn what_was_red_before_is_nobodys_to_mend_but_is_shown() {
    let mut team = Team::running(vec![task("a", &[])]);
    delivers(&mut team, 'a', &["test"]);
    ran(&mut team, 'a', "test", 1, Some(1));
    team.does(Team::shown(1, "app", 'a'));
    assert_eq!(team.why(1), "test of app was red before; waits for review -> ada");
}

#[test]
fn answers_that_come_twice_or_about_older_commits_change_nothing() {
    let mut team = Team::running(vec![task("a", &[])]);
    delivers(&mut team, 'b', &["test", "lint"]);
    assert_eq!(ran(&mut team, 'a', "test", 1, Some(0)), []);
    assert_eq!(ran(&mut team, 'b', "test", 0, None).len(), 1);
    assert_eq!(ran(&mut team, 'b', "test", 1, Some(0)), []);
    ran(&mut team, 'b', "lint", 0, None);
    assert_eq!(ran(&mut team, 'b', "lint", 1, Some(0)), []);
    assert!(matches!(team.stage(1), Stage::Publishing { .. }));
}

#[test]
fn checks_that_nobody_runs_in_time_are_recorded_as_not_run() {
    let mut team = Team::running(vec![task("a", &[])]);
    delivers(&mut team, 'a', &["test"]);
    team.waits(Duration::from_secs(3600 + 119));
    assert!(matches!(team.stage(1), Stage::Checking { .. }));
    team.waits(Duration::from_secs(1));
    team.does(Team::shown(1, "app", 'a'));
    assert_eq!(team.why(1), "test of app could not be run; waits for review -> ada");
}

#[test]
fn a_new_commit_makes_what_was_known_of_the_old_one_void() {
    let mut team = Team::running(vec![task("a", &[])]);
    delivers(&mut team, 'a', &["test"]);
    ran(&mut team, 'a', "test", 0, None);
    team.does(Team::shown(1, "app", 'a'));
    team.does(Team::review(1, Verdict::RequestChanges, vec![]));
    delivers(&mut team, 'b', &["test"]);
    let known = &team.sprint.tasks[&TaskId(1)];
    assert_eq!(known.current_checks().count(), 0);
    ran(&mut team, 'b', "test", 0, None);
    let known = &team.sprint.tasks[&TaskId(1)];
    let current: Vec<u32> = known.current_checks().map(|receipt| receipt.number).collect();
    assert_eq!(current, [2]);
}

#[test]
fn receipts_are_a_chain_in_which_no_change_goes_unseen() {
    let mut team = Team::running(vec![task("a", &[])]);
    delivers(&mut team, 'a', &["test", "lint"]);
    ran(&mut team, 'a', "test", 1, Some(0));
    ran(&mut team, 'a', "lint", 0, None);
    let checked = &team.sprint.tasks[&TaskId(1)].checked;
    let receipts: Vec<_> = checked.iter().map(|checked| checked.receipt.clone()).collect();
    assert_eq!(verify(&receipts, |_| None).broken, []);
    assert_eq!(verify(&receipts, |_| None).last, Some(team.sprint.last_receipt.clone()));

    let mut kinder = receipts.clone();
    kinder[0].outcome = CheckOutcome::Passed;
    assert!(!verify(&kinder, |_| None).broken.is_empty());
    // Sealed anew, it is the next one that does not follow.
    kinder[0].run.end = RunEnd::Exited { status: 0 };
    kinder[0] = kinder[0].clone().sealed();
    assert!(!verify(&kinder, |_| None).broken.is_empty());
    assert!(!verify(&receipts[1..], |_| None).broken.is_empty());
}
