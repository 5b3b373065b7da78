// Getting in and out.
import { expect, link, test } from './test.ts';

test('a link opens the app once, and leaves no code in the address', async ({ page, place, browser }) => {
  const once = link(place);
  await page.goto(once);
  await expect(page).toHaveURL(`${place.url}/inbox`);
  await page.reload();
  await expect(page).toHaveURL(`${place.url}/inbox`);
  const other = await (await browser.newContext()).newPage();
  await other.goto(once);
  await expect(other.getByText('used before')).toBeVisible();
  // Somebody else had the link, so nobody is in by it any more.
  await page.reload();
  await expect(page).toHaveURL(/\/sign-in/);
});

test('the token opens the app where somebody wanted to go, and a wrong one is told', async ({ page, place }) => {
  await page.goto(`${place.url}/sprints`);
  await expect(page).toHaveURL(/\/sign-in/);
  await page.getByLabel(/token/i).fill('not the token');
  await page.keyboard.press('Enter');
  await expect(page.getByText('this is not the token')).toBeVisible();
  await page.getByLabel(/token/i).fill(place.token);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(`${place.url}/sprints`);
  const kept = await page.evaluate(() => JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }]));
  expect(kept).not.toContain(place.token);
  expect(kept).not.toContain('team6_');

  await page.getByRole('dialog', { name: 'Who are you?' }).getByRole('button', { name: 'Ada Lovelace' }).click();

  // Whoever cannot be signed out is told so, and still in.
  await page.getByRole('button', { name: 'Ada Lovelace' }).click();
  await page.route('**/sign-out', (route) => route.fulfill({ status: 500, body: '' }));
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page.getByRole('alert')).toContainText('answered 500');
  await page.unroute('**/sign-out');
  await page.getByRole('button', { name: 'Ada Lovelace' }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expect(page).toHaveURL(`${place.url}/sign-in`);
  await expect(page.getByLabel(/token/i)).toBeVisible();
});
