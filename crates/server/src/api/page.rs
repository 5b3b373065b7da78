//! Parts of lists.

use super::types::Page;

/// The part that `limit` allows of one item more, with the cursor of its last item if there are more.
pub(super) fn page<T>(mut items: Vec<T>, limit: u32, cursor: impl FnOnce(&T) -> String) -> Page<T> {
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > most;
    items.truncate(most);
    let next = items.last().filter(|_| more).map(cursor);
    Page { items, next }
}

/// A list that is always whole.
pub(super) fn whole<T>(items: Vec<T>) -> Page<T> {
    Page { items, next: None }
}
