import { expect, test } from 'vitest';
import type { InboxEntry } from '../api/generated/team6.schemas';
import { arrived } from './arrived';

const entry = (key: string, kind = 'review', since = 1) => ({ key, kind, why: { since } }) as InboxEntry;

test('what waited before the first look is no news', () => {
  expect(arrived(undefined, [entry('task/1')])).toEqual([]);
});

test('what is new, waits for something else or waits again is told', () => {
  const before = [entry('task/1'), entry('task/2'), entry('task/3')];
  const now = [entry('task/1'), entry('task/2', 'merge'), entry('task/3', 'review', 2), entry('task/4')];
  expect(arrived(before, now).map(({ key }) => key)).toEqual(['task/2', 'task/3', 'task/4']);
});
