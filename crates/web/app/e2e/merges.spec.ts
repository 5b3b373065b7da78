// The merge forecast of a sprint: what conflicts is seen in its graph before anybody reviews it.
import { delivered } from './desk.ts';
import { expect, test, troubles } from './test.ts';

test.use({ story: 'clash' });

test('branches that conflict are joined in the graph, and the order of merging is told', async ({ place, signedIn }) => {
  delivered(place, 4);
  const page = await signedIn('/sprints/1');
  const bring = page.getByRole('list', { name: 'Bring out' });
  await expect(bring.getByRole('link', { name: 'Merge forecast 1 conflict' })).toBeVisible();
  await expect(page.locator('.conflict')).toHaveCount(1);
  await expect(page.getByRole('button', { name: /^Euros/ }).getByRole('img', { name: 'conflicts with T-2 in app/money.txt' })).toBeVisible();
  await expect(page.getByRole('button', { name: /^Bell/ }).getByRole('img', { name: /conflicts/ })).toHaveCount(0);

  await page.keyboard.press('m');
  await expect(page).toHaveURL(/over=merges/);
  const forecast = page.getByRole('complementary', { name: 'Merge forecast' });
  const order = forecast.getByRole('list', { name: 'Order of merging in app' });
  await expect(order.getByRole('listitem')).toHaveText([/T-1 Euros/, /T-3 Bell/, /T-2 Pounds, to be mended.*conflicts with T-1 in app\/money\.txt/]);
  expect(await troubles(page)).toEqual([]);

  // The list is the graph's equal, and the address keeps what is brought out.
  await page.getByRole('link', { name: 'list', exact: true }).click();
  await expect(page.getByRole('list', { name: 'Tasks', exact: true }).getByRole('img', { name: /^conflicts with/ })).toHaveCount(2);
  await page.reload();
  await order.getByRole('button', { name: /Euros/ }).click();
  await expect(page.getByRole('complementary', { name: 'Task' })).toContainText('conflicts with T-2 in app/money.txt');
  await page.keyboard.press('Escape');
  await expect(forecast).toBeVisible();

  // What is merged is no conflict between two any more.
  place.team6('task', 'review', '1', '--approve');
  place.team6('task', 'merge', '1');
  await expect(order.getByRole('button', { name: /Euros/ })).toHaveCount(0);
});

test('the critical path is brought out', async ({ place, signedIn }) => {
  delivered(place, 4);
  const page = await signedIn('/sprints/1');
  await page.getByRole('link', { name: 'Critical path' }).click();
  await expect(page).toHaveURL(/over=critical/);
  await expect(page.getByRole('button', { name: /^Bell/ })).toHaveClass(/\bdim\b/);
  await expect(page.getByRole('button', { name: /^Drawer/ })).not.toHaveClass(/\bdim\b/);
  // The graph is gone through as a list is.
  const open = page.getByRole('complementary', { name: 'Task' });
  for (const [key, task] of [['j', 'T-1'], ['j', 'T-2'], ['k', 'T-1']] as const) {
    await page.keyboard.press(key);
    await expect(open.getByRole('link', { name: `Open ${task}` })).toBeVisible();
  }
  await page.keyboard.press('Escape');
  await expect(open).toHaveCount(0);
  expect(await troubles(page)).toEqual([]);
});
