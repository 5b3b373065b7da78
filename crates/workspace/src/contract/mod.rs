//! What every provisioner must do, as one function per behaviour.
//!
//! `provisioner_contract!(open)` makes a test of each. `open` takes a fresh folder and gives a provisioner that keeps
//! everything in it; opening it a second time is what a restart does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a suite of tests, whose functions are named for what they show"
)]

pub mod claims;
pub mod delegation;
pub mod fleet;
pub mod hostile;
pub mod leftovers;
pub mod lfs;
pub mod local_files;
pub mod scene;
pub mod setup;
pub mod sparse;
pub mod submodules;

use std::path::Path;

use team6_sandbox::probe::Users;
use team6_sandbox::reach::Identity;
use team6_sandbox::{Launcher, identity};

use crate::{Files, LocalOptions, LocalProvisioner};

pub use scene::Scene;

/// Makes a test of a large repository, which takes its time where files are copied.
#[macro_export]
macro_rules! provisioner_contract_at_size {
    ($open:path) => {
        $crate::provisioner_contract!($open: fleet: fifty_thousand_files_work,);
    };
}

/// Makes a test of each behaviour of a [`crate::Provisioner`], with an attribute if one is given.
#[macro_export]
macro_rules! provisioner_contract {
    ($open:path $(, #[$attribute:meta])?) => {
        $crate::provisioner_contract!($open $(, #[$attribute])?: claims:
            a_branch_is_checked_out_at_the_base,
            repositories_lie_side_by_side,
            what_was_laid_ready_is_claimed_without_its_origin,
            commits_and_what_was_not_committed_are_brought_out,
            nothing_done_is_nothing_changed,
            the_next_attempt_goes_on_in_the_same_place,
            a_workspace_to_read_brings_nothing_out,
            a_program_gets_no_more_than_it_needs,
            a_released_workspace_is_gone,
        );
        $crate::provisioner_contract!($open $(, #[$attribute])?: delegation:
            commits_are_brought_out_while_the_agent_goes_on,
            nothing_committed_yet_is_the_base,
            branches_of_others_can_be_merged,
        );
        $crate::provisioner_contract!($open $(, #[$attribute])?: leftovers:
            a_merge_in_the_middle_is_kept_with_its_conflict,
            a_rebase_in_the_middle_keeps_the_branch_and_what_lies_around,
            work_beside_the_branch_is_taken,
            an_older_commit_that_is_looked_at_does_not_take_work_back,
            a_stash_is_kept_aside,
            a_damaged_git_folder_loses_no_file,
            every_kind_of_file_is_saved,
            what_is_brought_out_is_what_lies_there,
            a_file_too_large_for_a_commit_is_kept_beside,
            repositories_that_lie_in_the_workspace_are_told_apart,
            history_that_was_rewritten_below_the_base_is_refused_and_kept,
            a_workspace_that_is_gone_is_said_to_be_lost,
            what_stands_in_the_way_in_one_repository_keeps_no_work_back_in_another,
        );
        $crate::provisioner_contract!($open $(, #[$attribute])?: sparse:
            chosen_folders_are_there_and_more_can_be_had,
            what_is_not_checked_out_is_not_deleted,
            links_to_submodules_that_are_not_checked_out_are_not_deleted,
            links_to_submodules_that_an_agent_removes_are_removed,
            what_changed_upstream_where_nothing_is_checked_out_is_kept,
            another_choice_of_folders_is_another_tree,
            folders_that_an_agent_puts_away_are_not_deleted,
            mistakes_in_a_recipe_are_told_and_the_workspace_is_made,
        );
        $crate::provisioner_contract!($open $(, #[$attribute])?: submodules:
            the_files_of_submodules_are_there_at_their_commits,
            work_in_a_submodule_is_kept_aside_and_told,
            work_in_a_submodule_of_a_submodule_is_kept_as_well,
            a_submodule_can_be_removed_and_moved_to_what_others_have,
            a_later_attempt_has_the_submodules_of_its_own_commit,
            submodules_move_with_the_base,
            what_cannot_be_had_of_submodules_is_told_and_had_later,
            addresses_that_lead_into_the_machine_are_not_followed,
            a_link_above_a_submodule_leads_to_nothing_of_the_machine,
        );
        $crate::provisioner_contract!($open $(, #[$attribute])?: local_files:
            local_files_lie_there_for_the_agent_alone,
            no_local_file_is_committed_for_an_agent,
            commits_with_a_local_file_are_refused_and_the_files_kept,
            a_local_file_takes_no_place_of_the_repositorys,
        );
        $crate::provisioner_contract!($open $(, #[$attribute])?: setup:
            what_a_setup_command_makes_is_there_for_all_and_nothing_else_is,
            a_setup_command_runs_again_when_versions_change,
            a_setup_command_that_failed_is_told_and_not_run_again_until_a_restart,
            what_a_repository_holds_comes_before_what_its_setup_made,
            what_a_repository_held_before_does_not_hide_what_its_setup_makes,
            what_is_not_ignored_any_more_is_not_there,
            a_local_file_comes_before_what_a_setup_command_made,
            what_a_workspace_was_made_with_stays_when_the_machines_programs_change,
        );
        $crate::provisioner_contract!($open $(, #[$attribute])?: lfs:
            files_in_lfs_are_there_and_stay_pointers_in_commits,
            files_in_lfs_stay_pointers_whatever_becomes_of_the_git_folder,
            files_in_lfs_that_cannot_be_had_stay_pointers_and_are_told,
        );
        $crate::provisioner_contract!($open $(, #[$attribute])?: hostile:
            no_program_that_a_git_folder_names_is_run,
            objects_of_other_places_are_not_carried_off,
            crafted_trees_are_refused_and_the_files_kept,
            objects_with_false_names_do_not_get_in,
            an_agent_cannot_reach_the_mirror_by_its_git,
        );
        $crate::provisioner_contract!($open $(, #[$attribute])?: fleet:
            many_are_made_worked_in_and_removed_at_once,
            many_first_claims_share_one_clone,
            work_that_a_crash_left_is_kept_for_the_next_attempt,
            a_workspace_that_was_left_is_brought_out_by_the_next_claim_or_sweep,
            what_cannot_be_fetched_is_told_apart,
            names_that_lead_elsewhere_are_refused,
            a_branch_that_is_gone_upstream_stays_usable,
        );
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        $(#[$attribute])?
        async fn a_restart_keeps_work_and_removes_workspaces() {
            let place = $crate::contract::place();
            let scene = || $crate::contract::Scene::open(place.path(), $open);
            $crate::contract::fleet::a_restart_keeps_work_and_removes_workspaces(&scene(), &scene()).await;
        }
    };
    ($open:path $(, #[$attribute:meta])?: $part:ident: $($behaviour:ident,)*) => {
        $crate::provisioner_contract!(@ [$(#[$attribute])?] $open: $part: $($behaviour,)*);
    };
    (@ $attribute:tt $open:path: $part:ident: $($behaviour:ident,)*) => {
        $(
            $crate::provisioner_contract!(@@ $attribute $open: $part: $behaviour);
        )*
    };
    (@@ [$($attribute:tt)*] $open:path: $part:ident: $behaviour:ident) => {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            $($attribute)*
            async fn $behaviour() {
                let place = $crate::contract::place();
                let scene = $crate::contract::Scene::open(place.path(), $open);
                $crate::contract::$part::$behaviour(&scene).await;
            }
    };
}

/// A folder of its own for a test.
pub fn place() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A provisioner on this machine, and what starts processes in its workspaces. `programs` is the supervisor and the packer;
/// `files` is how files are made, as it is best here if it is not said.
pub fn open_local(root: &Path, programs: &str, boxed: bool, files: Option<Files>) -> (LocalProvisioner, Launcher) {
    let launcher = Launcher::new(programs, [""; 0]);
    let options = LocalOptions {
        root: root.to_owned(),
        git: "git".into(),
        launcher: launcher.clone(),
        packer: (programs.into(), Vec::new()),
        data_folder: format!("test-{}", std::process::id()),
        boxed: boxed.then(users),
        files,
    };
    (LocalProvisioner::open(options).unwrap(), launcher)
}

/// As root, each sandbox is a user of its own.
pub fn users() -> Users {
    match identity(0) {
        Identity::Range { .. } => Users::Own,
        Identity::Engine => Users::Engine,
    }
}
