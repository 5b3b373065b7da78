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
pub mod scene;

pub use scene::Scene;

/// Makes a test of each behaviour of a [`crate::Provisioner`].
#[macro_export]
macro_rules! provisioner_contract {
    ($open:path) => {
        $crate::provisioner_contract!($open: claims:
            a_branch_is_checked_out_at_the_base,
            repositories_lie_side_by_side,
            commits_and_what_was_not_committed_are_brought_out,
            nothing_done_is_nothing_changed,
            the_next_attempt_goes_on_in_the_same_place,
            a_workspace_to_read_brings_nothing_out,
            a_program_gets_no_more_than_it_needs,
            a_released_workspace_is_gone,
        );
    };
    ($open:path: $part:ident: $($behaviour:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $behaviour() {
                let place = $crate::contract::place();
                let root = place.path().join("workspaces");
                let provisioner = ::std::sync::Arc::new($open(&root));
                let scene = $crate::contract::Scene::new(provisioner, &root, &place.path().join("home"));
                $crate::contract::$part::$behaviour(&scene).await;
            }
        )*
    };
}

/// A folder of its own for a test.
pub fn place() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}
