//! What every forge must do, as one function per behaviour.
//!
//! `forge_conformance!(open)` makes a test of each. `open` takes a fresh folder and gives a [`Stage`]: a forge that keeps
//! what it needs there, and how it reaches a bare repository of this machine.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a suite of tests, whose functions are named for what they show"
)]

pub mod comparing;
pub mod conflicts;
pub mod connecting;
pub mod delivering;
pub mod ending;
pub mod merging;
pub mod reverting;
pub mod reviewing;
pub mod scene;

pub use scene::{Scene, Stage};

/// Makes a test of each behaviour of a [`crate::Forge`].
#[macro_export]
macro_rules! forge_conformance {
    ($open:path) => {
        $crate::forge_conformance!($open: connecting:
            the_default_branch_is_found,
            another_branch_is_taken_if_it_is_there,
            a_branch_that_is_not_there_is_refused_with_similar_names,
            a_missing_branch_is_made_when_asked_for,
            a_repository_without_commits_is_refused,
            an_origin_that_is_not_there_is_refused,
            odd_addresses_are_refused_before_anything_is_run,
            a_repository_that_was_never_connected_is_unknown,
            connecting_again_changes_the_settings_and_keeps_pull_requests,
            submodules_and_large_file_pointers_are_told,
            what_the_user_pushes_is_the_new_base,
            mirrors_are_cloned_from_where_the_forge_says,
        );
        $crate::forge_conformance!($open: delivering:
            a_branch_is_published_once_however_often_it_is_asked,
            a_branch_that_somebody_else_moved_is_not_overwritten,
            a_pull_request_is_opened_once_however_often_it_is_asked,
            a_branch_has_one_open_pull_request,
            an_open_pull_request_says_what_was_said_last,
            nothing_new_is_nothing_to_review,
            a_branch_that_was_never_published_is_unknown,
            each_delivery_is_a_patch_set,
            pull_requests_are_listed_by_state_newest_first,
            several_are_opened_at_once_and_each_has_its_number,
        );
        $crate::forge_conformance!($open: comparing:
            changed_added_deleted_and_renamed_files_are_told_apart,
            modes_and_binary_files_are_shown_as_such,
            odd_names_come_through_byte_for_byte,
            a_file_is_picked_out_by_an_odd_name,
            submodules_and_large_files_show_their_pointers,
            a_change_is_compared_with_where_it_parted_from_its_base,
            two_deliveries_are_compared_with_each_other,
            a_diff_that_is_too_long_is_cut_at_a_whole_line,
            patch_sets_that_are_not_there_are_refused,
            a_commit_without_changes_is_an_empty_diff,
        );
        $crate::forge_conformance!($open: reviewing:
            a_review_begins_a_thread_for_each_comment,
            a_review_is_added_once_however_often_it_is_asked,
            comments_that_are_not_on_the_diff_are_all_named_and_nothing_is_kept,
            comments_may_stand_on_the_old_side_and_on_whole_files,
            a_thread_is_answered_once_with_the_commit_that_mends_it,
            threads_are_resolved_and_opened_again,
            threads_follow_their_lines_into_the_next_patch_set,
            threads_on_the_old_side_follow_a_base_that_was_taken_in,
            threads_whose_lines_changed_are_outdated,
            closed_pull_requests_take_no_review,
        );
        $crate::forge_conformance!($open: merging:
            a_merge_commit_has_both_parents,
            a_squash_is_one_commit_by_the_one_who_merges,
            a_rebase_keeps_authors_dates_and_messages,
            every_method_brings_the_same_files,
            merged_twice_is_merged_once,
            a_base_that_moved_is_merged_with,
            a_head_that_was_not_approved_is_not_merged,
            a_dry_run_changes_nothing,
            what_the_base_has_already_is_found_merged,
            a_branch_into_another_branch_is_merged_there,
            odd_names_survive_every_method,
            a_rebase_never_leaves_out_how_a_conflict_was_mended,
            work_that_comes_to_nothing_on_the_new_base_is_merged_without_a_commit,
        );
        $crate::forge_conformance!($open: reverting:
            a_merge_by_any_method_is_taken_back_whole_and_once,
            later_work_stays_and_what_builds_on_the_merge_is_told_by_file,
            only_what_was_merged_from_here_is_taken_back,
        );
        $crate::forge_conformance!($open: conflicts:
            a_conflict_is_told_by_file_and_changes_nothing,
            a_dry_run_knows_what_others_have_pushed,
            each_way_to_conflict_has_its_kind,
            a_conflict_that_was_mended_merges,
            a_rebase_conflicts_by_file_too,
        );
        $crate::forge_conformance!($open: ending:
            a_closed_pull_request_keeps_everything_and_opens_again,
            a_merged_pull_request_is_neither_closed_nor_opened_again,
            a_branch_that_is_needed_is_not_deleted,
            what_was_reviewed_stays_when_its_branch_is_gone,
        );
    };
    ($open:path: $part:ident: $($behaviour:ident,)*) => {
        mod $part {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $behaviour() {
                    let place = $crate::conformance::place();
                    let stage = $open(place.path());
                    $crate::conformance::$part::$behaviour(stage).await;
                }
            )*
        }
    };
}

/// A folder of its own for a test.
pub fn place() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}
