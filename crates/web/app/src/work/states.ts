// Where attempts that have not ended stand, as queues count them.
import type { WorkItem, WorkState } from '../api/generated/team6.schemas';
import type { Status } from '../ui/status';

export const COUNTS = ['due', 'delayed', 'active', 'stalled'] as const;
export type Count = (typeof COUNTS)[number];

const OF: Record<WorkState, { count: Count; status: Status; text: string }> = {
  due: { count: 'due', status: 'assigned', text: 'waits for a worker' },
  delayed: { count: 'delayed', status: 'assigned', text: 'waits for its time' },
  preparing: { count: 'active', status: 'progress', text: 'its workspace is made' },
  working: { count: 'active', status: 'progress', text: 'at work' },
  stopping: { count: 'active', status: 'progress', text: 'is being stopped' },
  stalled: { count: 'stalled', status: 'failed', text: 'its lease has run out' },
};

export function told({ state }: WorkItem) {
  return OF[state];
}

/** Whether an attempt is among those that a queue counts there. What is stalled is in a worker's hands as well. */
export function isCounted(item: WorkItem, count: Count): boolean {
  return OF[item.state].count === count || (count === 'active' && item.state === 'stalled');
}
