import { expect, it } from 'vitest';
import { auditSearch, memorySearch, reviewSearch, sprintSearch } from './addresses';

it('what an address says is taken over', () => {
  expect(sprintSearch({ view: 'list', show: 'review', over: 'merges', task: 7 })).toEqual({ view: 'list', show: 'review', over: 'merges', task: 7 });
  expect(reviewSearch({ file: 'a b', line: 3, end: 9, side: 'old', since: 'all' })).toEqual({ file: 'a b', line: 3, end: 9, side: 'old', since: 'all' });
  expect(memorySearch({ q: 'bricks', add: true })).toEqual({ q: 'bricks', add: true });
});

it('what it cannot mean is as if it was not there', () => {
  for (const view of ['table', 7, null, ['list'], { view: 'list' }, '__proto__']) expect(sprintSearch({ view })).toEqual({});
  for (const task of [0, -1, 1.5, 1e300, Number.NaN, '7', [7], null]) expect(sprintSearch({ task })).toEqual({});
  for (const kind of ['', 7, {}, []]) expect(auditSearch({ kind, nobody: 'asked' })).toEqual({});
  for (const add of ['true', 1, false]) expect(memorySearch({ add })).toEqual({});
});
