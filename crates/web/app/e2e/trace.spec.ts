// The activity of an agent that does a great deal: following its end is a mode, and nothing moves for who looks elsewhere.
import { openPlace } from './place.ts';
import { expect, link, test } from './test.ts';

const MANY = 120;

/** An agent that does many things, waits for a signal, and does as many more. */
function busy(): string {
  const does = Array.from({ length: MANY }, (_, at) => `{ run = { command = "echo ${at}", timeout = 30 } }`).join(', ');
  return `title = "Busy"
[[script]]
when = 'Plan a sprint for this goal'
steps = [{ tool = { name = "submit_plan", arguments = { prd = "# Work", tasks = [
  { key = "work", title = "Work", what = "Work.", why = "It is there.", acceptance_criteria = ["Done"], estimate_minutes = 5, repositories = ["app"] },
] } } }]
[[script]]
when = 'task \\d+: Work'
steps = [${does}, { tool = { name = "report_progress", arguments = { text = "Half done" } } }, { wait_for = { path = "SIGNALS/go", timeout = 300 } }, ${does}, { wait_for = { path = "SIGNALS/end", timeout = 300 } }]
`;
}

test('what comes while somebody looks at something earlier moves nothing, and is counted', async ({ page }) => {
  const place = await openPlace(busy());
  try {
    place.team6('sprint', 'plan', 'shop', 'Work.');
    place.team6('sprint', 'watch', '1', '--until', 'person');
    place.team6('sprint', 'owners', '1', '1=ada');
    place.team6('sprint', 'approve', '1');
    await page.goto(link(place));
    await page.goto(`${place.url}/tasks/1`);
    const trace = page.getByRole('list', { name: 'Activity' });
    await expect(trace.getByText('Noted.')).toBeVisible({ timeout: 30_000 });

    await trace.hover();
    await page.mouse.wheel(0, -600);
    await expect(trace.getByText('Noted.')).not.toBeInViewport();
    const before = await places(trace);
    place.signal('go');
    await expect(page.getByRole('button', { name: /^\d+ new$/ })).toBeVisible();
    await expect(page.getByRole('button', { name: `${MANY} new` })).toBeVisible({ timeout: 30_000 });
    expect(await places(trace)).toEqual(before);

    await page.getByRole('button', { name: `${MANY} new` }).click();
    await expect(trace.getByText(`echo ${MANY - 1}`).last()).toBeInViewport();
  } finally {
    await place.close();
  }
});

/** The rows that can be seen, each with its place. */
function places(trace: import('@playwright/test').Locator): Promise<string[]> {
  return trace.evaluate((list) => {
    const frame = list.getBoundingClientRect();
    return [...list.querySelectorAll('[role=listitem]')]
      .map((row) => [row.textContent ?? '', Math.round(row.getBoundingClientRect().top - frame.top)] as const)
      .filter(([, top]) => top >= 0 && top < frame.height - 30)
      .map(([text, top]) => `${top} ${text}`);
  });
}
