//! What events of checks change: receipts, and where the work goes on.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::checks::Check;
use crate::ids::{RepositoryId, TaskId};
use crate::sprint::event::{AttemptReason, Event};
use crate::sprint::stage::Stage;
use crate::sprint::state::{Checked, Sprint, Work, WorkId};
use crate::time::Timestamp;

impl Sprint {
    pub(super) fn apply_checks(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::CheckRecorded { task, receipt, tail } => {
                self.receipts = self.receipts.max(receipt.number);
                self.last_receipt = receipt.hash.clone();
                self.task(*task, |t| {
                    if let Stage::Checking { pending, .. } = &mut t.work.stage {
                        if let Some(left) = pending.get_mut(&receipt.repository) {
                            left.retain(|check| check.name != receipt.check.name);
                        }
                        pending.retain(|_, left| !left.is_empty());
                    }
                    t.checked.push(Checked {
                        receipt: receipt.as_ref().clone(),
                        tail: tail.clone(),
                    });
                });
            }
            Event::ChecksSettled { task, back: true } => {
                let delivery = self.task(*task, |t| {
                    t.work.failures += 1;
                    t.deliveries
                });
                let next = AttemptReason::ChecksBroken {
                    delivery: delivery.unwrap_or_default(),
                };
                self.stage(WorkId::Task(*task), Stage::Waiting { next, not_before: at }, at);
            }
            Event::ChecksSettled { task, back: false } => {
                // What conflicts with its base is settled when that was tried again.
                let conflicts = self.task(*task, |t| !t.updating.conflicts.is_empty());
                let rest = match conflicts {
                    Some(true) => Work::rest_but_for_failures,
                    _ => Work::rest,
                };
                self.work_mut(WorkId::Task(*task), rest);
                self.publish(*task, at + self.policy.forge_time, at);
            }
            _ => {}
        }
    }

    /// Takes up the stage in which a delivery is checked. Each check may be run twice: on what was delivered, and at the
    /// base.
    pub(super) fn begin_checks(&mut self, task: TaskId, pending: &BTreeMap<RepositoryId, Vec<Check>>, at: Timestamp) {
        let seconds: u64 = pending.values().flatten().map(|check| u64::from(check.seconds)).sum();
        let until = at + self.policy.check_wait + Duration::from_secs(2 * seconds);
        self.task(task, |t| {
            // Nobody mends what an earlier delivery broke.
            t.checked.iter_mut().for_each(|checked| checked.tail.clear());
        });
        let pending = pending.clone();
        self.stage(WorkId::Task(task), Stage::Checking { pending, until }, at);
    }
}
