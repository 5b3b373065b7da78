// What happened to each task over time, from its attempts: when it waited for an agent, when an agent was at work, and
// when its owner had it.
import type { AttemptItem, SprintTask } from '../../api/generated/team6.schemas';
import { isEnded } from '../../ui/status';

export interface Span {
  kind: 'waiting' | 'work' | 'review';
  from: number;
  to: number;
  attempt: AttemptItem;
}

/** The spans of one task, in order. */
export function spansOf(attempts: readonly AttemptItem[], task: Pick<SprintTask['task'], 'state' | 'since'> | null, now: number): Span[] {
  const spans: Span[] = [];
  const push = (kind: Span['kind'], from: number, to: number, attempt: AttemptItem) => {
    if (to > from) spans.push({ kind, from, to, attempt });
  };
  attempts.forEach((attempt, at) => {
    const { scheduled_at: scheduled, started_at: started, ended_at: ended, outcome } = attempt;
    push('waiting', scheduled, started ?? ended ?? now, attempt);
    if (started != null) push('work', started, ended ?? now, attempt);
    if (ended == null) return;
    const next = attempts[at + 1];
    const over = task && isEnded(task.state) ? task.since : now;
    const kind = outcome?.outcome === 'delivered' ? 'review' : 'waiting';
    // What nobody goes on with waits for nothing.
    if (next) push(kind, ended, next.scheduled_at, attempt);
    else if (kind === 'review') push(kind, ended, over, attempt);
  });
  return spans;
}

/** The attempts of each task, those of the planning under 0. */
export function byTask(attempts: readonly AttemptItem[]): Map<number, AttemptItem[]> {
  const found = new Map<number, AttemptItem[]>();
  for (const attempt of attempts) {
    const task = attempt.work.work === 'task' ? attempt.work.task : 0;
    found.set(task, [...(found.get(task) ?? []), attempt]);
  }
  return found;
}
