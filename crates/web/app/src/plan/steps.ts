// The steps from a goal to an approved plan: what each still lacks, and at which one somebody goes on.
import type { SprintDetail } from '../api/generated/team6.schemas';
import { isEnded } from '../ui/status';
import { cycleOf } from './graph';
import type { Plan } from './model';

export const STEPS = ['goal', 'questions', 'prd', 'tasks', 'owners', 'approve'] as const;
export type Step = (typeof STEPS)[number];

export const STEP_NAME: Record<Step, string> = {
  goal: 'Goal',
  questions: 'Questions',
  prd: 'PRD',
  tasks: 'Tasks',
  owners: 'Owners',
  approve: 'Approve',
};

export interface StepState {
  step: Step;
  /** Whether nothing is left to do here. */
  done: boolean;
  /** What it lacks, in a few words. */
  lacks: string | null;
}

type Standing = Pick<SprintDetail, 'questions' | 'tasks' | 'sprint' | 'approval' | 'plan'>;

export function stepsOf(detail: Standing, plan: Plan): StepState[] {
  const open = detail.questions.filter(({ state }) => state.state === 'open').length;
  const asked = detail.questions.length > 0;
  const failed = hasFailed(detail);
  const drafted = plan.tasks.length > 0;
  const missing = missingOwners(detail);
  const approved = detail.approval?.version;
  const newest = detail.plan?.version;
  const state = (step: Step, done: boolean, lacks: string | null): StepState => ({ step, done, lacks });
  return [
    state('goal', !failed, failed ? 'planning failed' : null),
    state('questions', open === 0 && (asked || drafted), open > 0 ? `${open} open` : null),
    state('prd', plan.prd.trim() !== '', plan.prd.trim() === '' ? 'not written' : null),
    state('tasks', drafted && !cycleOf(plan), !drafted ? 'none yet' : cycleOf(plan) ? 'a cycle' : null),
    state('owners', drafted && missing === 0, missing > 0 ? `${missing} missing` : null),
    state('approve', newest !== undefined && approved === newest, newest === undefined || approved === newest ? null : 'not yet'),
  ];
}

/** Whether the planning agent gave up, and somebody has to say how it goes on. */
export function hasFailed({ sprint }: Pick<SprintDetail, 'sprint'>): boolean {
  return sprint.why?.reason.reason === 'planning_failed';
}

/** Tasks of the newest version that would run without anybody who is accountable. */
export function missingOwners({ tasks }: Pick<SprintDetail, 'tasks'>): number {
  return tasks.filter(({ task, in_plan }) => in_plan && task.owner == null && !isEnded(task.state)).length;
}

/** Where somebody goes on who comes to the wizard. */
export function whereToGoOn(detail: Standing, plan: Plan): Step {
  const states = stepsOf(detail, plan);
  if (hasFailed(detail)) return 'goal';
  if (detail.questions.some(({ state }) => state.state === 'open')) return 'questions';
  if (plan.tasks.length === 0) return 'goal';
  return states.find(({ step, done }) => !done && step !== 'prd')?.step ?? 'tasks';
}
