//! Reviews, merges, and messages around them: the owner's part.

use std::time::Duration;

use team6_core::failure::FailureKind;
use team6_core::ids::TaskId;
use team6_core::sprint::{Command, Effect, Event, MergeProblem, Refusal, ReviewComment, Stage, Verdict, WorkId};
use team6_core::trace::Usage;

use crate::team::{Team, ada, repository, task};

fn comment(text: &str) -> ReviewComment {
    ReviewComment {
        repository: repository("app"),
        path: "src/lib.rs".into(),
        line: Some(7),
        end_line: None,
        old_side: false,
        text: text.into(),
    }
}

#[test]
fn a_review_goes_back_to_the_agent_and_every_comment_is_answered() {
    let mut team = Team::running(vec![task("a", &[])]);
    team.delivers(1, &[("app", 'a')]);
    let notes = vec![comment("Name it."), comment("Test it.")];
    team.does(Team::review(1, Verdict::RequestChanges, notes));
    let attempt = team.live(WorkId::Task(TaskId(1)));
    let news = team.sprint.briefing(attempt).unwrap().news;
    assert!(news.contains("Name it.") && news.contains("[thread 2]"), "{news}");

    let (attempt, token) = team.works_on(1);
    let Command::Deliver {
        delivery,
        results,
        usage,
        ..
    } = team.deliver(attempt, token, &[("app", 'b')])
    else {
        unreachable!()
    };
    let silent = Command::Deliver {
        attempt,
        token,
        delivery,
        answers: vec![],
        results,
        integrated: Default::default(),
        checks: Default::default(),
        usage,
    };
    assert!(matches!(team.refused(silent), Refusal::ThreadsOpen { .. }));
    team.does(team.deliver(attempt, token, &[("app", 'b')]));
    team.does(Team::shown(1, "app", 'b'));
    assert_eq!(team.why(1), "waits for review, delivery 2 -> ada");
}

#[test]
fn who_goes_on_after_an_interruption_is_told_again_what_the_review_asks_for() {
    let mut team = Team::running(vec![task("a", &[])]);
    team.delivers(1, &[("app", 'a')]);
    team.does(Team::review(1, Verdict::RequestChanges, vec![comment("Name it.")]));
    for _ in 0..2 {
        let (attempt, token) = team.works_on(1);
        team.does(Command::InterruptAttempt {
            attempt,
            token,
            why: "the engine stopped".into(),
            left: std::collections::BTreeMap::new(),
            usage: Usage::default(),
        });
        let attempt = team.live(WorkId::Task(TaskId(1)));
        let news = team.sprint.briefing(attempt).unwrap().news;
        assert!(
            news.contains("You were stopped") && news.contains("ada reviewed your work and requests changes. Read."),
            "{news}"
        );
    }
}

#[test]
fn an_approval_is_of_the_commits_that_were_seen() {
    let mut team = Team::running(vec![task("a", &[])]);
    assert!(matches!(team.refused(Team::merge(1)), Refusal::NotInReview { .. }));
    team.delivers(1, &[("app", 'a')]);
    assert_eq!(team.refused(Team::merge(1)), Refusal::NotReviewed { task: TaskId(1) });
    team.does(Team::review(1, Verdict::Approve, vec![]));
    team.writes(1, "One more test, please.");
    team.delivers(1, &[("app", 'b')]);
    assert_eq!(team.refused(Team::merge(1)), Refusal::NotReviewed { task: TaskId(1) });
}

#[test]
fn only_the_owner_merges() {
    let mut team = Team::running(vec![task("a", &[])]);
    team.delivers(1, &[("app", 'a')]);
    team.does(Team::review(1, Verdict::Approve, vec![]));
    let Command::Merge { task, method, .. } = Team::merge(1) else {
        unreachable!()
    };
    let by = "bob".parse().unwrap();
    let refusal = team.refused(Command::Merge { by, task, method });
    assert_eq!(refusal.to_string(), "task 1 belongs to ada; only its owner does this");
}

#[test]
fn a_task_over_two_repositories_is_done_when_both_are_merged() {
    let mut both = task("a", &[]);
    both.repositories.push(repository("web"));
    let mut team = Team::running(vec![both, task("b", &["a"])]);
    team.delivers(1, &[("app", 'a'), ("web", 'b')]);
    team.does(Team::review(1, Verdict::Approve, vec![]));
    team.does(Team::merge(1));
    team.does(Team::merged(1, "app"));
    let merge = team.sprint.tasks[&TaskId(1)].merges;
    team.does(Command::MergeConflicted {
        task: TaskId(1),
        repository: repository("web"),
        merge,
        files: vec!["index.html".into()],
    });
    // The agent mends what conflicts; what is merged stays merged.
    let attempt = team.live(WorkId::Task(TaskId(1)));
    let news = team.sprint.briefing(attempt).unwrap().news;
    assert!(news.contains("index.html"), "{news}");
    team.delivers(1, &[("web", 'c')]);
    assert_eq!(
        team.why(1),
        "merged in part: app is merged, web is not; merge the rest, or revert what was merged -> ada"
    );
    assert!(!team.has_attempt(2));
    team.does(Team::review(1, Verdict::Approve, vec![]));
    team.does(Team::merge(1));
    team.does(Team::merged(1, "web"));
    assert!(team.has_attempt(2));
}

#[test]
fn an_answer_to_a_message_opens_the_pull_request_that_could_not_be_opened() {
    let mut team = Team::running(vec![task("a", &[])]);
    let (attempt, token) = team.works_on(1);
    team.does(team.deliver(attempt, token, &[("app", 'a')]));
    team.does(Command::PublishRefused {
        task: TaskId(1),
        repository: repository("app"),
        head: crate::team::commit('a'),
        why: "the branch is protected".into(),
    });
    assert_eq!(
        team.why(1),
        "failed: no pull request in app: the branch is protected -> ada"
    );
    team.writes(1, "What is this?");
    let (attempt, token) = team.works_on(1);
    let usage = Usage::default();
    let events = team.does(Command::Reply { attempt, token, usage });
    assert!(matches!(team.stage(1), Stage::Publishing { .. }), "{:?}", team.stage(1));
    let effects: Vec<Effect> = events
        .iter()
        .flat_map(|event| team.sprint.effects(event, team.now))
        .collect();
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::OpenPullRequest { delivery: 2, .. })),
        "{effects:?}"
    );
}

#[test]
fn a_merge_that_was_overtaken_by_another_decision_is_not_wanted_any_more() {
    let mut team = Team::running(vec![task("a", &[])]);
    team.delivers(1, &[("app", 'a')]);
    team.does(Team::review(1, Verdict::Approve, vec![]));
    let events = team.does(Team::merge(1));
    let effects: Vec<Effect> = events
        .iter()
        .flat_map(|event| team.sprint.effects(event, team.now))
        .collect();
    let [merge @ Effect::MergePullRequest { .. }] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    assert!(team.sprint.wants(merge));
    team.waits(team.sprint.policy.forge_time);
    assert!(
        team.why(1).starts_with("approved, waits to be merged: "),
        "{}",
        team.why(1)
    );
    team.does(Team::review(1, Verdict::RequestChanges, vec![comment("Wait.")]));
    assert!(!team.sprint.wants(merge));
    team.fails(1, FailureKind::AgentExited, "it crashed");
}

fn cancel(number: u64) -> Command {
    Command::CancelTask {
        by: ada(),
        task: TaskId(number),
    }
}

#[test]
fn a_task_waits_for_its_merge_since_it_was_approved() {
    let mut team = Team::running(vec![task("a", &[])]);
    team.delivers(1, &[("app", 'a')]);
    let since = |team: &Team| team.sprint.explain(TaskId(1)).unwrap().since;
    let delivered = since(&team);
    team.waits(Duration::from_secs(60));
    team.does(Team::review(1, Verdict::Approve, vec![]));
    let approved = team.now;
    team.waits(Duration::from_secs(60));
    team.does(Team::review(1, Verdict::Comment, vec![]));
    assert_eq!((since(&team), approved > delivered), (approved, true));
}

#[test]
fn what_is_handed_over_has_a_title() {
    let mut team = Team::running(vec![task("a", &[])]);
    team.works_on(1);
    let refused = team.refused(Command::AddSubtask {
        by: ada(),
        parent: TaskId(1),
        brief: Box::default(),
        task: TaskId(9),
    });
    assert_eq!(
        refused.to_string(),
        "what is handed over has no title; give it one line that says what is wanted"
    );
}

#[test]
fn what_is_being_merged_is_not_cancelled_before_the_forge_has_answered() {
    let mut team = Team::running(vec![task("a", &[]), task("b", &[])]);
    team.delivers(1, &[("app", 'a')]);
    team.does(Team::review(1, Verdict::Approve, vec![]));
    team.does(Team::merge(1));

    let refusal = team.refused(cancel(1)).to_string();
    assert_eq!(
        refusal,
        "task 1 is being merged, which cannot be taken back; wait for the outcome, then cancel what was not merged, and \
         pause what must not go on meanwhile"
    );
    let sprint = team.refused(Command::CancelSprint { by: ada() });
    assert_eq!(sprint.to_string(), refusal);
    // A pause is for agents; the merge goes on, and what comes of it counts.
    team.does(Command::PauseTask {
        by: ada(),
        task: TaskId(1),
    });

    let merge = team.sprint.tasks[&TaskId(1)].merges;
    team.does(Command::MergeRefused {
        task: TaskId(1),
        repository: repository("app"),
        merge,
        why: "the branch is protected".into(),
    });
    team.does(cancel(1));
    assert!(matches!(team.stage(1), Stage::Cancelled { .. }));
    team.does(Command::CancelSprint { by: ada() });
}

#[test]
fn a_merge_that_came_before_the_cancellation_but_was_told_after_it_wins() {
    let mut team = Team::running(vec![task("a", &[]), task("b", &["a"]), task("c", &["b"])]);
    team.delivers(1, &[("app", 'a')]);
    team.does(Team::review(1, Verdict::Approve, vec![]));
    team.does(Team::merge(1));
    // The forge does not answer in time, so the owner decides again.
    team.waits(team.sprint.policy.forge_time);
    team.does(cancel(1));
    assert!(team.why(2).contains("which was cancelled"), "{}", team.why(2));

    team.does(Team::merged(1, "app"));
    assert_eq!(team.stage(1), &Stage::Done);
    assert!(team.has_attempt(2), "{}", team.why(2));
    // The sprint counts right: it is finished when the others are, and not before.
    team.finishes(2);
    assert!(team.sprint.is_open());
    team.finishes(3);
    assert!(!team.sprint.is_open());
}

#[test]
fn a_task_that_was_merged_in_part_before_it_was_cancelled_says_which_part() {
    let mut both = task("a", &[]);
    both.repositories.push(repository("web"));
    let mut team = Team::running(vec![both]);
    team.delivers(1, &[("app", 'a'), ("web", 'b')]);
    team.does(Team::review(1, Verdict::Approve, vec![]));
    team.does(Team::merge(1));
    team.waits(team.sprint.policy.forge_time);
    team.does(Command::CancelSprint { by: ada() });

    team.does(Team::merged(1, "app"));
    let pull_requests = &team.sprint.tasks[&TaskId(1)].pull_requests;
    assert!(pull_requests[&repository("app")].merged.is_some());
    assert!(pull_requests[&repository("web")].merged.is_none());
    assert!(matches!(team.stage(1), Stage::Cancelled { .. }));
}

#[test]
fn a_late_merge_frees_only_those_that_still_wait_for_it() {
    let mut team = Team::running(vec![task("a", &[]), task("b", &["a"]), task("c", &[])]);
    team.delivers(1, &[("app", 'a')]);
    team.does(Team::review(1, Verdict::Approve, vec![]));
    team.does(Team::merge(1));
    team.waits(team.sprint.policy.forge_time);
    team.does(cancel(1));
    // The plan goes on without it.
    team.saves(1, vec![task("b", &["c"]), task("c", &[])], 4);
    team.approves(2);
    team.does(Team::merged(1, "app"));
    assert!(!team.has_attempt(2), "it waits for task 3 now");
    team.finishes(3);
    assert!(team.has_attempt(2));
}

#[test]
fn a_conflict_that_its_agent_left_as_it_was_is_the_reason_why_nothing_is_merged() {
    let mut team = Team::running(vec![task("a", &[])]);
    team.delivers(1, &[("app", 'a')]);
    team.does(Team::review(1, Verdict::Approve, vec![]));
    let meets_a_conflict = |team: &mut Team, merge| {
        team.does(Team::merge(1));
        team.does(Command::MergeConflicted {
            task: TaskId(1),
            repository: repository("app"),
            merge,
            files: vec!["note.txt".into()],
        });
    };
    meets_a_conflict(&mut team, 1);
    // Also when the attempt goes on where another was stopped.
    let (attempt, token) = team.works_on(1);
    team.does(Command::InterruptAttempt {
        attempt,
        token,
        why: "the engine stopped".into(),
        left: std::collections::BTreeMap::new(),
        usage: Usage::default(),
    });
    let (attempt, token) = team.works_on(1);
    team.does(team.deliver(attempt, token, &[("app", 'a')]));
    assert_eq!(
        team.why(1),
        "approved, waits to be merged: the conflict with the base of app in note.txt is as it was, since its agent changed \
         nothing there; write to the agent how to resolve it -> ada"
    );
    // It is tried again, as somebody may have resolved it upstream; and what is resolved is no trouble any more.
    meets_a_conflict(&mut team, 2);
    team.delivers(1, &[("app", 'b')]);
    assert_eq!(team.why(1), "waits for review, delivery 3 -> ada");
    team.does(Team::review(1, Verdict::Approve, vec![]));
    assert_eq!(team.why(1), "approved, waits to be merged -> ada");
}

#[test]
fn a_conflict_that_stays_in_one_repository_is_told_beside_what_is_new_in_another() {
    let mut both = task("a", &[]);
    both.repositories.push(repository("web"));
    let mut team = Team::running(vec![both]);
    team.delivers(1, &[("app", 'a'), ("web", 'b')]);
    team.does(Team::review(1, Verdict::Approve, vec![]));
    team.does(Team::merge(1));
    team.does(Command::MergeConflicted {
        task: TaskId(1),
        repository: repository("app"),
        merge: 1,
        files: vec!["note.txt".into()],
    });
    team.delivers(1, &[("app", 'a'), ("web", 'c')]);
    let why = team.why(1);
    assert!(
        why.starts_with("waits for review, delivery 2: the conflict with the base of app in note.txt is as it was"),
        "{why}"
    );
}

#[test]
fn a_forge_that_does_not_answer_is_the_reason_why_a_merge_takes_its_time() {
    let mut team = Team::running(vec![task("a", &[])]);
    let (attempt, token) = team.works_on(1);
    team.does(team.deliver(attempt, token, &[("app", 'a')]));
    let fails = |why: &str| Command::ForgeFails {
        task: TaskId(1),
        repository: repository("app"),
        why: why.into(),
    };
    team.does(fails("no route"));
    assert_eq!(
        team.why(1),
        "its pull requests are being opened; the last try failed: no route -> the engine"
    );
    team.does(Team::shown(1, "app", 'a'));
    team.does(Team::review(1, Verdict::Approve, vec![]));
    team.does(Team::merge(1));
    assert_eq!(team.why(1), "is being merged -> the engine");
    team.does(fails("it is gone"));
    let why = "is being merged; the last try failed: it is gone -> the engine";
    assert_eq!(team.why(1), why);
    assert!(
        team.does(fails("it is gone")).is_empty(),
        "what is known is not told again"
    );
    team.does(Team::merged(1, "app"));
    assert_eq!(team.why(1), "nothing");
    assert!(team.does(fails("late")).is_empty());
}

pub(crate) fn over_both() -> Team {
    let mut both = task("a", &[]);
    both.repositories = vec![repository("app"), repository("web")];
    let mut team = Team::running(vec![both]);
    team.delivers(1, &[("app", 'a'), ("web", 'b')]);
    team.does(Team::review(1, Verdict::Approve, vec![]));
    team
}

pub(crate) fn tried(problems: Vec<MergeProblem>) -> Command {
    Command::MergeTried {
        task: TaskId(1),
        merge: 1,
        problems,
    }
}

/// The repositories in which something is merged because of these events.
fn merges(team: &Team, events: &[Event]) -> Vec<String> {
    let effects = events.iter().flat_map(|event| team.sprint.effects(event, team.now));
    let merged = effects.filter_map(|effect| match effect {
        Effect::MergePullRequest { repository, .. } => Some(repository.to_string()),
        _ => None,
    });
    merged.collect()
}

#[test]
fn pull_requests_are_merged_one_after_the_other_once_all_of_them_can_be() {
    let mut team = over_both();
    let events = team.does(Team::merge(1));
    assert_eq!(
        merges(&team, &events),
        [""; 0],
        "nothing is merged before all was tried"
    );
    let events = team.does(tried(vec![]));
    assert_eq!(merges(&team, &events), ["app"]);
    let events = team.does(Team::merged(1, "app"));
    assert_eq!(merges(&team, &events), ["web"]);
    team.does(Team::merged(1, "web"));
    assert_eq!(*team.stage(1), Stage::Done);
}

#[test]
fn nothing_is_merged_if_one_of_several_cannot_be() {
    let problem = |conflicts: &[&str], why: Option<&str>| MergeProblem {
        repository: repository("web"),
        conflicts: conflicts.iter().map(|file| (*file).to_owned()).collect(),
        why: why.map(str::to_owned),
    };
    let mut team = over_both();
    team.does(Team::merge(1));
    let events = team.does(tried(vec![problem(&["page.html"], None)]));
    assert_eq!(merges(&team, &events), [""; 0]);
    assert!(team.has_attempt(1), "its agent resolves the conflict");

    let mut team = over_both();
    team.does(Team::merge(1));
    team.does(tried(vec![problem(&[], Some("no permission"))]));
    assert_eq!(
        team.why(1),
        "approved, waits to be merged: nothing was merged: web: no permission -> ada"
    );
}

#[test]
fn a_merge_that_breaks_off_in_the_middle_is_shown_and_gone_on_with() {
    let mut team = over_both();
    team.does(Team::merge(1));
    team.does(tried(vec![]));
    team.does(Team::merged(1, "app"));
    team.does(Command::MergeRefused {
        task: TaskId(1),
        repository: repository("web"),
        merge: 1,
        why: "no permission".into(),
    });
    assert_eq!(
        team.why(1),
        "merged in part: app is merged, web is not: no permission; merge the rest, or revert what was merged -> ada"
    );
    let events = team.does(Team::merge(1));
    assert_eq!(
        merges(&team, &events),
        ["web"],
        "what is left needs no trial of its own"
    );
    team.does(Team::merged(1, "web"));
    assert_eq!(*team.stage(1), Stage::Done);
}

#[test]
fn an_agent_says_in_which_order_its_pull_requests_are_merged() {
    let mut both = task("a", &[]);
    both.repositories = vec![repository("app"), repository("web")];
    let mut team = Team::running(vec![both]);
    let (attempt, token) = team.works_on(1);
    let mut deliver = team.deliver(attempt, token, &[("app", 'a'), ("web", 'b')]);
    if let Command::Deliver { delivery, .. } = &mut deliver {
        delivery.merge_order = vec![repository("web")];
    }
    team.does(deliver);
    assert_eq!(
        team.sprint.tasks[&TaskId(1)].merge_order(),
        [repository("web"), repository("app")]
    );
}
