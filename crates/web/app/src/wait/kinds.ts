// What can wait for a person: how each kind is called and marked. The kinds are the reasons of the API's `Why`.
import type { Reason, Why } from '../api/generated/team6.schemas';
import type { Status } from '../ui/status';

interface Kind {
  /** What is wanted, as a verb. */
  wanted: string;
  status: Status;
}

const KINDS: Partial<Record<Reason['reason'], Kind>> = {
  question_open: { wanted: 'answer', status: 'blocked' },
  asked: { wanted: 'answer', status: 'blocked' },
  no_owner: { wanted: 'owners', status: 'assigned' },
  awaits_approval: { wanted: 'approve', status: 'review' },
  review: { wanted: 'review', status: 'review' },
  subtask_review: { wanted: 'review', status: 'review' },
  merge: { wanted: 'merge', status: 'review' },
  partly_merged: { wanted: 'merge', status: 'review' },
  partly_reverted: { wanted: 'decide', status: 'failed' },
  planning_failed: { wanted: 'failed', status: 'failed' },
  failed: { wanted: 'failed', status: 'failed' },
  held: { wanted: 'held', status: 'blocked' },
  budget: { wanted: 'budget', status: 'blocked' },
  funds: { wanted: 'budget', status: 'blocked' },
  dependency_cancelled: { wanted: 'decide', status: 'blocked' },
};

export function kindOf(reason: string): Kind {
  return KINDS[reason as Reason['reason']] ?? { wanted: reason.replaceAll('_', ' '), status: 'blocked' };
}

/** What failed, and goes on by itself unless somebody has another idea. */
const PASSING = new Set(['held', 'backoff']);

/** Whether a person can do something about a reason right where it is shown. */
export function isSolvable({ actor, reason }: Why): boolean {
  return actor.actor === 'person' || PASSING.has(reason.reason);
}
