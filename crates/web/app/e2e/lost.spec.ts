// While the server cannot be reached nothing pretends: what is shown says of when it is, nothing can be sent, and what was
// written stays. It goes on by itself.
import { openLine } from './line.ts';
import { atRest, atWork } from './story.ts';
import { expect, link, test } from './test.ts';

/** What could be sent, on which page, and what leads to it there. */
const WRITES: [path: string, name: string, way?: string][] = [
  ['/tasks/2', 'Pause'],
  ['/tasks/2', 'Give the task up'],
  ['/inbox?item=task/4', 'Try again'],
  ['/plan/1/owners', 'Lin Chen owns Roof'],
  ['/settings', 'Sign out everywhere'],
  ['/workers', 'Sign out', 'Ada Lovelace'],
  ['/tasks/1/review', 'Approve now', 'Approve'],
];

test('a lost connection is calm: it is told after a while, nothing can be sent, and it goes on by itself', async ({ page, place }) => {
  atWork(place);
  const line = await openLine(place.url);
  await page.goto(link(place).replace(place.url, line.url));
  await expect(page).toHaveURL(/\/inbox/);
  const notices = page.waitForResponse(/assets\/Toaster/);
  await page.goto(`${line.url}/tasks/2`);
  await expect(page.getByRole('list', { name: 'Activity' }).getByText('I begin with the')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Pause' })).toBeEnabled();
  const words = page.getByRole('textbox', { name: /Write to the agent/ });
  await words.fill('The third row is crooked.');

  await notices;
  line.down();
  const cut = Date.now();
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByRole('alert')).toContainText('The server does not answer');
  const note = page.getByText(/^Reconnecting, showing state of \d\d:\d\d/);
  await expect(note).toBeVisible({ timeout: 20_000 });
  expect(Date.now() - cut).toBeGreaterThan(3_000);
  await expect(page.getByText(/refresh|reload/i)).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Pause' })).toBeDisabled();
  await expect(page.getByRole('button', { name: 'Give the task up' })).toBeDisabled();
  await expect(words).toBeDisabled();
  await expect(words).toHaveValue('The third row is crooked.');

  // What happens meanwhile is there as soon as somebody tells of it again.
  place.team6('task', 'pause', '2');
  await expect(page.getByRole('button', { name: 'Resume' })).toHaveCount(0);
  line.up();
  await expect(page.getByRole('button', { name: 'Resume' })).toBeEnabled({ timeout: 20_000 });
  await expect(note).toHaveCount(0);
  await expect(words).toBeEnabled();
  await expect(words).toHaveValue('The third row is crooked.');
  await page.getByRole('link', { name: 'Costs' }).click();
  await expect(page.getByRole('heading', { name: 'Costs' })).toBeVisible();
  await page.goBack();
  await expect(words).toHaveValue('The third row is crooked.');
  await page.reload();
  await expect(words).toHaveValue('The third row is crooked.');

  // A browser without the internet may well have this server.
  await page.evaluate(() => dispatchEvent(new Event('offline')));
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page.getByRole('button', { name: 'Pause', exact: true })).toBeEnabled();
  line.close();
});

test('whatever could be sent rests on every page while the connection is lost, and what was not loaded takes nothing away', async ({ page, context, place }) => {
  atRest(place);
  const line = await openLine(place.url);
  await page.goto(link(place).replace(place.url, line.url));
  await expect(page).toHaveURL(/\/inbox/);
  const buttons = await Promise.all(
    WRITES.map(async ([path, name, way]) => {
      const tab = await context.newPage();
      await tab.goto(line.url + path);
      if (way) await tab.getByRole('button', { name: way, exact: true }).click();
      const button = tab.getByRole('button', { name, exact: true }).or(tab.getByRole('menuitem', { name, exact: true }));
      await expect(button, `${name} on ${path}`).toBeEnabled();
      return button;
    }),
  );
  await page.goto(`${line.url}/sprints/1?view=list`);
  const pause = page.getByRole('button', { name: 'Pause', exact: true });
  await expect(pause).toBeEnabled();
  line.down();
  for (const button of [...buttons, pause]) await expect(button).toBeDisabled({ timeout: 20_000 });

  await page.getByRole('link', { name: 'Graph' }).click();
  await expect(page).toHaveURL(/view=graph/);
  await expect(page.getByRole('status', { name: 'Loading the graph' })).toContainText('It comes as soon as the server answers');
  await expect(pause).toBeDisabled();
  await page.keyboard.press('g');
  await page.keyboard.press('c');
  await expect(page.getByRole('main').getByRole('status', { name: 'Loading', exact: true })).toBeVisible();
  await expect(page.getByText(/^Reconnecting/)).toBeVisible();

  line.up();
  for (const button of buttons) await expect(button).toBeEnabled({ timeout: 20_000 });
  await expect(page.getByRole('region', { name: /Costs by/ })).toBeVisible();
  await page.goBack();
  await expect(page.locator('.react-flow__pane')).toHaveCSS('z-index', '1');
  line.close();
});
