// Every page on a desk, in both themes: axe finds nothing, nothing reaches over the edge, and what was already to be seen
// did not jump while the rest came. On a phone it is `touch.spec.ts` that looks.
import { anywhere, wrongAnywhere } from './pages.ts';
import { expect, overflows, test, troubles, WIDTHS } from './test.ts';

test('axe finds nothing on any page, and none jumps while it loads', async ({ place, signedIn }) => {
  test.setTimeout(240_000);
  anywhere(place);
  expect(await wrongAnywhere(await signedIn(), place)).toEqual([]);
});

test('axe finds nothing on the page that lets people in', async ({ page, place }) => {
  await page.goto(`${place.url}/sign-in`);
  await expect(page.getByLabel(/token/i)).toBeVisible();
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    expect(await troubles(page), `${width}`).toEqual([]);
    expect(await overflows(page)).toBe(false);
  }
});

test('axe finds nothing in what opens over a page', async ({ signedIn }) => {
  const page = await signedIn();
  const opened = page.getByRole('dialog');
  const look = async (what: string) => {
    expect(await troubles(page), what).toEqual([]);
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
