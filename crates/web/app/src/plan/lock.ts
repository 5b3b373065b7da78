import type { SprintDetail, SprintTask } from '../api/generated/team6.schemas';
import { isEnded } from '../ui/status';

export interface Lock {
  task: SprintTask['task'];
  /** Why its plan stays as it is, if it does. */
  why: string | null;
}

/** The task that a line of the plan has become, and whether it can still be planned otherwise. */
export function lockOf({ tasks }: Pick<SprintDetail, 'tasks'>, key: string): Lock | null {
  const task = tasks.find((each) => each.key === key)?.task;
  if (!task) return null;
  if (isEnded(task.state)) return { task, why: `It is ${task.state}, so its plan stays as it is.` };
  if (task.attempts > 0) return { task, why: 'It has begun, so its plan stays as it is. Write to its agent, or give it up.' };
  return { task, why: null };
}
