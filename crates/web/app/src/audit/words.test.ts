import { expect, it } from 'vitest';
import type { LogEvent } from '../api/generated/team6.schemas';
import { about, sprintOf, taskOf } from './words';

const event = (data: unknown, stream = 'sprint/3') =>
  ({ position: 1, stream, version: 1, at: 0, actor: 'ada', kind: 'task_owned', data }) as LogEvent;

it('an event is told by what it names', () => {
  expect(about(event({ event: 'task_owned', task: 4, owner: 'ada', more: { deep: true } }))).toBe('task 4, owner ada');
  expect(about(event(null))).toBe('');
  const at = new Date(2026, 10, 27, 6, 43, 12).getTime();
  const soon = { attempt: 6, lease_until: at };
  expect(about({ ...event(soon), at })).toBe('attempt 6, lease until 06:43:12');
  expect(about({ ...event(soon), at: at - 24 * 3_600_000 })).toBe('attempt 6, lease until 2026-11-27 06:43:12');
});

it('an event leads to its sprint and its task', () => {
  expect([sprintOf(event({})), sprintOf(event({}, 'project/shop'))]).toEqual([3, null]);
  expect([taskOf(event({ task: 4 })), taskOf(event({ work: { work: 'task', task: 5 } })), taskOf(event('x'))]).toEqual([4, 5, null]);
});
