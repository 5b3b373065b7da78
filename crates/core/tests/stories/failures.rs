//! What becomes of attempts that fail: a wait, a hold, or a person.

use std::time::Duration;

use team6_core::failure::FailureKind;
use team6_core::ids::TaskId;
use team6_core::sprint::{AgentCard, Command, Refusal, Stage, WorkId};
use team6_core::trace::Usage;

use crate::team::{Team, ada, task};

const LONGEST: Duration = Duration::from_secs(600);

#[test]
fn five_attempts_with_growing_waits_and_then_the_owner_decides() {
    let mut team = Team::running(vec![task("a", &[])]);
    let mut longest = Duration::from_secs(10);
    for n in 1..5 {
        team.fails(1, FailureKind::AgentExited, "it crashed");
        let why = team.sprint.explain(TaskId(1)).unwrap();
        assert_eq!(
            team.why(1),
            format!(
                "attempt {} of 5 follows after a wait; the last one failed: it crashed -> the engine",
                n + 1
            )
        );
        let wait = why.by.unwrap().since(team.now);
        assert!(
            wait >= longest / 2 && wait <= longest,
            "wait {n}: {wait:?} of {longest:?}"
        );
        longest *= 2;
        team.waits(LONGEST);
    }
    team.fails(1, FailureKind::AgentExited, "it crashed");
    assert_eq!(team.why(1), "failed 5 times: it crashed -> ada");
    assert!(!team.has_attempt(1));

    // Whoever retries says why, the agent hears it, and counting begins anew.
    let work = WorkId::Task(TaskId(1));
    team.does(Command::Retry {
        by: ada(),
        work,
        note: "The disk was full.".into(),
    });
    let attempt = team.live(work);
    let news = team.sprint.briefing(attempt).unwrap().news;
    assert!(news.contains("ada asks you to try again: The disk was full."), "{news}");
    team.fails(1, FailureKind::AgentExited, "it crashed");
    assert!(team.why(1).starts_with("attempt 2 of 5"), "{}", team.why(1));
}

#[test]
fn a_usage_limit_holds_a_task_and_uses_up_no_attempt() {
    let mut team = Team::running(vec![task("a", &[])]);
    for _ in 0..7 {
        team.fails(1, FailureKind::UsageLimit, "Usage limit reached");
        assert_eq!(
            team.why(1),
            "held until its provider works again: Usage limit reached -> the model's provider"
        );
        let until = team.sprint.explain(TaskId(1)).unwrap().by.unwrap();
        team.waits(until.since(team.now));
        assert!(team.has_attempt(1), "it goes on when the hold ends");
    }
    assert_eq!(team.sprint.tasks[&TaskId(1)].work.failures, 0);
}

#[test]
fn a_host_that_is_down_and_a_machine_that_is_full_hold_a_task_ever_longer_until_somebody_has_to_look() {
    for (kind, why) in [
        (
            FailureKind::Unreachable,
            "held until what it needs can be reached again",
        ),
        (FailureKind::OutOfRoom, "held until the machine has room again"),
    ] {
        let mut team = Team::running(vec![task("a", &[])]);
        let holds = team.sprint.policy.holds;
        let mut longest = Duration::from_secs(10);
        for _ in 0..holds {
            team.fails(1, kind, "no answer");
            assert_eq!(team.why(1), format!("{why}: no answer -> the engine"));
            let wait = team.sprint.explain(TaskId(1)).unwrap().by.unwrap().since(team.now);
            assert!(wait >= longest / 2 && wait <= longest, "{wait:?} of {longest:?}");
            longest = LONGEST.min(longest * 2);
            team.waits(wait);
            assert!(team.has_attempt(1), "it goes on when the hold ends");
        }
        assert_eq!(team.sprint.tasks[&TaskId(1)].work.failures, 0, "no attempt is used up");
        team.fails(1, kind, "no answer");
        assert_eq!(team.why(1), format!("failed {} times: no answer -> ada", holds + 1));
        team.does(Command::Retry {
            by: ada(),
            work: WorkId::Task(TaskId(1)),
            note: String::new(),
        });
        team.fails(1, kind, "no answer");
        assert!(team.why(1).starts_with(why), "{}", team.why(1));
    }
}

#[test]
fn an_agent_whose_work_is_too_large_for_its_sandbox_is_tried_again_and_uses_up_attempts() {
    let mut team = Team::running(vec![task("a", &[])]);
    team.fails(1, FailureKind::OverLimit, "it held more than 2048 MB of memory");
    assert!(team.why(1).starts_with("attempt 2 of 5 follows"), "{}", team.why(1));
}

#[test]
fn who_stops_twice_at_the_same_commits_is_not_started_a_third_time() {
    let mut team = Team::running(vec![task("a", &[])]);
    team.fails(1, FailureKind::NotCompleted, "it ended its turn");
    team.waits(LONGEST);
    team.fails(1, FailureKind::NotCompleted, "it ended its turn");
    assert_eq!(team.why(1), "failed 2 times: it ended its turn -> ada");
}

#[test]
fn what_only_a_person_can_mend_is_not_tried_again() {
    for kind in [
        FailureKind::LoginNeeded,
        FailureKind::AgentUnavailable,
        FailureKind::ImportRefused,
    ] {
        let mut team = Team::running(vec![task("a", &[])]);
        team.fails(1, kind, "log in");
        assert_eq!(team.why(1), "failed: log in -> ada", "{kind:?}");
    }
}

#[test]
fn a_worker_that_comes_back_after_its_lease_changes_nothing() {
    let mut team = Team::running(vec![task("a", &[])]);
    let (attempt, token) = team.works_on(1);
    team.waits(Duration::from_secs(91));
    assert!(team.why(1).starts_with("attempt 2 of 5 follows"), "{}", team.why(1));
    let late = team.deliver(attempt, token, &[("app", 'a')]);
    assert_eq!(team.refused(late), Refusal::AttemptEnded { attempt });
    team.waits(LONGEST);
    let (second, newer) = team.works_on(1);
    assert!(newer > token && second > attempt);
    let usage = Usage::default();
    let active_at = team.now;
    let beat = Command::Heartbeat {
        attempt: second,
        token,
        active_at,
        usage,
    };
    assert!(matches!(team.refused(beat), Refusal::Fenced { .. }));
}

#[test]
fn an_agent_that_asks_gives_back_its_slot_until_its_owner_answers() {
    let mut team = Team::running(vec![task("a", &[])]);
    let (attempt, token) = team.works_on(1);
    team.does(Command::AskOwner {
        attempt,
        token,
        question: "Tabs or spaces?".into(),
        options: vec![],
    });
    assert_eq!(team.why(1), "its agent asks: Tabs or spaces? -> ada");
    assert!(!team.has_attempt(1));
    team.writes(1, "Spaces.");
    let again = team.live(WorkId::Task(TaskId(1)));
    let news = team.sprint.briefing(again).unwrap().news;
    assert!(news.contains("Spaces."), "{news}");
}

#[test]
fn an_agent_that_is_chosen_while_an_attempt_waits_is_the_one_that_makes_it() {
    let mut team = Team::planned(vec![task("a", &[])]);
    team.owns_all();
    let Command::Approve { by, version, mut facts } = Team::approve(1) else {
        panic!("an approval");
    };
    facts.agents.push(AgentCard {
        id: "other".parse().unwrap(),
        ..facts.agents[0].clone()
    });
    team.does(Command::Approve { by, version, facts });
    let (agent, task) = ("other".parse().unwrap(), TaskId(1));
    let Stage::Queued { attempt, .. } = team.sprint.tasks[&task].work.stage else {
        panic!("an attempt waits");
    };
    let by = ada();
    team.does(Command::ChooseAgent { by, task, agent });
    assert_eq!(team.sprint.attempt(attempt).unwrap().agent.as_str(), "other");
}
