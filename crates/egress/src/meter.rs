//! How many bytes went each way, when the last one went, and how many a session may still move.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::record::Failure;

/// What a session may move in all.
#[derive(Debug)]
pub(crate) struct Budget {
    most: u64,
    used: AtomicU64,
}

impl Budget {
    pub(crate) fn new(most: Option<u64>) -> Self {
        Self {
            most: most.unwrap_or(u64::MAX),
            used: AtomicU64::new(0),
        }
    }

    pub(crate) fn is_used_up(&self) -> bool {
        self.used.load(Ordering::Relaxed) >= self.most
    }

    fn take(&self, bytes: u64) -> Result<(), Failure> {
        let before = self.used.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > self.most {
            Err(Failure::TooManyBytes)
        } else {
            Ok(())
        }
    }
}

/// What one tunnel or request has moved.
#[derive(Debug)]
pub(crate) struct Transfer {
    budget: Arc<Budget>,
    sent: AtomicU64,
    received: AtomicU64,
    since: Instant,
    /// Milliseconds after `since`.
    last: AtomicU64,
}

impl Transfer {
    pub(crate) fn new(budget: Arc<Budget>) -> Self {
        Self {
            budget,
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            since: Instant::now(),
            last: AtomicU64::new(0),
        }
    }

    /// So many bytes come from the sandbox. They may not go on if this fails.
    pub(crate) fn send(&self, bytes: usize) -> Result<(), Failure> {
        self.count(&self.sent, bytes)
    }

    /// So many bytes come for the sandbox. They may not go on if this fails.
    pub(crate) fn receive(&self, bytes: usize) -> Result<(), Failure> {
        self.count(&self.received, bytes)
    }

    fn count(&self, direction: &AtomicU64, bytes: usize) -> Result<(), Failure> {
        let bytes = bytes as u64;
        self.budget.take(bytes)?;
        direction.fetch_add(bytes, Ordering::Relaxed);
        self.stir();
        Ok(())
    }

    /// Something happens.
    pub(crate) fn stir(&self) {
        let now = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(now, Ordering::Relaxed);
    }

    /// Bytes from the sandbox, and bytes for it.
    pub(crate) fn moved(&self) -> (u64, u64) {
        (self.sent.load(Ordering::Relaxed), self.received.load(Ordering::Relaxed))
    }

    fn last(&self) -> Instant {
        self.since + Duration::from_millis(self.last.load(Ordering::Relaxed))
    }
}

/// Ends when a transfer has moved nothing for so long.
#[derive(Debug)]
pub(crate) struct Idle {
    transfer: Arc<Transfer>,
    limit: Duration,
    wake: Pin<Box<Sleep>>,
}

impl Idle {
    pub(crate) fn new(transfer: Arc<Transfer>, limit: Duration) -> Self {
        transfer.stir();
        let wake = Box::pin(sleep_until(Instant::now() + limit));
        Self { transfer, limit, wake }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Failure> {
        loop {
            ready!(self.wake.as_mut().poll(cx));
            let due = self.transfer.last() + self.limit;
            if due <= Instant::now() {
                return Poll::Ready(Failure::Idle { limit: self.limit });
            }
            self.wake.as_mut().reset(due);
        }
    }

    pub(crate) async fn wait(mut self) -> Failure {
        std::future::poll_fn(|cx| self.poll(cx)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_shared_and_what_is_over_it_does_not_count_as_moved() {
        let budget = Arc::new(Budget::new(Some(10)));
        let (one, other) = (Transfer::new(budget.clone()), Transfer::new(budget.clone()));
        assert_eq!(one.send(4), Ok(()));
        assert_eq!(other.receive(6), Ok(()));
        assert!(budget.is_used_up());
        assert_eq!(one.receive(1), Err(Failure::TooManyBytes));
        assert_eq!((one.moved(), other.moved()), ((4, 0), (0, 6)));
    }

    #[tokio::test(start_paused = true)]
    async fn idling_begins_again_with_every_byte() {
        let transfer = Arc::new(Transfer::new(Arc::new(Budget::new(None))));
        let limit = Duration::from_secs(10);
        let began = Instant::now();
        let idle = tokio::spawn(Idle::new(transfer.clone(), limit).wait());
        tokio::time::advance(Duration::from_secs(7)).await;
        transfer.send(1).unwrap();
        assert_eq!(idle.await.unwrap(), Failure::Idle { limit });
        assert!(began.elapsed() >= Duration::from_secs(17));
    }
}
