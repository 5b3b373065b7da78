//! Parts of lists.

use serde::Serialize;

use super::request::Limit;
use super::types::Page;

/// How many bytes a part of large items holds at most, apart from its last item.
const BYTES: usize = 8 * 1024 * 1024;

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

/// A part of a list of items that may be large: it is full by their number or by their bytes.
pub(super) struct Filling<T> {
    items: Vec<T>,
    most: usize,
    bytes: usize,
}

impl<T: Serialize> Filling<T> {
    pub(super) fn new(limit: Limit) -> Self {
        Self {
            items: Vec::new(),
            most: usize::try_from(limit.0).unwrap_or(usize::MAX),
            bytes: 0,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.items.len() >= self.most || self.bytes > BYTES
    }

    pub(super) fn push(&mut self, item: T) {
        self.bytes += serde_json::to_string(&item).map_or(0, |text| text.len());
        self.items.push(item);
    }

    /// The part with nothing behind it.
    pub(super) fn last(self) -> Page<T> {
        whole(self.items)
    }

    /// The part in the other order, with this `next`.
    pub(super) fn reversed(mut self, next: Option<String>) -> Page<T> {
        self.items.reverse();
        Page {
            items: self.items,
            next,
        }
    }

    /// The item that was added last.
    pub(super) fn newest(&self) -> Option<&T> {
        self.items.last()
    }

    /// The part with more behind it, from the cursor of its last item on.
    pub(super) fn with_next(self, cursor: impl FnOnce(&T) -> String) -> Page<T> {
        let next = self.items.last().map(cursor);
        Page {
            items: self.items,
            next,
        }
    }
}
