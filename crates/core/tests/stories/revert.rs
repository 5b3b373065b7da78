//! A task that is merged in part, and what was merged of it taken back.

use std::collections::BTreeMap;
use std::time::Duration;

use team6_core::ids::TaskId;
use team6_core::sprint::{Command, Effect, Event, Refusal, Stage};

use crate::review::{over_both, tried};
use crate::team::{Team, ada, commit, repository};

fn revert() -> Command {
    Command::Revert {
        by: ada(),
        task: TaskId(1),
    }
}

fn reverted(revert: u32, names: &[&str], trouble: Option<&str>) -> Command {
    let commits: BTreeMap<_, _> = names.iter().map(|name| (repository(name), commit('e'))).collect();
    Command::Reverted {
        task: TaskId(1),
        revert,
        commits,
        trouble: trouble.map(str::to_owned),
    }
}

/// A task of which `app` is merged, and `web` was refused.
fn partly_merged() -> Team {
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
    team
}

fn wanted(team: &Team, events: &[Event]) -> Vec<Effect> {
    let effects = events.iter().flat_map(|event| team.sprint.effects(event, team.now));
    effects.collect()
}

#[test]
fn what_was_merged_of_a_task_is_taken_back_only_when_its_owner_says_so_and_then_the_task_is_closed() {
    let mut team = partly_merged();
    let stranger = Command::Revert {
        by: "bob".parse().unwrap(),
        task: TaskId(1),
    };
    assert!(matches!(team.refused(stranger), Refusal::NotOwner { .. }));
    let events = team.does(revert());
    let effects = wanted(&team, &events);
    assert!(
        matches!(effects.as_slice(), [Effect::Revert { repositories, revert: 1, .. }] if *repositories == [repository("app")]),
        "{effects:?}"
    );
    assert_eq!(team.why(1), "what was merged of it is being taken back -> the engine");
    let events = team.does(reverted(1, &["app"], None));
    assert_eq!(*team.stage(1), Stage::Cancelled { by: ada() });
    assert_eq!(
        team.sprint.tasks[&TaskId(1)].pull_requests[&repository("app")].reverted,
        Some(commit('e'))
    );
    let closes = wanted(&team, &events);
    assert!(
        closes.iter().any(
            |effect| matches!(effect, Effect::ClosePullRequest { repository: name, .. } if *name == repository("web"))
        ),
        "{closes:?}"
    );
}

#[test]
fn nothing_is_taken_back_of_what_was_not_merged_and_nothing_while_it_is_not_reviewed() {
    let mut team = over_both();
    assert_eq!(team.refused(revert()), Refusal::NothingToRevert { task: TaskId(1) });
    team.does(Team::merge(1));
    assert!(matches!(team.refused(revert()), Refusal::NotInReview { .. }));
}

#[test]
fn a_revert_that_cannot_be_made_changes_nothing_and_the_rest_can_be_merged() {
    let mut team = partly_merged();
    team.does(revert());
    team.does(reverted(1, &[], Some("app: conflicts in a.rs")));
    assert_eq!(
        team.why(1),
        "merged in part: app is merged, web is not: app: conflicts in a.rs; merge the rest, or revert what was merged -> ada"
    );
    team.does(Team::merge(1));
    team.does(Team::merged(1, "web"));
    assert_eq!(*team.stage(1), Stage::Done);
}

#[test]
fn what_may_have_been_taken_back_is_neither_merged_on_nor_cancelled_before_that_is_known() {
    let mut team = partly_merged();
    team.does(revert());
    team.waits(Duration::from_secs(24 * 3600));
    assert_eq!(
        team.why(1),
        "what was merged of it is not wholly taken back: the forge did not answer in time; revert it again -> ada"
    );
    let cancel = Command::CancelTask {
        by: ada(),
        task: TaskId(1),
    };
    for command in [Team::merge(1), cancel] {
        assert_eq!(team.refused(command), Refusal::RevertBegun { task: TaskId(1) });
    }
    // The answer comes late, and asking again finds that all is done.
    team.does(reverted(1, &["app"], None));
    assert_eq!(*team.stage(1), Stage::InReview);
    team.does(revert());
    assert_eq!(*team.stage(1), Stage::Cancelled { by: ada() });
}

#[test]
fn what_is_merged_by_others_while_the_rest_is_taken_back_does_not_end_the_task() {
    let mut team = partly_merged();
    team.does(revert());
    team.does(Team::merged(1, "web"));
    assert!(matches!(team.stage(1), Stage::Reverting { .. }));
    team.does(reverted(1, &["app"], None));
    assert_eq!(
        team.why(1),
        "what was merged of it is not wholly taken back: web was merged meanwhile; revert it again -> ada"
    );
    team.does(revert());
    team.does(reverted(2, &["web"], None));
    assert_eq!(*team.stage(1), Stage::Cancelled { by: ada() });
}

#[test]
fn a_task_whose_revert_came_to_nothing_is_done_if_the_rest_was_merged_meanwhile() {
    let mut team = partly_merged();
    team.does(revert());
    team.does(Team::merged(1, "web"));
    team.does(reverted(1, &[], Some("app: conflicts in a.rs")));
    assert_eq!(*team.stage(1), Stage::Done);
}
