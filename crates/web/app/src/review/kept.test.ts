// @vitest-environment jsdom
import { beforeEach, expect, it, vi } from 'vitest';
import type * as Kept from './kept';

const PLACE = { repository: 'app', path: 'a.txt', lines: { first: 3, last: 4, old: false } };

/** The page after a reload: the same browser, nothing else. */
async function opened(): Promise<typeof Kept> {
  vi.resetModules();
  return import('./kept');
}

beforeEach(() => localStorage.clear());

it('comments and what was looked at survive a reload, by task', async () => {
  const before = await opened();
  const draft = before.begin(1, PLACE);
  before.write(1, draft.id, 'Mend this');
  before.view(1, 'app/a.txt 5x', true);
  const after = await opened();
  expect(after.kept(1)).toEqual({ drafts: [{ ...draft, text: 'Mend this' }], viewed: ['app/a.txt 5x'] });
  expect(after.kept(2).drafts).toEqual([]);
});

it('a comment that says nothing is not kept, and gives way to the next one', async () => {
  const page = await opened();
  page.begin(1, PLACE);
  const second = page.begin(1, { ...PLACE, lines: null });
  expect(page.kept(1).drafts).toEqual([second]);
  expect(localStorage.getItem('team6.review.1')).toBeNull();
});

it('what was sent is gone, and what was written meanwhile is not', async () => {
  const page = await opened();
  const [one, other] = [page.begin(1, PLACE), { id: '' }];
  page.write(1, one.id, 'one');
  other.id = page.begin(1, { ...PLACE, lines: null }).id;
  page.write(1, other.id, 'other');
  const { drafts } = page.kept(1);
  page.write(1, other.id, 'other, and more');
  page.sent(1, drafts);
  expect(page.kept(1).drafts.map(({ text }) => text)).toEqual(['other, and more']);
  page.drop(1, other.id);
  expect(localStorage.length).toBe(0);
});

it('whatever lies in the browser is read without harm', async () => {
  const { readKept } = await opened();
  for (const text of [null, '', 'x', '[]', '3', '{"drafts":[1,{"text":2}],"viewed":"no"}']) {
    expect(readKept(text)).toEqual({ drafts: [], viewed: [] });
  }
});
