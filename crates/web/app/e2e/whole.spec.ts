// The whole life of a sprint, from its goal to its last merge, with a mouse, by keyboard alone, and on a phone.
import { numberOf } from './desk.ts';
import { FINGER, type Hand, KEYBOARD, MOUSE, PHONE } from './hands.ts';
import { type Page, expect, overflows, test } from './test.ts';

interface Way {
  hand: Hand;
  device: object;
  /** Goes to the title of the second task of a plan. */
  toTitle: (page: Page) => Promise<void>;
  /** Begins a comment on a line of the delivery. */
  toComment: (page: Page) => Promise<void>;
}

const WAYS: Record<string, Way> = {
  'with a mouse': {
    hand: MOUSE,
    device: {},
    toTitle: async () => {},
    toComment: (page) => numberOf(page, 'money.rs', 4).click(),
  },
  'by keyboard alone': {
    hand: KEYBOARD,
    device: {},
    async toTitle(page) {
      await expect(page.getByRole('textbox', { name: 'Title of task 2' })).toBeVisible();
      for (const key of ['j', 'j', 'e']) await page.keyboard.press(key);
    },
    async toComment(page) {
      await page.keyboard.press('n');
      await expect(page).toHaveURL(/line=/);
      await page.keyboard.press('c');
    },
  },
  'on a phone': {
    hand: FINGER,
    device: PHONE,
    toTitle: async () => {},
    toComment: (page) => numberOf(page, 'money.rs', 4).tap(),
  },
};

for (const [way, { hand, device, toTitle, toComment }] of Object.entries(WAYS)) {
  test.describe(way, () => {
    test.use({ story: 'life', ...device });

    test('a sprint goes from its goal to its last merge', async ({ place, signedIn }) => {
      test.setTimeout(150_000);
      const page = await signedIn();
      const { press, write } = hand;
      const fits = async () => expect(await overflows(page), `${page.url()} can be moved sideways`).toBe(false);
      const go = (name: string) => press(page.getByRole('navigation', { name: 'Places' }).getByRole('link', { name: new RegExp(`^${name}`) }));
      const step = (name: string) => press(page.getByRole('navigation', { name: 'Steps of the plan' }).getByRole('link', { name: new RegExp(`^${name}`) }));
      const saved = (version: number) => expect(page.getByRole('status', { name: 'The plan' })).toHaveText(new RegExp(`Saved as version ${version}`));

      // Plan.
      await go('Sprints');
      await press(page.getByRole('link', { name: 'Plan a sprint' }).first());
      await write(page.getByLabel('What does the team want?'), 'Customers get a bill.');
      await press(page.getByRole('button', { name: 'Start planning' }));
      await expect(page.getByText('The draft is ready.')).toBeVisible();
      await fits();

      // Answer.
      await step('Questions');
      await press(page.getByRole('button', { name: 'Yes, as negative sums' }));
      await expect(page.getByText('ada: Yes, as negative sums')).toBeVisible();
      await fits();

      // Edit.
      await step('Tasks');
      await toTitle(page);
      await write(page.getByRole('textbox', { name: 'Title of task 2' }), 'Invoice with a stamp');
      // Tab is for the outline there.
      if (hand === KEYBOARD) await page.keyboard.press('Escape');
      await saved(2);
      await fits();

      // Assign.
      await step('Owners');
      await press(page.getByRole('button', { name: /Take all 2 suggestions/ }));
      await expect(page.getByText('Every task has an owner')).toBeVisible();
      await fits();

      // Approve.
      await step('Approve');
      await press(page.getByRole('button', { name: 'Approve version 2' }));
      await expect(page.getByText('Version 2 was approved by ada')).toBeVisible();
      await press(page.getByRole('link', { name: 'Watch the sprint' }));

      // Watch.
      await press(page.getByRole('list', { name: 'Running now' }).getByRole('link', { name: /Totals/ }));
      await expect(page.getByText('I begin with the totals.')).toBeVisible();
      await fits();

      // Chat.
      const chat = page.getByRole('region', { name: 'Chat with the agent' });
      await write(chat.getByRole('textbox'), 'Mind the cents');
      await press(chat.getByRole('button', { name: 'Send' }));
      await expect(chat.getByRole('list', { name: 'Messages' })).toContainText('queued until its turn ends');
      place.signal('totals');
      await expect(chat.getByRole('list', { name: 'Messages' })).toContainText('read in attempt 1');

      // Review with a comment on a line, and request changes.
      await go('Inbox');
      const waits = page.getByRole('list', { name: 'What waits' }).getByRole('button').filter({ hasText: 'review' });
      const inspector = page.getByRole('complementary', { name: 'What waits' });
      await press(waits.filter({ hasText: 'Totals' }));
      await fits();
      await press(inspector.getByRole('link', { name: 'Review line by line' }));
      await expect(page.getByText('0 of 1 viewed')).toBeVisible();
      await toComment(page);
      const comment = page.getByRole('textbox', { name: /^Comment on lines? / });
      await write(comment, 'Refunds are no income.');
      await press(page.getByRole('button', { name: 'Add to the review' }));
      await press(page.getByRole('button', { name: 'Send 1 comment to the agent' }));
      await press(page.getByRole('region', { name: 'Send the review' }).getByRole('button', { name: 'Send 1 comment to the agent' }));
      await expect(page.getByText('Sent to the agent')).toBeVisible();
      await fits();

      // See it mended.
      await expect(page.getByRole('link', { name: 'Since my last review' })).toHaveAttribute('aria-current', 'true', { timeout: 60_000 });
      await expect(page.getByRole('article', { name: /Thread/ })).toContainText('Mended as asked.');

      // Merge, the effect stated first.
      await press(page.getByRole('button', { name: 'Approve and merge', exact: true }));
      const sure = page.getByRole('region', { name: 'Approve and merge' });
      await expect(sure).toContainText('unblocks T-2');
      await press(sure.getByRole('button', { name: 'Approve and merge now' }));
      await expect(page.getByText(/It is done/)).toBeVisible({ timeout: 30_000 });
      await fits();

      // See what waited for it start, and merge that from the inbox.
      await go('Inbox');
      await press(waits.filter({ hasText: 'Invoice with a stamp' }));
      await expect(inspector.getByText('There is an invoice.')).toBeVisible();
      await press(inspector.getByRole('button', { name: 'Approve and merge' }));
      await press(inspector.getByRole('button', { name: 'Approve and merge now' }));
      await expect(page.getByText('Nothing waits for you')).toBeVisible({ timeout: 30_000 });

      // Done.
      await go('Sprints');
      await press(page.getByRole('link', { name: '1 closed' }));
      await press(page.getByRole('link', { name: /Invoices/ }).first());
      await expect(page.getByText('2/2 done')).toBeVisible();
      await fits();
      expect(place.team6('sprint', 'show', '1')).toContain('finished');
    });
  });
}
