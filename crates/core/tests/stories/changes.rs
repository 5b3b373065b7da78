//! A running sprint is changed: what is new waits for approval, what was approved goes on.

use team6_core::ids::{PlanVersion, TaskId};
use team6_core::sprint::{Command, Stage};

use crate::team::{Team, ada, plan, task};

#[test]
fn what_is_new_waits_for_approval_and_what_runs_goes_on() {
    let mut team = Team::running(vec![task("a", &[]), task("b", &["a"])]);
    let (attempt, token) = team.works_on(1);
    team.saves(1, vec![task("a", &[]), task("b", &["a"]), task("c", &[])], 3);
    assert_eq!(team.why(3), "tasks have no owner yet -> ada");
    assert!(team.has_attempt(1) && !team.has_attempt(3));
    team.owns_all();
    assert_eq!(team.why(3), "version 2 of the plan waits for approval -> ada");
    team.does(team.deliver(attempt, token, &[("app", 'a')]));
    team.does(Team::shown(1, "app", 'a'));
    team.approves(2);
    assert!(team.has_attempt(3));
    assert_eq!(team.why(1), "waits for review -> ada");
}

#[test]
fn what_has_not_begun_may_be_left_out_and_what_has_begun_may_not() {
    let mut team = Team::running(vec![task("a", &[]), task("b", &["a"])]);
    let without_a = Command::SavePlan {
        by: ada(),
        base: PlanVersion(1),
        plan: plan(vec![task("b", &[])]),
        note: String::new(),
        first_task: TaskId(3),
    };
    let refusal = team.refused(without_a).to_string();
    assert!(
        refusal.contains("task 1 (\"a\") has started and cannot be left out; cancel it instead"),
        "{refusal}"
    );
    team.saves(1, vec![task("a", &[])], 3);
    assert!(
        matches!(team.stage(2), Stage::Waiting { .. }),
        "the approved plan still stands"
    );
    team.approves(2);
    assert!(matches!(team.stage(2), Stage::Cancelled { .. }));
}

#[test]
fn what_comes_too_late_is_told_beside_what_is_wrong_otherwise() {
    let mut team = Team::running(vec![task("a", &[]), task("b", &["a"])]);
    let mut outside = task("b", &["nowhere"]);
    outside.paths = vec!["../../etc/passwd".into()];
    let save = Command::SavePlan {
        by: ada(),
        base: PlanVersion(1),
        plan: plan(vec![outside]),
        note: String::new(),
        first_task: TaskId(3),
    };
    insta::assert_snapshot!(team.refused(save).to_string().replace("; task", ";\ntask"), @r#"
    the plan is not acceptable: task "b" depends on "nowhere", which is not in the plan; add it or remove the dependency;
    task "b" has the path "../../etc/passwd", which is none in a repository; give one from its top, such as src/, without .. and .git;
    task 1 ("a") has started and cannot be left out; cancel it instead
    "#);
}

#[test]
fn a_cancelled_task_ends_its_agent_and_leaves_its_dependents_to_a_person() {
    let mut team = Team::running(vec![task("a", &[]), task("b", &["a"])]);
    let (attempt, token) = team.works_on(1);
    let task = TaskId(1);
    team.does(Command::CancelTask { by: ada(), task });
    let late = team.deliver(attempt, token, &[("app", 'a')]);
    assert!(team.refused(late).to_string().contains("has ended"));
    assert_eq!(team.why(1), "nothing");
    assert_eq!(
        team.why(2),
        "waits for task 1 \"Do a\", which was cancelled; change the plan -> ada"
    );
}

#[test]
fn a_plan_that_somebody_changed_meanwhile_is_not_written_over() {
    let mut team = Team::planned(vec![task("a", &[])]);
    team.saves(1, vec![task("a", &[]), task("b", &[])], 2);
    let stale = Command::SavePlan {
        by: ada(),
        base: PlanVersion(1),
        plan: plan(vec![task("a", &[]), task("c", &[])]),
        note: String::new(),
        first_task: TaskId(3),
    };
    let refusal = team.refused(stale).to_string();
    assert!(
        refusal.contains("was changed since version 1") && refusal.contains('b'),
        "{refusal}"
    );
}

#[test]
fn a_path_that_an_earlier_version_took_keeps_no_plan_from_being_changed() {
    let with_path = |path: &str| {
        let mut begun = task("a", &[]);
        begun.paths = vec![path.into()];
        begun
    };
    let mut team = Team::running(vec![task("a", &[])]);
    team.works_on(1);
    // As it stands in records from a time when paths were not looked at.
    team.sprint.plans[0].plan.tasks = vec![with_path("/src")];
    team.sprint.tasks.get_mut(&TaskId(1)).unwrap().planned = with_path("/src");
    team.saves(1, vec![with_path("/src"), task("b", &[])], 2);
    let bad = Command::SavePlan {
        by: ada(),
        base: PlanVersion(2),
        plan: plan(vec![with_path("/src"), task("b", &[]), {
            let mut new = with_path("/etc");
            new.key = "c".parse().unwrap();
            new
        }]),
        note: String::new(),
        first_task: TaskId(3),
    };
    let refusal = team.refused(bad).to_string();
    assert!(refusal.contains("/etc") && !refusal.contains("/src\""), "{refusal}");
}
