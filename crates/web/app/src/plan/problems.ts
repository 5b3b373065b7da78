// What keeps a plan from being saved, in the words of the engine (crates/core/src/plan/check.rs): said while somebody
// types, so that the server is not asked what is known here.
import { cycleOf, cycleText } from './graph';
import type { Plan } from './model';

/** The longest estimate: four working weeks, in minutes. */
export const MOST_MINUTES = 9_600;

export interface PlanProblem {
  /** The task that it is about. */
  key: string | null;
  text: string;
}

export function problemsOf(plan: Plan): PlanProblem[] {
  const problems: PlanProblem[] = [];
  if (plan.tasks.length === 0) problems.push({ key: null, text: 'the plan has no tasks; add at least one' });
  for (const { key, title, repositories, estimate_minutes: minutes } of plan.tasks) {
    if (title.trim() === '') problems.push({ key, text: `task "${key}" has no title; give it one line` });
    if (repositories.length === 0) problems.push({ key, text: `task "${key}" names no repository; name at least one` });
    if (!(Number.isInteger(minutes) && minutes >= 1 && minutes <= MOST_MINUTES))
      problems.push({
        key,
        text: `the estimate of task "${key}" is ${minutes} minutes; give 1 to ${MOST_MINUTES}, or split the task`,
      });
  }
  const cycle = cycleOf(plan);
  if (cycle) problems.push({ key: cycle[0] ?? null, text: cycleText(cycle) });
  return problems;
}
