// Watching agents at work, and writing to them.
import { atWork } from './story.ts';
import { expect, test } from './test.ts';

const BEGINS = 'I begin with the corner stones.';
/** Its last line is seen only when the whole message is. */
const LONG = ['Use the old bricks', ...Array.from({ length: 11 }, (_, at) => `course ${at + 1}: of the old ones`), 'and mortar of lime'].join('\n');

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
  await page.getByRole('link', { name: 'Board' }).click();
  await page.getByRole('region', { name: 'Board' }).getByRole('link', { name: '2 in review' }).click();
  await expect(page).toHaveURL(/show=review/);
  await expect(page.getByRole('list', { name: 'Tasks', exact: true }).getByRole('listitem')).toHaveCount(2);
});

test('a message reaches an agent at work, and its answer comes into the trace that is open', async ({ place, signedIn }) => {
  atWork(place);
  const page = await signedIn('/tasks/2');
  await expect(page.getByText(BEGINS)).toBeVisible();
  const chat = page.getByRole('region', { name: 'Chat with the agent' });
  const said = chat.getByRole('list', { name: 'Messages' }).getByRole('listitem');
  for (const words of ['Good morning', 'How high are they?', 'As high as planned, then.', LONG]) {
    await chat.getByRole('textbox').fill(words);
    await page.keyboard.press('Control+Enter');
    await expect(said.last()).toContainText(words.split('\n', 1)[0] ?? '');
  }
  await expect(said.last()).toContainText('queued until its turn ends');
  // A long one is read whole, in its lines, and what was written first is there still.
  await chat.getByRole('button', { name: 'Show the whole message' }).click();
  expect(await said.last().getByRole('paragraph').innerText()).toBe(LONG);
  await expect(said).toHaveCount(3);
  await chat.getByRole('button', { name: 'Show all 4 messages' }).click();
  await expect(said).toHaveCount(4);
  await expect(said.last()).toBeInViewport();
  await expect(said.first()).not.toBeInViewport();
  await said.first().scrollIntoViewIfNeeded();
  await expect(said.first()).toBeInViewport();
  place.signal('walls');
  await expect(said.last()).toContainText('read in attempt 1');
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

test.describe('an agent that says nothing', () => {
  test.use({ beside: { config: 'silence = "8s"\n' } });

  test('is marked before it is given up, and what lives moves only for those who like it', async ({ place, signedIn }) => {
    atWork(place);
    const page = await signedIn('/sprints/1?view=list');
    const running = page.getByRole('list', { name: 'Running now' }).getByRole('listitem').filter({ hasText: 'Walls' });
    await expect(running).toContainText(/heard|silent/);
    const moving = () =>
      page.evaluate(() => document.getAnimations().filter(({ effect }) => Number(effect?.getComputedTiming().activeDuration) > 100).length);
    expect(await moving()).toBe(0);
    await page.emulateMedia({ reducedMotion: 'no-preference' });
    expect(await moving()).toBeGreaterThan(0);
    await expect(running).toContainText('⚠ silent', { timeout: 15_000 });
  });
});
