//! What stands in review when a base moves: what the engine brings up to date, what goes to an agent, what stays approved.

use std::collections::BTreeMap;
use std::time::Duration;

use team6_core::checks::{Check, Digest, Run, RunEnd};
use team6_core::ids::{CommitId, TaskId};
use team6_core::sprint::{AttemptReason, BaseHead, Command, Effect, Event, Stage, UpdateOutcome, Verdict, WorkId};
use team6_core::trace::Usage;

use crate::team::{Team, commit, repository, task};

pub(crate) const CALM: Duration = Duration::from_secs(30);

fn base(letter: char) -> BaseHead {
    BaseHead {
        branch: "main".parse().unwrap(),
        commit: commit(letter),
    }
}

/// Somebody looks where the base of a repository is.
pub(crate) fn sees(team: &mut Team, name: &str, letter: char) -> Vec<Event> {
    let BaseHead { branch, commit } = base(letter);
    team.does(Command::SeeBase {
        repository: repository(name),
        branch,
        commit,
    })
}

/// Two tasks in review, built on the base at `0`.
fn two_in_review() -> Team {
    let mut team = Team::running(vec![task("a", &[]), task("b", &[])]);
    team.delivers(1, &[("app", 'a')]);
    sees(&mut team, "app", '0');
    team.delivers(2, &[("app", 'b')]);
    team
}

fn merges(team: &mut Team, task: u64) {
    team.does(Team::review(task, Verdict::Approve, vec![]));
    team.does(Team::merge(task));
    team.does(Team::merged(task, "app"));
}

pub(crate) fn tried(team: &Team, task: u64, name: &str, head: char, outcome: UpdateOutcome) -> Command {
    Command::UpdateTried {
        task: TaskId(task),
        repository: repository(name),
        head: commit(head),
        moves: team.sprint.base_moves(&repository(name)),
        outcome,
        checks: BTreeMap::new(),
    }
}

pub(crate) fn updated(letter: char, head: char, own: &[&str]) -> UpdateOutcome {
    UpdateOutcome::Updated {
        base: base(letter),
        commit: commit(head),
        own: own.iter().map(ToString::to_string).collect(),
    }
}

fn conflicts(letter: char) -> UpdateOutcome {
    UpdateOutcome::Conflicts {
        base: base(letter),
        files: vec!["total.txt".into()],
    }
}

/// Task 2 offers two repositories and is sent off for a conflict in one of them.
fn web_conflicts() -> Team {
    let mut wide = task("b", &[]);
    wide.repositories = vec![repository("app"), repository("web")];
    let mut team = Team::running(vec![task("a", &[]), wide]);
    team.delivers(1, &[("app", 'a')]);
    sees(&mut team, "app", '0');
    sees(&mut team, "web", '0');
    team.delivers(2, &[("app", 'b'), ("web", 'c')]);
    sees(&mut team, "web", 'e');
    team.waits(CALM);
    team.does(tried(&team, 2, "web", 'c', conflicts('e')));
    team
}

fn check() -> Check {
    Check {
        name: "test".parse().unwrap(),
        command: "make test".into(),
        seconds: 60,
        together: Default::default(),
    }
}

/// What events ask of the forge about branches.
fn asked(team: &Team, events: &[Event]) -> Vec<String> {
    let effects = events.iter().flat_map(|event| team.sprint.effects(event, team.now));
    let about = effects.filter(|effect| matches!(effect, Effect::UpdateBranch { .. } | Effect::FollowBase { .. }));
    about.map(|effect| effect.key()).collect()
}

#[test]
fn after_a_merge_the_other_task_in_review_is_brought_up_to_date_and_then_asked_for_again() {
    let mut team = two_in_review();
    team.does(Team::review(1, Verdict::Approve, vec![]));
    team.does(Team::merge(1));
    let events = team.does(Team::merged(1, "app"));
    assert_eq!(asked(&team, &events), ["base/1/app"]);
    sees(&mut team, "app", 'f');
    assert_eq!(
        team.why(2),
        "waits for review -> ada",
        "not at once: more may be merged"
    );
    team.now = team.now + CALM;
    let events = team.does(Command::Tick);
    assert_eq!(asked(&team, &events), ["update/2/app/1"]);
    assert_eq!(
        team.why(2),
        "being brought up to date with main at ffffffffff of app -> the engine"
    );
    let refused = team.refused(Team::review(2, Verdict::Approve, vec![]));
    assert!(refused.to_string().contains("being brought up to date"), "{refused}");
    team.does(tried(&team, 2, "app", 'b', updated('f', 'd', &[])));
    assert_eq!(team.why(2), "its pull requests are being opened -> the engine");
    team.does(Team::shown(2, "app", 'd'));
    assert_eq!(team.why(2), "waits for review, delivery 2 -> ada");
    let done = &team.sprint.tasks[&TaskId(2)].updating.done;
    assert_eq!((done[0].from.clone(), done[0].head.clone()), (commit('b'), commit('d')));
    team.waits(CALM);
    assert_eq!(team.why(2), "waits for review, delivery 2 -> ada", "once is enough");
    merges(&mut team, 2);
    assert!(matches!(team.stage(2), Stage::Done));
}

#[test]
fn merges_in_a_row_are_one_update_to_the_newest_base() {
    let mut team = two_in_review();
    merges(&mut team, 1);
    sees(&mut team, "app", 'd');
    team.waits(CALM / 2);
    sees(&mut team, "app", 'e');
    team.waits(CALM / 2);
    assert_eq!(team.why(2), "waits for review -> ada");
    // What moves while it is tried is known by its number.
    team.waits(CALM / 2);
    let late = tried(&team, 2, "app", 'b', updated('e', '1', &[]));
    sees(&mut team, "app", 'f');
    team.does(late);
    team.waits(CALM);
    team.does(Team::shown(2, "app", '1'));
    assert_eq!(
        team.why(2),
        "being brought up to date with main at ffffffffff of app -> the engine",
        "before anybody looks"
    );
    team.does(tried(&team, 2, "app", '1', UpdateOutcome::UpToDate));
    assert_eq!(team.why(2), "waits for review, delivery 2 -> ada");
    assert_eq!(team.sprint.tasks[&TaskId(2)].updating.begun, 2);
}

#[test]
fn a_task_that_is_worked_on_is_left_alone_until_it_is_delivered() {
    let mut team = Team::running(vec![task("a", &[]), task("b", &[]), task("c", &[])]);
    team.delivers(1, &[("app", 'a')]);
    sees(&mut team, "app", '0');
    let (attempt, token) = team.works_on(2);
    merges(&mut team, 1);
    sees(&mut team, "app", 'f');
    team.waits(CALM);
    assert!(matches!(team.stage(2), Stage::Running { .. }));
    team.does(team.deliver(attempt, token, &[("app", 'b')]));
    team.does(Team::shown(2, "app", 'b'));
    assert_eq!(
        team.why(2),
        "being brought up to date with main at ffffffffff of app -> the engine"
    );
    // What was begun after the merge was begun on top of it.
    team.delivers(3, &[("app", 'c')]);
    assert_eq!(team.why(3), "waits for review -> ada");
}

#[test]
fn what_conflicts_goes_to_its_agent_which_is_told_the_files_and_what_was_merged() {
    let mut team = two_in_review();
    team.does(Team::review(2, Verdict::Approve, vec![]));
    merges(&mut team, 1);
    sees(&mut team, "app", 'f');
    team.waits(CALM);
    team.does(tried(&team, 2, "app", 'b', conflicts('f')));
    let attempt = team.live(WorkId::Task(TaskId(2)));
    let reason = &team.sprint.attempt(attempt).unwrap().reason;
    assert!(matches!(reason, AttemptReason::BaseConflicts { .. }), "{reason:?}");
    let news = team.sprint.briefing(attempt).unwrap().news;
    assert!(
        news.contains("The base of app has moved to main at ffffffffff: merged were pull request #1, task 1 \"Do a\"."),
        "{news}"
    );
    assert!(news.contains("conflicts with it in: total.txt."), "{news}");
    team.delivers(2, &[("app", 'd')]);
    // Whether the agent has resolved it is looked at, not believed.
    assert!(matches!(team.stage(2), Stage::Updating { .. }), "{:?}", team.stage(2));
    team.does(tried(&team, 2, "app", 'd', UpdateOutcome::UpToDate));
    assert_eq!(
        team.why(2),
        "waits for review, delivery 2 -> ada",
        "new commits want a new approval"
    );
}

#[test]
fn the_same_commits_go_back_once_and_then_their_owner_is_asked() {
    let mut team = two_in_review();
    merges(&mut team, 1);
    sees(&mut team, "app", 'f');
    team.waits(CALM);
    team.does(tried(&team, 2, "app", 'b', conflicts('f')));
    team.delivers(2, &[("app", 'b')]);
    team.does(tried(&team, 2, "app", 'b', conflicts('f')));
    assert_eq!(
        team.why(2),
        "waits for review, delivery 2: it conflicts with main at ffffffffff of app since task 1 was merged, in \
         total.txt -> ada"
    );
    team.waits(CALM);
    assert!(!team.has_attempt(2));
    // The next move of the base is another reason to try.
    sees(&mut team, "app", 'e');
    team.waits(CALM);
    team.does(tried(&team, 2, "app", 'b', updated('e', 'd', &[])));
    team.does(Team::shown(2, "app", 'd'));
    assert_eq!(team.why(2), "waits for review, delivery 3 -> ada");
}

#[test]
fn conflicts_go_back_as_often_as_attempts_may_fail() {
    let mut team = two_in_review();
    merges(&mut team, 1);
    sees(&mut team, "app", 'f');
    team.waits(CALM);
    team.does(tried(&team, 2, "app", 'b', conflicts('f')));
    for letter in ['1', '2', '3'] {
        team.delivers(2, &[("app", letter)]);
        team.does(tried(&team, 2, "app", letter, conflicts('f')));
        assert!(team.has_attempt(2), "after {letter}");
    }
    team.delivers(2, &[("app", '4')]);
    team.does(tried(&team, 2, "app", '4', conflicts('f')));
    assert!(!team.has_attempt(2));
    assert!(team.why(2).ends_with("in total.txt -> ada"), "{}", team.why(2));
}

#[test]
fn a_conflict_that_was_put_to_the_owner_does_not_go_back_when_another_repository_moves() {
    let mut team = web_conflicts();
    for letter in ['1', '2', '3', '4'] {
        team.delivers(2, &[("app", 'b'), ("web", letter)]);
        team.does(tried(&team, 2, "web", letter, conflicts('e')));
    }
    assert!(!team.has_attempt(2), "its owner is asked");
    team.does(Team::review(2, Verdict::Comment, vec![]));
    sees(&mut team, "app", 'f');
    team.waits(CALM);
    team.does(tried(&team, 2, "app", 'b', updated('f', 'd', &[])));
    assert!(!team.has_attempt(2), "the conflict of web is as it was");
}

#[test]
fn what_an_agent_has_mended_since_its_owner_was_told_is_not_told_again() {
    let mut team = web_conflicts();
    team.delivers(2, &[("app", 'b'), ("web", 'c')]);
    team.does(tried(&team, 2, "web", 'c', conflicts('e')));
    assert!(team.why(2).contains("conflicts with main"), "{}", team.why(2));
    team.does(Team::review(2, Verdict::RequestChanges, vec![]));
    team.delivers(2, &[("app", 'b'), ("web", '1')]);
    sees(&mut team, "app", 'f');
    team.waits(CALM);
    team.does(tried(&team, 2, "app", 'b', UpdateOutcome::UpToDate));
    assert_eq!(team.why(2), "waits for review, delivery 3 -> ada");
}

#[test]
fn a_base_that_moves_on_and_on_does_not_make_an_agent_work_without_end() {
    let mut team = two_in_review();
    merges(&mut team, 1);
    let mut rounds = 0;
    let mut head = 'b';
    for (moved, next) in "123456789".chars().zip("abcdefabc".chars()) {
        sees(&mut team, "app", moved);
        team.waits(CALM);
        team.does(tried(&team, 2, "app", head, conflicts(moved)));
        if !team.has_attempt(2) {
            break;
        }
        rounds += 1;
        head = next;
        team.delivers(2, &[("app", head)]);
        team.does(tried(&team, 2, "app", head, UpdateOutcome::UpToDate));
    }
    assert_eq!(rounds, 4, "then its owner is asked");
}

#[test]
fn an_approval_stands_where_its_files_are_as_they_were_and_not_where_they_changed() {
    for (own, why) in [
        (&[][..], "approved, waits to be merged -> ada"),
        (&["total.txt"][..], "waits for review, delivery 2 -> ada"),
    ] {
        let mut team = two_in_review();
        team.does(Team::review(2, Verdict::Approve, vec![]));
        merges(&mut team, 1);
        sees(&mut team, "app", 'f');
        team.waits(CALM);
        let events = team.does(tried(&team, 2, "app", 'b', updated('f', 'd', own)));
        let voided = events.iter().find_map(|event| match event {
            Event::ApprovalVoided { why, .. } => Some(why.as_str()),
            _ => None,
        });
        assert_eq!(
            voided,
            (!own.is_empty()).then_some("main of app has changed what it changes itself: total.txt")
        );
        team.does(Team::shown(2, "app", 'd'));
        assert_eq!(team.why(2), why);
    }
}

#[test]
fn what_was_brought_up_to_date_is_checked_also_when_its_agent_only_answers() {
    let mut wide = task("a", &[]);
    wide.repositories = vec![repository("app"), repository("web")];
    let mut team = Team::running(vec![wide]);
    sees(&mut team, "app", '0');
    sees(&mut team, "web", '0');
    team.delivers(1, &[("app", 'a'), ("web", 'b')]);
    sees(&mut team, "app", 'f');
    sees(&mut team, "web", 'e');
    team.waits(CALM);
    let mut command = tried(&team, 1, "web", 'b', updated('e', 'c', &[]));
    if let Command::UpdateTried { checks, .. } = &mut command {
        checks.insert(repository("web"), vec![check()]);
    }
    team.does(command);
    team.does(tried(&team, 1, "app", 'a', conflicts('f')));
    let (attempt, token) = team.works_on(1);
    team.does(Command::AskOwner {
        attempt,
        token,
        question: "Which of the two?".into(),
        options: vec![],
    });
    team.writes(1, "Leave it for now.");
    let (attempt, token) = team.works_on(1);
    team.does(Command::Reply {
        attempt,
        token,
        usage: Usage::default(),
    });
    assert_eq!(team.why(1), "its checks are being run: test of web -> the engine");
}

#[test]
fn checks_run_again_on_what_came_of_it_and_what_they_break_voids_the_approval() {
    let run = |team: &Team, commit: CommitId, status: i32| Run {
        tree: None,
        commit,
        end: RunEnd::Exited { status },
        log: Digest::of(b""),
        log_bytes: 0,
        beside: Default::default(),
        began: team.now,
        ended: team.now,
    };
    for (status, why) in [
        (0, "approved, waits to be merged -> ada"),
        (1, "waits for a free agent slot -> a worker"),
    ] {
        let mut team = two_in_review();
        team.does(Team::review(2, Verdict::Approve, vec![]));
        merges(&mut team, 1);
        sees(&mut team, "app", 'f');
        team.waits(CALM);
        let mut command = tried(&team, 2, "app", 'b', updated('f', 'd', &[]));
        if let Command::UpdateTried { checks, .. } = &mut command {
            checks.insert(repository("app"), vec![check()]);
        }
        team.does(command);
        assert_eq!(team.why(2), "its checks are being run: test of app -> the engine");
        let (here, base) = (run(&team, commit('d'), status), run(&team, commit('f'), 0));
        team.does(Command::RecordCheck {
            task: TaskId(2),
            repository: repository("app"),
            check: "test".parse().unwrap(),
            run: here,
            base: (status != 0).then_some(base),
            tail: String::new(),
        });
        assert_eq!(team.sprint.tasks[&TaskId(2)].approved_by.is_some(), status == 0);
        if status == 0 {
            team.does(Team::shown(2, "app", 'd'));
        }
        assert_eq!(team.why(2), why);
    }
}

#[test]
fn a_task_over_two_repositories_is_updated_in_each_and_asked_for_once() {
    let mut wide = task("b", &[]);
    wide.repositories = vec![repository("app"), repository("web")];
    let mut team = Team::running(vec![task("a", &[]), wide]);
    team.delivers(1, &[("app", 'a')]);
    sees(&mut team, "app", '0');
    team.delivers(2, &[("app", 'b'), ("web", 'c')]);
    sees(&mut team, "web", '0');
    merges(&mut team, 1);
    sees(&mut team, "app", 'f');
    sees(&mut team, "web", 'e');
    team.now = team.now + CALM;
    let events = team.does(Command::Tick);
    assert_eq!(asked(&team, &events), ["update/2/app/1", "update/2/web/1"]);
    team.does(tried(&team, 2, "app", 'b', updated('f', '1', &[])));
    assert!(matches!(team.stage(2), Stage::Updating { .. }));
    let failed = UpdateOutcome::NotPossible { why: "no room".into() };
    team.does(tried(&team, 2, "web", 'c', failed));
    team.does(Team::shown(2, "app", '1'));
    assert_eq!(
        team.why(2),
        "waits for review, delivery 2: web could not be brought up to date: no room -> ada"
    );
}

#[test]
fn answers_that_come_twice_or_about_other_commits_change_nothing_and_silence_is_asked_again() {
    let mut team = two_in_review();
    assert_eq!(sees(&mut team, "app", '0'), [], "it has not moved");
    assert_eq!(sees(&mut team, "web", '0'), [], "nothing builds on it");
    merges(&mut team, 1);
    sees(&mut team, "app", 'f');
    assert_eq!(sees(&mut team, "app", 'f'), []);
    assert_eq!(team.does(tried(&team, 2, "app", 'b', updated('f', 'd', &[]))), []);
    team.waits(CALM);
    assert_eq!(team.does(tried(&team, 2, "app", 'a', updated('f', 'd', &[]))), []);
    team.now = team.now + Duration::from_secs(600);
    let events = team.does(Command::Tick);
    assert_eq!(asked(&team, &events), ["update/2/app/2"]);
    let answer = tried(&team, 2, "app", 'b', updated('f', 'd', &[]));
    team.does(answer.clone());
    assert_eq!(team.does(answer), []);
}
