// Watching agents at work, and writing to them.
import { atWork } from './story.ts';
import { expect, test } from './test.ts';

/** The last word is held back until it is known to be no part of a secret; a call of the engine may come before it. */
const BEGINS = /^I begin with the corner/;

test('a sprint is watched live: what an agent does shows without a reload', async ({ place, signedIn }) => {
  atWork(place);
  place.team6('sprint', 'watch', '1', '--until', 'person');
  const page = await signedIn('/sprints/1?view=list');
  const running = page.getByRole('list', { name: 'Running now' });
  const walls = page.getByRole('list', { name: 'Tasks' }).getByRole('listitem').filter({ hasText: /T-2\b/ }).first();
  await expect(running.getByText('Laying the first course')).toBeVisible();
  place.signal('walls');
  await expect(running.getByText('Laying the first course')).toHaveCount(0);
  await expect(walls.getByText(/review/i).first()).toBeVisible();
});

test('a message reaches an agent at work, and its answer comes into the trace that is open', async ({ place, signedIn }) => {
  atWork(place);
  const page = await signedIn('/tasks/2');
  await expect(page.getByText(BEGINS)).toBeVisible();
  await page.getByRole('textbox').first().fill('Use the old bricks');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByText('Use the old bricks').first()).toBeVisible();
  place.signal('walls');
  // What an agent wrote is shown and never run: the page would have told of a script.
  await expect(page.getByText('The old bricks it is.').first()).toBeVisible();
});

test('a sprint is seen over time, and each bar leads to what was done in it', async ({ place, signedIn }) => {
  atWork(place);
  const page = await signedIn('/sprints/1?view=timeline');
  const line = page.getByRole('list', { name: 'Attempts by task' }).getByRole('listitem').filter({ hasText: 'Walls of the ground floor' });
  await line.getByRole('link', { name: /is at work/ }).click();
  await expect(page).toHaveURL(/\/tasks\/2\?attempt=/);
  await expect(page.getByText(BEGINS)).toBeVisible();
});
