import { expect, it } from 'vitest';
import type { RepositoryConflicts, SprintTask } from '../api/generated/team6.schemas';
import { conflictsOf, countOf, mergedState, mergesOf } from './merges';

const files = (...paths: string[]) => paths.map((path) => ({ path, kind: 'content' }));

function conflicts(repository: string, pairs: [number, number, string[]][], behind: Record<number, string[]> = {}): RepositoryConflicts {
  const tasks = [...new Set([...pairs.flatMap(([one, other]) => [one, other]), ...Object.keys(behind).map(Number)])];
  return {
    repository,
    base: '1'.repeat(40),
    branches: tasks.map((task) => ({ task, title: `Task ${task}`, number: task, head: '2'.repeat(40), conflicts: files(...(behind[task] ?? [])) })),
    pairs: pairs.map(([one, other, paths]) => ({ one, other, files: files(...paths) })),
    order: tasks,
    to_mend: [],
  };
}

it('two tasks that conflict in two repositories are one conflict', () => {
  const merges = mergesOf([conflicts('app', [[2, 3, ['a.rs']]]), conflicts('lib', [[2, 3, ['b.rs']]], { 4: ['c.rs'] })]);
  expect(countOf(merges)).toBe(2);
  expect(conflictsOf(merges, 2)).toEqual(['conflicts with T-3 in app/a.rs, lib/b.rs']);
  expect(conflictsOf(merges, 3)).toEqual(['conflicts with T-2 in app/a.rs, lib/b.rs']);
  expect(conflictsOf(merges, 4)).toEqual(['conflicts with its target branch in lib/c.rs']);
  expect(conflictsOf(merges, 5)).toEqual([]);
  expect([...merges.open]).toEqual([2, 3, 4]);
});

it('of many files the first are named, and none turns the line', () => {
  const merges = mergesOf([conflicts('app', [[2, 3, ['a', 'b\u202e', 'c', 'd', 'e']]])]);
  expect(conflictsOf(merges, 2)).toEqual(['conflicts with T-3 in app/a, app/b⟨U+202E⟩, app/c and 2 more']);
});

it('the forecast is made anew when a branch is offered or merged, and not by what happens besides', () => {
  const at = (state: string, since: number, attempts = 1) => [{ task: { id: 1, state, since, attempts } } as SprintTask];
  expect(mergedState(at('in progress', 1))).toBe(mergedState(at('failed', 2)));
  expect(mergedState(at('queued', 1, 0))).toBe(mergedState(at('in progress', 2)));
  expect(mergedState(at('in review', 3))).not.toBe(mergedState(at('in progress', 2)));
  expect(mergedState(at('in review', 3))).not.toBe(mergedState(at('in review', 5)));
  expect(mergedState(at('done', 6))).not.toBe(mergedState(at('in progress', 6)));
});
