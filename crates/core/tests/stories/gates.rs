//! Nothing runs without an approved plan, an owner, and merged dependencies.

use team6_core::ids::{PlanVersion, TaskId};
use team6_core::plan::PlannedTask;
use team6_core::sprint::{Author, Command, Event, QuestionState, Refusal, SprintPhase, WorkId};

use crate::team::{Team, ada, plan, task};

#[test]
fn a_sprint_asks_for_owners_and_approval_and_runs_by_its_dependencies() {
    let mut team = Team::planned(vec![task("a", &[]), task("b", &["a"]), task("c", &["b"])]);
    assert_eq!(team.why(1), "tasks have no owner yet -> ada");
    let Refusal::NotApprovable { .. } = team.refused(Team::approve(1)) else {
        panic!("a plan without owners is approved");
    };
    team.owns_all();
    assert_eq!(team.why(1), "version 1 of the plan waits for approval -> ada");
    assert!(!team.has_attempt(1), "nothing runs without approval");
    team.approves(1);

    assert_eq!(team.why(1), "waits for a free agent slot -> a worker");
    assert_eq!(
        team.why(3),
        "waits for task 2 \"Do b\" (waits for task 1 \"Do a\": waits for a free agent slot) -> a worker"
    );
    let (attempt, token) = team.works_on(1);
    assert_eq!(team.why(1), "its agent is at work -> agent coder");
    team.does(Command::ReportProgress {
        attempt,
        token,
        text: "half way".into(),
    });
    assert_eq!(team.why(1), "its agent is at work: half way -> agent coder");
    team.does(team.deliver(attempt, token, &[("app", 'a')]));
    assert_eq!(team.why(1), "its pull requests are being opened -> the engine");
    team.does(Team::shown(1, "app", 'a'));
    assert_eq!(team.why(2), "waits for task 1 \"Do a\" (waits for review) -> ada");
    assert!(!team.has_attempt(2), "a delivery is no merge");
    team.does(Team::review(1, team6_core::sprint::Verdict::Approve, vec![]));
    assert_eq!(team.why(1), "approved, waits to be merged -> ada");
    team.does(Team::merge(1));
    assert_eq!(team.why(1), "is being merged -> the engine");
    assert!(!team.has_attempt(2), "a wish is no merge");
    team.does(Team::merged(1, "app"));
    assert_eq!(team.why(1), "nothing");
    assert!(team.has_attempt(2) && !team.has_attempt(3));

    team.finishes(2);
    team.finishes(3);
    assert_eq!(team.sprint.phase, SprintPhase::Finished);
}

#[test]
fn what_a_machine_is_short_of_is_the_reason_why_nothing_is_started() {
    let lacking = "less than 1000 MB of memory are free";
    let short = |lacking: &str| Command::ReportRoom {
        lacking: Some(lacking.into()),
    };
    let mut team = Team::running(vec![task("a", &[]), task("b", &["a"])]);
    team.does(short(lacking));
    let why = "waits for room on the worker's machine: less than 1000 MB of memory are free";
    assert_eq!(team.why(1), format!("{why} -> a worker"));
    assert_eq!(
        team.why(2),
        format!("waits for task 1 \"Do a\" ({why}) -> a worker"),
        "whoever waits for it is told as well"
    );
    assert!(team.does(short(lacking)).is_empty(), "what is known is not told again");

    team.does(Command::ReportRoom { lacking: None });
    assert_eq!(team.why(1), "waits for a free agent slot -> a worker");

    team.does(short(lacking));
    team.works_on(1);
    assert!(team.sprint.shortage.is_none(), "whoever takes an attempt has room");
    assert!(team.does(short(lacking)).is_empty(), "nothing waits for room");
}

#[test]
fn a_plan_that_nobody_can_begin_for_want_of_room_says_so() {
    let mut team = Team::opened();
    team.does(Command::ReportRoom {
        lacking: Some("less than 2000 MB of space on the disk are free".into()),
    });
    let why = team.sprint.explain_planning().unwrap();
    assert_eq!(
        why.reason.to_string(),
        "waits for room on the worker's machine: less than 2000 MB of space on the disk are free"
    );
    assert!(why.by.is_some(), "and the engine looks again");
}

#[test]
fn a_question_of_the_planner_waits_for_the_one_who_was_asked() {
    let mut team = Team::opened();
    let (attempt, token) = team.starts(WorkId::Planning);
    team.does(Command::AskQuestion {
        attempt,
        token,
        text: "Which currency?".into(),
        why: "Prices depend on it.".into(),
        options: vec![],
    });
    let usage = team6_core::trace::Usage::default();
    team.does(Command::Reply { attempt, token, usage });
    let why = team.sprint.explain_planning().unwrap();
    assert_eq!(
        why.reason.to_string(),
        "question 1 waits for an answer: Which currency?"
    );
    let question = team.sprint.questions[0].id;
    let bob = "bob".parse().unwrap();
    team.does(Command::HandQuestion {
        by: ada(),
        question,
        to: bob,
    });
    assert_eq!(team.sprint.explain_planning().unwrap().actor.to_string(), "bob");
    team.does(Command::AnswerQuestion {
        by: "bob".parse().unwrap(),
        question,
        text: "Euros.".into(),
    });
    // The answer reaches the agent, which goes on with its plan.
    let attempt = team.live(WorkId::Planning);
    let briefing = team.sprint.briefing(attempt).unwrap();
    assert!(briefing.full.contains("Euros."), "{}", briefing.full);

    // It does not end there without one.
    let (attempt, token) = team.starts(WorkId::Planning);
    let ended = team.refused(Command::Reply { attempt, token, usage });
    assert_eq!(ended, Refusal::NothingSubmitted);
}

#[test]
fn a_pause_stops_what_runs_and_begins_nothing() {
    let mut team = Team::running(vec![task("a", &[]), task("b", &[])]);
    let (attempt, token) = team.works_on(1);
    team.does(Command::PauseSprint { by: ada() });
    assert_eq!(team.why(1), "its agent is being stopped -> agent coder");
    assert_eq!(team.why(2), "ada paused the sprint -> ada");
    assert!(!team.has_attempt(2), "its job was taken back");
    team.does(Command::InterruptAttempt {
        attempt,
        token,
        why: "paused".into(),
        left: [].into(),
        usage: team6_core::trace::Usage::default(),
    });
    assert_eq!(team.why(1), "ada paused the sprint -> ada");
    team.does(Command::ResumeSprint { by: ada() });
    assert!(team.has_attempt(1) && team.has_attempt(2));
    let again = team.live(WorkId::Task(TaskId(1)));
    let news = team.sprint.briefing(again).unwrap().news;
    assert!(
        news.contains("You were stopped in the middle of your work. Go on."),
        "{news}"
    );
    assert_eq!(team.sprint.tasks[&TaskId(1)].work.failures, 0, "a pause is no failure");
}

#[test]
fn how_many_tasks_a_plan_may_have_is_the_policy_of_the_sprint() {
    let tasks = |count: usize| (0..count).map(|n| task(&format!("t{n}"), &[])).collect::<Vec<_>>();
    for (limit, count) in [(500, 501), (2_000, 2_001), (2_000, 0)] {
        let mut team = Team::opened();
        team.sprint.policy.tasks = limit;
        let (attempt, token) = team.starts(WorkId::Planning);
        let brief = team.sprint.briefing(attempt).unwrap().full;
        assert!(
            brief.contains(&format!("there may be up to {limit} of them")),
            "{brief}"
        );
        let submit = |count| Command::SubmitPlan {
            attempt,
            token,
            base: None,
            plan: plan(tasks(count)),
            first_task: TaskId(1),
        };
        let said = team.refused(submit(count)).to_string();
        let expected = match count {
            0 => "the plan has no tasks; add at least one".to_owned(),
            _ => format!("the plan has {count} tasks, more than {limit}"),
        };
        assert!(said.contains(&expected), "{said}");
        team.does(submit(limit));
        assert_eq!(team.sprint.tasks.len(), limit);
    }
}

#[test]
fn an_approval_leaves_open_questions_to_the_agents_and_says_that_nobody_answered() {
    let mut team = Team::opened();
    let (attempt, token) = team.starts(WorkId::Planning);
    for text in ["How far?", "How fast?"] {
        team.does(Command::AskQuestion {
            attempt,
            token,
            text: text.into(),
            why: String::new(),
            options: vec![],
        });
    }
    team.does(Command::SubmitPlan {
        attempt,
        token,
        base: None,
        plan: plan(vec![task("a", &[])]),
        first_task: TaskId(1),
    });
    let skipped = team.sprint.open_questions().next().unwrap().id;
    team.does(Command::SkipQuestion {
        by: ada(),
        question: skipped,
    });
    team.owns_all();
    team.approves(1);
    let how: Vec<bool> = team
        .sprint
        .questions
        .iter()
        .map(|question| match question.state {
            QuestionState::Skipped { by_approval, .. } => by_approval,
            _ => panic!("{question:?}"),
        })
        .collect();
    assert_eq!(how, [false, true], "who approves has not said that the agent decides");
}

#[test]
fn how_far_a_workspace_is_stands_in_the_reason_until_it_is_there() {
    let mut team = Team::running(vec![task("a", &[])]);
    let attempt = team.live(WorkId::Task(TaskId(1)));
    let worker = "worker".parse().unwrap();
    team.does(Command::StartAttempt { attempt, worker });
    let token = team.sprint.attempt(attempt).unwrap().started.clone().unwrap().token;
    assert_eq!(team.why(1), "its workspace is being made -> agent coder");
    team.does(Command::ReportProgress {
        attempt,
        token,
        text: "cloning app: receiving objects, 40 %".into(),
    });
    assert_eq!(
        team.why(1),
        "its workspace is being made: cloning app: receiving objects, 40 % -> agent coder"
    );
    team.does(Command::WorkspaceReady { attempt, token });
    assert_eq!(team.why(1), "its agent is at work -> agent coder");
}

#[test]
fn whoever_asks_only_whether_an_attempt_goes_on_leaves_nothing_on_record() {
    let mut team = Team::running(vec![task("a", &[])]);
    let (attempt, token) = team.works_on(1);
    let asks = Command::MessagesDelivered {
        attempt,
        token,
        messages: vec![],
    };
    assert_eq!(team.does(asks.clone()), []);
    let task = TaskId(1);
    team.does(Command::CancelTask { by: ada(), task });
    assert_eq!(team.refused(asks), Refusal::AttemptEnded { attempt });
}

#[test]
fn whoever_waits_for_what_is_given_up_is_told_of_at_once() {
    let mut team = Team::running(vec![task("a", &[]), task("b", &["a"]), task("c", &["b"])]);
    team.sprint.take_touched();
    let task = TaskId(1);
    team.does(Command::CancelTask { by: ada(), task });
    assert_eq!(team.sprint.take_touched(), [task, TaskId(2)].into());
    let wanted = team.sprint.task_inbox(TaskId(2)).unwrap().why.reason.to_string();
    assert_eq!(
        wanted,
        "waits for task 1 \"Do a\", which was cancelled; change the plan"
    );
}

#[test]
fn a_title_that_was_taken_before_keeps_nobody_from_planning_on() {
    let mut team = Team::opened();
    let titled = |title: &str| PlannedTask {
        title: title.into(),
        ..task("a", &[])
    };
    // As it was stored when nobody looked at it.
    let stored = Event::PlanSaved {
        version: PlanVersion(1),
        plan: plan(vec![titled("Open\tthe door")]),
        by: Author::Person(ada()),
        note: String::new(),
        numbers: [("a".parse().unwrap(), TaskId(1))].into(),
    };
    team.sprint.apply(&stored, team.now);
    team.saves(1, vec![titled("Open\tthe door"), task("b", &[])], 2);
    team.owns_all();
    team.approves(2);
    assert!(team.has_attempt(1));
    let Refusal::BadPlan { problems, .. } = team.refused(Command::SavePlan {
        by: ada(),
        base: PlanVersion(2),
        plan: plan(vec![
            titled("Open\tthe door"),
            task("b", &[]),
            PlannedTask {
                title: "Shut\tit".into(),
                ..task("c", &[])
            },
        ]),
        note: String::new(),
        first_task: TaskId(3),
    }) else {
        panic!("a title that nobody took before is taken");
    };
    assert_eq!(problems.len(), 1);
}
