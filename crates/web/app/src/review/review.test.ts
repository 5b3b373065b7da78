import { expect, it } from 'vitest';
import type { ChangedFile, ChangedLine, SprintTask, TaskDetail } from '../api/generated/team6.schemas';
import { asUnified } from './asDiff';
import { effectOf, freedBy, inMergeOrder } from './effect';
import { filesOf, foldersOf, step } from './files';
import { LONGEST, shown, shownLine } from './names';
import { placed } from './notes';
import { addressOf, changesIn, commentAt, draggedOf, linesAt, linesOf, moved, placeOf, shows, textsAt } from './ranges';
import { isBehind, lastReview } from './since';
import { partsOf, suggestion } from './suggestions';

/** A file by its hunks, each as its first lines before and after, and lines with their signs. */
function file(path: string, ...hunks: [number, number, string[]][]): ChangedFile {
  return {
    old: path,
    new: path,
    change: 'modified',
    additions: 0,
    deletions: 0,
    content: {
      content: 'text',
      hunks: hunks.map(([oldStart, newStart, signed]) => {
        let [old, now] = [oldStart, newStart];
        const lines = signed.map((line): ChangedLine => {
          const text = line.slice(1);
          if (line[0] === '+') return { kind: 'added', text, new: now++ };
          if (line[0] === '-') return { kind: 'deleted', text, old: old++ };
          return { kind: 'context', text, old: old++, new: now++ };
        });
        return { old_start: oldStart, new_start: newStart, heading: '', lines };
      }),
    },
  };
}

const EDIT = file('a.txt', [9, 9, [' one', '-two', '+2', '+3', ' four']], [40, 41, [' x', '-y', ' z']]);

it('files come in the order of their tree, and a folder is entered once', () => {
  const files = ['src/z.rs', 'src/deep/a.rs', 'b.txt', 'src-gen/x.rs', 'src/a.rs'].map((path) => file(path));
  const all = filesOf({ repository: 'app', files });
  expect(all.map(({ path }) => path)).toEqual(['src/deep/a.rs', 'src/a.rs', 'src/z.rs', 'src-gen/x.rs', 'b.txt']);
  expect(foldersOf(all).map(({ name }) => name)).toEqual(['src/deep', 'src', 'src-gen', '']);
  expect(step(all, null, 1)?.path).toBe('src/deep/a.rs');
  expect(step(all, 'app/b.txt', 1)?.path).toBe('b.txt');
  expect(step(all, 'app/src/a.rs', -1)?.path).toBe('src/deep/a.rs');
});

it('the mark of a file changes with whatever is shown of it', () => {
  const mark = (one: ChangedFile) => filesOf({ repository: 'app', files: [one] })[0]?.mark;
  expect(mark(EDIT)).toBe(mark(structuredClone(EDIT)));
  const others = [file('b.txt'), file('a.txt', [9, 9, [' one', '-two', '+2', '+3', ' five']]), { ...EDIT, change: 'copied' as const }];
  expect(new Set([EDIT, ...others].map(mark)).size).toBe(4);
});

it('a range stands on one side, however it was dragged', () => {
  expect(linesOf({ start: 12, end: 9, side: 'additions' })).toEqual({ first: 9, last: 12, old: false });
  expect(linesOf({ start: 3, end: 5, side: 'deletions', endSide: 'additions' })).toEqual({ first: 5, last: 5, old: false });
  const lines = { first: 3, last: 5, old: true };
  expect(linesOf(draggedOf(lines))).toEqual(lines);
  const place = { repository: 'app', path: 'a.txt', lines };
  expect(placeOf(commentAt(place, 'x'))).toEqual(place);
  expect(commentAt({ ...place, lines: null }, 'x')).toEqual({ repository: 'app', path: 'a.txt', text: 'x' });
});

it('the lines of a range, and what changed, are found on their side', () => {
  expect(textsAt(EDIT, { first: 10, last: 11, old: false })).toEqual(['2', '3']);
  expect(textsAt(EDIT, { first: 10, last: 10, old: true })).toEqual(['two']);
  expect(textsAt(EDIT, { first: 10, last: 30, old: false })).toBeNull();
  expect(shows(EDIT, { first: 1, last: 41, old: true })).toBe(true);
  expect(shows(EDIT, { first: 30, last: 30, old: false })).toBe(false);
  expect(changesIn(EDIT)).toEqual([
    { first: 10, last: 11, old: false },
    { first: 41, last: 41, old: true },
  ]);
});

it('a line finds its place again after what came and went before it', () => {
  expect(moved(3, EDIT)).toBe(3);
  expect(moved(11, EDIT)).toBe(12);
  expect(moved(20, EDIT)).toBe(21);
  expect(moved(60, EDIT)).toBe(60);
  expect(moved(10, EDIT)).toBe(10);
  expect(moved(7, undefined)).toBe(7);
});

it('threads stand where their lines are now, at the file where they are not shown, and apart without it', () => {
  const thread = (id: number, path: string, line: number) => ({ id, review: 1, comment: { repository: 'app', path, line, text: 't' } });
  const files = filesOf({ repository: 'app', files: [file('a.txt', [9, 9, [' one', '+1', '+2', '+3', ' four']])] });
  const since = (_: number, __: string, path: string) => (path === 'a.txt' ? file('a.txt', [8, 8, ['+new', ' x', ' y']]) : undefined);
  const { at, elsewhere } = placed(files, [thread(1, 'a.txt', 9), thread(2, 'a.txt', 70), thread(3, 'gone.txt', 1)], [], since, true);
  expect(at.get('app/a.txt')?.map(({ lines }) => lines?.last ?? null)).toEqual([10, null]);
  expect(elsewhere.map(({ key }) => key)).toEqual(['thread 3']);
});

it('a suggestion is read back as it was written, also with fences in its lines', () => {
  const lines = ['```', 'let x = 1;', ''];
  const comment = `Better:\n${suggestion(lines)}\nThanks`;
  expect(partsOf(comment)).toEqual([
    { is: 'text', text: 'Better:' },
    { is: 'change', lines },
    { is: 'text', text: 'Thanks' },
  ]);
  expect(partsOf('```suggestion\nnever ends')).toEqual([{ is: 'text', text: '```suggestion\nnever ends' }]);
  expect(partsOf('```suggestion\n```')).toEqual([{ is: 'change', lines: [] }]);
});

it('what would break a line or turn a text around is written out', () => {
  expect(shown('a\nb \u202egnp.exe')).toBe('a\\nb ⟨U+202E⟩gnp.exe');
  expect(shownLine('x'.repeat(LONGEST + 5))).toMatch(/ … 5 more characters$/);
  const odd = file('"x"\n+++ b/evil', [1, 1, [' one', '+@@ -1 +1 @@', '-diff --git a/x b/x']]);
  expect(asUnified(odd)).toBe('--- before\n+++ after\n@@ -1,2 +1,2 @@\n one\n+@@ -1 +1 @@\n-diff --git a/x b/x\n');
});

it('the effect of a merge names its order, what it lets begin and what waits on', () => {
  const pull = (repository: string, number: number) => ({ repository, number, head: 'h', state: 'open' as const });
  const detail = {
    task: { id: 3 },
    pull_requests: [pull('lib', 1), pull('app', 2)],
    packet: { changes: [{ repository: 'app' }, { repository: 'lib' }] },
    dependents: [
      { id: 7, title: '', state: 'waiting' },
      { id: 8, title: '', state: 'waiting' },
      { id: 9, title: '', state: 'cancelled' },
    ],
  } as unknown as TaskDetail;
  const tasks = [
    { task: { id: 7, state: 'waiting' }, depends_on: [3, 1] },
    { task: { id: 8, state: 'waiting' }, depends_on: [3, 2] },
    { task: { id: 1, state: 'done' }, depends_on: [] },
    { task: { id: 2, state: 'in review' }, depends_on: [] },
  ] as unknown as SprintTask[];
  expect(inMergeOrder(detail).map(({ repository }) => repository)).toEqual(['app', 'lib']);
  expect(freedBy(detail, tasks)).toEqual({ free: ['T-7'], waiting: ['T-8'] });
  expect(effectOf(detail, [], tasks)).toBe('Merges app #2 and lib #1, in this order; unblocks T-7. T-8 still waits for others.');
});

it('one looks since the last review of one’s own, once something is new', () => {
  const review = (by: string, id: number, head: string) => ({ id, by, heads: { app: head } });
  const detail = { reviews: [review('ada', 1, 'x'), review('ada', 2, 'y'), review('lin', 3, 'z')], pull_requests: [{ repository: 'app', head: 'z' }] } as unknown as TaskDetail;
  expect(lastReview(detail, 'ada')?.id).toBe(2);
  expect(isBehind(lastReview(detail, 'ada'), detail)).toBe(true);
  expect(isBehind(lastReview(detail, 'lin'), detail)).toBe(false);
  expect(isBehind(lastReview(detail, 'bob'), detail)).toBe(false);
});

it('lines come back from their address as they went into it', () => {
  for (const lines of [null, { first: 7, last: 7, old: false }, { first: 7, last: 9, old: true }]) expect(linesAt(addressOf(lines))).toEqual(lines);
  expect(linesAt({ line: 9, end: 2 })).toEqual({ first: 9, last: 9, old: false });
});
