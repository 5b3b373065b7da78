// What stands between a plan and its approval, each with the step at which it is mended, and what an approval comes to.
import type { AgentItem, Budget, PersonItem, SprintDetail } from '../api/generated/team6.schemas';
import { BOUNDS } from '../ui/money';
import { isEnded } from '../ui/status';
import type { Draft } from './draft';
import type { Plan } from './model';
import { problemsOf } from './problems';
import { type Step, missingOwners } from './steps';

export interface Check {
  text: string;
  ok: boolean;
  /** Whether it is only worth knowing. */
  soft?: boolean;
  step: Step;
}

interface Facts {
  detail: SprintDetail;
  draft: Pick<Draft, 'plan' | 'isDirty' | 'conflicts'>;
  agents: readonly AgentItem[];
  repositories: readonly string[];
  me: PersonItem | undefined;
}

export function checklist({ detail, draft, agents, repositories, me }: Facts): Check[] {
  const { plan, conflicts, isDirty } = draft;
  const problems = problemsOf(plan);
  const missing = missingOwners(detail);
  const open = detail.questions.filter(({ state }) => state.state === 'open').length;
  const running = detail.tasks.filter(({ in_plan, task }) => in_plan && !isEnded(task.state));
  const keys = new Set(running.map(({ key }) => key));
  const needed = plan.tasks.filter(({ key }) => keys.has(key));
  const unknown = [...new Set(needed.flatMap((task) => task.repositories))].filter((name) => !repositories.includes(name));
  const able = agents.filter(({ role, installed }) => role === 'specialist' && installed);
  const without = [...new Set(needed.flatMap(({ specialty }) => specialty ?? []))].filter(
    (specialty) => !able.some(({ specialties }) => specialties.length === 0 || specialties.includes(specialty)),
  );
  const bare = needed.filter((task) => task.what.trim() === '' && task.acceptance_criteria.every((text) => text.trim() === '')).map(({ title }) => title);
  const { spending } = detail;
  const spent = BOUNDS.filter(({ field }) => {
    const limit = spending?.budget[field];
    return spending != null && limit != null && spending.spent[field] >= limit;
  }).map(({ name }) => name.toLowerCase());
  const is = (ok: boolean, step: Step, yes: string, no: string): Check => ({ ok, step, text: ok ? yes : no });
  return [
    is(problems.length === 0, 'tasks', 'The plan is sound', problems.map(({ text }) => text).join('; ')),
    is(
      conflicts.length === 0 && !isDirty,
      'tasks',
      'Everything is saved',
      conflicts.length > 0 ? `${conflicts.length} conflicts wait for a choice` : 'Something is not saved yet',
    ),
    is(missing === 0 && running.length > 0, 'owners', 'Every task has an owner', running.length === 0 ? 'There is no task to own' : `${missing} ${missing === 1 ? 'task has' : 'tasks have'} no owner`),
    is(unknown.length === 0, 'tasks', 'Every repository is connected', `${unknown.join(', ')} is not connected to the project`),
    is(
      able.length > 0 && without.length === 0,
      'tasks',
      'There is an agent for every task',
      able.length === 0 ? 'No agent is installed' : `No agent knows ${without.join(', ')}`,
    ),
    {
      ...is(bare.length === 0, 'tasks', 'Every task says what is to be done', `${bare.join(', ')} ${bare.length === 1 ? 'has' : 'have'} nothing but a title for the agent`),
      soft: true,
    },
    {
      ...is(open === 0, 'questions', 'No question is open', `${open} open ${open === 1 ? 'question is' : 'questions are'} left to the agent`),
      soft: true,
    },
    {
      ...is(spent.length === 0, 'approve', 'Its budget is not used up', `Nothing begins before another limit is set above: its budget of ${spent.join(' and ')} is used up`),
      soft: true,
    },
    is(me?.approves === true, 'approve', 'You may approve', 'You may not approve; ask somebody who may'),
  ];
}

/** What an approval comes to, before it is given. */
export function effectOf(detail: SprintDetail, plan: Plan): string {
  const done = new Set(detail.tasks.filter(({ task }) => task.state === 'done').map(({ key }) => key));
  const begun = new Set(detail.tasks.filter(({ task }) => task.attempts > 0 || isEnded(task.state)).map(({ key }) => key));
  const ahead = plan.tasks.filter(({ key }) => !begun.has(key));
  const now = ahead.filter(({ depends_on }) => depends_on.every((key) => done.has(key))).length;
  const kept = new Set(plan.tasks.map(({ key }) => key));
  const dropped = detail.tasks.filter(({ key, task }) => task.approved && !isEnded(task.state) && task.parent == null && !kept.has(key)).length;
  const parts = [`${now} ${now === 1 ? 'task begins' : 'tasks begin'} as soon as there is an agent free`];
  if (ahead.length > now) parts.push(`${ahead.length - now} wait for others`);
  if (dropped > 0) parts.push(`${dropped} ${dropped === 1 ? 'is' : 'are'} dropped`);
  return parts.join(', ');
}

/** A budget as people say it. */
export function budgetText({ cost_micros: cost, tokens, time_ms: time }: Budget): string {
  const parts: string[] = [];
  if (cost != null) parts.push(`$${(cost / 1e6).toFixed(2)}`);
  if (tokens != null) parts.push(`${Math.round(tokens / 1000)} thousand tokens`);
  if (time != null) parts.push(`${Math.round(time / 60_000)} minutes of agents`);
  return parts.length > 0 ? `at most ${parts.join(', ')}` : 'not limited';
}
