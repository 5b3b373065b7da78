// What people do with a sprint at work beside reviewing: pause it, go on, give a task up, walk through its graph.
import { addLib, delivered, fileOf } from './desk.ts';
import { atWork } from './story.ts';
import { expect, test, troubles } from './test.ts';

test('a sprint is paused and goes on, and a task is given up only when somebody is sure', async ({ place, signedIn }) => {
  atWork(place);
  const page = await signedIn('/sprints/1');
  const notices = page.getByRole('region', { name: 'Notices' });
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByText('paused by ada')).toBeVisible();
  expect(await troubles(page)).toEqual([]);
  await notices.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByText('paused by ada')).toHaveCount(0);
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page.getByRole('button', { name: 'Pause' })).toBeVisible();

  // The graph is walked along its edges, and the address goes along.
  await page.getByRole('button', { name: /^Walls of the ground floor/ }).click();
  await expect(page).toHaveURL(/task=2/);
  await page.keyboard.press('ArrowRight');
  await expect(page).toHaveURL(/task=[56]/);
  await page.keyboard.press('ArrowLeft');
  await expect(page).toHaveURL(/task=[12]/);

  await page.goto(`${place.url}/tasks/7`);
  await page.getByRole('button', { name: 'Give the task up' }).click();
  const sure = page.getByRole('group', { name: 'Give the task up' });
  await sure.getByRole('button', { name: 'Keep it' }).click();
  await expect(page.getByText('given up')).toHaveCount(0);
  await page.getByRole('button', { name: 'Give the task up' }).click();
  await sure.getByRole('button', { name: 'Give the task up' }).click();
  await expect(page.getByText(/^(given up|cancelled)/).first()).toBeVisible();
  expect(place.team6('task', 'show', '7')).toMatch(/cancelled|given up/);

  // As dense as somebody likes it, and still so after a reload.
  await page.goto(`${place.url}/settings`);
  await page.getByLabel('Density').selectOption('compact');
  await page.reload();
  await expect.poll(() => page.evaluate(() => getComputedStyle(document.documentElement).getPropertyValue('--row').trim())).toBe('26px');
});

test.describe('a review', () => {
  test.use({ story: 'desk' });

  test('is read split or unified', async ({ place, signedIn }) => {
    addLib(place);
    delivered(place, 2);
    const page = await signedIn('/tasks/1/review');
    const code = (side: string) => fileOf(page, 'README.md').locator(`code[data-${side}]`);
    await expect(code('additions')).toBeVisible();
    await page.getByRole('link', { name: 'Unified' }).click();
    await expect(page).toHaveURL(/view=unified/);
    await expect(code('unified')).toBeVisible();
    await expect(code('additions')).toHaveCount(0);
    await page.reload();
    await expect(code('unified')).toBeVisible();
  });
});
