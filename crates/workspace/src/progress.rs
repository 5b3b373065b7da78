//! How far git's fetch is, in lines for people: one at each step, and few in between.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use team6_core::ids::RepositoryId;
use tokio::sync::watch;

/// After how many percent something is said again.
const STEP: u32 = 20;

/// Turns what git says into lines for people.
pub(crate) struct Progress<'a> {
    doing: String,
    tell: &'a (dyn Fn(String) + Send + Sync),
    last: Mutex<Option<(String, u32)>>,
}

impl<'a> Progress<'a> {
    /// `doing` is how every line begins, such as `cloning app`.
    pub(crate) fn new(doing: String, tell: &'a (dyn Fn(String) + Send + Sync)) -> Self {
        Self {
            doing,
            tell,
            last: Mutex::new(None),
        }
    }

    /// A line of git's.
    pub(crate) fn hear(&self, line: &str) {
        let Some((phase, percent)) = parse(line) else { return };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let said = last
            .as_ref()
            .filter(|(said, _)| *said == phase)
            .map(|(_, percent)| *percent);
        if said.is_none_or(|said| percent / STEP > said / STEP) {
            (self.tell)(format!("{}: {phase}, {percent} %", self.doing));
            *last = Some((phase, percent));
        }
    }
}

/// How far the fetches of repositories are, for everybody who waits for one of somebody else.
#[derive(Debug, Default)]
pub(crate) struct News(Mutex<BTreeMap<RepositoryId, watch::Sender<String>>>);

impl News {
    /// Where lines about a repository are told.
    pub(crate) fn of(&self, id: &RepositoryId) -> watch::Sender<String> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(id.clone()).or_default().clone()
    }

    /// Waits for the end of somebody else's fetch, and tells how far it is.
    pub(crate) async fn overheard<T>(
        &self,
        id: &RepositoryId,
        waited: impl Future<Output = T>,
        tell: &(dyn Fn(String) + Send + Sync),
    ) -> T {
        let mut news = self.of(id).subscribe();
        tokio::pin!(waited);
        loop {
            tokio::select! {
                biased;
                done = &mut waited => return done,
                Ok(()) = news.changed() => {
                    let line = news.borrow_and_update().clone();
                    tell(line);
                }
            }
        }
    }
}

/// `Receiving objects:  42% (…)` as the phase and its percents.
fn parse(line: &str) -> Option<(String, u32)> {
    let line = line.strip_prefix("remote: ").unwrap_or(line);
    let (phase, rest) = line.split_once(':')?;
    let (percent, _) = rest.trim_start().split_once("% (")?;
    let plain = phase.bytes().all(|b| b.is_ascii_alphabetic() || b == b' ');
    let percent: u32 = percent.parse().ok().filter(|percent| *percent <= 100)?;
    plain.then(|| (phase.to_lowercase(), percent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_phase_is_told_of_and_a_few_steps_in_it() {
        let told = Mutex::new(Vec::new());
        let tell = |line| told.lock().unwrap().push(line);
        let progress = Progress::new("cloning app".into(), &tell);
        for percent in 0..=100 {
            progress.hear(&format!("remote: Counting objects: {percent:3}% ({percent}/100)"));
        }
        progress.hear("Receiving objects: 100% (9/9), 1.20 MiB | 3.00 MiB/s, done.");
        for noise in [
            "",
            "Enumerating objects: 9, done.",
            "fatal: 7% of it",
            "https://a: 3%",
            "x: 999%",
        ] {
            progress.hear(noise);
        }
        let told = told.into_inner().unwrap();
        assert_eq!(told.len(), 7, "{told:?}");
        assert_eq!(told[0], "cloning app: counting objects, 0 %");
        assert_eq!(told[6], "cloning app: receiving objects, 100 %");
    }

    #[tokio::test]
    async fn who_waits_for_the_fetch_of_somebody_else_hears_how_far_that_is() {
        let (news, id) = (News::default(), RepositoryId::new("app").unwrap());
        let (heard, mut lines) = tokio::sync::mpsc::unbounded_channel();
        let tell = move |line: String| heard.send(line).unwrap();
        let (done, waited) = tokio::sync::oneshot::channel();
        let fetch = async {
            tokio::task::yield_now().await;
            for line in ["20 %", "40 %"] {
                news.of(&id).send_replace(line.to_owned());
                assert_eq!(lines.recv().await.as_deref(), Some(line));
            }
            done.send(7).unwrap();
        };
        let (ended, ()) = tokio::join!(news.overheard(&id, waited, &tell), fetch);
        assert_eq!(ended, Ok(7));
    }
}
