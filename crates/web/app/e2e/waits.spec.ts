// Each kind of wait makes one row in the inbox, can be ended right there, and is gone from every other tab.
import type { Locator } from '@playwright/test';
import { addLib, closed } from './desk.ts';
import { type Page, expect, link, test, troubles } from './test.ts';

test.use({ story: 'waits' });

/** What waits as two tabs of one person see it. */
class Inbox {
  constructor(
    readonly page: Page,
    readonly other: Page,
  ) {}

  async ends(wanted: string, of: string, end: (inspector: Locator) => Promise<void>) {
    const rows = (tab: Page) => tab.getByRole('list', { name: 'What waits' }).getByRole('button').filter({ hasText: new RegExp(`${of}(?!\\d)`) });
    for (const tab of [this.page, this.other]) {
      await expect(rows(tab).filter({ hasText: wanted }), `${wanted} ${of}`).toHaveCount(1, { timeout: 30_000 });
      await expect(rows(tab), `all rows of ${of}`).toHaveCount(1);
    }
    // What is behind another tab draws seldom.
    await this.page.bringToFront();
    await rows(this.page).click();
    await end(this.page.getByRole('complementary', { name: 'What waits' }));
    // How soon it is gone from the other is looked at where nothing else is (life.spec.ts).
    for (const tab of [this.page, this.other]) await expect(rows(tab).filter({ hasText: wanted }), `${wanted} ${of} in each tab`).toHaveCount(0);
    expect(new URL(this.page.url()).pathname).toBe('/inbox');
  }
}

const press = (name: string | RegExp) => (inspector: Locator) => inspector.getByRole('button', { name, exact: true }).click();

/** What cannot be taken back is asked for once more. */
const sure = (verb: string) => async (inspector: Locator) => {
  await press(verb)(inspector);
  await press(`${verb} now`)(inspector);
};

test('each kind of wait is one row, ended where it is shown, and gone from another tab', async ({ place, signedIn, context, browser }) => {
  test.setTimeout(180_000);
  addLib(place);
  place.team6('project', 'budget', 'shop', '--cost', '1000');
  place.team6('sprint', 'plan', 'shop', 'Waits');
  const inbox = new Inbox(await signedIn('/plan/1/goal'), await context.newPage());
  // Where the plan is made it can be mended too.
  await expect(inbox.page.getByRole('navigation', { name: 'Steps of the plan' })).toContainText('planning failed', { timeout: 30_000 });
  await expect(inbox.page.getByRole('button', { name: 'Try again' })).toBeVisible();
  for (const tab of [inbox.page, inbox.other]) await tab.goto(`${place.url}/inbox`);

  // The planning: it failed, its agent asks, and its plan lacks owners and an approval.
  await inbox.ends('failed', 'S-1', async (inspector) => {
    await expect(inspector.getByLabel('The last attempt')).toContainText('I look for the map.');
    await inspector.getByLabel(/What should the agent know/).fill('Mind the map');
    await press('Try again')(inspector);
  });
  await inbox.ends('answer', 'S-1', press('Left'));
  await inbox.ends('owners', 'S-1', press('Take all 5 suggestions'));
  await inbox.ends('approve', 'S-1', press('Approve version 1'));

  // A question of an agent, whose task has no budget left to go on with.
  await expect.poll(() => place.team6('task', 'show', '1')).toMatch(/asking its owner[^]*used +900/);
  place.team6('task', 'budget', '1', '--cost', '0.01');
  await inbox.ends('answer', 'T-1', press('Blue'));
  await inbox.ends('budget', 'T-1', press('Set'));
  await inbox.ends('review', 'T-1', press('Approve'));
  await inbox.ends('merge', 'T-1', sure('Merge'));

  // What failed tells what was printed, and goes on with another try.
  await inbox.ends('failed', 'T-2', async (inspector) => {
    const tried = inspector.getByRole('region', { name: 'The last attempt' });
    await expect(tried).toContainText(/Attempt 1 of \d+ by scripted; none follows by itself/);
    const lines = (await tried.getByLabel('Last lines').textContent())?.split('\n') ?? [];
    expect(lines).toHaveLength(20);
    expect(lines.slice(-3)).toEqual(['30', 'cannot open fails.txt', '<img src=x onerror=window.ran=1>']);
    expect(await troubles(inbox.page)).toEqual([]);
    await inspector.getByLabel(/What should the agent know/).fill('Take the window');
    await press('Try again')(inspector);
  });

  // Its changes cannot begin while the project has no budget left.
  place.team6('project', 'budget', 'shop', '--cost', '0.01');
  await inbox.ends('review', 'T-2', async (inspector) => {
    await inspector.getByLabel('What should be different?').fill('Open it wider.');
    // It is brought up to date, since T-1 was merged; what is sent in that moment is refused, and stays.
    await expect(async () => {
      const send = inspector.getByRole('button', { name: 'Request changes' });
      if (await send.isVisible()) await send.click({ timeout: 2_000 });
      await expect(inbox.page.getByText('Sent to the agent')).toBeVisible({ timeout: 2_000 });
    }).toPass();
  });
  await inbox.ends('budget', 'T-2', async (inspector) => {
    await expect(inspector).toContainText('All sprints of shop together may use 0.01 US dollars');
    await expect(inspector).toContainText('team6 project budget shop --cost');
    expect(await troubles(inbox.page)).toEqual([]);
    await inspector.getByLabel('New limit in US dollars').fill('1000');
    await press('Set')(inspector);
  });
  await inbox.ends('review', 'T-2', async () => void place.team6('task', 'cancel', '2', '--yes'));
  await inbox.ends('decide', 'T-3', async (inspector) => {
    await press('Give the task up')(inspector);
    await press(/Give the task up/)(inspector);
  });

  // A part that belongs to somebody else, who has to approve it as well.
  place.team6('sprint', 'owners', '1', '6=lin');
  await inbox.ends('review', 'T-4', press('Approve'));
  const lins = await browser.newContext();
  const lin = new Inbox(await lins.newPage(), await lins.newPage());
  await lin.page.goto(link(place, 'lin'));
  await expect(lin.page).toHaveURL(/\/inbox/);
  await lin.other.goto(`${place.url}/inbox`);
  await lin.ends('review', 'T-4', press('Approve'));
  await lins.close();
  await inbox.ends('merge', 'T-4', sure('Merge'));

  // A merge that is done in one repository and not in the other.
  const open = closed(place, 'lib');
  await inbox.ends('review', 'T-5', sure('Approve and merge'));
  await inbox.ends('merged in part', 'T-5', async (inspector) => {
    await expect(inspector.getByText('main is closed')).toBeVisible();
    open();
    await sure('Merge')(inspector);
  });
  await expect(inbox.page.getByText('Nothing waits for you')).toBeVisible();
});

test.describe('what is held', () => {
  test.use({
    story: `title = "Held"
[[script]]
when = 'ada asks you to try again'
steps = [{ wait_for = { path = "SIGNALS/go", timeout = 3000 } }]
[otherwise]
steps = [{ fail = { message = "You've hit your usage limit, try again in 3 hours 5 minutes.", code = -32000 } }]
`,
  });

  test('tells when it goes on by itself, and is tried at once by whoever cannot wait', async ({ place, signedIn }) => {
    place.team6('sprint', 'plan', 'shop', 'Held');
    const page = await signedIn('/sprints/1');
    await page.getByText(/usage limit/).first().click();
    const done = page.getByRole('region', { name: 'What can be done' });
    await expect(done).toContainText(/Attempt 1 of 5 by scripted; the next one follows in \d h/);
    await done.getByRole('button', { name: 'Try again' }).click();
    await expect(done).toHaveCount(0);
    await expect.poll(() => place.team6('sprint', 'show', '1')).toContain('the plan is being drafted');
  });
});
