// A sprint from its first question to a merge, by a person who never leaves the app.
import { atWork, planned } from './story.ts';
import { expect, link, test } from './test.ts';

test('what waits is solved where it is shown', async ({ place, signedIn }) => {
  planned(place);
  const page = await signedIn();
  const waits = page.getByRole('list', { name: 'What waits' });
  const row = (wanted: string, of = '') => waits.getByRole('button').filter({ hasText: wanted }).filter({ hasText: of });
  const inspector = page.getByRole('complementary', { name: 'What waits' });

  await row('answer').click();
  await expect(inspector.getByText('Should the house have a cellar?')).toBeVisible();
  await inspector.getByRole('button', { name: 'No, build on a slab' }).click();
  await expect(row('answer')).toHaveCount(0);

  await row('owners').or(row('approve')).first().click();
  await inspector.getByRole('button', { name: /Take all/ }).click();
  await expect(inspector.getByLabel('Owner of Roof')).toHaveValue('ada');
  await inspector.getByRole('button', { name: /Approve version/ }).click();

  // An agent asks its owner, and goes on with the answer.
  await row('answer', 'Front door').click();
  await inspector.getByRole('button', { name: 'Red' }).click();
  await row('review', 'Ground and slab').click();
  await inspector.getByLabel('What should be different?').fill('More level.');
  // What a merge comes to stands there before it can be asked for.
  let tell = () => {};
  const told = new Promise<void>((resolve) => (tell = resolve));
  await page.route('**/merge', async (route) => {
    if (route.request().method() === 'GET') await told;
    await route.continue();
  });
  await row('review', 'Front door').click();
  await expect(inspector.getByRole('status', { name: 'Loading the delivery' })).toBeVisible();
  await expect(inspector.getByRole('button', { name: 'Approve and merge' })).toHaveCount(0);
  tell();
  await expect(inspector.getByText('The door is painted.')).toBeVisible();
  await inspector.getByRole('button', { name: 'Approve and merge' }).click();
  await inspector.getByRole('button', { name: 'Approve and merge now' }).click();
  await expect(page.getByText('Approved, and merging')).toBeVisible();
  await expect(waits.getByText('Front door')).toHaveCount(0);

  // Another row was looked at and solved meanwhile; what was written and not sent is there.
  await row('review', 'Ground and slab').click();
  await expect(inspector.getByLabel('What should be different?')).toHaveValue('More level.');
  await inspector.getByText('ground.txt').first().click();
  await expect(inspector.getByText('level').first()).toBeVisible();
  await inspector.getByRole('button', { name: 'Approve and merge' }).click();
  await inspector.getByRole('button', { name: 'Approve and merge now' }).click();
  await expect(waits.getByText('Ground and slab')).toHaveCount(0);

  // What cannot go on says why.
  await row('failed', 'Well in the yard').click();
  await expect(inspector.getByText(/the key of the drill/).first()).toBeVisible();
});

test('what somebody writes stays before them while its task waits for nobody', async ({ place, signedIn }) => {
  atWork(place);
  const page = await signedIn();
  const row = page.getByRole('list', { name: 'What waits' }).getByRole('button').filter({ hasText: 'review' }).filter({ hasText: 'T-1' });
  await row.click();
  const words = page.getByRole('complementary', { name: 'What waits' }).getByLabel('What should be different?');
  await words.fill('More level.');
  // As while it is brought up to date, which is over before anybody sees it.
  await page.route('**/inbox?*', async (route) => {
    const answer = await route.fetch();
    const { items, ...rest } = (await answer.json()) as { items: { key: string }[] };
    await route.fulfill({ response: answer, json: { ...rest, items: items.filter(({ key }) => key !== 'task/1') } });
  });
  place.team6('task', 'pause', '2');
  await expect(row).toHaveCount(0);
  await expect(words).toBeFocused();
  // What is under way is over first.
  await page.unrouteAll({ behavior: 'wait' });
  place.team6('task', 'resume', '2');
  await expect(row).toHaveCount(1);
  await expect(words).toBeFocused();
  await expect(words).toHaveValue('More level.');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByText('Sent to the agent')).toBeVisible();
  await expect(row).toHaveCount(0);
});

test('what is solved in one tab is gone from the other within a second', async ({ place, signedIn, context }) => {
  planned(place);
  const page = await signedIn();
  const other = await context.newPage();
  await other.goto(`${place.url}/inbox`);
  const there = other.getByRole('list', { name: 'What waits' }).getByRole('button').filter({ hasText: 'answer' });
  await expect(there).toHaveCount(1);
  place.team6('sprint', 'answer', '1', '1', 'No, build on a slab');
  await expect(there).toHaveCount(0, { timeout: 1_000 });
  await expect(page.getByRole('list', { name: 'What waits' }).getByRole('button').filter({ hasText: 'answer' })).toHaveCount(0);
});

test('everybody sees what waits for them', async ({ page, place }) => {
  atWork(place);
  await page.goto(link(place, 'lin'));
  await expect(page.getByText('Nothing waits for you')).toBeVisible();
});
