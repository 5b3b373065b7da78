//! The most that all workspaces of a machine may hold together, with their mirrors and caches.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

/// Looking may take one part in so many of the time.
const SHARE: u32 = 20;
/// How long to wait between two looks at least, and at most.
const PAUSE: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(60);

/// A bound that is looked at from time to time: the disk may hold more in between.
#[derive(Debug)]
pub struct Quota {
    folder: PathBuf,
    /// In bytes.
    most: u64,
    exceeded: AtomicBool,
}

impl Quota {
    /// `folder` may hold `most` bytes.
    pub fn new(folder: PathBuf, most: u64) -> Self {
        Self {
            folder,
            most,
            exceeded: AtomicBool::new(false),
        }
    }

    /// The most, in bytes, if the folder held more when it was last looked at.
    pub(crate) fn exceeded(&self) -> Option<u64> {
        self.exceeded.load(Ordering::Relaxed).then_some(self.most)
    }

    /// Looks at once.
    fn look(&self) {
        let held = team6_sandbox::held(&self.folder, self.most);
        self.exceeded.store(held > self.most, Ordering::Relaxed);
    }

    /// Looks again and again, until told to stop.
    pub async fn watch(self: Arc<Self>, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let (quota, began) = (Arc::clone(&self), Instant::now());
            // Nobody waits for one that takes long: it changes nothing.
            let looked = tokio::task::spawn_blocking(move || quota.look());
            tokio::select! {
                () = stop.cancelled() => return,
                looked = looked => if let Err(error) = looked {
                    tracing::error!(%error, "what workspaces hold is not known");
                },
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep((began.elapsed() * SHARE).clamp(PAUSE, LONGEST)) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_holds_too_much_exceeds_it_until_it_does_not() {
        let place = tempfile::tempdir().unwrap();
        let quota = Quota::new(place.path().to_owned(), 1 << 20);
        quota.look();
        assert_eq!(quota.exceeded(), None);
        let large = place.path().join("large");
        std::fs::write(&large, vec![1; 2 << 20]).unwrap();
        quota.look();
        assert_eq!(quota.exceeded(), Some(1 << 20));
        std::fs::remove_file(large).unwrap();
        quota.look();
        assert_eq!(quota.exceeded(), None);
    }
}
