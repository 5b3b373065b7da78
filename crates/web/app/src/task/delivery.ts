// Whether and when an agent reads what was written to it.
import type { Message, TaskDetail } from '../api/generated/team6.schemas';

/** How far a message has come. */
export function deliveryOf({ delivered }: Message, { attempts, task }: Pick<TaskDetail, 'attempts' | 'task'>): string {
  if (delivered == null) return task.state === 'in progress' ? 'queued until its turn ends' : 'queued';
  const [number, when] = delivered;
  const at = attempts.findIndex(({ id }) => id.endsWith(`-a${number}`));
  const started = attempts[at]?.started_at;
  if (started == null) return 'delivered';
  // An attempt gets what was written before as it starts; the time moves on when a turn begins with the message.
  return `${when > started ? 'read in' : 'delivered to'} attempt ${at + 1}`;
}

/** When the next message is read, in words; null if it is not written to here. */
export function whenRead({ task, pause }: Pick<TaskDetail, 'task' | 'pause'>): string | null {
  if (pause) return 'It reads when the task goes on.';
  switch (task.state) {
    case 'done':
    case 'cancelled':
    case 'given up':
    // What it is to know goes along with another try.
    case 'failed':
      return null;
    case 'in progress':
      return 'It reads when its turn ends.';
    case 'asking its owner':
      return 'It waits for this and goes on.';
    case 'in review':
    case 'delivered':
      return 'It wakes up for it.';
    default:
      return 'It reads when it begins.';
  }
}
