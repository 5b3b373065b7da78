//! Work that agents hand to each other.

use team6_core::failure::FailureKind;
use team6_core::ids::{PersonId, TaskId};
use team6_core::sprint::{
    AttemptReason, Brief, Command, DelegationBlock, Effect, Event, Outcome, Refusal, Stage, Verdict, WorkId,
};

use crate::team::{Team, ada, commit, repository, task};

const AGENTS: [(&str, &[&str]); 3] = [
    ("coder", &["backend"]),
    ("painter", &["frontend"]),
    ("writer", &["docs"]),
];

fn lin() -> PersonId {
    "lin".parse().unwrap()
}

/// A sprint whose first task is one of the backend, at work.
fn at_work() -> (Team, u32, team6_core::ids::FencingToken) {
    let mut first = task("a", &[]);
    first.specialty = Some("backend".parse().unwrap());
    let mut team = Team::planned(vec![first]);
    team.owns_all();
    team.does(Team::approve_with(1, &AGENTS));
    let (attempt, token) = team.works_on(1);
    (team, attempt, token)
}

fn brief(title: &str, field: &str) -> Brief {
    Brief {
        title: title.into(),
        what: "All of it.".into(),
        acceptance_criteria: vec!["It works".into()],
        specialty: Some(field.parse().unwrap()),
        estimate_minutes: 20,
        ..Brief::default()
    }
}

impl Team {
    fn hands(&self, (attempt, token): (u32, team6_core::ids::FencingToken), brief: Brief, task: u64) -> Command {
        Command::Delegate {
            attempt,
            token,
            brief: Box::new(brief),
            built_on: [(repository("app"), commit('b'))].into(),
            instead_of: None,
            task: TaskId(task),
        }
    }

    fn blocks(&mut self, command: Command) -> Vec<DelegationBlock> {
        match self.refused(command) {
            Refusal::NotDelegated { reasons } => reasons,
            other => panic!("{other}"),
        }
    }

    fn news(&self, task: u64) -> String {
        let attempt = self.live(WorkId::Task(TaskId(task)));
        self.sprint.briefing(attempt).unwrap().news
    }
}

#[test]
fn a_subtask_begins_at_once_with_its_own_agent_and_its_parents_owner() {
    let (mut team, attempt, token) = at_work();
    team.does(team.hands((attempt, token), brief("Draw it", "frontend"), 2));
    let subtask = &team.sprint.tasks[&TaskId(2)];
    assert_eq!(subtask.owner, Some(ada()));
    assert_eq!(subtask.parent(), Some(TaskId(1)));
    assert_eq!(subtask.agent.as_ref().unwrap().agent.as_str(), "painter");
    assert!(team.has_attempt(2), "it waits for nobody: its parent was approved");
    let brief = team.sprint.briefing(team.live(WorkId::Task(TaskId(2)))).unwrap().full;
    assert!(
        brief.contains("It is a part of task 1 \"Do a\", and was delegated by agent coder"),
        "{brief}"
    );
    assert!(brief.contains("There are agents for backend, docs."), "{brief}");
}

#[test]
fn a_parent_waits_without_a_slot_and_goes_on_once_when_the_last_subtask_is_settled() {
    let (mut team, attempt, token) = at_work();
    team.does(team.hands((attempt, token), brief("Draw it", "frontend"), 2));
    team.does(team.hands((attempt, token), brief("Describe it", "docs"), 3));
    team.does(Command::AwaitSubtasks { attempt, token });
    assert!(!team.has_attempt(1));
    let ended = team.sprint.attempt(attempt).unwrap().ended.clone().unwrap();
    assert_eq!(ended.outcome, Outcome::Delegated);
    assert_eq!(
        team.why(1),
        "waits for 2 subtasks, 2 \"Draw it\" the longest (waits for a free agent slot) -> a worker"
    );

    team.delivers(2, &[("app", 'c')]);
    assert_eq!(*team.stage(2), Stage::Delivered);
    assert!(!team.has_attempt(1), "one is still open");
    team.fails(3, FailureKind::Refused, "I will not.");
    let reason = AttemptReason::SubtasksSettled { of: attempt };
    let live = team.live(WorkId::Task(TaskId(1)));
    assert_eq!(team.sprint.attempt(live).unwrap().reason, reason);
    let news = team.news(1);
    assert!(
        news.contains("task 2 \"Draw it\": delivered. It works. It is on the branch `origin/feature/task-2-draw-it`"),
        "{news}"
    );
    assert!(news.contains("task 3 \"Describe it\": failed: I will not."), "{news}");
    assert!(
        news.contains("`instead_of`") && news.contains("`give_up_task`"),
        "{news}"
    );

    let scheduled = team.sprint.attempts.iter().filter(|a| a.reason == reason).count();
    assert_eq!(scheduled, 1);
}

#[test]
fn a_task_is_not_delivered_while_parts_of_it_are_open_or_unheard_of() {
    let (mut team, attempt, token) = at_work();
    team.does(team.hands((attempt, token), brief("Draw it", "frontend"), 2));
    let deliver = team.deliver(attempt, token, &[("app", 'd')]);
    assert!(matches!(team.refused(deliver.clone()), Refusal::SubtasksOpen { .. }));
    team.delivers(2, &[("app", 'c')]);
    assert!(
        matches!(team.refused(deliver), Refusal::SubtasksOpen { .. }),
        "its agent was not told"
    );
    team.does(Command::AwaitSubtasks { attempt, token });
    let (attempt, token) = team.works_on(1);
    assert_eq!(
        team.refused(Command::AwaitSubtasks { attempt, token }),
        Refusal::NothingToAwait
    );
    team.does(team.deliver(attempt, token, &[("app", 'd')]));
}

#[test]
fn merging_the_parent_is_the_end_of_what_was_delivered_to_it() {
    let (mut team, attempt, token) = at_work();
    team.does(team.hands((attempt, token), brief("Draw it", "frontend"), 2));
    team.does(Command::AwaitSubtasks { attempt, token });
    team.delivers(2, &[("app", 'c')]);
    team.delivers(1, &[("app", 'd')]);
    assert_eq!(
        team.why(2),
        "delivered to task 1 \"Do a\", whose subtask it is (waits for review) -> ada"
    );
    assert!(matches!(team.refused(Team::merge(2)), Refusal::NotInReview { .. }));
    team.does(Team::review(1, Verdict::Approve, vec![]));
    team.does(Team::merge(1));
    let events = team.does(Team::merged(1, "app"));
    assert_eq!(*team.stage(2), Stage::Done);
    let closes = |event: &Event| team.sprint.effects(event, team.now);
    let closed: Vec<Effect> = events.iter().flat_map(closes).collect();
    assert!(
        closed
            .iter()
            .any(|effect| matches!(effect, Effect::ClosePullRequest { task: TaskId(2), .. })),
        "{closed:?}"
    );
    assert!(!team.sprint.is_open(), "{:?}", team.sprint.phase);
}

#[test]
fn an_owner_of_a_part_approves_it_before_the_whole_is_merged() {
    let (mut team, attempt, token) = at_work();
    team.does(team.hands((attempt, token), brief("Draw it", "frontend"), 2));
    team.does(Command::SetOwners {
        by: ada(),
        owners: [(TaskId(2), lin())].into(),
    });
    team.does(Command::AwaitSubtasks { attempt, token });
    team.delivers(2, &[("app", 'c')]);
    team.delivers(1, &[("app", 'd')]);
    team.does(Team::review(1, Verdict::Approve, vec![]));
    assert_eq!(
        team.why(1),
        "approved, but for subtask 2 \"Draw it\", which its own owner approves first -> lin"
    );
    let refusal = team.refused(Team::merge(1)).to_string();
    assert!(refusal.contains("subtask 2 waits for the approval of lin"), "{refusal}");
    let Command::SubmitReview {
        task,
        verdict,
        body,
        comments,
        heads,
        ..
    } = Team::review(2, Verdict::Approve, vec![])
    else {
        unreachable!()
    };
    team.sprint.take_touched();
    team.does(Command::SubmitReview {
        by: lin(),
        task,
        verdict,
        body,
        comments,
        heads,
    });
    let touched = team.sprint.take_touched();
    assert!(touched.contains(&TaskId(1)), "it waits for ada now: {touched:?}");
    team.does(Team::merge(1));
}

#[test]
fn what_would_go_round_in_a_circle_too_deep_or_too_broad_is_refused_with_what_to_do() {
    let (mut team, attempt, token) = at_work();
    let own = team.hands((attempt, token), brief("Store it", "backend"), 2);
    let said = team.blocks(own)[0].to_string();
    assert!(said.contains("\"backend\" would come back to task 1"), "{said}");

    team.does(team.hands((attempt, token), brief("Draw it", "frontend"), 2));
    let twice = team.hands((attempt, token), brief("draw it ", "frontend"), 3);
    assert!(matches!(
        team.blocks(twice)[..],
        [DelegationBlock::Twice { task: TaskId(2) }]
    ));
    let nobody = team.hands((attempt, token), brief("Sing it", "music"), 3);
    let said = team.blocks(nobody)[0].to_string();
    assert_eq!(
        said,
        "no agent of this sprint does \"music\"; name one of these fields: backend, docs, frontend"
    );

    let second = team.works_on(2);
    let back = team.hands(second, brief("Store it", "backend"), 3);
    assert!(matches!(
        team.blocks(back)[..],
        [DelegationBlock::Loop { task: TaskId(1), .. }]
    ));
    team.does(team.hands(second, brief("Describe it", "docs"), 3));
    let third = team.works_on(3);
    let mut named = brief("Check it", "backend");
    named.specialty = None;
    team.does(team.hands(third, named.clone(), 4));
    let fourth = team.works_on(4);
    named.title = "Check that".into();
    let deep = team.hands(fourth, named, 5);
    let said = team.blocks(deep)[0].to_string();
    assert!(
        said.contains("task 4 is on level 3 below the task that people approved"),
        "{said}"
    );

    for n in 5..12 {
        team.does(team.hands((attempt, token), brief(&format!("Part {n}"), "docs"), n));
    }
    let many = team.hands((attempt, token), brief("One more", "docs"), 12);
    let said = team.blocks(many)[0].to_string();
    assert!(said.contains("as many subtasks as a task may have (8)"), "{said}");
}

#[test]
fn a_failed_subtask_is_delegated_anew_or_given_up_by_its_parent() {
    let (mut team, attempt, token) = at_work();
    team.does(team.hands((attempt, token), brief("Draw it", "frontend"), 2));
    team.does(team.hands((attempt, token), brief("Describe it", "docs"), 3));
    let early = Command::GiveUpSubtask {
        attempt,
        token,
        task: TaskId(2),
        reason: "No time.".into(),
    };
    assert!(matches!(team.refused(early), Refusal::NotGivenUp { .. }));
    team.does(Command::AwaitSubtasks { attempt, token });
    team.fails(2, FailureKind::Refused, "Not like this.");
    team.fails(3, FailureKind::Refused, "Not like this.");
    let (attempt, token) = team.works_on(1);
    let Command::Delegate {
        brief, built_on, task, ..
    } = team.hands((attempt, token), brief("Draw it better", "frontend"), 4)
    else {
        unreachable!()
    };
    team.does(Command::Delegate {
        attempt,
        token,
        brief,
        built_on,
        instead_of: Some(TaskId(2)),
        task,
    });
    assert!(matches!(team.stage(2), Stage::GivenUp { reason } if reason == "task 4 does it anew"));
    team.does(Command::GiveUpSubtask {
        attempt,
        token,
        task: TaskId(3),
        reason: "The code says it all.".into(),
    });
    team.does(Command::AwaitSubtasks { attempt, token });
    team.delivers(4, &[("app", 'c')]);
    team.delivers(1, &[("app", 'd')]);
    assert_eq!(*team.stage(1), Stage::InReview);
}

#[test]
fn cancelling_or_pausing_a_task_is_so_for_all_below_it() {
    let (mut team, attempt, token) = at_work();
    team.does(team.hands((attempt, token), brief("Draw it", "frontend"), 2));
    let second = team.works_on(2);
    team.does(team.hands(second, brief("Describe it", "docs"), 3));
    team.does(Command::AwaitSubtasks { attempt, token });
    let by = ada();
    team.does(Command::PauseTask { by, task: TaskId(1) });
    assert!(!team.has_attempt(3), "what waits is taken out of the queue");
    assert!(matches!(team.stage(2), Stage::Running { stopping: true, .. }));
    assert_eq!(team.why(3), "ada paused task 1, whose subtask it is -> ada");
    team.does(Command::ResumeTask {
        by: ada(),
        task: TaskId(1),
    });
    assert!(team.has_attempt(3));
    team.does(Command::CancelTask {
        by: ada(),
        task: TaskId(1),
    });
    for task in 1..=3 {
        assert!(matches!(team.stage(task), Stage::Cancelled { .. }), "task {task}");
    }
    assert!(!team.sprint.is_open());
}

#[test]
fn a_message_wakes_a_parent_that_waits_and_it_can_wait_again() {
    let (mut team, attempt, token) = at_work();
    team.does(team.hands((attempt, token), brief("Draw it", "frontend"), 2));
    team.does(Command::AwaitSubtasks { attempt, token });
    team.writes(1, "In blue, please.");
    let (attempt, token) = team.works_on(1);
    team.does(Command::AwaitSubtasks { attempt, token });
    team.delivers(2, &[("app", 'c')]);
    let live = team.live(WorkId::Task(TaskId(1)));
    let reason = AttemptReason::SubtasksSettled { of: attempt };
    assert_eq!(team.sprint.attempt(live).unwrap().reason, reason);
}

#[test]
fn a_person_adds_a_subtask_and_sends_one_back_before_its_parent_goes_on() {
    let (mut team, attempt, token) = at_work();
    team.does(Command::AddSubtask {
        by: ada(),
        parent: TaskId(1),
        brief: Box::new(brief("Draw it", "frontend")),
        task: TaskId(2),
    });
    let deliver = team.deliver(attempt, token, &[("app", 'd')]);
    assert!(matches!(team.refused(deliver), Refusal::SubtasksOpen { .. }));
    team.does(Command::AwaitSubtasks { attempt, token });
    team.delivers(2, &[("app", 'c')]);
    team.does(Team::review(2, Verdict::RequestChanges, vec![]));
    assert!(team.has_attempt(2));
    team.delivers(2, &[("app", 'e')]);
    let (attempt, token) = team.works_on(1);
    let late = team
        .refused(Team::review(2, Verdict::RequestChanges, vec![]))
        .to_string();
    assert!(late.contains("task 1 goes on with what task 2 delivered"), "{late}");
    team.does(team.deliver(attempt, token, &[("app", 'd')]));
    team.does(Team::shown(1, "app", 'd'));
    let late = Command::AddSubtask {
        by: ada(),
        parent: TaskId(1),
        brief: Box::new(brief("Describe it", "docs")),
        task: TaskId(3),
    };
    let said = team.blocks(late)[0].to_string();
    assert!(said.contains("task 1 is in review; request changes instead"), "{said}");
}

#[test]
fn a_parent_that_is_merged_by_somebody_else_ends_what_is_below_it() {
    let (mut team, attempt, token) = at_work();
    team.does(team.deliver(attempt, token, &[("app", 'b')]));
    team.does(Team::shown(1, "app", 'b'));
    team.does(Team::review(1, Verdict::RequestChanges, vec![]));
    let (attempt, token) = team.works_on(1);
    team.does(team.hands((attempt, token), brief("Draw it", "frontend"), 2));
    team.works_on(2);
    team.does(Command::AwaitSubtasks { attempt, token });
    team.does(Team::merged(1, "app"));
    assert_eq!(*team.stage(1), Stage::Done);
    assert!(matches!(team.stage(2), Stage::GivenUp { .. }));
    assert!(!team.sprint.is_open());
}
