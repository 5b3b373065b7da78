//! The outbox.

use std::sync::Arc;

use serde_json::json;
use tokio::task::JoinSet;

use super::{at, events, sprint};
use crate::{Append, NewEffect, Store};

fn calling_for(expected: u64, effects: &[(&str, i64)]) -> Append {
    let mut append = events(&sprint(1), expected, 1);
    append.effects = effects
        .iter()
        .map(|(key, not_before)| NewEffect {
            key: (*key).to_owned(),
            body: json!({ "open": key }),
            not_before: at(*not_before),
        })
        .collect();
    append
}

async fn claim(store: &Arc<dyn Store>, now: i64, until: i64) -> Vec<String> {
    let claimed = store.claim_effects(at(now), at(until), 10).await.unwrap();
    claimed.into_iter().map(|effect| effect.key).collect()
}

pub async fn an_effect_is_claimed_when_due_and_by_one_only(store: Arc<dyn Store>) {
    store
        .append(calling_for(0, &[("a", 100), ("b", 50), ("c", 200)]))
        .await
        .unwrap();
    assert_eq!(claim(&store, 49, 1_000).await, [""; 0]);
    let mut claimers = JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(&store);
        claimers.spawn(async move { claim(&store, 150, 1_000).await });
    }
    let mut claimed = claimers.join_all().await.concat();
    claimed.sort();
    assert_eq!(claimed, ["a", "b"]);
    let pending = store.pending_effects(10).await.unwrap();
    let c = pending.iter().find(|effect| effect.key == "c").unwrap();
    assert_eq!(
        (c.claimed, c.attempts, c.due, &c.body),
        (false, 0, at(200), &json!({"open": "c"}))
    );
    assert_eq!((c.stream.clone(), c.position.0), (sprint(1), 1));
}

pub async fn a_claim_that_ends_gives_the_effect_to_the_next(store: Arc<dyn Store>) {
    store.append(calling_for(0, &[("a", 0)])).await.unwrap();
    assert_eq!(claim(&store, 10, 20).await, ["a"]);
    assert_eq!(claim(&store, 19, 40).await, [""; 0]);
    // Set back, the clock hands out nothing twice.
    assert_eq!(claim(&store, 5, 40).await, [""; 0]);
    let again = store.claim_effects(at(20), at(40), 1).await.unwrap();
    assert_eq!((again[0].key.as_str(), again[0].attempts), ("a", 2));
}

pub async fn a_done_effect_is_not_added_again_until_it_is_pruned(store: Arc<dyn Store>) {
    store.append(calling_for(0, &[("a", 0)])).await.unwrap();
    let id = store.claim_effects(at(0), at(10), 1).await.unwrap()[0].id;
    store.finish_effect(id, at(5)).await.unwrap();
    store.finish_effect(id, at(7)).await.unwrap();
    store.append(calling_for(1, &[("a", 0)])).await.unwrap();
    assert_eq!(store.pending_effects(10).await.unwrap(), []);
    assert_eq!(store.prune_effects(at(5)).await.unwrap(), 0);
    assert_eq!(store.prune_effects(at(6)).await.unwrap(), 1);
    store.append(calling_for(2, &[("a", 0)])).await.unwrap();
    assert_eq!(claim(&store, 0, 10).await, ["a"]);
}

pub async fn a_postponed_effect_comes_back_with_its_error(store: Arc<dyn Store>) {
    store.append(calling_for(0, &[("a", 0)])).await.unwrap();
    let id = store.claim_effects(at(0), at(10), 1).await.unwrap()[0].id;
    store.postpone_effect(id, at(100), &"é".repeat(5_000)).await.unwrap();
    assert_eq!(claim(&store, 99, 200).await, [""; 0]);
    let again = store.claim_effects(at(100), at(200), 1).await.unwrap();
    assert_eq!(again[0].error.as_deref(), Some("é".repeat(2_000).as_str()));
    assert_eq!(again[0].attempts, 2);
    // A late failure of what is done by now changes nothing.
    store.finish_effect(id, at(110)).await.unwrap();
    store.postpone_effect(id, at(111), "late").await.unwrap();
    assert_eq!(store.pending_effects(10).await.unwrap(), []);
}

pub async fn effects_of_a_refused_append_are_not_stored(store: Arc<dyn Store>) {
    store.append(calling_for(5, &[("a", 0)])).await.unwrap_err();
    assert_eq!(store.pending_effects(10).await.unwrap(), []);
    assert_eq!(store.next_effect_due().await.unwrap(), None);
}

pub async fn the_next_due_time_is_known(store: Arc<dyn Store>) {
    store.append(calling_for(0, &[("a", 100), ("b", 70)])).await.unwrap();
    assert_eq!(store.next_effect_due().await.unwrap(), Some(at(70)));
    assert_eq!(claim(&store, 70, 500).await, ["b"]);
    assert_eq!(store.next_effect_due().await.unwrap(), Some(at(100)));
    assert_eq!(claim(&store, 100, 400).await, ["a"]);
    assert_eq!(store.next_effect_due().await.unwrap(), Some(at(400)));
}
