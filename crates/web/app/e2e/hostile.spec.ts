// Whatever an agent writes is shown: nothing of it runs, nothing is loaded from elsewhere, and nothing breaks the page.
import { FILE, hostileStory, TITLE } from './hostile.ts';
import { expect, overflows, test, troubles, type Page, WIDTHS } from './test.ts';

test.use({ story: hostileStory() });

/** What is wrong with a page as it stands: something ran, came from elsewhere, or reaches over the edge. */
async function harm(page: Page, widths: readonly number[] = WIDTHS): Promise<string[]> {
  const found: string[] = [];
  if (await page.evaluate(() => 'ran' in window)) found.push('something ran');
  const foreign = await page.evaluate(() =>
    [...document.querySelectorAll('#root :is(script, iframe, object, embed, style, base, link, form[action], img:not([src="/favicon.svg"]))')].map(
      (element) => element.outerHTML.slice(0, 80),
    ),
  );
  found.push(...foreign);
  const leads = await page.evaluate(() => [...document.querySelectorAll<HTMLAnchorElement>('a[href]')].map(({ protocol }) => protocol));
  found.push(...leads.filter((protocol) => !['http:', 'https:', 'mailto:'].includes(protocol)));
  if (!(await page.getByRole('main').isVisible())) found.push('the page is gone');
  for (const width of widths) {
    await page.setViewportSize({ width, height: 800 });
    if (await overflows(page)) found.push(`it can be moved sideways at ${width}`);
  }
  return found;
}

test('what an agent writes to harm its reader is only words', async ({ place, signedIn }) => {
  test.setTimeout(180_000);
  place.team6('sprint', 'plan', 'shop', 'Harm');
  place.team6('sprint', 'watch', '1', '--until', 'person');
  place.team6('sprint', 'owners', '1', '1=ada');
  const page = await signedIn();
  const elsewhere: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(place.url)) elsewhere.push(request.url());
  });
  place.team6('sprint', 'approve', '1');
  place.team6('sprint', 'watch', '1', '--until', 'person');

  // Every entry of its trace, unfolded.
  await page.goto(`${place.url}/tasks/1`);
  const rows = page.getByRole('list', { name: 'Activity' });
  await expect(rows.getByText('complete task')).toBeVisible({ timeout: 30_000 });
  const last = Number((await page.getByTestId('last-entry').textContent())?.split(' ')[0]);
  expect(last).toBeGreaterThan(20);
  for (let entry = 1; entry <= last; entry += 1) {
    await page.evaluate((to) => {
      history.pushState(null, '', to);
      dispatchEvent(new PopStateEvent('popstate'));
    }, `/tasks/1?entry=${entry}`);
    await expect(page.getByRole('complementary', { name: 'Entry' })).toBeVisible({ timeout: 30_000 });
    // A phone has the least room, and there are many entries.
    expect(await harm(page, [390]), `entry ${entry}`).toEqual([]);
  }

  for (const path of ['/tasks/1?tab=plan', '/tasks/1?tab=attempts', '/sprints/1?task=1', '/sprints/1?view=list', '/inbox']) {
    await page.goto(place.url + path);
    await expect(page.getByText(TITLE).first()).toBeVisible();
    expect(await harm(page), path).toEqual([]);
  }

  // The delivery with its summary and the names of its files.
  await page.getByRole('list', { name: 'What waits' }).getByRole('button').filter({ hasText: 'review' }).click();
  await page.getByText(FILE).first().click();
  await expect(page.getByRole('button', { name: 'Approve and merge' })).toBeVisible();
  expect(await harm(page), 'the review').toEqual([]);
  expect(await troubles(page)).toEqual([]);
  expect(elsewhere).toEqual([]);
});
