// How fast the app is with much to show. What is promised is measured beside what the same browser does at rest, so that a
// busy machine does not decide; the figures themselves are printed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Pace, countAnswers, fromClick, paceOf, slowestAnswer, slowness, table, until, workOf } from './pace.ts';
import { atWork } from './story.ts';
import { expect, test } from './test.ts';

const ENTRIES = 100_000;
const TASKS = 500;
const TABS = 20;
/** What part of the frames that are drawn at rest must still be drawn. */
const SMOOTH = 0.9;

const median = (figures: number[]) => [...figures].sort((one, other) => one - other)[Math.floor(figures.length / 2)] ?? 0;

const shown = ({ frames, slowest, long, blocked }: Pace) =>
  `${frames.toFixed(1)} frames/s, 99 % under ${slowest.toFixed(1)} ms, ${long} long tasks (${blocked.toFixed(0)} ms)`;

test.describe('a trace of a hundred thousand entries', () => {
  const STORY = readFileSync(join(import.meta.dirname, 'stories', 'thinker.toml'), 'utf8');
  const again = (times: number, what: string, pause = '') =>
    `    { repeat = { times = ${times}, steps = [${pause}{ say = "${what} {capture.round}." }, ${pause}{ think = "${what} {capture.round}?" }] } },\n`;
  const SLOW = 1_000;
  const waits = (signal: string) => `    { wait_for = { path = "SIGNALS/${signal}", timeout = 3000 } },\n`;
  // Three hundred in a second, for a while, and once more.
  const slowly = (signal: string) => waits(signal) + again(SLOW, signal, '{ pause = { ms = 5 } }, ');
  test.use({ story: STORY.replace('THOUGHTS', again(ENTRIES / 2, 'Thought') + slowly('first') + slowly('second') + waits('end')) });

  test('grows without a stutter, and is there at once after a reload', async ({ place, signedIn }) => {
    test.setTimeout(300_000);
    place.team6('sprint', 'plan', 'shop', 'A thought');
    place.team6('sprint', 'watch', '1', '--until', 'person');
    place.team6('sprint', 'owners', '1', '1=ada');
    place.team6('sprint', 'approve', '1');
    const page = await signedIn('/sprints');
    await page.goto(`${place.url}/tasks/1`);
    const activity = page.getByRole('list', { name: 'Activity' });
    await expect(activity).toBeVisible();
    place.signal('begin');
    await expect(activity.getByText(`Thought ${ENTRIES / 2}?`)).toBeVisible({ timeout: 180_000 });

    const there = async () => Number((await page.getByTestId('last-entry').textContent())?.split(' ')[0]);
    const sent = () =>
      page.evaluate(async () => {
        const { attempts } = await (await fetch('/api/v1/tasks/1')).json();
        return (await (await fetch(`/api/v1/attempts/${attempts.at(-1).id}`)).json()).trace as number;
      });
    /** How the page runs at rest, while entries come, and while somebody scrolls up meanwhile. */
    const whileGrowing = async (signal: string) => {
      const rest = await paceOf(page, 3_000);
      place.signal(signal);
      await expect(activity.getByText(new RegExp(`^${signal} \\d+\\?$`)).first()).toBeVisible();
      const [before, began] = [await there(), Date.now()];
      const streaming = await paceOf(page, 3_000);
      const rate = ((await there()) - before) / ((Date.now() - began) / 1_000);
      await activity.evaluate((list) => {
        const over = performance.now() + 3_000;
        const step = () => {
          list.scrollTop -= 40;
          if (performance.now() < over) requestAnimationFrame(step);
        };
        requestAnimationFrame(step);
      });
      const scrolling = await paceOf(page, 3_000);
      await page.keyboard.press('f');
      await expect(activity.getByText(`${signal} ${SLOW}?`, { exact: true })).toBeVisible({ timeout: 60_000 });
      // All that was sent is there.
      expect(await there()).toBe(await sent());
      return { rest, streaming, scrolling, rate };
    };
    const whole = await whileGrowing('first');
    const entries = await there();
    await page.reload({ waitUntil: 'commit' });
    const reload = await until(page, '[aria-label=Activity] [role=listitem] button');
    await expect(activity.getByText(`first ${SLOW}?`, { exact: true })).toBeVisible();
    const part = await whileGrowing('second');

    // To any entry of it, by its address.
    await page.goto(`${place.url}/tasks/1`);
    await expect(activity.getByText(`second ${SLOW}?`, { exact: true })).toBeVisible();
    const slow = await slowness(page);
    const go = (search: string) =>
      page.evaluate(async (search) => {
        const isThere = () => (document.querySelector('[aria-label=Activity] [aria-current]') !== null) === (search !== '');
        history.pushState(null, '', `/tasks/1${search}`);
        dispatchEvent(new PopStateEvent('popstate'));
        while (!isThere()) await new Promise(requestAnimationFrame);
      }, search);
    const jumps: number[] = [];
    for (const share of [0.1, 0.9, 0.3, 0.7, 0.5]) {
      jumps.push(await workOf(page, () => go(`?entry=${Math.floor(entries * share)}`)));
      await go('');
    }
    const jump = median(jumps);

    const rows = ({ rest, streaming, scrolling, rate }: typeof whole, held: string): [string, string][] => [
      [`at rest, ${held}`, shown(rest)],
      [`${rate.toFixed(0)} entries/s, ${held}`, shown(streaming)],
      [`the same, scrolling up`, shown(scrolling)],
    ];
    table(`a trace of ${entries} entries, on a machine ${slow.toFixed(1)} times as slow as that of the limits`, [
      ...rows(whole, 'all of them held'),
      ['reload until it is there', `${reload.toFixed(0)} ms`],
      ...rows(part, 'after the reload'),
      ['to any entry, the work of the page', `${jump.toFixed(0)} ms`],
    ]);
    expect(entries).toBeGreaterThan(ENTRIES);
    for (const { rest, streaming, scrolling } of [whole, part]) {
      for (const { frames, long } of [streaming, scrolling]) {
        expect(frames).toBeGreaterThan(rest.frames * SMOOTH);
        // As few as the machine itself makes at rest, which are none where nothing else runs.
        expect(long).toBeLessThanOrEqual(rest.long);
      }
    }
    expect(reload).toBeLessThan(1_000 * slow);
    expect(jump).toBeLessThan(50 * slow);
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
    const slow = await slowness(page);
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
    const dialog = page.getByRole('dialog');
    const palettes: number[] = [];
    for (let times = 0; times < 6; times++) {
      palettes.push(
        await page.evaluate(async () => {
          const began = performance.now();
          document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'k', code: 'KeyK', ctrlKey: true, bubbles: true }));
          while (!document.querySelector('[role=dialog]')) await new Promise(requestAnimationFrame);
          return performance.now() - began;
        }),
      );
      await expect(dialog).toBeVisible();
      await page.keyboard.press('Escape');
      await expect(dialog).toHaveCount(0);
    }
    const palette = median(palettes.slice(1));
    table(`a graph of ${TASKS} tasks, on a machine ${slow.toFixed(1)} times as slow as that of the limits`, [
      ['at rest', shown(rest)],
      ['moved about', shown(panning)],
      ['palette, once it was fetched', `${palette.toFixed(0)} ms`],
    ]);
    expect(panning.frames).toBeGreaterThan(rest.frames * SMOOTH);
    expect(palette).toBeLessThan(50 * slow);
  });
});

test('a page is there at once when it was there before, and answers at once', async ({ place, signedIn }) => {
  test.setTimeout(120_000);
  atWork(place);
  const page = await signedIn();
  const slow = await slowness(page);
  const places = page.getByRole('navigation', { name: 'Places' });
  const pages = [
    { name: 'the sprints', link: places.getByRole('link', { name: 'Sprints' }), seen: 'main a[href="/sprints/1"]' },
    { name: 'a sprint with its graph', link: page.locator('main a[href="/sprints/1"]').first(), seen: '.react-flow__node' },
    { name: 'the memory', link: places.getByRole('link', { name: 'Memory' }), seen: 'main input[type=search]' },
    { name: 'the inbox', link: places.getByRole('link', { name: 'Inbox' }), seen: '[aria-label="What waits"]' },
  ];
  const times: number[][] = [];
  for (let round = 0; round < 6; round++) {
    times.push([]);
    for (const { link, seen } of pages) times[round]?.push(await fromClick(page, link, seen));
    // The first time they are fetched.
    if (round === 0) await countAnswers(page);
  }
  const cached = pages.map(({ name }, at) => ({ name, took: median(times.slice(1).map((each) => each[at] ?? 0)) }));

  // What somebody does who works: searches, goes through what waits, and from view to view and task to task.
  await page.keyboard.press('Control+k');
  await expect(page.getByRole('combobox', { name: 'Search and commands' })).toBeFocused();
  await page.keyboard.type('roof');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/tasks\/\d+$/);
  await page.keyboard.press('/');
  await page.keyboard.type('read');
  await places.getByRole('link', { name: 'Inbox' }).click();
  for (const key of ['j', 'j', 'k']) await page.keyboard.press(key);
  await places.getByRole('link', { name: 'Sprints' }).click();
  await pages[1]?.link.click();
  for (const view of ['list', 'board', 'timeline', 'graph']) {
    await page.keyboard.press('v');
    await expect(page).toHaveURL(new RegExp(`view=${view}`));
  }
  const answer = await slowestAnswer(page);
  table(`pages that were there before, on a machine ${slow.toFixed(1)} times as slow as that of the limits`, [
    ...cached.map(({ name, took }): [string, string] => [name, `${took.toFixed(0)} ms`]),
    ['the slowest answer', `${answer} ms`],
  ]);
  for (const { name, took } of cached) expect(took, name).toBeLessThan(100 * slow);
  expect(answer).toBeLessThan(100 * slow);
});

test('twenty tabs live on one connection, and none waits for another', async ({ place, signedIn, context }) => {
  test.setTimeout(120_000);
  place.team6('sprint', 'plan', 'shop', 'A house that keeps the rain out.');
  place.team6('sprint', 'watch', '1', '--until', 'person');
  const slow = await slowness(await signedIn());
  const tabs = await Promise.all(
    Array.from({ length: TABS - 1 }, async () => {
      const tab = await context.newPage();
      await tab.goto(`${place.url}/inbox`);
      return tab;
    }),
  );
  const waits = (tab: (typeof tabs)[number]) => tab.getByRole('list', { name: 'What waits' }).getByRole('button').filter({ hasText: 'answer' });
  for (const tab of tabs) await expect(waits(tab)).toHaveCount(1);
  place.team6('sprint', 'answer', '1', '1', 'No, build on a slab');
  const start = Date.now();
  await Promise.all(tabs.map((tab) => expect(waits(tab)).toHaveCount(0)));
  const took = Date.now() - start;
  table(`${TABS} tabs, on a machine ${slow.toFixed(1)} times as slow as that of the limits`, [
    ['until all show what one changed', `${took} ms`],
  ]);
  expect(took).toBeLessThan(1_000 * slow);
});
