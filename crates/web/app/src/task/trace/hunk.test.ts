import { expect, it } from 'vitest';
import type { ChangedFile, ChangedLine } from '../../api/generated/team6.schemas';
import { isOf, lineOf } from './hunk';

const line = (kind: ChangedLine['kind'], text: string, at: number): ChangedLine => ({ kind, text, new: kind === 'deleted' ? null : at });

const file: ChangedFile = {
  change: 'modified',
  old: 'src/door.rs',
  new: 'src/door.rs',
  additions: 2,
  deletions: 1,
  content: {
    content: 'text',
    hunks: [
      { heading: '', old_start: 1, new_start: 1, lines: [line('context', 'fn door() {', 1), line('added', '  knock();', 2)] },
      { heading: '', old_start: 40, new_start: 41, lines: [line('deleted', '  shut();', 0), line('added', '  open();', 41)] },
    ],
  },
};

const edit = (before: string | null, after: string, path = 'src/door.rs') => ({ path, before, after });

it('an edit leads to the first line that it brought and that is still there', () => {
  expect(lineOf(edit('  shut();\n}', '  open();\n}'), file)).toBe(41);
  expect(lineOf(edit(null, 'fn door() {\n  knock();\n  open();'), file)).toBe(2);
  // Of lines that stand elsewhere too, the first one that the edit brought counts.
  expect(lineOf(edit('', '  open();\n  knock();'), file)).toBe(41);
});

it('one of which nothing is left leads to the file as a whole', () => {
  expect(lineOf(edit('fn door() {', 'fn gate() {'), file)).toBeUndefined();
  expect(lineOf(edit('  knock();', '  knock();\n\n'), file)).toBeUndefined();
});

it('a file is known by its path, with the folder of its repository where there are several', () => {
  expect(isOf(edit(null, '', 'src/door.rs'), 'app', file)).toBe(true);
  expect(isOf(edit(null, '', 'app/src/door.rs'), 'app', file)).toBe(true);
  expect(isOf(edit(null, '', 'site/src/door.rs'), 'app', file)).toBe(false);
});
