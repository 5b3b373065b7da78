//! What every store must do, as one function per behaviour.
//!
//! `store_contract!(open)` and `trace_contract!(open)` make a test of each. `open` is an async function without
//! arguments that returns a fresh store and whatever keeps its place alive, such as a temporary folder.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a suite of tests, whose functions are named for what they show"
)]

pub mod check_logs;
pub mod log;
pub mod memories;
pub mod outbox;
pub mod rows;
pub mod traces;

use std::time::Duration;

use serde_json::json;
use team6_core::ids::{ProjectId, SprintId, StreamVersion};
use team6_core::time::Timestamp;

use crate::{Append, NewEvent, StreamId};

/// Makes a test of each behaviour of a [`crate::Store`].
#[macro_export]
macro_rules! store_contract {
    ($open:path) => {
        $crate::contract_tests!($open, log:
            an_append_is_read_back_as_it_was,
            positions_and_versions_have_no_gaps,
            an_append_on_an_older_version_is_refused_and_changes_nothing,
            one_of_many_appends_on_the_same_version_wins,
            a_reader_that_resumes_misses_nothing_and_sees_nothing_twice,
            the_log_is_filtered_by_project_and_by_stream,
            commits_are_announced_after_they_can_be_read,
            an_append_goes_through_when_its_caller_goes_away,
            snapshots_show_the_version_after_the_append,
            streams_are_listed_by_prefix_in_pages,
            an_answered_request_is_not_done_again,
            a_key_of_another_request_is_refused,
            answers_are_forgotten_by_age,
            numbers_are_handed_out_once,
        );
        $crate::contract_tests!($open, check_logs:
            a_log_is_found_by_its_hash_however_often_it_was_kept,
        );
        $crate::contract_tests!($open, outbox:
            an_effect_is_claimed_when_due_and_by_one_only,
            a_claim_that_ends_gives_the_effect_to_the_next,
            a_done_effect_is_not_added_again_until_it_is_pruned,
            a_postponed_effect_comes_back_with_its_error,
            effects_of_a_refused_append_are_not_stored,
            the_next_due_time_is_known,
        );
        $crate::contract_tests!($open, rows:
            rows_are_put_replaced_and_removed_with_an_append,
            sprints_are_listed_newest_first_in_pages,
            tasks_are_filtered_by_owner_state_and_sprint,
            the_inbox_of_a_person_is_listed_longest_waiting_first,
            a_rebuild_replaces_everything,
            a_rebuild_from_an_older_head_is_refused,
            a_sound_store_has_no_findings,
        );
        $crate::contract_tests!($open, memories:
            a_memory_is_found_by_its_words_those_that_share_rarer_ones_first,
            a_changed_memory_is_found_by_its_new_words_alone,
            words_are_words_whatever_they_are_made_of,
            a_project_sees_its_own_memories_only,
            memories_are_listed_by_number_in_pages,
            memories_are_found_by_their_place,
            what_an_attempt_was_given_is_known_by_its_task,
            a_rebuild_replaces_the_memories,
        );
    };
}

/// Makes a test of each behaviour of a [`crate::TraceStore`].
#[macro_export]
macro_rules! trace_contract {
    ($open:path) => {
        $crate::contract_tests!($open, traces:
            entries_are_read_back_in_order_and_in_pages,
            entries_that_are_there_are_skipped,
            a_gap_is_refused_and_says_what_comes_next,
            the_tail_is_the_last_entries_in_order,
            attempts_are_kept_apart,
            a_listener_learns_of_new_entries,
            many_attempts_are_written_at_once,
        );
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_tests {
    ($open:path, $area:ident: $($behaviour:ident,)*) => {
        mod $area {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $behaviour() {
                    let (store, _place) = $open().await;
                    $crate::contract::$area::$behaviour(std::sync::Arc::new(store)).await;
                }
            )*
        }
    };
}

fn sprint(number: u64) -> StreamId {
    StreamId::sprint(SprintId(number))
}

fn project(name: &str) -> ProjectId {
    ProjectId::new(name).unwrap()
}

fn at(ms: i64) -> Timestamp {
    Timestamp(ms)
}

/// An append of `count` events to a stream.
fn events(stream: &StreamId, expected: u64, count: u64) -> Append {
    let mut append = Append::new(stream.clone(), StreamVersion(expected), at(1_000), "ada");
    append.events = (1..=count)
        .map(|n| NewEvent {
            kind: "noted".to_owned(),
            body: json!({ "n": expected + n }),
        })
        .collect();
    append
}

/// Waits for what must happen soon.
async fn soon<T>(what: &str, wait: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), wait)
        .await
        .unwrap_or_else(|_| panic!("waited 20 s in vain for {what}"))
}
