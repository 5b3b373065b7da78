import { expect, it } from 'vitest';
import { merge, mergeText, stillOpen, valueOf, withTheirs } from './merge';
import { type Plan, type Task, withField, without } from './model';

function task(key: string, more: Partial<Task> = {}): Task {
  return {
    key,
    title: key.toUpperCase(),
    what: '',
    why: '',
    acceptance_criteria: ['it works'],
    depends_on: [],
    estimate_minutes: 10,
    priority: 'normal',
    specialty: null,
    repositories: ['app'],
    paths: [],
    ...more,
  };
}

const BASE: Plan = { title: 'A plan', prd: 'one\ntwo\nthree', tasks: [task('a'), task('b', { depends_on: ['a'] }), task('c')] };
const keys = (plan: Plan) => plan.tasks.map(({ key }) => key);

it('what only one changed is taken from whoever changed it', () => {
  const mine = withField(BASE, 'a', 'title', 'Mine');
  const theirs = withField(withField(BASE, 'a', 'estimate_minutes', 90), 'b', 'title', 'Theirs');
  const { plan, conflicts } = merge(BASE, mine, theirs, 'lin');
  expect(conflicts).toEqual([]);
  expect(plan.tasks[0]).toMatchObject({ title: 'Mine', estimate_minutes: 90 });
  expect(plan.tasks[1]).toMatchObject({ title: 'Theirs' });
});

it('what both changed differently is offered, and theirs is saved until somebody chooses', () => {
  const { plan, conflicts } = merge(BASE, withField(BASE, 'a', 'title', 'Mine'), withField(BASE, 'a', 'title', 'Theirs'), 'lin');
  expect(conflicts).toEqual([{ key: 'a', field: 'title', theirs: 'Theirs', by: 'lin' }]);
  expect(plan.tasks[0]?.title).toBe('Mine');
  expect(withTheirs(plan, conflicts).tasks[0]?.title).toBe('Theirs');
});

it('the same change twice is no conflict', () => {
  const both = withField(BASE, 'a', 'title', 'Both');
  expect(merge(BASE, both, both, 'lin')).toEqual({ plan: both, conflicts: [] });
});

it('lists take what either added and lose what either took away', () => {
  const mine = withField(BASE, 'a', 'acceptance_criteria', ['it is quick']);
  const theirs = withField(BASE, 'a', 'acceptance_criteria', ['it works', 'it is safe']);
  const { plan, conflicts } = merge(BASE, mine, theirs, 'lin');
  expect(conflicts).toEqual([]);
  expect(plan.tasks[0]?.acceptance_criteria).toEqual(['it is quick', 'it is safe']);
});

it('tasks of both are kept, each where it was put', () => {
  const mine = { ...BASE, tasks: [task('a'), task('mine'), task('b', { depends_on: ['a'] }), task('c')] };
  const theirs = { ...BASE, tasks: [task('a'), task('b', { depends_on: ['a'] }), task('c'), task('theirs')] };
  expect(keys(merge(BASE, mine, theirs, 'lin').plan)).toEqual(['a', 'mine', 'b', 'c', 'theirs']);
});

it('whoever moved tasks decides their order', () => {
  const moved = { ...BASE, tasks: [...BASE.tasks].reverse() };
  expect(keys(merge(BASE, moved, withField(BASE, 'a', 'title', 'Theirs'), 'lin').plan)).toEqual(['c', 'b', 'a']);
  expect(keys(merge(BASE, withField(BASE, 'a', 'title', 'Mine'), moved, 'lin').plan)).toEqual(['c', 'b', 'a']);
});

it('a task that one took away goes, unless the other changed it', () => {
  expect(keys(merge(BASE, without(BASE, 'c'), BASE, 'lin').plan)).toEqual(['a', 'b']);
  const theirs = merge(BASE, BASE, without(BASE, 'a'), 'lin').plan;
  expect(theirs.tasks.map(({ key, depends_on }) => [key, depends_on])).toEqual([['b', []], ['c', []]]);

  const iChanged = merge(BASE, withField(BASE, 'c', 'title', 'Mine'), without(BASE, 'c'), 'lin');
  expect(iChanged.conflicts).toEqual([{ key: 'c', field: 'task', theirs: null, by: 'lin' }]);
  expect(keys(iChanged.plan)).toContain('c');
  expect(keys(withTheirs(iChanged.plan, iChanged.conflicts))).not.toContain('c');

  const theyChanged = merge(BASE, without(BASE, 'c'), withField(BASE, 'c', 'title', 'Theirs'), 'lin');
  expect(theyChanged.conflicts).toMatchObject([{ key: 'c', field: 'task', theirs: { title: 'Theirs' } }]);
  expect(keys(withTheirs(theyChanged.plan, theyChanged.conflicts))).toContain('c');
});

it('a text is merged by its lines', () => {
  expect(mergeText('one\ntwo\nthree', 'ONE\ntwo\nthree', 'one\ntwo\nTHREE\nfour')).toBe('ONE\ntwo\nTHREE\nfour');
  expect(mergeText('one\ntwo\nthree', 'one\ntwo\nTHREE', 'zero\none\ntwo\nthree')).toBe('zero\none\ntwo\nTHREE');
  expect(mergeText('one\ntwo\nthree', 'one\nTWO\nthree', 'one\nzwei\nthree')).toBeNull();
  expect(mergeText('', 'mine', 'theirs')).toBeNull();
});

it('a conflict in the PRD keeps both texts', () => {
  const { plan, conflicts } = merge(BASE, { ...BASE, prd: 'mine' }, { ...BASE, prd: 'theirs' }, 'lin');
  expect([plan.prd, valueOf(plan, conflicts[0]!), withTheirs(plan, conflicts).prd]).toEqual(['mine', 'mine', 'theirs']);
});

it('a conflict stays open over a further version, with what is theirs now', () => {
  const mine = withField(BASE, 'a', 'title', 'Mine');
  const theirs = withField(BASE, 'a', 'title', 'Theirs');
  const first = merge(BASE, mine, theirs, 'lin');
  const later = withField(theirs, 'b', 'title', 'More');
  const second = merge(theirs, first.plan, later, 'lin');
  expect(second.conflicts).toEqual([]);
  expect(stillOpen(first.conflicts, second.conflicts, second.plan, later)).toEqual(first.conflicts);
  const gaveIn = withField(later, 'a', 'title', 'Mine');
  const third = merge(later, second.plan, gaveIn, 'lin');
  expect(stillOpen(first.conflicts, third.conflicts, third.plan, gaveIn)).toEqual([]);
});
