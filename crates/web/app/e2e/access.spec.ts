// Every page in both themes and at both widths: axe finds nothing, nothing reaches over the edge, and what was already to
// be seen did not jump while the rest came.
import { atWork } from './story.ts';
import { expect, jumped, overflows, test, THEMES, troubles, WIDTHS } from './test.ts';

/** How much may move while a page loads, as browsers count it: a part of the page times how far. */
const CALM = 0.02;

const PAGES = [
  '/inbox',
  '/sprints',
  '/sprints/1',
  '/sprints/1?over=critical',
  '/sprints/1?over=merges',
  '/sprints/1?view=list',
  '/sprints/1?view=board',
  '/sprints/1?view=timeline',
  '/plan/new',
  '/plan/1/goal',
  '/plan/1/questions',
  '/plan/1/prd',
  '/plan/1/prd?panel=versions&version=1',
  '/plan/1/prd?panel=revise',
  '/plan/1/tasks',
  '/plan/1/tasks?task=roof',
  '/plan/1/owners',
  '/plan/1/approve',
  '/tasks/2',
  '/tasks/2?tab=plan',
  '/tasks/2?tab=attempts',
  '/tasks/1/review',
  '/tasks/5/review',
  '/tasks/1?tab=changes',
  '/tasks/2?tab=subtasks',
  '/tasks/2?tab=checks',
  '/tasks/2?tab=memory',
  '/tasks/2?tab=cost',
  '/agents',
  '/agents?agent=scripted',
  '/workers',
  '/memory',
  '/memory?add=true',
  '/repos',
  '/repos?repo=app',
  '/repos?connect=shop',
  '/repos?add=true',
  '/costs',
  '/costs?by=task',
  '/audit',
  '/audit?event=5',
  '/settings',
  '/sprints/1/replay',
  '/sprints/1/replay?at=3&view=list',
  '/nowhere',
];

test('axe finds nothing on any page, and none jumps while it loads', async ({ place, signedIn }) => {
  test.setTimeout(400_000);
  atWork(place);
  for (const at of [1, 2, 3, 4]) place.team6('task', 'chat', '2', 'A line of it.\n'.repeat(at * 2));
  const page = await signedIn();
  const found: string[] = [];
  for (const [at, path] of PAGES.entries()) {
    // Loaded as wide as the last one was left: pages are loaded wide and narrow in turn.
    const widths = at % 2 === 0 ? WIDTHS : [...WIDTHS].reverse();
    await page.goto(place.url + path);
    await expect(page.getByRole('main')).toBeVisible();
    await expect(page.getByRole('status', { name: /^Loading/ })).toHaveCount(0);
    for (const width of widths) {
      await page.setViewportSize({ width, height: 800 });
      for (const theme of THEMES) {
        await page.emulateMedia({ colorScheme: theme });
        for (const trouble of await troubles(page)) found.push(`${path} ${theme} ${width}: ${trouble}`);
      }
      if (width === widths[0]) for (const jump of await jumped(page, CALM)) found.push(`${path} ${width}: ${jump}`);
      if (await overflows(page)) found.push(`${path} ${width}: it can be moved sideways`);
    }
  }
  expect(found).toEqual([]);
});

test('axe finds nothing on the page that lets people in', async ({ page, place }) => {
  await page.goto(`${place.url}/sign-in`);
  await expect(page.getByLabel(/token/i)).toBeVisible();
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    for (const theme of THEMES) {
      await page.emulateMedia({ colorScheme: theme });
      expect(await troubles(page), `${theme} ${width}`).toEqual([]);
    }
    expect(await overflows(page)).toBe(false);
  }
});
