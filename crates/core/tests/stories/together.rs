//! Checks over the combination: what is delivered to several repositories, checked as a whole.

use team6_core::checks::{Check, Checkout, Run, verify};
use team6_core::ids::TaskId;
use team6_core::sprint::{Command, Stage, UpdateOutcome, Verdict};
use team6_core::time::Timestamp;

use crate::checks::{check, run};
use crate::team::{Team, commit, repository, task};
use crate::updating::{CALM, sees, tried, updated};

/// A check over `app` and `web` together.
fn contract() -> Check {
    Check {
        together: ["app", "web"].map(repository).into(),
        ..check("contract")
    }
}

/// A task over both, of which these commits are delivered.
fn delivers_to_both(team: &mut Team, work: &[(&str, char)]) {
    let (attempt, token) = team.works_on(1);
    let mut deliver = team.deliver(attempt, token, work);
    if let Command::Deliver { checks, .. } = &mut deliver {
        checks.insert(repository("app"), vec![contract()]);
    }
    team.does(deliver);
}

/// A run at `first` of `app` with `web` beside it.
fn together(first: char, web: char, status: i32, base: Option<i32>) -> Command {
    let at = |first: char, web: char, status: i32| {
        let web_at = Checkout {
            commit: commit(web),
            tree: None,
        };
        Run {
            beside: [(repository("web"), web_at)].into(),
            ..run(Timestamp(0), commit(first), status)
        }
    };
    Command::RecordCheck {
        task: TaskId(1),
        repository: repository("app"),
        check: "contract".parse().unwrap(),
        run: at(first, web, status),
        base: base.map(|status| at('0', '0', status)),
        tail: "they do not fit".into(),
    }
}

fn over_both() -> Team {
    let mut both = task("one", &[]);
    both.repositories = vec![repository("app"), repository("web")];
    Team::running(vec![both])
}

#[test]
fn what_is_delivered_to_several_repositories_is_checked_together_at_exactly_these_commits() {
    let mut team = over_both();
    delivers_to_both(&mut team, &[("app", 'a'), ("web", 'b')]);
    assert_eq!(
        team.why(1),
        "its checks are being run: contract over all repositories -> the engine"
    );
    // An answer of another commit of either counts for nothing.
    for wrong in [together('c', 'b', 0, None), together('a', 'c', 0, None)] {
        assert!(team.does(wrong).is_empty());
    }
    team.does(together('a', 'b', 1, Some(0)));
    assert!(
        team.has_attempt(1),
        "what fits at the bases and not any more goes back: {}",
        team.why(1)
    );
    // One of the two changes: what was known of both is void.
    delivers_to_both(&mut team, &[("app", 'a'), ("web", 'd')]);
    assert_eq!(team.sprint.tasks[&TaskId(1)].current_checks().count(), 0);
    team.does(together('a', 'd', 0, None));
    let known = &team.sprint.tasks[&TaskId(1)];
    let covered = known
        .current_checks()
        .filter(|receipt| receipt.covers(&repository("web")));
    assert_eq!(covered.count(), 1);
    assert!(verify(&team.sprint.receipts(), |_| None).broken.is_empty());
}

#[test]
fn what_was_red_together_before_is_told_apart_and_a_repository_that_is_not_changed_lies_at_its_base() {
    let mut team = over_both();
    delivers_to_both(&mut team, &[("app", 'a')]);
    team.does(together('a', '7', 1, Some(1)));
    team.does(Team::shown(1, "app", 'a'));
    assert_eq!(
        team.why(1),
        "contract over all repositories was red before; waits for review -> ada"
    );
}

#[test]
fn a_task_that_does_not_have_all_repositories_of_a_check_is_not_checked_by_it() {
    let mut team = Team::running(vec![task("one", &[])]);
    delivers_to_both(&mut team, &[("app", 'a')]);
    assert!(
        team.why(1).starts_with("its pull requests are being opened"),
        "{}",
        team.why(1)
    );
}

#[test]
fn what_is_merged_keeps_what_it_was_checked_as_and_the_rest_is_checked_with_it_again() {
    let mut team = over_both();
    delivers_to_both(&mut team, &[("app", 'a'), ("web", 'b')]);
    team.does(together('a', 'b', 0, None));
    team.does(Team::shown(1, "app", 'a'));
    team.does(Team::shown(1, "web", 'b'));
    team.does(Team::review(1, Verdict::Approve, vec![]));
    team.does(Team::merge(1));
    team.does(Team::merged(1, "app"));
    let current = |team: &Team| {
        team.sprint.tasks[&TaskId(1)]
            .current_checks()
            .map(|r| r.number)
            .collect::<Vec<_>>()
    };
    assert_eq!(current(&team), [1]);
    team.does(Team::merged(1, "web"));
    assert_eq!(current(&team), [1], "what is done shows what was known of it");
}

#[test]
fn what_follows_its_bases_in_both_repositories_is_checked_together_once_at_what_came_of_it() {
    let mut both = task("wide", &[]);
    both.repositories = vec![repository("app"), repository("web")];
    let mut team = Team::running(vec![both, task("other", &[])]);
    delivers_to_both(&mut team, &[("app", 'a'), ("web", 'b')]);
    team.does(together('a', 'b', 0, None));
    team.does(Team::shown(1, "app", 'a'));
    team.does(Team::shown(1, "web", 'b'));
    for (name, before, after) in [("app", '0', 'f'), ("web", '0', 'e')] {
        sees(&mut team, name, before);
        sees(&mut team, name, after);
    }
    team.waits(CALM);
    let with_contract = |team: &mut Team, name: &str, head: char, outcome: UpdateOutcome| {
        let mut command = tried(team, 1, name, head, outcome);
        if let Command::UpdateTried { checks, .. } = &mut command {
            checks.insert(repository("app"), vec![contract()]);
        }
        team.does(command);
    };
    with_contract(&mut team, "app", 'a', updated('f', '1', &[]));
    with_contract(&mut team, "web", 'b', updated('e', '2', &[]));
    let Stage::Checking { pending, .. } = &team.sprint.tasks[&TaskId(1)].work.stage else {
        panic!("{}", team.why(1));
    };
    assert_eq!(pending.values().map(Vec::len).sum::<usize>(), 1, "{pending:?}");
    // Neither counts with the other as it was.
    for wrong in [together('1', 'b', 0, None), together('a', '2', 0, None)] {
        assert!(team.does(wrong).is_empty());
    }
    team.does(together('1', '2', 0, None));
    assert_eq!(team.why(1), "its pull requests are being opened -> the engine");
}
