//! A probe, and what is made of trying it without a sandbox and in one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

use team6_sandbox::reach::Limits;
use team6_sandbox::{Ended, TreeMark};
use tokio::io::AsyncReadExt;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::scene::DEADLINE;
use crate::setting::{SECRET, Setting, Way};

/// Trials at once.
const AT_ONCE: usize = 4;

/// What it is told, in a setting.
type Arguments = dyn Fn(&Setting) -> Vec<String> + Send + Sync;

/// Something that a hostile agent tries.
#[derive(Clone)]
pub(crate) struct Probe {
    pub(crate) name: String,
    arguments: Arc<Arguments>,
    effect: Effect,
    live: Live,
    limits: Limits,
}

/// How it is seen that a probe got through.
#[derive(Clone, Copy)]
pub(crate) enum Effect {
    /// It prints a secret.
    Tells,
    /// It has what it asked the kernel for.
    Gets,
    /// It shows outside.
    Shows(fn(&Setting, &Outcome) -> bool),
}

/// Where a probe gets through without a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Live {
    Anywhere,
    /// Only where the tree is root's.
    AsRoot,
    /// Where the machine has it switched on, for whoever runs the tree.
    OnSome,
    /// The same, and only for root.
    OnSomeAsRoot,
}

/// What became of a trial.
pub(crate) struct Outcome {
    pub(crate) said: String,
    pub(crate) ended: Ended,
}

pub(crate) fn probe(
    name: impl Into<String>,
    effect: Effect,
    arguments: impl Fn(&Setting) -> Vec<String> + Send + Sync + 'static,
) -> Probe {
    Probe {
        name: name.into(),
        arguments: Arc::new(arguments),
        effect,
        live: Live::Anywhere,
        limits: Limits::default(),
    }
}

impl Probe {
    pub(crate) fn only_root(mut self) -> Self {
        self.live = if self.live == Live::OnSome {
            Live::OnSomeAsRoot
        } else {
            Live::AsRoot
        };
        self
    }

    pub(crate) fn on_some_machines(mut self) -> Self {
        self.live = if self.live == Live::AsRoot {
            Live::OnSomeAsRoot
        } else {
            Live::OnSome
        };
        self
    }

    pub(crate) fn limited(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Tries it, and says whether it got through and what there was to see.
    pub(crate) async fn attempt(&self, way: Way, open: bool) -> (bool, String) {
        let setting = Setting::new(way, open);
        let arguments = (self.arguments)(&setting);
        let mark = TreeMark::new(format!("escape-{}-{}", std::process::id(), setting.number), "s1-a1").unwrap();
        let mut tree = match setting
            .launcher()
            .spawn(setting.spec(&arguments, self.limits), &mark)
            .await
        {
            Ok(tree) => tree,
            Err(error) => panic!("{} {way:?}: {error}", self.name),
        };
        // For those that must not begin before the start was reported.
        let mut stdin = tree.stdin.take().unwrap();
        let _ = tokio::io::AsyncWriteExt::write_all(&mut stdin, b"go\n").await;
        drop(stdin);
        let mut said = String::new();
        let (mut stdout, mut stderr) = (tree.stdout.take().unwrap(), tree.stderr.take().unwrap());
        let mut complaints = String::new();
        let read = async {
            let (one, other) = tokio::join!(stdout.read_to_string(&mut said), stderr.read_to_string(&mut complaints));
            (one.unwrap(), other.unwrap())
        };
        let read = tokio::time::timeout(DEADLINE, read).await;
        let ended = tree.end(DEADLINE).await;
        let outcome = Outcome { said, ended };
        let through = match self.effect {
            // Whoever goes on and on was not stopped.
            _ if read.is_err() => true,
            Effect::Tells => outcome.said.contains(SECRET),
            Effect::Gets => outcome.said.contains("GOT"),
            Effect::Shows(seen) => seen(&setting, &outcome),
        };
        (through, format!("{}{complaints}{:?}", outcome.said, outcome.ended))
    }
}

/// What a whole suite came to.
#[derive(Default)]
pub(crate) struct Verdict {
    pub(crate) tried: usize,
    /// Got through a sandbox.
    pub(crate) through: Vec<String>,
    /// Did nothing without one although they should have.
    pub(crate) dead: Vec<String>,
    /// Did nothing without one, for want of the machine or of rights, with what was seen instead.
    unproven: BTreeMap<String, String>,
    /// Did what they should.
    live: BTreeSet<String>,
}

/// Tries every probe in every way, without a sandbox and in one.
pub(crate) async fn try_all(probes: Vec<Probe>, ways: &[Way]) -> Verdict {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut trials = JoinSet::new();
    let proven_as_root = ways.contains(&Way::Root);
    for probe in probes {
        for way in ways.iter().copied() {
            let (probe, turns) = (probe.clone(), Arc::clone(&turns));
            trials.spawn(async move {
                let _turn = turns.acquire().await.unwrap();
                let needs_root = matches!(probe.live, Live::AsRoot | Live::OnSomeAsRoot);
                // What is shown as root without a sandbox need not be shown twice.
                let known = way == Way::RootAsItself || (way == Way::Ordinary && needs_root && proven_as_root);
                let open = if known {
                    None
                } else {
                    Some(probe.attempt(way, true).await)
                };
                let confined = probe.attempt(way, false).await;
                (probe, way, open, confined)
            });
        }
    }
    let mut verdict = Verdict::default();
    while let Some(trial) = trials.join_next().await {
        let (probe, way, open, (through, seen)) = trial.unwrap();
        verdict.tried += 1;
        let name = format!("{} ({way:?})", probe.name);
        if through {
            verdict.through.push(format!("{name}\n{seen}"));
        }
        match (open, probe.live) {
            (None, _) => {}
            (Some((true, _)), _) => {
                verdict.live.insert(probe.name);
            }
            (Some((false, seen)), Live::OnSome | Live::OnSomeAsRoot) => {
                verdict.unproven.insert(probe.name, seen);
            }
            (Some((false, seen)), Live::AsRoot) if way == Way::Ordinary => {
                verdict.unproven.insert(probe.name, seen);
            }
            (Some((false, seen)), _) => verdict.dead.push(format!("{name}\n{seen}")),
        }
    }
    verdict
}

impl Verdict {
    /// Fails unless everything was held, and everything but so many was shown to be an attack at all.
    pub(crate) fn holds(mut self, at_most_unproven: usize) {
        // What was shown in one way is an attack.
        self.unproven.retain(|name, _| !self.live.contains(name));
        let mut text = String::new();
        for (what, which) in [("got through", &self.through), ("is no attack", &self.dead)] {
            for one in which {
                writeln!(text, "{what}: {one}\n").unwrap();
            }
        }
        assert!(text.is_empty(), "\n{text}");
        println!(
            "{} trials in sandboxes; {} probes shown live",
            self.tried,
            self.live.len()
        );
        for (name, seen) in &self.unproven {
            println!(
                "not shown live here: {name}: {}",
                seen.lines().next().unwrap_or_default()
            );
        }
        assert!(
            self.unproven.len() <= at_most_unproven,
            "{} not shown live",
            self.unproven.len()
        );
    }
}
