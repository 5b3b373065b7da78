// From a goal to an approved plan in the browser, by mouse and by keyboard alone; two who edit at once; and
// what the planning agent made anew.
import { tabTo } from './hands.ts';
import { type Page, expect, link, test } from './test.ts';

test.use({ story: 'plan' });

/** A pause, a save, a merge and another save. */
const ROUND = { timeout: 25_000 };
const titles = (page: Page) => page.getByRole('list', { name: 'Outline' }).getByRole('textbox', { name: /^Title of task/ });
const title = (page: Page, number: number) => page.getByRole('textbox', { name: `Title of task ${number}` });
const planIs = (page: Page, text: RegExp) => expect(page.getByRole('status', { name: 'The plan' })).toHaveText(text);
const step = (page: Page, name: string) => page.getByRole('navigation', { name: 'Steps of the plan' }).getByRole('link', { name: new RegExp(`^${name}`) });
const values = async (page: Page) => Promise.all((await titles(page).all()).map((input) => input.inputValue()));

/** Opens a sprint over the command line and waits for its first draft. */
function drafted(place: { team6: (...args: string[]) => string }) {
  place.team6('sprint', 'plan', 'shop', 'A till for the shop.');
  place.team6('sprint', 'watch', '1', '--until', 'person');
  // The first question waits for a person before the plan is there.
  for (let looks = 0; looks < 200 && !place.team6('sprint', 'show', '1').includes('Drawer'); looks += 1);
}

test('a goal becomes an approved plan, with an edit on the way', async ({ signedIn }) => {
  const page = await signedIn('/sprints');
  await page.getByRole('link', { name: 'Plan a sprint' }).first().click();
  await page.getByLabel('What does the team want?').fill('A till for the shop.');
  // What was typed is still there.
  await page.reload();
  await expect(page.getByLabel('What does the team want?')).toHaveValue('A till for the shop.');
  await page.getByRole('button', { name: 'Start planning' }).click();
  await expect(page).toHaveURL(/\/plan\/1\/goal/);
  // What the agent does streams in.
  await expect(page.getByRole('list', { name: 'Activity' }).getByText('The draft is ready.')).toBeVisible();

  await step(page, 'Questions').click();
  const first = page.getByRole('region', { name: 'Question 1' });
  await first.getByRole('button', { name: 'No, by e-mail only' }).click();
  await page.getByRole('region', { name: 'Question 2' }).getByRole('button', { name: 'Leave to the agent' }).click();
  await expect(page.getByText('Assumption: ada left it to the agent')).toBeVisible();

  await step(page, 'PRD').click();
  await page.getByLabel('The PRD in markdown').fill('# A till\n\nWith a **bell**.');
  await expect(page.getByRole('region', { name: 'How the PRD reads' }).getByText('bell')).toBeVisible();
  await planIs(page, /Saved as version 2/);
  // What it was made of stands beside it, and leads to where the agent read it.
  await page.getByRole('region', { name: 'Sources' }).getByRole('link', { name: 'README.md' }).click();
  await expect(page.getByRole('complementary', { name: 'Entry' })).toContainText('README.md');

  await step(page, 'Tasks').click();
  await expect(titles(page)).toHaveCount(3);
  await title(page, 3).fill('Drawer with a bell');
  await page.getByRole('button', { name: 'Details of Drawer with a bell' }).click();
  await page.getByRole('complementary').getByLabel('Done when, a line each').fill('It opens\nIt rings');
  await planIs(page, /Saved as version [3-9]/);

  await step(page, 'Approve').click();
  const approve = page.getByRole('button', { name: /Approve version \d/ });
  await expect(approve).toBeDisabled();
  // What is missing leads to where it is mended.
  await page.getByRole('region', { name: 'Checklist' }).getByRole('link', { name: 'Owners' }).click();
  await page.getByRole('button', { name: /Take all 3 suggestions/ }).click();
  await expect(page.getByText('Every task has an owner')).toBeVisible();
  await step(page, 'Approve').click();
  await expect(page.getByText('2 tasks begin as soon as there is an agent free, 1 wait for others')).toBeVisible();
  await approve.click();
  await expect(page.getByText(/Version \d was approved by ada/)).toBeVisible();
  await page.getByRole('link', { name: 'Watch the sprint' }).click();
  await expect(page).toHaveURL(/\/sprints\/1/);
});

test('the same by keyboard alone', async ({ signedIn }) => {
  const page = await signedIn('/inbox');
  await expect(page.getByText('Nothing waits for you')).toBeVisible();
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('combobox', { name: 'Search and commands' })).toBeFocused();
  await page.keyboard.type('plan a sprint');
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('What does the team want?')).toBeFocused();
  await page.keyboard.type('A till for the shop.');
  await page.keyboard.press('Control+Enter');
  await expect(page).toHaveURL(/\/plan\/1\/goal/);
  await expect(page.getByText('The draft is ready.')).toBeVisible();
  await page.keyboard.press(']');
  await tabTo(page.getByRole('button', { name: 'No, by e-mail only' }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'No, by e-mail only' })).toHaveCount(0);
  await tabTo(page.getByRole('region', { name: 'Question 2' }).getByRole('textbox'));
  await page.keyboard.type('Euro only');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByText('ada: Euro only')).toBeVisible();

  await page.keyboard.press(']');
  await expect(page).toHaveURL(/\/prd/);
  await page.keyboard.press(']');
  await expect(titles(page)).toHaveCount(3);
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('n');
  await expect(title(page, 4)).toBeFocused();
  await page.keyboard.type('Bell');
  // It waits for the one above, and comes up by two lines.
  await page.keyboard.press('Tab');
  await expect(page.getByRole('status', { name: 'What came of it' })).toHaveText('Bell waits for Drawer');
  await page.keyboard.press('Alt+ArrowUp');
  await page.keyboard.press('Alt+ArrowDown');
  await expect(title(page, 4)).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(title(page, 5)).toBeFocused();
  // An empty one goes by Backspace.
  await page.keyboard.press('Backspace');
  await expect(titles(page)).toHaveCount(4);
  await planIs(page, /Saved as version [2-9]/);
  await page.keyboard.press('Escape');

  await page.keyboard.press(']');
  await tabTo(page.getByRole('button', { name: /Take all 4 suggestions/ }));
  await page.keyboard.press('Enter');
  await expect(page.getByText('Every task has an owner')).toBeVisible();
  await tabTo(page.getByRole('button', { name: /Ada Lovelace owns Till/ }));
  await page.keyboard.press('ArrowRight');
  await expect(page.getByRole('button', { name: /Lin Chen owns Till/ })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: /Lin Chen owns Till/ })).toHaveAttribute('aria-pressed', 'true');
  await page.keyboard.press(']');
  await tabTo(page.getByRole('button', { name: /Approve version \d/ }));
  await page.keyboard.press('Enter');
  await expect(page.getByText(/Version \d was approved by ada/)).toBeVisible();
});

test('two edit at once and lose nothing; what both changed is offered side by side', async ({ place, signedIn, browser }) => {
  drafted(place);
  const page = await signedIn('/plan/1/tasks');
  const context = await browser.newContext();
  const other = await context.newPage();
  await other.goto(link(place, 'lin'));
  await expect(other).toHaveURL(/\/inbox/);
  await other.goto(`${place.url}/plan/1/tasks`);
  await expect(titles(other)).toHaveCount(3);

  await Promise.all([title(page, 1).fill('Till with a screen'), title(other, 2).fill('Receipts by e-mail')]);
  await expect.poll(() => values(page), ROUND).toEqual(['Till with a screen', 'Receipts by e-mail', 'Drawer']);
  await expect.poll(() => values(other), ROUND).toEqual(['Till with a screen', 'Receipts by e-mail', 'Drawer']);
  await Promise.all([planIs(page, /Saved as version \d/), planIs(other, /Saved as version \d/)]);

  await Promise.all([title(page, 3).fill('Drawer of wood'), title(other, 3).fill('Drawer of steel')]);
  // Whoever came second chooses.
  const second = await Promise.any(
    [page, other].map(async (each) => {
      await each.getByRole('link', { name: /^Conflicts/ }).waitFor();
      return each;
    }),
  );
  const mine = await title(second, 3).inputValue();
  await second.getByRole('link', { name: /^Conflicts/ }).click();
  await second.getByRole('button', { name: 'Keep yours' }).click();
  await expect.poll(() => values(page), ROUND).toEqual(['Till with a screen', 'Receipts by e-mail', mine]);
  await expect.poll(() => values(other), ROUND).toEqual(['Till with a screen', 'Receipts by e-mail', mine]);
  await context.close();
});

test('a cycle is refused with its path, and a task that was removed comes back', async ({ place, signedIn }) => {
  drafted(place);
  const page = await signedIn('/plan/1/tasks?task=till');
  const form = page.getByRole('complementary');
  await form.getByLabel('Wait for another task').selectOption({ label: 'Receipts' });
  await expect(form.getByRole('alert')).toHaveText('tasks wait for each other: till → receipts → till; remove one of these dependencies');
  await page.getByRole('button', { name: 'Remove Till' }).click();
  await expect(titles(page)).toHaveCount(2);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => values(page)).toEqual(['Till', 'Receipts', 'Drawer']);
});

test('a revision by the agent is taken piece by piece, and a version is restored', async ({ place, signedIn }) => {
  drafted(place);
  const page = await signedIn('/plan/1/tasks');
  await page.getByRole('link', { name: 'Ask for a revision' }).click();
  await page.getByLabel('What should be different?').fill('Add refunds');
  await page.keyboard.press('Control+Enter');
  await expect(titles(page)).toHaveCount(4);
  await page.getByRole('link', { name: /^Revision/ }).click();
  const changes = page.getByRole('complementary').getByRole('list', { name: 'Changes' }).getByRole('listitem');
  await expect(changes.filter({ hasText: 'Refunds' }).filter({ hasText: 'added' })).toHaveCount(1);
  await changes.filter({ hasText: 'estimate' }).getByRole('button', { name: 'Take back' }).click();
  await expect(page.getByLabel('Estimate of Till in minutes')).toHaveValue('60');
  await page.getByRole('button', { name: 'Keep all' }).click();
  await expect(page.getByText('Nothing is left to look at.')).toBeVisible();
  await planIs(page, /Saved as version 3/);

  await page.getByRole('link', { name: 'Versions' }).click();
  const versions = page.getByRole('complementary').getByRole('list', { name: 'Versions' });
  await versions.getByRole('link', { name: /Version 1/ }).click();
  await expect(versions.getByText('Refunds').first()).toBeVisible();
  await page.getByRole('button', { name: 'Restore version 1' }).click();
  await planIs(page, /Saved as version 4/);
  await expect.poll(() => values(page)).toEqual(['Till', 'Receipts', 'Drawer']);
});

test('a task is added to a sprint that runs, and waits for approval', async ({ place, signedIn }) => {
  drafted(place);
  place.team6('sprint', 'owners', '1', '1=ada', '2=ada', '3=ada');
  place.team6('sprint', 'approve', '1');
  const page = await signedIn('/sprints/1');
  await page.getByRole('link', { name: 'Add a task' }).click();
  await expect(title(page, 4)).toBeFocused();
  await page.keyboard.type('Bell');
  await planIs(page, /Saved as version 2; version 1 is what runs until this is approved/);
  // What has begun stays as it was approved.
  await expect(title(page, 1)).toHaveAttribute('readonly', '');
  await step(page, 'Owners').click();
  await page.getByRole('button', { name: 'Take the suggestion' }).click();
  await step(page, 'Approve').click();
  await expect(page.getByText(/1 task begins/)).toBeVisible();
  await page.getByRole('button', { name: 'Approve version 2' }).click();
  await expect(page.getByText(/Version 2 was approved by ada/)).toBeVisible();
});
