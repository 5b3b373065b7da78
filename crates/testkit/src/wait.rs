//! Waiting for something to happen, with a deadline and a failure that says what was seen instead.
//!
//! Prefer them in this order: [`within`] for a future that ends by itself, [`wait_for`] for a state that is announced
//! on a channel, and [`wait_until`] only for what announces nothing, such as a file that another process writes.

use std::fmt::{Debug, Display};
use std::panic::Location;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout, timeout_at};

/// How often [`wait_until`] looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// The most characters of what was seen that a failure shows.
const SHOWN: usize = 4_000;

/// The outcome of a future that must end before the deadline.
///
/// # Panics
/// If it does not, naming what was waited for and where.
#[track_caller]
pub fn within<T>(what: impl Display, limit: Duration, future: impl Future<Output = T>) -> impl Future<Output = T> {
    let caller = Location::caller();
    async move {
        match timeout(limit, future).await {
            Ok(value) => value,
            Err(_) => fail(&what, limit, caller, "it did not end"),
        }
    }
}

/// Waits until `look` finds what it wants in the state that `changes` announces.
///
/// # Panics
/// If that does not happen before the deadline, or if nobody is left to announce changes; shows the last state.
#[track_caller]
pub fn wait_for<S: Debug, T>(
    what: impl Display,
    limit: Duration,
    mut changes: watch::Receiver<S>,
    mut look: impl FnMut(&S) -> Option<T>,
) -> impl Future<Output = T> {
    let caller = Location::caller();
    async move {
        let deadline = Instant::now() + limit;
        loop {
            let seen = {
                let state = changes.borrow_and_update();
                if let Some(found) = look(&state) {
                    return found;
                }
                format!("{:#?}", *state)
            };
            match timeout_at(deadline, changes.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => fail(
                    &what,
                    limit,
                    caller,
                    format_args!("no more changes after {}", cut(&seen)),
                ),
                Err(_) => fail(&what, limit, caller, cut(&seen)),
            }
        }
    }
}

/// Looks again and again until `probe` gives a value; its error is what was seen instead.
///
/// For things without an event only: it looks every ten milliseconds. A probe that hangs ends at the deadline too.
///
/// # Panics
/// If there is no value before the deadline; shows what the last look saw.
#[track_caller]
pub fn wait_until<T, S: Display>(
    what: impl Display,
    limit: Duration,
    mut probe: impl AsyncFnMut() -> Result<T, S>,
) -> impl Future<Output = T> {
    let caller = Location::caller();
    async move {
        let mut seen = String::from("nothing, since the first look did not end");
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let found = timeout(limit, async {
            let mut looking = pin!(async {
                loop {
                    looks.tick().await;
                    match probe().await {
                        Ok(value) => break value,
                        Err(instead) => seen = instead.to_string(),
                    }
                }
            });
            looking.as_mut().await
        })
        .await;
        match found {
            Ok(value) => value,
            Err(_) => fail(&what, limit, caller, cut(&seen)),
        }
    }
}

#[expect(
    clippy::panic,
    reason = "what was waited for did not come: that is the failure of the test"
)]
fn fail(what: &dyn Display, limit: Duration, caller: &Location<'_>, seen: impl Display) -> ! {
    panic!("waited {limit:?} at {caller} for {what}; seen instead: {seen}")
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{} … ({} bytes in all)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    const SHORT: Duration = Duration::from_millis(30);
    const LONG: Duration = Duration::from_secs(10);

    /// What a future panics with.
    async fn panic_of<T>(future: impl Future<Output = T> + Send + 'static) -> String
    where
        T: Send + 'static,
    {
        let failed = tokio::spawn(future).await.err().expect("it should have panicked");
        *failed.into_panic().downcast::<String>().unwrap()
    }

    #[tokio::test]
    async fn a_state_that_is_announced_ends_the_wait() {
        let (announce, changes) = watch::channel(0);
        let (seen, ()) = tokio::join!(
            wait_for("three", LONG, changes, |n| (*n == 3).then_some("three")),
            async {
                for n in 1..=3 {
                    announce.send(n).unwrap();
                    tokio::task::yield_now().await;
                }
            }
        );
        assert_eq!(seen, "three");
    }

    #[tokio::test]
    async fn a_state_that_never_comes_fails_with_the_last_one() {
        let (announce, changes) = watch::channel("cold");
        announce.send("warm").unwrap();
        let failure = panic_of(wait_for("hot water", SHORT, changes, |s| (*s == "hot").then_some(()))).await;
        assert!(failure.contains("for hot water; seen instead: \"warm\""), "{failure}");
        assert!(failure.contains("wait.rs:"), "{failure}");
        drop(announce);
    }

    #[tokio::test]
    async fn nobody_left_to_announce_fails_at_once() {
        let (announce, changes) = watch::channel("cold");
        drop(announce);
        let failure = panic_of(wait_for("hot water", LONG, changes, |_| None::<()>)).await;
        assert!(failure.contains("no more changes after \"cold\""), "{failure}");
    }

    #[tokio::test]
    async fn a_probe_is_asked_until_it_has_a_value() {
        let mut looks = 0;
        let value = wait_until("the third look", LONG, async || {
            looks += 1;
            if looks == 3 { Ok(looks) } else { Err(looks) }
        })
        .await;
        assert_eq!(value, 3);
    }

    #[tokio::test]
    async fn a_probe_that_finds_nothing_fails_with_what_it_saw_last() {
        let failure = panic_of(wait_until("the file", SHORT, async || {
            Err::<(), _>("an empty folder".repeat(1_000))
        }))
        .await;
        assert!(
            failure.contains("for the file; seen instead: an empty folder"),
            "{failure}"
        );
        assert!(failure.ends_with("(15000 bytes in all)"), "{failure}");
    }

    #[tokio::test]
    async fn what_hangs_is_ended_by_the_deadline() {
        let hung = panic_of(within("an answer", SHORT, std::future::pending::<()>())).await;
        assert!(hung.contains("for an answer; seen instead: it did not end"), "{hung}");
        let hung = panic_of(wait_until("a probe", SHORT, async || {
            std::future::pending::<Result<(), Infallible>>().await
        }))
        .await;
        assert!(hung.contains("the first look did not end"), "{hung}");
    }
}
