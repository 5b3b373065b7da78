// How fast the app is with much to show. What is promised is measured beside what the same browser does at rest, so that a
// busy machine does not decide; the figures themselves are printed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { paceOf, table, until, type Pace } from './pace.ts';
import { expect, test } from './test.ts';

const ENTRIES = 100_000;
const TASKS = 500;
const TABS = 20;
/** What part of the frames that are drawn at rest must still be drawn. */
const SMOOTH = 0.9;

const shown = ({ frames, slowest, long, blocked }: Pace) =>
  `${frames.toFixed(1)} frames/s, 99 % under ${slowest.toFixed(1)} ms, ${long} long tasks (${blocked.toFixed(0)} ms)`;

test.describe('a trace of a hundred thousand entries', () => {
  const STORY = readFileSync(join(import.meta.dirname, 'stories', 'thinker.toml'), 'utf8');
  const again = (times: number, what: string, pause = '') =>
    `    { repeat = { times = ${times}, steps = [${pause}{ say = "${what} {capture.round}." }, ${pause}{ think = "Is it {capture.round}?" }] } },\n`;
  const many = again(ENTRIES / 2, 'Thought');
  // Two hundred in a second, for a while.
  const slowly = again(1_000, 'Slow thought', '{ pause = { ms = 5 } }, ');
  test.use({ story: STORY.replace('THOUGHTS', `${many}    { wait_for = { path = "SIGNALS/slowly", timeout = 3000 } },\n${slowly}`) });

  test('grows without a stutter, and is there at once after a reload', async ({ place, signedIn }) => {
    test.setTimeout(240_000);
    place.team6('sprint', 'plan', 'shop', 'A thought');
    place.team6('sprint', 'watch', '1', '--until', 'person');
    place.team6('sprint', 'owners', '1', '1=ada');
    place.team6('sprint', 'approve', '1');
    const page = await signedIn('/sprints');
    const rest = await paceOf(page, 2_000);
    place.signal('begin');
    await page.goto(`${place.url}/tasks/1`);
    const activity = page.getByRole('list', { name: 'Activity' });
    await expect(activity.getByText(`Is it ${ENTRIES / 2}?`)).toBeVisible({ timeout: 180_000 });

    await page.reload({ waitUntil: 'commit' });
    const reload = await until(page, '[aria-label=Activity] [role=listitem]');
    await expect(activity.getByText(`Is it ${ENTRIES / 2}?`)).toBeVisible();

    place.signal('slowly');
    await expect(activity.getByText(/^Slow thought \d+\.$/).first()).toBeVisible();
    const streaming = await paceOf(page, 3_000);
    await activity.evaluate((list) => {
      const step = () => {
        list.scrollTop -= 40;
        if (list.scrollTop > 0) requestAnimationFrame(step);
      };
      requestAnimationFrame(step);
    });
    const scrolling = await paceOf(page, 3_000);
    table(`a trace of ${ENTRIES} entries`, [
      ['at rest', shown(rest)],
      ['200 entries/s', shown(streaming)],
      ['200 entries/s, scrolling up', shown(scrolling)],
      ['reload until it is there', `${reload.toFixed(0)} ms`],
    ]);
    expect(streaming.frames).toBeGreaterThan(rest.frames * SMOOTH);
    expect(scrolling.frames).toBeGreaterThan(rest.frames * SMOOTH);
    expect(streaming.blocked).toBeLessThan(100);
    expect(reload).toBeLessThan(1_000);
  });
});

test.describe('a sprint of five hundred tasks', () => {
  const task = (n: number) => {
    const after = n < 20 ? '' : `depends_on = ["t${n - 20}", "t${n - 13 - (n % 7)}"], `;
    return `{ key = "t${n}", title = "Stone ${n}", what = "Lay it.", why = "It carries.", acceptance_criteria = ["It lies"], ${after}estimate_minutes = 5, specialty = "backend", repositories = ["app"], paths = ["stone-${n}.txt"] }`;
  };
  const plan = Array.from({ length: TASKS }, (_, n) => task(n)).join(', ');
  test.use({
    story: `title = "A wall"\n[[script]]\nwhen = 'Plan a sprint'\nsteps = [{ tool = { name = "submit_plan", arguments = { prd = "# A wall", tasks = [${plan}] } } }]\n`,
  });

  test('is moved about smoothly, and the palette comes at once', async ({ place, signedIn }) => {
    place.team6('sprint', 'plan', 'shop', 'A wall');
    place.team6('sprint', 'watch', '1', '--until', 'person');
    const page = await signedIn('/sprints');
    const rest = await paceOf(page, 2_000);
    await page.goto(`${place.url}/sprints/1?view=graph`);
    const graph = page.locator('.react-flow__pane');
    await expect(page.locator('.react-flow__node').first()).toBeVisible();
    const box = await graph.boundingBox();
    if (!box) throw new Error('the graph has no place');
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    const measured = paceOf(page, 3_000);
    for (let step = 0; step < 150; step++) {
      await page.mouse.move(x + 200 * Math.sin(step / 12), y + 150 * Math.cos(step / 9));
    }
    const panning = await measured;
    await page.mouse.up();

    // The first time it is fetched, which a person who uses it does once.
    await page.keyboard.press('Control+k');
    await expect(page.getByRole('dialog')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog')).toHaveCount(0);
    const palette = await page.evaluate(
      () =>
        new Promise<number>((seen) => {
          const start = performance.now();
          const look = () => (document.querySelector('[role=dialog]') ? seen(performance.now() - start) : requestAnimationFrame(look));
          document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', code: 'KeyK', ctrlKey: true, bubbles: true }));
          look();
        }),
    );
    table(`a graph of ${TASKS} tasks`, [
      ['at rest', shown(rest)],
      ['moved about', shown(panning)],
      ['palette, the second time', `${palette.toFixed(0)} ms`],
    ]);
    expect(panning.frames).toBeGreaterThan(rest.frames * SMOOTH);
    expect(palette).toBeLessThan(100);
  });
});

test('twenty tabs live on one connection, and none waits for another', async ({ place, signedIn, context }) => {
  test.setTimeout(120_000);
  place.team6('sprint', 'plan', 'shop', 'A house that keeps the rain out.');
  place.team6('sprint', 'watch', '1', '--until', 'person');
  await signedIn();
  const tabs = await Promise.all(
    Array.from({ length: TABS - 1 }, async () => {
      const tab = await context.newPage();
      await tab.goto(`${place.url}/inbox`);
      return tab;
    }),
  );
  const waits = (tab: (typeof tabs)[number]) => tab.getByRole('list', { name: 'What waits' }).getByRole('button').filter({ hasText: 'answer' });
  for (const tab of tabs) await expect(waits(tab)).toHaveCount(1);
  const start = Date.now();
  place.team6('sprint', 'answer', '1', '1', 'No, build on a slab');
  await Promise.all(tabs.map((tab) => expect(waits(tab)).toHaveCount(0)));
  table(`${TABS} tabs`, [['until all show what one changed', `${Date.now() - start} ms`]]);
});
