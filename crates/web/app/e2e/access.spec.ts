// Every page in both themes and at both widths: axe finds nothing, and nothing reaches over the edge.
import { atWork } from './story.ts';
import { expect, overflows, test, THEMES, troubles, WIDTHS } from './test.ts';

const PAGES = [
  '/inbox',
  '/sprints',
  '/sprints/1',
  '/sprints/1?view=list',
  '/sprints/1?view=board',
  '/tasks/2',
  '/tasks/2?tab=plan',
  '/tasks/2?tab=attempts',
  '/tasks/1/review',
  '/tasks/5/review',
  '/nowhere',
];

test('axe finds nothing on any page', async ({ place, signedIn }) => {
  test.setTimeout(180_000);
  atWork(place);
  const page = await signedIn();
  const found: string[] = [];
  for (const path of PAGES) {
    await page.goto(place.url + path);
    await expect(page.getByRole('main')).toBeVisible();
    await expect(page.getByRole('status', { name: /^Loading/ })).toHaveCount(0);
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 800 });
      for (const theme of THEMES) {
        await page.emulateMedia({ colorScheme: theme });
        for (const trouble of await troubles(page)) found.push(`${path} ${theme} ${width}: ${trouble}`);
      }
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
