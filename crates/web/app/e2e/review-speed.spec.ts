// How fast a diff of 3,000 lines is there, and for how long the page does not answer meanwhile. What may be depends on
// the machine: it is measured against work of a known size, in the same browser at the same time.
import { delivered } from './desk.ts';
import { slowness } from './pace.ts';
import { expect, test } from './test.ts';

const READY = 1_500;
const BLOCKED = 100;

const LINES = 3_000;
const story = `title = "Long"
[[script]]
when = 'Plan a sprint for this goal'
steps = [
    { tool = { name = "submit_plan", arguments = { prd = "# Long", tasks = [
        { key = "long", title = "Long", what = "Write.", why = "Asked.", acceptance_criteria = ["It is long"], estimate_minutes = 5, specialty = "backend", repositories = ["app"], paths = ["**"] },
    ] } } },
]
[[script]]
when = 'task \\d+: Long'
steps = [
    { run = { command = '''for n in $(seq ${LINES}); do echo "pub fn number_$n(value: u64) -> Option<u64> { value.checked_mul($n) } // by $n"; done > long.rs; git add -A; git commit -q -m 'Write'
''', timeout = 60 } },
    { tool = { name = "complete_task", arguments = { summary_what = "It is long.", summary_why = "Asked.", tests = [] } } },
]
[otherwise]
steps = [{ say = "Nothing." }]
`;

test.use({ story });

test('a diff of 3,000 lines is there at once, and the page answers meanwhile', async ({ place, signedIn }) => {
  test.setTimeout(120_000);
  delivered(place, 1);
  const page = await signedIn('/tasks/1');
  await expect(page.getByRole('link', { name: /app #1/ })).toBeVisible();
  const slow = await slowness(page);
  const measured = await page.evaluate(async () => {
    let blocked = 0;
    const watch = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) blocked += Math.max(0, duration - 50);
    });
    watch.observe({ type: 'longtask' });
    const began = performance.now();
    const link = [...document.querySelectorAll('a')].find((each) => each.href.includes('/tasks/1/review'));
    link?.click();
    let lines = 0;
    const coloured = () => document.querySelector('diffs-container')?.shadowRoot?.querySelector('[data-line] span[style*="--diffs-token"]');
    const file = () => [...document.querySelectorAll('diffs-container')].some(({ shadowRoot }) => shadowRoot?.querySelector('[data-line] span[style*="--diffs-token"]'));
    while (!coloured() && !file()) {
      await new Promise((next) => requestAnimationFrame(next));
      if (performance.now() - began > 30_000) break;
    }
    const ready = performance.now() - began;
    for (const { shadowRoot } of document.querySelectorAll('diffs-container')) lines += shadowRoot?.querySelectorAll('[data-line]').length ?? 0;
    await new Promise((next) => setTimeout(next, 500));
    watch.disconnect();
    return { ready, blocked, lines };
  });
  const limit = (most: number) => Math.round(most * slow);
  console.log(
    `3,000 lines: ready after ${measured.ready.toFixed(0)} ms (of ${limit(READY)}), blocked for ${measured.blocked.toFixed(0)} ms (of ${limit(BLOCKED)}), ${measured.lines} lines laid out; this machine is ${slow.toFixed(1)} times as slow as that of the limits`,
  );
  expect(measured.lines).toBeGreaterThan(10);
  expect(measured.lines).toBeLessThan(600);
  expect(measured.ready).toBeLessThan(limit(READY));
  expect(measured.blocked).toBeLessThan(limit(BLOCKED));
});
