// A delivery whose names, lines and words try to run something or to break the page: they are shown, and that is all.
import { delivered, fileOf } from './desk.ts';
import { expect, overflows, test, WIDTHS } from './test.ts';

test.use({ story: 'hostile' });

test('hostile files and words are shown, run nothing and break no layout', async ({ place, signedIn }) => {
  test.setTimeout(120_000);
  delivered(place, 1);
  const page = await signedIn('/tasks/1/review');
  const ran: string[] = [];
  page.on('dialog', (dialog) => {
    ran.push(dialog.message());
    void dialog.dismiss();
  });
  await expect(page.getByText('<img src=x onerror=alert(7)> is there.')).toBeVisible();
  const files = page.getByRole('navigation', { name: 'Files' });
  const names = ['<img src=x onerror=alert(4)>.js', 'it\'s "quoted" & more.txt', 'new\\nline.txt', 'latin-\\xe9.txt', '⟨U+202E⟩', 'evil.svg', 'picture.png', 'wide.txt', 'zzz-long.txt'];
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    if (width === 390) await page.getByText(/^\d+ files$/).click();
    const list = width === 390 ? page.getByRole('region', { name: 'Files of app' }) : files;
    for (const name of names) {
      await list.getByRole('button').filter({ hasText: name }).first().click();
      await expect(page.getByRole('heading', { name }).first()).toBeVisible();
      expect(await overflows(page), `${name} at ${width}`).toBe(false);
      if (width === 390) await page.getByText(/^\d+ files$/).scrollIntoViewIfNeeded();
    }
  }
  await page.setViewportSize({ width: 1280, height: 800 });
  await files.getByRole('button').filter({ hasText: 'wide.txt' }).click();
  await expect(fileOf(page, 'wide.txt').getByText(/998000 more characters/)).toBeAttached();
  // What is left out is told.
  await expect(page.getByText('More is changed in app than is shown here')).toBeAttached();
  expect(await page.locator('img[src=x], svg[onload], iframe').count()).toBe(0);
  expect(ran).toEqual([]);
});
