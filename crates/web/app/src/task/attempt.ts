// Attempts in words.
import type { AttemptItem } from '../api/generated/team6.schemas';
import type { Status } from '../ui/status';

interface Told {
  status: Status;
  text: string;
  /** What went wrong, if something did. */
  detail?: string;
}

export function outcomeOf({ outcome, started_at: started }: AttemptItem): Told {
  if (!outcome) return started == null ? { status: 'assigned', text: 'is queued' } : { status: 'progress', text: 'is at work' };
  switch (outcome.outcome) {
    case 'delivered':
      return { status: 'done', text: 'delivered' };
    case 'replied':
      return { status: 'done', text: 'answered' };
    case 'asked':
      return { status: 'blocked', text: 'asked its owner' };
    case 'delegated':
      return { status: 'assigned', text: 'waits for subtasks' };
    case 'failed':
      return { status: 'failed', text: `failed: ${words(outcome.failure.kind)}`, detail: outcome.failure.text };
    case 'held':
      return { status: 'blocked', text: `held: ${words(outcome.failure.kind)}`, detail: outcome.failure.text };
    case 'interrupted':
      return { status: 'cancelled', text: 'interrupted', detail: outcome.why };
    case 'cancelled':
      return { status: 'cancelled', text: 'cancelled' };
  }
}

/** Attempts for these reasons go on with what the one before began, and its failures still count. */
const ONWARD = new Set<AttemptItem['reason']['reason']>(['retry', 'resumed', 'hold_over', 'checks_broken', 'base_conflicts']);

/** What the one before delivered was no use: it counts as failed. */
const IN_VAIN = new Set<AttemptItem['reason']['reason'] | undefined>(['checks_broken', 'base_conflicts']);

/** Which try the last attempt was, since work began or a person last had it done anew. */
export function tryOf(attempts: readonly AttemptItem[]): number {
  const first = attempts.findLastIndex(({ reason }) => !ONWARD.has(reason.reason));
  const since = attempts.slice(Math.max(0, first));
  const failed = since.filter(({ outcome }, at) => outcome?.outcome === 'failed' || IN_VAIN.has(since[at + 1]?.reason.reason));
  return Math.max(1, failed.length);
}

/** Why an attempt was made. */
export function reasonOf({ reason }: AttemptItem): string {
  switch (reason.reason) {
    case 'first':
      return 'the first one';
    case 'retry':
      return 'after a failure';
    case 'resumed':
      return 'after a pause';
    case 'hold_over':
      return 'after a hold';
    case 'person_retried':
      return `${reason.by} tried again${reason.note ? `: ${reason.note}` : ''}`;
    case 'message':
      return 'for a message';
    case 'changes_requested':
      return 'changes were requested';
    case 'checks_broken':
      return 'checks broke';
    case 'subtasks_settled':
      return 'its subtasks are there';
    case 'conflict':
      return `conflict in ${reason.repository}`;
    case 'base_conflicts':
      return `conflict with the base in ${reason.conflicts.map(({ repository }) => repository).join(', ')}`;
  }
}

function words(kind: string): string {
  return kind.replaceAll('_', ' ');
}
