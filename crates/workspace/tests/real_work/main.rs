//! The work that agents do all day goes on in a sandbox as it does outside: building, testing, installing, git.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what goes wrong here is the failure of the test"
)]

mod files;
mod git;
mod npm;
mod place;
mod registry;
mod rust;

/// Makes a test of each piece of work, for each way in which the files of a workspace are made.
macro_rules! in_every_kind_of_workspace {
    ($($part:ident::$work:ident,)*) => {
        mod overlay {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $work() {
                    let place = tempfile::tempdir().unwrap();
                    crate::$part::$work(&crate::place::scene(place.path(), None)).await;
                }
            )*
        }

        mod pool {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $work() {
                    let place = tempfile::tempdir().unwrap();
                    let pool = Some(team6_workspace::Files::Pool);
                    crate::$part::$work(&crate::place::scene(place.path(), pool)).await;
                }
            )*
        }
    };
}

in_every_kind_of_workspace! {
    rust::a_crate_with_a_dependency_is_built_and_tested,
    rust::what_a_setup_command_built_is_not_built_again,
    npm::a_package_is_installed_through_the_proxy_and_tested,
    git::a_folder_of_the_repository_is_moved_and_committed,
    git::a_rebase_with_a_conflict_comes_to_its_end,
    git::a_stash_comes_back_after_other_work,
    git::everything_is_there_after_garbage_was_collected,
    git::a_second_work_tree_is_worked_in,
    files::a_build_that_links_and_renames_finds_its_files,
}
