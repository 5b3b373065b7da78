import { expect, it } from 'vitest';
import { cycleOf, cycleText, levelsOf } from './graph';
import type { Plan, Task } from './model';
import { type Edited, add, indent, move, newKey, outdent, outlineOf, remove, waits } from './outline';

function task(key: string, depends_on: string[] = []): Task {
  return {
    key,
    title: key.toUpperCase(),
    what: '',
    why: '',
    acceptance_criteria: [],
    depends_on,
    estimate_minutes: 10,
    priority: 'normal',
    specialty: null,
    repositories: ['app'],
    paths: [],
  };
}

const plan = (...tasks: Task[]): Plan => ({ title: 'A plan', prd: '', tasks });
const shape = (edited: Edited | Plan) => {
  const result = 'tasks' in edited ? edited : 'plan' in edited ? edited.plan : null;
  return result === null ? edited : outlineOf(result).map(({ task, depth }) => `${'>'.repeat(depth)}${task.key}`);
};

it('a task stands under the line above it, or under what that stands under, if it waits for it', () => {
  const lines = outlineOf(plan(task('a'), task('b', ['a']), task('c', ['a', 'b']), task('d', ['e']), task('e')));
  expect(lines.map(({ task, depth, parent, also }) => [task.key, depth, parent, also])).toEqual([
    ['a', 0, null, []],
    ['b', 1, 'a', []],
    ['c', 2, 'b', ['a']],
    ['d', 0, null, ['e']],
    ['e', 0, null, []],
  ]);
  // Between the two lies a line that it does not wait for, and looks as if it stood under.
  const apart = outlineOf(plan(task('a'), task('rates'), task('mails', ['a'])));
  expect(apart[2]).toMatchObject({ depth: 0, parent: null, also: ['a'] });
});

it('each Tab goes in by one, and each Shift-Tab comes out by one', () => {
  const flat = plan(task('a'), task('b', ['a']), task('c'));
  const once = indent(flat, 'c');
  expect(shape(once)).toEqual(['a', '>b', '>c']);
  if (!('plan' in once)) throw new Error(once.refused);
  expect(once.told).toBe('C waits for A');
  const twice = indent(once.plan, 'c');
  if (!('plan' in twice)) throw new Error(twice.refused);
  expect(twice.plan.tasks[2]?.depends_on).toEqual(['b']);
  expect(shape(outdent(twice.plan, 'c'))).toEqual(['a', '>b', '>c']);
  expect(shape(outdent(once.plan, 'c'))).toEqual(['a', '>b', 'c']);
});

it('the first task cannot go in, and one at the edge cannot come out', () => {
  expect(indent(plan(task('a')), 'a')).toHaveProperty('refused');
  expect(outdent(plan(task('a')), 'a')).toHaveProperty('refused');
});

it('a cycle is refused with its path, in the words of the engine', () => {
  const chain = plan(task('a', ['c']), task('b', ['a']), task('c'));
  expect(waits(chain, 'c', ['b'], '')).toEqual({
    refused: 'tasks wait for each other: a → c → b → a; remove one of these dependencies',
  });
  expect(indent(plan(task('a', ['b']), task('b')), 'b')).toEqual({
    refused: 'tasks wait for each other: a → b → a; remove one of these dependencies',
  });
  expect(cycleText(cycleOf(plan(task('a', ['a']))) ?? [])).toBe('tasks wait for each other: a → a; remove one of these dependencies');
  // As in crates/core/src/graph.rs.
  expect(cycleOf(plan(task('0', ['1']), task('1', ['2']), task('2', ['3']), task('3', ['1']), task('4')))).toEqual(['1', '2', '3']);
});

it('a plan with a cycle can be mended step by step', () => {
  const broken = plan(task('a', ['b']), task('b', ['a']), task('c'));
  expect(waits(broken, 'c', ['a'], '')).toHaveProperty('plan');
});

it('levels are the longest ways, and a cycle has none', () => {
  expect([...levelsOf(plan(task('a'), task('b', ['a']), task('c', ['a', 'b'])))]).toEqual([['a', 0], ['b', 1], ['c', 2]]);
  expect([...levelsOf(plan(task('a', ['b']), task('b', ['a']), task('c'))).keys()]).toEqual(['c']);
});

it('tasks are moved by a line, and what waits for what stays', () => {
  const moved = move(plan(task('a'), task('b', ['a'])), 'b', -1);
  if (!('plan' in moved)) throw new Error(moved.refused);
  expect(moved.plan.tasks.map(({ key, depends_on }) => [key, depends_on])).toEqual([['b', ['a']], ['a', []]]);
  expect(move(moved.plan, 'b', -1)).toHaveProperty('refused');
});

it('a new task stands beside the one above it', () => {
  const added = add(plan(task('a'), task('b', ['a']), task('c')), 'b', 'new');
  expect(shape(added)).toEqual(['a', '>b', '>new', 'c']);
  expect(added.tasks[2]?.repositories).toEqual(['app']);
  expect(newKey(added, () => 0.5)).toMatch(/^task-[a-z0-9]{4}$/);
});

it('what was removed comes back to its place with what waited for it, whatever was changed since', () => {
  const before = plan(task('a'), task('b', ['a']), task('c', ['b']));
  const { plan: removed, back } = remove(before, 'b');
  expect(removed.tasks.map(({ key, depends_on }) => [key, depends_on])).toEqual([['a', []], ['c', []]]);
  expect(back(removed)).toEqual(before);
  const turned = waits(removed, 'a', ['c'], '');
  if (!('plan' in turned)) throw new Error(turned.refused);
  expect(cycleOf(back(turned.plan))).toBeNull();
});
