// Watching an agent over a line that is cut again and again: nothing is missing, nothing comes twice, nothing jumps.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Page, expect, link, test } from './test.ts';
import { openLine } from './line.ts';

const CUTS = 100;
const THOUGHTS = 300;

const STORY = readFileSync(join(import.meta.dirname, 'stories', 'thinker.toml'), 'utf8');
test.use({ story: STORY.replace('THOUGHTS', thoughts()) });

/** What the agent says, in turns that do not run together. */
function thoughts(): string {
  const one = (n: number) => `    { ${n % 2 === 0 ? 'say' : 'think'} = "Thought ${n}." },\n    { pause = { ms = 40 } },`;
  return Array.from({ length: THOUGHTS }, (_, n) => one(n)).join('\n');
}

/** Every row of the activity in its order, as somebody sees who scrolls through it. */
async function allRows(page: Page): Promise<string[]> {
  return page.getByRole('list', { name: 'Activity' }).evaluate(async (list) => {
    const rows = new Map<number, string>();
    const painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    for (let top = 0; ; top += list.clientHeight / 2) {
      list.scrollTop = top;
      await painted();
      for (const row of list.querySelectorAll<HTMLElement>('[role=listitem]')) {
        rows.set(new DOMMatrix(getComputedStyle(row).transform).m42, row.innerText);
      }
      if (top + list.clientHeight >= list.scrollHeight) break;
    }
    return [...rows].sort(([one], [other]) => one - other).map(([, text]) => text);
  });
}

const numbers = (rows: string[]) => rows.flatMap((row) => [...row.matchAll(/Thought (\d+)\./g)].map(([, n]) => Number(n)));

test('a trace is whole over a line that is cut a hundred times, and does not move what is looked at', async ({ page, place }) => {
  test.setTimeout(180_000);
  place.team6('sprint', 'plan', 'shop', 'A thought');
  place.team6('sprint', 'watch', '1', '--until', 'person');
  place.team6('sprint', 'owners', '1', '1=ada');
  place.team6('sprint', 'approve', '1');
  const line = await openLine(place.url);
  await page.goto(link(place).replace(place.url, line.url));
  await expect(page).toHaveURL(/\/inbox/);
  await page.goto(`${line.url}/tasks/1`);
  const activity = page.getByRole('list', { name: 'Activity' });
  place.signal('begin');
  await expect(activity.getByText('Thought 40.')).toBeVisible();

  // Somebody looks at something further up while it goes on.
  const newer = page.getByRole('button', { name: /\d+ new/ });
  await expect(async () => {
    await activity.evaluate((list) => (list.scrollTop = 130));
    await expect(newer).toBeVisible({ timeout: 1_000 });
  }).toPass();
  const stays = await activity.evaluate((list) => list.scrollTop);
  const first = () =>
    activity.evaluate((list) => {
      const { x, y } = list.getBoundingClientRect();
      return document.elementFromPoint(x + 200, y + 40)?.textContent;
    });
  const looked = await first();
  let cut = 0;
  for (let n = 0; n < CUTS; n++) {
    cut += line.cut();
    await page.waitForTimeout(40 + ((n * 37) % 90));
    expect(await activity.evaluate((list) => list.scrollTop)).toBe(stays);
  }
  expect(await first()).toBe(looked);
  expect(cut).toBeGreaterThan(CUTS / 2);

  await newer.click();
  await expect(activity.getByText('That was all.')).toBeVisible({ timeout: 60_000 });
  expect(numbers(await allRows(page))).toEqual(Array.from({ length: THOUGHTS }, (_, n) => n));
  line.close();
});
