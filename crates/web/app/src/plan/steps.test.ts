import { expect, it } from 'vitest';
import type { SprintDetail } from '../api/generated/team6.schemas';
import { EMPTY } from './model';
import { stepsOf, whereToGoOn } from './steps';

type Standing = Parameters<typeof stepsOf>[0];

const begun = { questions: [], tasks: [], sprint: {}, plan: null, approval: null } as unknown as Standing;
const asked = (state: string) => ({ ...begun, questions: [{ state: { state } }] }) as unknown as Standing;
const failed = (standing: Standing) => ({ ...standing, sprint: { why: { reason: { reason: 'planning_failed' } } } as SprintDetail['sprint'] });

it('somebody goes on where something is to be done', () => {
  const cases: [Standing, string][] = [
    [begun, 'goal'],
    [asked('open'), 'questions'],
    [asked('answered'), 'goal'],
    [failed(begun), 'goal'],
    [failed(asked('answered')), 'goal'],
  ];
  for (const [standing, step] of cases) expect(whereToGoOn(standing, EMPTY), JSON.stringify(standing)).toBe(step);
});

it('a planning that failed has done nothing, and says so', () => {
  const [goal, questions] = stepsOf(failed(begun), EMPTY);
  expect(goal).toEqual({ step: 'goal', done: false, lacks: 'planning failed' });
  expect(questions).toMatchObject({ done: false, lacks: null });
  expect(stepsOf(asked('answered'), EMPTY)[1]).toMatchObject({ done: true });
});
