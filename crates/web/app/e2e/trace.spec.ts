// A long trace: whatever comes before or after what is looked at moves nothing, and any place in it has an address.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from './place.ts';
import { type Page, expect, test } from './test.ts';

const ROUNDS = 600;
const MORE = 500;

const STORY = readFileSync(join(import.meta.dirname, 'stories', 'thinker.toml'), 'utf8');
// Something is said, something is thought, and tokens are used, which no row tells.
const round = '{ say = "Said-{capture.round}." }, { usage = { input = 100, output = 10, cost = 0.01 } }, { think = "Thought {capture.round}." }';
const steps = `    { repeat = { times = ${ROUNDS}, steps = [${round}] } },
    { say = "So far." },
    { wait_for = { path = "SIGNALS/more", timeout = 3000 } },
    { repeat = { times = ${MORE / 2}, steps = [{ think = "More {capture.round}?" }, { say = "More {capture.round}." }] } },
    { wait_for = { path = "SIGNALS/end", timeout = 3000 } },`;
test.use({ story: STORY.replace('THOUGHTS', steps) });

/** A task whose agent has thought for long. */
async function thought(place: Place, signedIn: (path?: string) => Promise<Page>) {
  place.team6('sprint', 'plan', 'shop', 'A thought');
  place.team6('sprint', 'watch', '1', '--until', 'person');
  place.team6('sprint', 'owners', '1', '1=ada');
  place.team6('sprint', 'approve', '1');
  place.signal('begin');
  const page = await signedIn();
  const sent = () =>
    page.evaluate(async () => {
      const { attempts } = await (await fetch('/api/v1/tasks/1')).json();
      return (await (await fetch(`/api/v1/attempts/${attempts.at(-1).id}`)).json()).trace as number;
    });
  // Opened sooner, the page would have all of it from the beginning.
  await expect.poll(sent, { timeout: 30_000 }).toBeGreaterThan(2 * ROUNDS);
  await page.goto(`${place.url}/tasks/1`);
  const activity = page.getByRole('list', { name: 'Activity' });
  await expect(activity.getByText('So far.')).toBeVisible();
  return { page, activity };
}

/** Where each row that can be seen stands on the screen. */
function places(page: Page): Promise<Record<string, number>> {
  return page.getByRole('list', { name: 'Activity' }).evaluate((list) => {
    const { top, bottom } = list.getBoundingClientRect();
    const seen = [...list.querySelectorAll('[role=listitem]:has(button)')].map((row) => ({ row, at: row.getBoundingClientRect() }));
    return Object.fromEntries(
      seen.filter(({ at }) => at.top >= top && at.bottom <= bottom).map(({ row, at }) => [row.querySelector('span.flex-1')?.textContent ?? '', at.top]),
    );
  });
}

/** Lets nothing be read of the trace until it is told so. */
async function held(page: Page) {
  let [read, release] = [0, () => {}];
  const released = new Promise<void>((done) => (release = done));
  await page.route('**/trace?*', async (route) => {
    read += 1;
    await released;
    await route.continue();
  });
  return { release, asked: () => expect.poll(() => read).toBeGreaterThan(0), over: () => page.unrouteAll({ behavior: 'wait' }) };
}

test('what comes before or after what is looked at moves nothing', async ({ place, signedIn }) => {
  const { page, activity } = await thought(place, signedIn);
  for (const show of ['all', 'messages']) {
    await page.getByLabel('Show').selectOption(show);
    if (show === 'messages') await expect(activity.getByText(/^Thought/)).toHaveCount(0);
    const reading = await held(page);
    await activity.evaluate((list) => (list.scrollTop = 100));
    await reading.asked();
    await expect.poll(async () => Object.keys(await places(page)).length).toBeGreaterThan(10);
    const looked = await places(page);
    const height = await activity.evaluate((list) => list.scrollHeight);
    reading.release();
    await expect.poll(() => activity.evaluate((list) => list.scrollHeight)).toBeGreaterThan(height);
    expect(await places(page)).toEqual(looked);
    await reading.over();
  }

  await page.getByLabel('Show').selectOption('all');
  await activity.evaluate((list) => (list.scrollTop = list.scrollHeight / 2));
  // Rows are drawn a frame after the list was moved.
  await expect.poll(async () => Object.keys(await places(page)).length).toBeGreaterThan(10);
  const looked = await places(page);
  place.signal('more');
  await expect(page.getByRole('button', { name: `${MORE} new`, exact: true })).toBeVisible({ timeout: 30_000 });
  expect(await places(page)).toEqual(looked);
});

test('any entry of it and any search of it has an address', async ({ place, signedIn }) => {
  const { page, activity } = await thought(place, signedIn);
  // What is looked for lies before what was loaded, and is found; reloaded, it is found again.
  await page.keyboard.press('/');
  await page.keyboard.type('said-7.');
  await page.getByLabel('Show').selectOption('messages');
  for (let again = 0; again < 2; again++) {
    await expect(activity.getByText('Said-7.', { exact: true })).toBeVisible();
    await expect(activity.getByText('The beginning')).toBeVisible();
    await expect(activity.getByText('turn 1', { exact: true })).toBeVisible();
    await expect(activity.getByRole('button')).toHaveCount(1);
    await expect(page).toHaveURL(/[?&]show=messages/);
    await page.reload();
  }
  await activity.getByText('Said-7.').click();
  await expect(page).toHaveURL(/[?&]entry=/);
  const entry = new URL(page.url()).searchParams.get('entry');

  // An old entry is there with what is around it, and not with all that came since.
  let read = 0;
  page.on('request', (request) => (read += request.url().includes('/trace?') ? 1 : 0));
  await page.goto(`${place.url}/tasks/1?entry=${entry}`);
  const current = activity.locator('[aria-current]').getByText('Said-7.');
  await expect(current).toBeVisible();
  expect(read).toBe(1);
  await page.getByRole('button', { name: 'To the end' }).click();
  await expect(activity.getByText('So far.')).toBeVisible();
  await expect(page).not.toHaveURL(/entry=/);

  // From there to an entry of a window that was left is one request.
  read = 0;
  await page.evaluate((to) => {
    history.pushState(null, '', to);
    dispatchEvent(new PopStateEvent('popstate'));
  }, `/tasks/1?entry=${entry}`);
  await expect(page.getByRole('complementary', { name: 'Entry' }).getByText(`#${entry}`)).toBeVisible();
  await expect(current).toBeVisible();
  expect(read).toBe(1);
  // Scrolled down from there it comes to what is new, and follows it.
  await expect(async () => {
    await activity.evaluate((list) => (list.scrollTop = list.scrollHeight));
    await expect(activity.getByText('So far.')).toBeVisible({ timeout: 500 });
  }).toPass();
  place.signal('more');
  await expect(activity.getByText(`More ${MORE / 2}.`, { exact: true })).toBeVisible({ timeout: 30_000 });
});
