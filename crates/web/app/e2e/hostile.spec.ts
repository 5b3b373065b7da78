// Whatever an agent or a person writes is shown: nothing of it runs, nothing is loaded from elsewhere, and nothing breaks the page.
import { BRANCH, branched, FILE, hostileStory, LONG_FILE, REFUSED, TITLE, WORDS } from './hostile.ts';
import { expect, overflows, test, troubles, type Page, WIDTHS } from './test.ts';

test.use({ story: hostileStory() });

/** What is wrong with a page as it stands: something ran, came from elsewhere, is turned, or reaches over the edge. */
async function harm(page: Page): Promise<string[]> {
  const found = await page.evaluate(done);
  if (!(await page.getByRole('main').isVisible())) found.push('the page is gone');
  // As wide as it is first: to make it another width takes longer than to look.
  const now = page.viewportSize()?.width;
  for (const width of [...WIDTHS].sort((one) => (one === now ? -1 : 1))) {
    if (width !== now) await page.setViewportSize({ width, height: 800 });
    if (await overflows(page)) found.push(`it can be moved sideways at ${width}`);
  }
  return found;
}

function done(): string[] {
  const found = 'ran' in window ? ['something ran'] : [];
  const foreign = document.querySelectorAll('#root :is(script, iframe, object, embed, style, base, link, form[action], img:not([src="/favicon.svg"]))');
  found.push(...[...foreign].map((element) => element.outerHTML.slice(0, 80)));
  const leads = [...document.querySelectorAll<HTMLAnchorElement>('a[href]')].map(({ protocol }) => protocol);
  found.push(...leads.filter((protocol) => !['http:', 'https:', 'mailto:'].includes(protocol)));
  // What is read in another order than it is written.
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode.textContent ?? '';
    const at = text.search(/[\u202a-\u202e\u2066-\u2069]/);
    if (at >= 0) found.push(`turned: ${text.slice(Math.max(0, at - 40), at + 10)}`);
  }
  return found;
}

test('what is written to harm its reader is only words', async ({ place, signedIn }) => {
  test.setTimeout(240_000);
  place.team6('repo', 'add', 'shop', branched(place, 'odd', BRANCH), '--name', 'odd');
  place.team6('sprint', 'plan', 'shop', WORDS);
  place.team6('sprint', 'watch', '1', '--until', 'person');
  const asked = await signedIn('/plan/1/questions');
  await expect(asked.getByText('w'.repeat(200)).first()).toBeVisible();
  expect(await harm(asked), 'the question').toEqual([]);
  place.team6('sprint', 'answer', '1', '1', WORDS);
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
    const shown = page.getByRole('complementary', { name: 'Entry' });
    await expect(shown).toBeVisible({ timeout: 30_000 });
    // It stands between the others, so that they are not read as one.
    if ((await shown.textContent())?.endsWith('And on.')) continue;
    expect(await harm(page), `entry ${entry}`).toEqual([]);
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

  // What people write to the agent and about its work, with its answers.
  place.team6('task', 'review', '1', '--request-changes', '-m', WORDS, '--on', `${LONG_FILE}:1=${WORDS}`);
  place.team6('sprint', 'watch', '1', '--until', 'person');
  place.team6('task', 'chat', '1', WORDS);
  place.team6('sprint', 'watch', '1', '--until', 'person');
  const shown: [path: string, what: string | RegExp][] = [
    ['/tasks/1', 'Messages'],
    ['/tasks/1/review', /^Thread/],
    ['/plan/1/goal', 'Steps of the plan'],
    ['/sprints/1/replay', 'Event'],
    ['/audit', 'Events'],
    ['/repos?repo=odd', 'Repositories of shop'],
  ];
  for (const [path, what] of shown) {
    await page.goto(place.url + path);
    await expect(page.getByLabel(what).first()).toBeVisible();
    expect(await harm(page), path).toEqual([]);
  }
  expect(elsewhere).toEqual([]);
});

test('a branch whose name could harm is shown as it is, or refused by its name', async ({ place, signedIn }) => {
  const [odd, refused] = [branched(place, 'odd', BRANCH), branched(place, 'refused', REFUSED)];
  const page = await signedIn('/repos?connect=shop');
  const connect = page.getByRole('complementary', { name: 'Connect' });
  const where = connect.getByLabel(/Where it is/);
  for (const branch of ['', REFUSED]) {
    await where.fill(refused);
    await connect.getByLabel(/The branch that tasks build on/).fill(branch);
    await where.press('Enter');
    await expect(connect.getByRole('alert')).toContainText(REFUSED);
    await expect(connect.getByRole('alert')).toContainText('use a name that git accepts, without spaces or quotes');
    expect(await harm(page), `refused ${branch}`).toEqual([]);
  }
  await connect.getByLabel(/The branch that tasks build on/).fill('');
  await where.fill(odd);
  await where.press('Enter');
  const name = BRANCH.replace(/[\u202c\u202e]/g, (mark) => `⟨U+${mark.charCodeAt(0).toString(16).toUpperCase()}⟩`);
  await expect(connect.getByText(name)).toBeVisible();
  expect(await harm(page), 'connected').toEqual([]);
  await connect.getByRole('button', { name: 'On to its checks' }).click();
  await expect(page.getByRole('complementary', { name: 'Repository' }).getByText(name)).toBeVisible();
  expect(await harm(page), 'the repository').toEqual([]);
  // The event says so as well.
  await page.goto(`${place.url}/audit?kind=repository_added`);
  await page.getByRole('list', { name: 'Events' }).getByRole('button').first().click();
  await expect(page.getByRole('complementary', { name: 'Event' })).toContainText('gnp.exe');
  expect(await harm(page), 'the event').toEqual([]);
});
