//! People's review as the scarce resource: what waits until there is room for it, and who stands in for whom.

use std::collections::BTreeMap;

use team6_core::budget::Budget;
use team6_core::failure::FailureKind;
use team6_core::ids::{PersonId, TaskId};
use team6_core::plan::Priority;
use team6_core::sprint::{Command, MergeMethod, Refusal, ReviewLoad, Stage, Verdict, WorkId};

use crate::team::{Team, ada, task};

fn lin() -> PersonId {
    "lin".parse().unwrap()
}

/// A sprint of ada's in which she is to review this many tasks at a time.
fn at_a_time(reviews: usize, tasks: &[&str]) -> Team {
    let mut team = Team::planned(tasks.iter().map(|key| task(key, &[])).collect());
    team.sprint.policy.reviews = reviews;
    team.owns_all();
    team.approves(1);
    team
}

fn begun(team: &Team) -> Vec<u64> {
    let all = team.sprint.tasks.keys().map(|task| task.0);
    all.filter(|task| team.has_attempt(*task)).collect()
}

fn set_deputy(by: PersonId, deputy: Option<PersonId>) -> Command {
    Command::SetDeputy {
        by,
        owner: ada(),
        deputy,
        may_approve: true,
    }
}

#[test]
fn no_task_begins_while_its_owner_has_enough_to_review() {
    let mut team = at_a_time(2, &["a", "b", "c", "d"]);
    assert_eq!(begun(&team), [1, 2]);
    assert_eq!(
        team.why(3),
        "waits for its turn: 0 of ada's tasks wait for review and 2 are being worked on, of at most 2 -> a worker"
    );
    team.delivers(1, &[("app", 'a')]);
    team.delivers(2, &[("app", 'b')]);
    let load = ReviewLoad {
        unreviewed: 2,
        under_way: 0,
    };
    assert_eq!(team.sprint.review_load(&ada()), load);
    assert_eq!(
        team.why(3),
        "waits for its turn: 2 of ada's tasks wait for review and 0 are being worked on, of at most 2 -> ada"
    );
    assert_eq!(
        team.sprint.task_inbox(TaskId(3)),
        None,
        "the reviews themselves stand there"
    );
    // A rework is no new work, and takes no more of ada's time than it had.
    team.does(Team::review(1, Verdict::RequestChanges, vec![]));
    assert_eq!(begun(&team), [1]);
    team.delivers(1, &[("app", 'c')]);
    team.does(Team::review(1, Verdict::Approve, vec![]));
    assert_eq!(begun(&team), [3], "one is reviewed, so one begins");
    team.does(Team::review(2, Verdict::Approve, vec![]));
    assert_eq!(begun(&team), [3, 4]);
}

#[test]
fn what_was_given_up_or_cancelled_makes_room() {
    let mut team = at_a_time(1, &["a", "b", "c"]);
    team.fails(1, FailureKind::Refused, "I may not.");
    assert_eq!(begun(&team), [2]);
    team.does(Command::CancelTask {
        by: ada(),
        task: TaskId(2),
    });
    assert_eq!(begun(&team), [3]);
}

#[test]
fn the_work_of_others_goes_first_meanwhile_and_the_longest_chain_of_each() {
    let mut urgent = task("c", &[]);
    urgent.priority = Priority::High;
    urgent.estimate_minutes = 90;
    let mut team = Team::planned(vec![task("a", &[]), task("b", &[]), urgent, task("d", &["c"])]);
    team.sprint.policy.reviews = 1;
    let owners = [(1, ada()), (2, lin()), (3, ada()), (4, ada())].map(|(task, owner)| (TaskId(task), owner));
    team.does(Command::SetOwners {
        by: ada(),
        owners: BTreeMap::from(owners),
    });
    team.approves(1);
    assert_eq!(begun(&team), [2, 3]);
    assert!(team.why(4).starts_with("waits for task 3"), "{}", team.why(4));
}

#[test]
fn without_a_limit_everything_begins() {
    assert_eq!(begun(&at_a_time(0, &["a", "b", "c"])), [1, 2, 3]);
}

#[test]
fn a_deputy_decides_for_an_owner_who_is_away_and_the_owner_stays_accountable() {
    let mut team = at_a_time(10, &["a"]);
    team.delivers(1, &[("app", 'a')]);
    let approve = |by: PersonId| match Team::review(1, Verdict::Approve, vec![]) {
        Command::SubmitReview {
            task,
            verdict,
            body,
            comments,
            heads,
            ..
        } => Command::SubmitReview {
            by,
            task,
            verdict,
            body,
            comments,
            heads,
        },
        other => other,
    };
    assert!(matches!(team.refused(approve(lin())), Refusal::NotOwner { .. }));
    assert!(matches!(
        team.refused(set_deputy(lin(), Some(lin()))),
        Refusal::NotTheirs { .. }
    ));
    assert!(matches!(
        team.refused(set_deputy(ada(), Some(ada()))),
        Refusal::OwnDeputy { .. }
    ));
    team.does(set_deputy(ada(), Some(lin())));
    assert_eq!(team.refused(set_deputy(ada(), Some(lin()))), Refusal::NothingChanged);
    assert_eq!(team.why(1), "waits for review -> lin");
    assert_eq!(team.sprint.task_inbox(TaskId(1)).unwrap().person, lin());
    team.does(approve(lin()));
    let merge = |by| Command::Merge {
        by,
        task: TaskId(1),
        method: MergeMethod::Merge,
    };
    team.does(set_deputy(ada(), None));
    assert!(matches!(team.refused(merge(lin())), Refusal::NotOwner { .. }));
    team.does(merge(ada()));
    assert_eq!(team.sprint.tasks[&TaskId(1)].owner, Some(ada()));
}

#[test]
fn whatever_the_lead_may_do_and_is_asked_for_is_the_deputys_while_one_is_named() {
    let mut team = Team::planned(vec![task("a", &[])]);
    let why = |team: &Team| team.sprint.explain_planning().unwrap().actor.to_string();
    let inbox = |team: &Team| -> Vec<String> { team.sprint.inbox().iter().map(|i| i.person.to_string()).collect() };
    assert_eq!((why(&team), inbox(&team)), ("ada".into(), vec!["ada".into()]));
    team.does(set_deputy(ada(), Some(lin())));
    assert_eq!((why(&team), inbox(&team)), ("lin".into(), vec!["lin".into()]));
    assert_eq!(team.why(1), "tasks have no owner yet -> lin");

    let max: PersonId = "max".parse().unwrap();
    team.does(Command::SetOwners {
        by: lin(),
        owners: [(TaskId(1), max.clone())].into(),
    });
    let budget = Budget {
        tokens: Some(1_000),
        ..Budget::default()
    };
    let of_task = |by| Command::SetTaskBudget {
        by,
        task: TaskId(1),
        budget,
    };
    let of_sprint = |by| Command::SetSprintBudget { by, budget };
    team.does(of_task(lin()));
    team.does(of_sprint(lin()));
    let for_max = |by| Command::SetDeputy {
        by,
        owner: max.clone(),
        deputy: Some(ada()),
        may_approve: true,
    };
    team.does(for_max(lin()));

    team.does(set_deputy(ada(), None));
    assert!(matches!(team.refused(of_sprint(lin())), Refusal::NotLead { .. }));
    assert!(matches!(team.refused(of_task(lin())), Refusal::NotOwnerOrLead { .. }));
    assert!(matches!(team.refused(for_max(lin())), Refusal::NotTheirs { .. }));
}

#[test]
fn a_question_to_a_lead_who_is_away_is_in_the_deputys_inbox() {
    let mut team = Team::opened();
    let (attempt, token) = team.starts(WorkId::Planning);
    team.does(Command::AskQuestion {
        attempt,
        token,
        text: "Which one?".into(),
        why: "There are two.".into(),
        options: vec![],
    });
    team.does(set_deputy(ada(), Some(lin())));
    let asked: Vec<_> = team.sprint.inbox().into_iter().map(|item| item.person).collect();
    assert_eq!(asked, [lin()]);
    assert_eq!(team.sprint.questions[0].asked, ada(), "she stays the one who was asked");
}

#[test]
fn a_deputy_who_may_not_approve_is_asked_for_all_but_the_approval() {
    let mut team = Team::planned(vec![task("a", &[])]);
    let waits_for = |team: &Team| {
        let asked = team.sprint.inbox().into_iter().map(|item| item.person.to_string());
        asked.collect::<Vec<_>>()
    };
    let lin_decides = |may_approve| Command::SetDeputy {
        by: ada(),
        owner: ada(),
        deputy: Some(lin()),
        may_approve,
    };
    team.does(lin_decides(false));
    assert_eq!(waits_for(&team), ["lin"], "who owns the tasks is for the deputy to say");
    team.owns_all();
    assert_eq!(waits_for(&team), ["ada"]);
    assert_eq!(team.refused(lin_decides(false)), Refusal::NothingChanged);
    team.does(lin_decides(true));
    assert_eq!(waits_for(&team), ["lin"], "named again, with the right of now");
    team.approves(1);
    team.delivers(1, &[("app", 'a')]);
    team.does(lin_decides(false));
    let why = team.why(1);
    assert!(
        why.ends_with("-> lin"),
        "a review needs no right to approve plans: {why}"
    );
}

/// What an owner has to review at most while agents deliver ten times as fast as she reviews.
fn with_a_slow_reviewer(tasks: usize, reviews: usize) -> usize {
    let keys: Vec<String> = (0..tasks).map(|n| format!("t{n}")).collect();
    let mut team = at_a_time(reviews, &keys.iter().map(String::as_str).collect::<Vec<_>>());
    let mut most = 0;
    while team.sprint.is_open() {
        for task in begun(&team).into_iter().take(10) {
            team.delivers(task, &[("app", 'a')]);
        }
        most = most.max(team.sprint.review_load(&ada()).unreviewed);
        let delivered = team
            .sprint
            .tasks
            .values()
            .find(|task| task.work.stage == Stage::InReview);
        let task = delivered.unwrap().id.0;
        team.does(Team::review(task, Verdict::Approve, vec![]));
        team.does(Team::merge(task));
        team.does(Team::merged(task, "app"));
    }
    most
}

#[test]
fn a_reviewer_slower_than_the_agents_never_has_more_to_review_than_the_limit() {
    assert_eq!(with_a_slow_reviewer(100, 4), 4);
    assert!(
        with_a_slow_reviewer(100, 0) > 80,
        "without a limit it grows with the sprint"
    );
}
