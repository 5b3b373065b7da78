// Who asked for it is told by the browser what comes while they look elsewhere.
import { planned } from './story.ts';
import { expect, test } from './test.ts';

test('what comes into the inbox while nobody looks is told by a notification', async ({ page, place, signedIn }) => {
  // The system's own notifications cannot be seen from here; what the page asks for can.
  await page.addInitScript(() => {
    const told: string[] = [];
    class Shown {
      static permission = 'granted';
      static requestPermission = () => Promise.resolve('granted');
      constructor(title: string) {
        told.push(title);
      }
    }
    Object.assign(window, { Notification: Shown, told });
  });
  await signedIn();
  await expect(page.getByText('Nothing waits for you')).toBeVisible();
  await page.getByRole('button', { name: 'Ada Lovelace' }).click();
  const listens = page.waitForResponse(/\/assets\/Tell-/);
  await page.getByRole('menuitemcheckbox', { name: 'Notify me here' }).click();
  await (await listens).finished();
  // What came is at work when the page has nothing else to do.
  await page.evaluate(() => new Promise((rests) => requestIdleCallback(rests)));
  await page.keyboard.press('Escape');
  await page.evaluate(() => Object.defineProperty(document, 'hidden', { get: () => true }));
  planned(place);
  const told = () => page.evaluate(() => (window as unknown as { told: string[] }).told);
  await expect.poll(told).toContainEqual(expect.stringMatching(/^answer: S-1 /));
});
