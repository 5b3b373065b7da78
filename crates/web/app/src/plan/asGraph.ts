// A plan that is being edited as the graph of a sprint shows it. What is new has no number yet, and counts down from 0.
import type { SprintDetail, SprintTask } from '../api/generated/team6.schemas';
import { levelsOf } from './graph';
import type { Plan } from './model';

export interface PlanGraph {
  detail: Pick<SprintDetail, 'tasks' | 'critical_path'>;
  ids: Map<string, number>;
  keys: Map<number, string>;
}

export function graphOf(plan: Plan, { sprint, tasks: known, critical_path }: SprintDetail): PlanGraph {
  const numbers = new Map(known.map(({ key, task }) => [key, task]));
  const ids = new Map(plan.tasks.map(({ key }, at) => [key, numbers.get(key)?.id ?? -1 - at]));
  const levels = levelsOf(plan);
  const tasks = plan.tasks.map(({ key, title, depends_on, estimate_minutes }): SprintTask => {
    const id = ids.get(key) ?? 0;
    const fresh = { id, sprint: sprint.id, state: 'new', since: 0, attempts: 0, approved: false };
    return {
      key,
      estimate_minutes,
      in_plan: true,
      level: levels.get(key) ?? 0,
      depends_on: depends_on.flatMap((on) => ids.get(on) ?? []),
      task: { ...(numbers.get(key) ?? fresh), title: title || 'New task' },
    };
  });
  return { detail: { tasks, critical_path }, ids, keys: new Map([...ids].map(([key, id]) => [id, key])) };
}
