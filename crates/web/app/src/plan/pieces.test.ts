import { expect, it } from 'vitest';
import { lineDiff, nearChanges } from './lines';
import type { Plan, Task } from './model';
import { noteOf, piecesOf, takeBack } from './pieces';

function task(key: string, more: Partial<Task> = {}): Task {
  return {
    key,
    title: key.toUpperCase(),
    what: '',
    why: '',
    acceptance_criteria: [],
    depends_on: [],
    estimate_minutes: 10,
    priority: 'normal',
    specialty: null,
    repositories: ['app'],
    paths: [],
    ...more,
  };
}

const OLD: Plan = { title: 'A plan', prd: 'one\ntwo', tasks: [task('a'), task('b', { depends_on: ['a'] }), task('c')] };
const NOW: Plan = {
  title: 'A plan',
  prd: 'one\nthree',
  tasks: [task('c'), task('b', { depends_on: [], estimate_minutes: 45 }), task('d', { depends_on: ['b'] })],
};

it('a revision is told in pieces', () => {
  expect(piecesOf(OLD, NOW).map(({ id }) => id)).toEqual(['prd', 'b.depends_on', 'b.estimate_minutes', '+d', '-a', 'order']);
  expect(piecesOf(OLD, OLD)).toEqual([]);
});

it('each piece can be taken back by itself, and all of them make the plan that was', () => {
  const pieces = piecesOf(OLD, NOW);
  const back = (id: string) => takeBack(NOW, pieces.find((piece) => piece.id === id)!);
  expect(back('b.estimate_minutes').tasks[1]?.estimate_minutes).toBe(10);
  expect(back('+d').tasks.map(({ key }) => key)).toEqual(['c', 'b']);
  expect(back('-a').tasks.map(({ key }) => key)).toEqual(['a', 'c', 'b', 'd']);
  expect(back('order').tasks.map(({ key }) => key)).toEqual(['b', 'c', 'd']);
  // A dependency on what is gone comes back with it only.
  expect(back('b.depends_on').tasks[1]?.depends_on).toEqual([]);
  const order = ['-a', ...pieces.map(({ id }) => id).filter((id) => id !== '-a')];
  const all = order.reduce((plan, id) => takeBack(plan, pieces.find((piece) => piece.id === id)!), NOW);
  expect(all).toEqual(OLD);
});

it('a version says in a line what it changed', () => {
  expect(noteOf(OLD, NOW)).toBe('edited the PRD, added "D", removed "A", changed "B", put tasks in another order');
  expect(noteOf(OLD, { ...OLD, tasks: OLD.tasks.map((each) => ({ ...each, title: `${each.title}!` })) })).toBe('changed 3 tasks');
});

it('a text is compared line by line', () => {
  expect(lineDiff('one\ntwo\nthree', 'one\n2\nthree\nfour').map(({ kind, text }) => `${kind[0]} ${text}`)).toEqual([
    's one',
    'r two',
    'a 2',
    's three',
    'a four',
  ]);
  expect(lineDiff('', 'one')).toEqual([{ kind: 'added', text: 'one' }]);
});

it('what is far from any change is left out', () => {
  const before = Array.from({ length: 20 }, (_, at) => `line ${at}`);
  const shown = nearChanges(lineDiff(before.join('\n'), before.with(10, 'else').join('\n')), 1);
  expect(shown.map((line) => line?.text ?? null)).toEqual([null, 'line 9', 'line 10', 'else', 'line 11', null]);
});
