// The same without a mouse, and on a phone.
import { PHONE, tabTo } from './hands.ts';
import { planned } from './story.ts';
import { expect, overflows, test } from './test.ts';

test('a question is answered and a plan approved by keyboard alone', async ({ place, signedIn }) => {
  planned(place);
  const page = await signedIn();
  const row = (wanted: string) => page.getByRole('list', { name: 'What waits' }).getByRole('button').filter({ hasText: wanted });
  const inspector = page.getByRole('complementary', { name: 'What waits' });
  await expect(row('answer')).toHaveCount(1);
  await page.keyboard.press('j');
  await tabTo(inspector.getByLabel('Or in your own words'));
  // Letters that are written are no commands.
  await page.keyboard.type('No, jk: build on a slab');
  await page.keyboard.press('Control+Enter');
  await expect(row('answer')).toHaveCount(0);
  await expect(row('owners').or(row('approve'))).toHaveCount(1);
  await page.keyboard.press('j');
  await tabTo(inspector.getByRole('button', { name: /Take all/ }));
  await page.keyboard.press('Enter');
  await expect(inspector.getByLabel('Owner of Roof')).toHaveValue('ada');
  await tabTo(inspector.getByRole('button', { name: /Approve version/ }));
  await page.keyboard.press('Enter');
  await expect(inspector.getByRole('button', { name: /Approve version/ })).toHaveCount(0);
  await page.keyboard.press('Escape');
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await expect(page).toHaveURL(/\/sprints$/);
  // What has the focus in the moment in which the dialog is there; before, letters are kept for it.
  const focused = page.evaluate(
    () =>
      new Promise<string | null | undefined>((tell) => {
        const looking = new MutationObserver(() => {
          if (document.querySelector('[role=dialog]') === null) return;
          looking.disconnect();
          tell(document.activeElement?.getAttribute('aria-label'));
        });
        looking.observe(document.body, { childList: true, subtree: true });
      }),
  );
  await page.keyboard.press('Control+k');
  expect(await focused).toBe('Search and commands');
  await page.keyboard.type('inbox');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/inbox/);
});

test('keys are heard before anything of the page is there', async ({ place, signedIn }) => {
  const page = await signedIn();
  let answer = () => {};
  const held = new Promise<void>((release) => (answer = release));
  await page.route('**/api/v1/**', (route) => held.then(() => route.continue()));
  // Scripts of modules have run by then.
  await page.goto(`${place.url}/sprints`, { waitUntil: 'domcontentloaded' });
  await expect(page.locator('#page')).toHaveCount(0);
  await page.keyboard.press('g');
  await page.keyboard.press('m');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('roof');
  answer();
  await expect(page.getByRole('combobox', { name: 'Search and commands' })).toBeFocused();
  await expect(page.getByRole('combobox', { name: 'Search and commands' })).toHaveValue('roof');
  await expect(page).toHaveURL(/\/memory/);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('heading', { name: 'Memory' })).toBeVisible();
});

test.describe('on a phone', () => {
  test.use(PHONE);

  test('a question is answered, and the places are at the bottom', async ({ place, signedIn }) => {
    planned(place);
    const page = await signedIn();
    await page.getByRole('list', { name: 'What waits' }).getByRole('button').first().tap();
    await page.getByRole('button', { name: 'No, build on a slab' }).tap();
    await expect(page.getByText('Should the house have a cellar?')).toHaveCount(0);
    expect(await overflows(page)).toBe(false);
    await page.goto(`${place.url}/inbox`);
    await page.getByRole('navigation', { name: 'Places' }).getByRole('link', { name: 'Sprints' }).tap();
    await expect(page).toHaveURL(/\/sprints$/);
    expect(await overflows(page)).toBe(false);
  });
});
