import type { SprintDetail } from '../api/generated/team6.schemas';
import { isEnded } from '../ui/status';

/** What a person has in a sprint. */
export interface Load {
  tasks: number;
  minutes: number;
  toReview: number;
}

export function loadsOf({ tasks, reviews = {} }: Pick<SprintDetail, 'tasks' | 'reviews'>): Map<string, Load> {
  const loads = new Map<string, Load>();
  for (const { task, estimate_minutes, in_plan } of tasks) {
    if (task.owner == null || !in_plan || isEnded(task.state)) continue;
    const { tasks, minutes } = loads.get(task.owner) ?? { tasks: 0, minutes: 0 };
    loads.set(task.owner, { tasks: tasks + 1, minutes: minutes + estimate_minutes, toReview: reviews[task.owner]?.unreviewed ?? 0 });
  }
  return loads;
}
