// A delivery is read line by line, sent back with comments, seen mended, and merged.
import { addLib, delivered, drag, fileOf, numberOf } from './desk.ts';
import { expect, overflows, test, troubles, WIDTHS } from './test.ts';

test.use({ story: 'desk' });

test('a delivery is sent back with comments on lines, seen mended since, and merged', async ({ place, signedIn }) => {
  test.setTimeout(150_000);
  addLib(place);
  place.team6('repo', 'check', 'add', 'shop', 'app', 'total', 'echo sums are right; test -e src/money.rs');
  delivered(place, 2);
  const page = await signedIn();
  const waits = page.getByRole('list', { name: 'What waits' }).getByRole('button').filter({ hasText: 'review' });

  // What its agent edited leads to where that stands in the review.
  await page.goto(`${place.url}/tasks/1?show=edits`);
  await page.getByRole('list', { name: 'Activity' }).getByText(/money\.rs/).first().click();
  await page.getByRole('link', { name: /^Line \d+ in the review/ }).click();
  await expect(page).toHaveURL(/\/tasks\/1\/review\?.*file=src%2Fmoney\.rs&line=\d/);
  await page.goto(place.url);

  await waits.first().click();
  await page.getByRole('link', { name: 'Review line by line' }).click();
  await expect(page).toHaveURL(/\/tasks\/1\/review/);

  // What is needed to decide stands on top, and each repository has its pull request.
  await expect(page.getByText('Cents are never lost')).toBeVisible();
  await expect(page.getByText('Negative totals are untested.')).toBeVisible();
  await page.getByRole('region', { name: 'Checks' }).getByText('total').click();
  await expect(page.getByText('sums are right')).toBeVisible();
  await page.getByRole('region', { name: 'Checks' }).getByText('total').click();
  const files = page.getByRole('navigation', { name: 'Files' });
  await expect(files.getByRole('heading', { name: 'lib #1' })).toBeVisible();

  // A comment on a line, by pointer.
  await files.getByRole('button', { name: /money\.rs/ }).click();
  await expect(page).toHaveURL(/file=src%2Fmoney\.rs/);
  await numberOf(page, 'money.rs', 4).click();
  await page.getByRole('textbox', { name: 'Comment on line 4' }).fill('Refunds are no income.');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('textbox')).toHaveCount(0);

  // A range with a suggestion.
  await drag(page, 'money.rs', 6, 8);
  const range = page.getByRole('textbox', { name: 'Comment on lines 6–8' });
  await range.fill('Two digits:');
  await page.getByRole('button', { name: 'Suggest a change' }).click();
  await expect(range).toHaveValue(/```suggestion\npub fn shown/);
  await range.fill((await range.inputValue()).replace('{}.{}', '{}.{:02}'));
  await page.getByRole('button', { name: 'Add to the review' }).click();
  await expect(page.getByRole('group', { name: 'Suggested change' })).toContainText('{:02}');

  // Nothing of it is lost by a reload.
  await page.reload();
  await expect(page.getByRole('button', { name: 'Send 2 comments to the agent' })).toBeVisible();
  await expect(page.getByText('Refunds are no income.')).toBeVisible();
  await files.getByRole('button', { name: /README/ }).click();
  await page.keyboard.press('v');
  await expect(page.getByText('1 of 3 viewed')).toBeVisible();

  // One batch, by keyboard.
  await page.keyboard.press('Control+Enter');
  await page.getByRole('textbox', { name: /on the whole/ }).fill('Nearly there.');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByText('Sent to the agent')).toBeVisible();

  // It comes back mended: what is shown is what is new, and each thread has its answer and commit.
  await expect(page.getByRole('link', { name: 'Since my last review' })).toHaveAttribute('aria-current', 'true', { timeout: 60_000 });
  await expect(files.getByRole('button', { name: /money\.rs/ })).toContainText('+2 −2');
  await expect(files.getByRole('button', { name: /README|rounding/ })).toHaveCount(0);
  const thread = page.getByRole('article', { name: /Thread/ }).filter({ hasText: 'Refunds are no income.' });
  await expect(thread).toContainText('Mended as asked.');
  const head = place.team6('--json', 'task', 'show', '1');
  const mended = (JSON.parse(head) as { pull_requests: { repository: string; head: string }[] }).pull_requests.find(({ repository }) => repository === 'app');
  await expect(thread).toContainText(`mended it in ${mended?.head.slice(0, 10)}`);
  // Its address leads back to it, on a page that knows nothing yet.
  await thread.getByRole('link', { name: /Address of thread/ }).click();
  await expect(page).toHaveURL(/thread=\d+/);
  await page.reload();
  await expect(thread).toBeInViewport();
  await page.getByRole('link', { name: 'All changes' }).click();
  await expect(files.getByRole('button', { name: /rounding/ })).toBeVisible();

  // The effect stands there before it can be asked for.
  await page.getByRole('button', { name: 'Approve and merge', exact: true }).click();
  const sure = page.getByRole('region', { name: 'Approve and merge' });
  await expect(sure).toContainText('Merges lib #1 and app #1, in this order; unblocks T-2.');
  await sure.getByRole('button', { name: 'Approve and merge now' }).click();
  await expect(page.getByText(/It is done/)).toBeVisible({ timeout: 30_000 });
  await page.goto(`${place.url}/tasks/2`);
  await expect(page.getByText('I write the invoice.')).toBeVisible();
});

test('a review is gone through by keyboard, at an address that leads back to the line', async ({ place, signedIn }) => {
  addLib(place);
  delivered(place, 2);
  const page = await signedIn('/tasks/1/review');
  await expect(page.getByText('0 of 3 viewed')).toBeVisible();
  await page.keyboard.press('n');
  await expect(page).toHaveURL(/line=1/);
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  await page.keyboard.press('n');
  await page.keyboard.press('c');
  await expect(page.getByRole('textbox')).toBeFocused();
  // Letters that are written are no commands.
  await page.keyboard.type('jv, please');
  await page.keyboard.press('Escape');
  await expect(page.getByText('jv, please')).toBeVisible();
  await expect(page.getByText('0 of 3 viewed')).toBeVisible();
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog').getByText('Next, previous change')).toBeVisible();
  await page.keyboard.press('Escape');
  await page.goto(`${place.url}/tasks/1/review?repository=app&file=src%2Fmoney.rs&line=7`);
  await expect(numberOf(page, 'money.rs', 7)).toHaveAttribute('data-selected-line', /.*/);
  await expect(numberOf(page, 'money.rs', 7)).toBeInViewport();
});

test('axe finds nothing on a review with comments, at any width and in any theme', async ({ place, signedIn }) => {
  test.setTimeout(120_000);
  addLib(place);
  delivered(place, 2);
  const page = await signedIn('/tasks/1/review?file=src%2Fmoney.rs');
  await numberOf(page, 'money.rs', 4).click();
  await page.getByRole('textbox').fill('Why?');
  await page.keyboard.press('Control+Enter');
  await numberOf(page, 'money.rs', 7).click();
  // Colours are there.
  await expect(fileOf(page, 'money.rs').locator('[data-line] span[style]').first()).toBeVisible();
  const found: string[] = [];
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    for (const trouble of await troubles(page)) found.push(`${width} ${trouble}`);
    if (await overflows(page)) found.push(`${width}: it can be moved sideways`);
  }
  expect(found).toEqual([]);
});
