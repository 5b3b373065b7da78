// Every page in both themes and at both widths: axe finds nothing, nothing reaches over the edge, and what was already to
// be seen did not jump while the rest came.
import { PAGES, anywhere } from './pages.ts';
import { expect, jumped, overflows, test, THEMES, troubles, WIDTHS } from './test.ts';

/** How much may move while a page loads, as browsers count it: a part of the page times how far. */
const CALM = 0.02;

test('axe finds nothing on any page, and none jumps while it loads', async ({ place, signedIn }) => {
  test.setTimeout(400_000);
  anywhere(place);
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

test('axe finds nothing in what opens over a page', async ({ signedIn }) => {
  const page = await signedIn();
  const opened = page.getByRole('dialog');
  const look = async (what: string) => {
    for (const theme of THEMES) {
      await page.emulateMedia({ colorScheme: theme });
      expect(await troubles(page), `${what} ${theme}`).toEqual([]);
    }
    await page.keyboard.press('Escape');
    await expect(opened).toHaveCount(0);
  };
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    await page.keyboard.press('Control+k');
    await expect(opened.getByRole('option').first()).toBeVisible();
    await look(`the palette ${width}`);
    await page.keyboard.press('?');
    await expect(opened.getByText('This sheet')).toBeVisible();
    await look(`the keys ${width}`);
  }
  await page.getByRole('button', { name: 'More' }).click();
  await expect(opened).toBeVisible();
  await look('More');
});
