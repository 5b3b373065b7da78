// The pages beside the sprint: what stands there is true, what is done there is done, and every number leads somewhere.
import { readFileSync } from 'node:fs';
import { addLib } from './desk.ts';
import { PHONE } from './hands.ts';
import { atWork, planned } from './story.ts';
import { expect, test } from './test.ts';

test('agents are tried out, and what they work on now is a press away', async ({ place, signedIn }) => {
  atWork(place);
  const page = await signedIn();
  await page.keyboard.press('g');
  await page.keyboard.press('a');
  await expect(page).toHaveURL(/\/agents$/);
  await page.getByRole('list', { name: 'Agents' }).getByRole('button').filter({ hasText: 'scripted' }).click();
  const agent = page.getByRole('complementary', { name: 'Agent' });
  await agent.getByRole('button', { name: 'Check that it can start' }).click();
  await expect(agent.getByRole('status')).toHaveText('It can be given work', { timeout: 30_000 });
  await agent.getByRole('link', { name: /Walls of the ground floor/ }).click();
  await expect(page).toHaveURL(/\/tasks\/2/);
});

test('each count of a queue leads to the attempts behind it', async ({ place, signedIn }) => {
  atWork(place);
  const page = await signedIn('/workers');
  const attempts = page.getByRole('list', { name: 'Attempts' });
  await expect(attempts.getByText('Walls of the ground floor')).toBeVisible();
  await expect(attempts.getByText('Laying the first course')).toBeVisible();
  await page.getByRole('link', { name: /\d+ in hand in shop/ }).click();
  await expect(page).toHaveURL(/project=shop&show=active/);
  await expect(attempts.getByText('Walls of the ground floor')).toBeVisible();
  await page.getByRole('link', { name: /\d+ stalled in shop/ }).click();
  await expect(page.getByText('Nothing is there now')).toBeVisible();
  place.signal('walls');
  await page.getByRole('link', { name: 'All of it' }).click();
  // It goes by itself when its agent is done.
  await expect(page.getByText('Walls of the ground floor')).toHaveCount(0);
});

test('a memory is found, pinned, put in other words and taken out, and each comes back', async ({ place, signedIn }) => {
  place.team6('memory', 'add', 'shop', 'convention', 'Bricks are laid wet.');
  place.team6('memory', 'add', 'shop', 'pitfall', 'Frost breaks mortar.', '--repo', 'app');
  const page = await signedIn('/memory');
  const list = page.getByRole('list', { name: 'Memories' });
  await expect(list.getByRole('listitem')).toHaveCount(2);
  await page.keyboard.press('n');
  await page.keyboard.type('Walls are plumb.');
  await page.getByLabel('Where it holds').last().selectOption('app');
  await page.getByLabel(/Below this path/).fill('walls');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('complementary', { name: 'Memory' })).toContainText('app/walls');
  await expect(list.getByRole('listitem')).toHaveCount(3);
  await page.getByLabel('Kind').selectOption('pitfall');
  await expect(list.getByRole('listitem')).toHaveCount(1);
  await page.getByLabel('Kind').selectOption('');
  await page.getByLabel('Search memories').fill('bricks');
  await expect(list.getByRole('listitem')).toHaveCount(1);
  await list.getByRole('button').click();
  await expect(page).toHaveURL(/q=bricks/);
  await expect(page).toHaveURL(/memory=1/);
  const one = page.getByRole('complementary', { name: 'Memory' });
  const notices = page.getByRole('region', { name: 'Notices' });

  await one.getByRole('button', { name: 'Pin' }).click();
  await expect(page.getByText('Pinned: it is told before all others')).toBeVisible();
  await expect(list.getByText('pinned')).toBeVisible();
  await notices.getByRole('button', { name: 'Undo' }).click();
  await expect(list.getByText('pinned')).toHaveCount(0);

  await one.getByRole('button', { name: 'Edit' }).click();
  await one.getByLabel('What was learnt').fill('Bricks are laid damp.');
  await page.keyboard.press('Control+Enter');
  await expect(one.getByText('Bricks are laid damp.')).toBeVisible();
  // What one typed is to be read before it was sent.
  await expect.poll(() => place.team6('memory', 'list', 'shop')).toContain('Bricks are laid damp.');

  await one.getByRole('button', { name: 'Retire' }).click();
  await one.getByLabel(/Why/).fill('We glue them.');
  await one.getByRole('button', { name: 'Retire' }).click();
  await expect(one.getByText(/retired by ada: We glue them/)).toBeVisible();
  await expect(page.getByText('No memory is like this')).toBeVisible();
  await one.getByRole('button', { name: 'Restore' }).click();
  await expect(list.getByText('Bricks are laid damp.')).toBeVisible();
});

test('what the server refuses is put back, and said', async ({ place, signedIn }) => {
  place.team6('memory', 'add', 'shop', 'convention', 'Bricks are laid wet.');
  const page = await signedIn('/memory?memory=1');
  const one = page.getByRole('complementary', { name: 'Memory' });
  await page.route('**/pin', (route) =>
    route.fulfill({ status: 409, contentType: 'application/problem+json', body: JSON.stringify({ code: 'no', title: 'It cannot be', status: 409, detail: 'too many are pinned' }) }),
  );
  await one.getByRole('button', { name: 'Pin' }).click();
  await expect(page.getByText('too many are pinned')).toBeVisible();
  await expect(one.getByRole('button', { name: 'Pin', exact: true })).toBeVisible();

  // Also where it breaks, and cannot even say why.
  await page.route('**/memories/1', (route) => (route.request().method() === 'GET' ? route.continue() : route.fulfill({ status: 500, body: '' })));
  await one.getByRole('button', { name: 'Edit' }).click();
  await one.getByLabel('What was learnt').fill('Bricks are laid damp.');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByText(/answered 500/)).toBeVisible();
  await expect(page.getByRole('list', { name: 'Memories' }).getByText('Bricks are laid wet.')).toBeVisible();

  // A check that was not added is still offered.
  const found = { check: { name: 'level', command: 'test -f README.md', seconds: 60 }, because: 'README.md' };
  await page.route('**/found-checks', (route) => route.fulfill({ json: { items: [found] } }));
  await page.route('**/repositories/app/checks', (route) => (route.request().method() === 'GET' ? route.continue() : route.fulfill({ status: 500, body: '' })));
  await page.goto(`${place.url}/repos?repo=app`);
  await page.getByRole('button', { name: 'Find checks in its files' }).click();
  await page.getByRole('button', { name: 'Add level' }).click();
  await expect(page.getByRole('alert')).toContainText('answered 500');
  await expect(page.getByRole('button', { name: 'Add level' })).toBeEnabled();
});

test('a repository gets its checks, and is taken out by its name only', async ({ place, signedIn }) => {
  const page = await signedIn('/repos');
  await page.getByRole('button', { name: /^app/ }).click();
  const one = page.getByRole('complementary', { name: 'Repository' });
  await one.getByLabel('Name of a further check').fill('level');
  await one.getByLabel('Its command').fill('test -f README.md');
  await one.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(one.getByRole('button', { name: 'Remove level' })).toBeVisible();
  expect(place.team6('repo', 'check', 'list', 'shop', 'app')).toContain('test -f README.md');
  await one.getByRole('button', { name: 'Remove level' }).click();
  await expect(one.getByRole('button', { name: 'Remove level' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(one.getByRole('button', { name: 'Remove level' })).toBeVisible();

  // With a second repository there is something to be run over both.
  addLib(place);
  const both = page.getByRole('region', { name: 'Checks over several repositories of shop' });
  await page.getByText('No check over several repositories').click();
  await both.getByLabel('Name of a further check').fill('contract');
  await both.getByLabel('Its command').fill('test -d app && test -d lib');
  await both.getByRole('button', { name: 'Add', exact: true }).click();
  await expect(both.getByRole('listitem').getByText('over app and lib')).toBeVisible();
  await both.getByRole('button', { name: 'Remove contract' }).click();
  await expect(both.getByRole('listitem')).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).first().click();
  await expect(both.getByRole('listitem').getByText('over app and lib')).toBeVisible();
  expect(place.team6('project', 'check', 'list', 'shop')).toContain('contract');
  await both.getByRole('button', { name: 'Remove contract' }).click();
  place.team6('repo', 'remove', 'shop', 'lib');

  const out = one.getByRole('button', { name: 'Take out' });
  await expect(out).toBeDisabled();
  await one.getByLabel('Write app to confirm').fill('app');
  await page.keyboard.press('Enter');
  await expect(page.getByText('No repository is connected')).toBeVisible();

  await page.getByRole('link', { name: 'Connect a repository' }).click();
  const connect = page.getByRole('complementary', { name: 'Connect' });
  await connect.getByLabel(/Where it is/).fill('/nowhere/at/all');
  await connect.getByLabel(/Where it is/).press('Enter');
  await expect(connect.getByRole('alert')).toBeVisible();
  await connect.getByLabel(/Where it is/).fill(`${place.folder}/app.git`);
  await connect.getByLabel(/Where it is/).press('Enter');
  await connect.getByRole('button', { name: 'On to its checks' }).click();
  await expect(page).toHaveURL(/repo=app/);
});

test('a project is made, and a repository connected to it', async ({ place, signedIn }) => {
  const page = await signedIn('/repos');
  await page.getByRole('link', { name: 'New project' }).click();
  const form = page.getByRole('complementary', { name: 'New project' });
  await expect(form.getByLabel('Its name, in small letters')).toBeFocused();
  await page.keyboard.type('shop');
  await page.keyboard.press('Enter');
  await expect(form.getByRole('alert')).toBeVisible();
  await form.getByLabel('Its name, in small letters').fill('yard');
  await form.getByLabel(/What people call it/).fill('The yard');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('region', { name: 'Project yard' })).toContainText('The yard');
  const connect = page.getByRole('complementary', { name: 'Connect' });
  await connect.getByLabel(/Where it is/).fill(`${place.folder}/app.git`);
  // A name stands for one repository in all projects.
  await connect.getByRole('button', { name: 'Connect' }).click();
  await expect(connect.getByRole('alert')).toContainText('give this one another name');
  await connect.getByLabel(/Its name/).fill('yard-app');
  await connect.getByRole('button', { name: 'Connect' }).click();
  await connect.getByRole('button', { name: 'On to its checks' }).click();
  expect(place.team6('project', 'list')).toContain('yard');

  // One of two projects is looked at, from page to page, until all are again.
  place.team6('sprint', 'plan', 'shop', 'A shed');
  const project = page.getByRole('navigation', { name: 'Places' }).getByRole('combobox', { name: 'Project' });
  await project.selectOption('The yard');
  await expect(page.getByRole('region', { name: 'Project shop' })).toHaveCount(0);
  await page.getByRole('heading', { name: /^Repositories/ }).click();
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await expect(page).toHaveURL(/\/sprints\?project=yard/);
  await expect(page.getByText('No sprint is open')).toBeVisible();
  await page.reload();
  await expect(project).toHaveValue('yard');
  await page.getByRole('link', { name: '1 in other projects' }).click();
  await expect(page).toHaveURL(/\/sprints$/);
  await expect(page.getByRole('list', { name: 'Sprints' }).getByRole('link', { name: /S-1/ })).toBeVisible();
  await expect(project).toHaveValue('');
});

test('a setting says where it came from and how it is set', async ({ signedIn }) => {
  const page = await signedIn('/settings');
  await page.getByLabel('Search the configuration').fill('lease');
  const lease = page.getByRole('listitem').filter({ hasText: 'limits.lease' });
  await expect(lease).toContainText('10s');
  await expect(lease).toContainText('team6.toml');
  await page.getByLabel('Search the configuration').fill('spare_memory');
  await expect(page.getByText('TEAM6_AGENTS__SPARE_MEMORY_MB')).toBeVisible();
  await page.getByLabel('Theme').selectOption('light');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'light');
  await page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await page.getByRole('button', { name: 'Sign out everywhere' }).click();
  await expect(page).toHaveURL(/sign-in/);
});

test('costs lead from a sprint to its tasks to the attempts of one', async ({ place, signedIn }) => {
  atWork(place);
  const page = await signedIn('/tasks/1?tab=cost');
  await expect(page.getByRole('region', { name: 'Cost by attempt' }).getByText('$0.03')).toBeVisible();
  await page.getByRole('button', { name: 'Set limits' }).click();
  await page.getByLabel('Cost, US dollars').fill('5');
  await page.getByRole('button', { name: 'Set', exact: true }).click();
  await expect(page.getByRole('region', { name: 'Budget' }).getByText('$5.00')).toBeVisible();
  await page.goto(`${place.url}/costs`);
  const table = page.getByRole('region', { name: /Costs by/ });
  await table.getByRole('link', { name: '$0.12' }).first().click();
  await expect(page).toHaveURL(/by=task&sprint=1/);
  await expect(table.getByText('The planning')).toBeVisible();
  // What the sprint may spend, and what all of the project may.
  const budget = page.getByRole('region', { name: 'Budget of S-1' });
  await budget.getByRole('button', { name: 'Set limits' }).click();
  await budget.getByLabel('Cost, US dollars').fill('7');
  await budget.getByRole('button', { name: 'Set', exact: true }).click();
  await expect(budget).toContainText('$7.00');
  await table.getByRole('link', { name: '$0.03' }).click();
  await expect(page).toHaveURL(/\/tasks\/1\?tab=cost/);
  await page.goto(`${place.url}/costs`);
  await page.getByText('shop has no budget').click();
  const day = page.getByRole('region', { name: 'Budget of shop in a day' });
  await day.getByRole('button', { name: 'Set limits' }).click();
  await day.getByLabel('Cost, US dollars').fill('30');
  await day.getByRole('button', { name: 'Set', exact: true }).click();
  await expect(day).toContainText('$30.00');
  expect(place.team6('project', 'budget', 'shop', '--day')).toContain('30.00 USD');
});

test('the record is narrowed down, an event has an address, and what is new moves nothing', async ({ place, signedIn }) => {
  planned(place);
  const page = await signedIn('/audit');
  const events = page.getByRole('list', { name: 'Events' });
  await expect(events.getByText('plan saved')).toBeVisible();
  await page.getByLabel('Kind of event').fill('sprint opened');
  await expect(events.getByRole('listitem')).toHaveCount(1);
  await events.getByRole('button').click();
  await expect(page).toHaveURL(/kind=sprint_opened&event=\d+/);
  const one = page.getByRole('complementary', { name: 'Event' });
  await expect(one.getByText('A house that keeps the rain out.')).toBeVisible();
  await page.reload();
  await expect(one.getByText('A house that keeps the rain out.')).toBeVisible();
  place.team6('sprint', 'plan', 'shop', 'A shed');
  await expect(page.getByRole('button', { name: '1 new' })).toBeEnabled();
  await expect(events.getByRole('listitem')).toHaveCount(1);
  await page.getByRole('button', { name: '1 new' }).click();
  await expect(events.getByRole('listitem')).toHaveCount(2);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export' }).click();
  const lines = readFileSync(await (await download).path(), 'utf8').trim().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { kind: string }).kind)).toEqual(['sprint_opened', 'sprint_opened']);
});

test('a sprint is replayed: it is shown as it was at an event', async ({ place, signedIn }) => {
  atWork(place);
  const page = await signedIn('/sprints/1/replay?view=list');
  const tasks = page.getByRole('list', { name: 'Tasks', exact: true });
  await expect(tasks.getByRole('listitem')).toHaveCount(7);
  const slider = page.getByRole('slider', { name: 'Event' });
  await slider.focus();
  await page.keyboard.press('Home');
  await expect(page).toHaveURL(/at=1(&|$)/);
  await expect(page.getByText('There was no task yet')).toBeVisible();
  await expect(page.getByText('sprint opened')).toBeVisible();
  await page.keyboard.press('End');
  await expect(tasks.getByRole('listitem')).toHaveCount(7);
  await page.getByRole('link', { name: /on record as/ }).click();
  await expect(page).toHaveURL(/\/audit\?.*event=\d+/);
  await page.getByRole('link', { name: /as of this event/ }).click();
  await expect(page).toHaveURL(/replay\?at=\d+/);
});

test.describe('on a phone', () => {
  test.use(PHONE);

  test('the other places are under More', async ({ signedIn }) => {
    const page = await signedIn();
    await page.getByRole('button', { name: 'More' }).tap();
    await page.getByRole('dialog', { name: 'More' }).getByRole('link', { name: 'Memory' }).tap();
    await expect(page).toHaveURL(/\/memory$/);
    await expect(page.getByText('Nothing is remembered yet')).toBeVisible();
  });
});
