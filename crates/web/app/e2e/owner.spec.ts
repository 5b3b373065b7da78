// What an owner decides over the engine's head: which agent works, who decides meanwhile, what is handed on.
import { atWork } from './story.ts';
import { expect, test } from './test.ts';

test.use({
  beside: {
    agents: { mason: '+++\nextends = "scripted"\ntitle = "Mason"\n+++\nLay bricks.\n' },
    // Nobody listens there.
    config: '[notify.webhooks.chat]\nurl = "http://127.0.0.1:9/told"\n',
  },
});

test('an owner takes another agent, hands a part on, and names who decides meanwhile', async ({ place, signedIn }) => {
  atWork(place);
  const page = await signedIn('/tasks/4?tab=plan');
  const notices = page.getByRole('region', { name: 'Notices' });
  const agent = page.getByRole('region', { name: 'Agent' });
  const agentOf = () => (JSON.parse(place.team6('--json', 'task', 'show', '4')) as { agent: { agent: string } }).agent.agent;
  const before = agentOf();
  const other = before === 'mason' ? 'scripted' : 'mason';
  await agent.getByRole('combobox').selectOption(other);
  await expect(agent).toContainText(`${other}: chosen by ada`);
  expect(agentOf()).toBe(other);
  await notices.getByRole('button', { name: 'Undo' }).click();
  await expect(agent).toContainText(`${before}: chosen by ada`);

  await page.goto(`${place.url}/tasks/2?tab=subtasks`);
  await page.getByRole('button', { name: 'Delegate a part' }).click();
  await page.getByLabel('What it is, in a line').fill('Lintel over the door');
  await page.getByLabel('Done when, a line each').fill('It carries the wall');
  await page.keyboard.press('Control+Enter');
  await expect(page.getByRole('list', { name: 'Subtasks' }).getByText('Lintel over the door')).toBeVisible();

  await page.goto(`${place.url}/plan/1/owners`);
  const deputy = page.getByRole('combobox', { name: 'Who decides for Ada Lovelace' });
  await deputy.selectOption('lin');
  await expect(notices.getByText('Lin Chen decides for Ada Lovelace')).toBeVisible();
  await expect(deputy).toHaveValue('lin');
  await notices.getByRole('button', { name: 'Undo' }).click();
  await expect(deputy).toHaveValue('');
});

test('a channel that cannot tell anybody says why', async ({ signedIn }) => {
  const page = await signedIn('/settings');
  const channels = page.getByRole('list', { name: 'Channels' });
  await expect(channels).toContainText('has told nobody yet');
  await channels.getByRole('button', { name: 'Try chat' }).click();
  await expect(channels.getByRole('listitem')).not.toContainText('has told nobody yet');
  await expect(channels.getByRole('listitem')).toContainText(/cannot be reached|refused|connect/);
  await expect(page.getByText('chat took a notification for you')).toHaveCount(0);
});
