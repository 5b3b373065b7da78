//! Checks of a delivery: which are to be run, and what follows from what came of them.

use std::collections::BTreeMap;

use super::{Decider, check_text};
use crate::checks::{Check, CheckOutcome, Checkout, Digest, Receipt, Run};
use crate::ids::{CheckName, CommitId, RepositoryId, TaskId};
use crate::sprint::{Delivered, Event, Refusal, Sprint, Stage, Task, WorkId};

/// What came of running a check.
pub(super) struct Ran {
    pub(super) run: Run,
    pub(super) base: Option<Run>,
    pub(super) tail: String,
}

/// The checks that a delivery needs: those of the repositories that it changes, and those over all repositories of the
/// task, unless it is known what they say of exactly these commits. What is over all stands with the first that it changes.
pub(super) fn wanted(
    task: &Task,
    results: &BTreeMap<RepositoryId, Delivered>,
    checks: BTreeMap<RepositoryId, Vec<Check>>,
) -> BTreeMap<RepositoryId, Vec<Check>> {
    let heads = task.offers_with(results);
    let mut offered = results.keys().filter(|repository| heads.contains_key(repository));
    let first = offered.next();
    let known = |check: &Check, at: &RepositoryId| {
        let mut receipts = task.checked.iter().map(|checked| &checked.receipt);
        receipts.any(|receipt| receipt.is_of(check, at, &heads) && receipt.says_something())
    };
    let has_all = |check: &Check| {
        let mut needed = check.together.iter();
        needed.all(|repository| task.planned.repositories.contains(repository))
    };
    let mut wanted: BTreeMap<RepositoryId, Vec<Check>> = BTreeMap::new();
    for (repository, checks) in checks {
        for check in checks {
            let at = match check.is_together() {
                true => first.filter(|_| has_all(&check)),
                false => Some(&repository).filter(|at| results.contains_key(at) && heads.contains_key(at)),
            };
            if let Some(at) = at.filter(|at| !known(&check, at)) {
                wanted.entry(at.clone()).or_default().push(check);
            }
        }
    }
    wanted
}

impl Decider<'_> {
    /// An answer that nobody waits for any more changes nothing: it came twice, or the work has moved on.
    pub(super) fn record_check(
        &mut self,
        id: TaskId,
        repository: &RepositoryId,
        name: &CheckName,
        ran: Ran,
    ) -> Result<(), Refusal> {
        check_text(&ran.tail)?;
        let task = self.task(id)?;
        let Stage::Checking { pending, .. } = &task.work.stage else {
            return Ok(());
        };
        let mut pending = pending.get(repository).into_iter().flatten();
        let Some(check) = pending.find(|check| check.name == *name).cloned() else {
            return Ok(());
        };
        // What was merged meanwhile stays what it is checked as.
        let mut heads = task.offered();
        let own = task.pull_requests.get_key_value(repository);
        heads.extend(own.map(|(repository, offered)| (repository, &offered.head)));
        if ran.run.is_at(&check, repository, &heads) {
            self.record(id, repository.clone(), check, ran);
            self.settle_checks(id);
        }
        Ok(())
    }

    /// What was not run in time is recorded as such, so that whoever reviews sees it.
    pub(super) fn checks_expire(&mut self, id: TaskId) {
        let Some(task) = self.sprint.tasks.get(&id) else { return };
        let Stage::Checking { pending, .. } = task.work.stage.clone() else {
            return;
        };
        let heads: BTreeMap<_, _> = task
            .pull_requests
            .iter()
            .map(|(repository, offered)| (repository.clone(), offered.head.clone()))
            .collect();
        for (repository, checks) in pending {
            let Some(head) = heads.get(&repository) else { continue };
            for check in checks {
                let why = "the engine did not come to it in time".to_owned();
                let mut run = Run::none(head.clone(), why, self.now);
                if check.is_together() {
                    let others = heads.iter().filter(|(other, _)| **other != repository);
                    run.beside = others.map(|(other, head)| (other.clone(), unseen(head))).collect();
                }
                let ran = Ran {
                    run,
                    base: None,
                    tail: String::new(),
                };
                self.record(id, repository.clone(), check, ran);
            }
        }
        self.settle_checks(id);
    }

    fn record(&mut self, task: TaskId, repository: RepositoryId, check: Check, ran: Ran) {
        let receipt = Receipt {
            number: self.sprint.receipts + 1,
            previous: self.sprint.last_receipt.clone(),
            sprint: self.sprint.id,
            task,
            delivery: self.sprint.tasks.get(&task).map_or(0, |t| t.deliveries),
            repository,
            check,
            outcome: CheckOutcome::CouldNotRun,
            run: ran.run,
            base: ran.base,
            hash: Digest::nothing(),
        };
        self.emit(Event::CheckRecorded {
            task,
            receipt: Box::new(receipt.sealed()),
            tail: ran.tail,
        });
    }

    /// When all is known: what the agent broke it mends, as long as it has attempts left; then a person is asked.
    fn settle_checks(&mut self, id: TaskId) {
        let Some(task) = self.sprint.tasks.get(&id) else { return };
        if !matches!(&task.work.stage, Stage::Checking { pending, .. } if pending.is_empty()) {
            return;
        }
        let broke = task
            .current_checks()
            .any(|receipt| receipt.outcome == CheckOutcome::Broke);
        let back = broke && task.work.failures + 1 < self.sprint.policy.attempts;
        // It can only have been approved before its base was merged into it.
        if broke && task.approved_by.is_some() {
            let why = "it breaks checks since it was brought up to date".to_owned();
            self.emit(Event::ApprovalVoided { task: id, why });
        }
        self.emit(Event::ChecksSettled { task: id, back });
        self.schedule(WorkId::Task(id));
        self.wake(WorkId::Task(id));
    }
}

/// A commit that nobody has checked out.
fn unseen(head: &CommitId) -> Checkout {
    Checkout {
        commit: head.clone(),
        tree: None,
    }
}

impl Sprint {
    /// Every receipt of the sprint, in their chain.
    pub fn receipts(&self) -> Vec<Receipt> {
        let checked = self.tasks.values().flat_map(|task| &task.checked);
        let mut receipts: Vec<Receipt> = checked.map(|checked| checked.receipt.clone()).collect();
        receipts.sort_by_key(|receipt| receipt.number);
        receipts
    }
}

impl Task {
    /// What is known of exactly the commits that the task offers now; a new commit makes what was known of older ones
    /// void. Of a check that was run twice on them, the later run counts.
    pub fn current_checks(&self) -> impl Iterator<Item = &Receipt> {
        let of_heads = |receipt: &&Receipt| {
            let offered = self.pull_requests.get(&receipt.repository);
            let mut heads = self.offered();
            // What is merged stays what it was checked as.
            heads.extend(offered.map(|offered| (&receipt.repository, &offered.head)));
            offered.is_some() && receipt.run.is_at(&receipt.check, &receipt.repository, &heads)
        };
        let current = move || self.checked.iter().map(|checked| &checked.receipt).filter(of_heads);
        current().filter(move |receipt| {
            !current().any(|later| later.number > receipt.number && later.is_of_the_same_as(receipt))
        })
    }
}
