// Where nothing is yet, a page says what comes there, the one thing to do next, and the same on the command line.
import { atWork } from './story.ts';
import { type Page, expect, test } from './test.ts';

/** A page, what is said there, what is to be done next, and where that leads. */
type Nothing = readonly [path: string, says: string, next: string, leads: RegExp];

async function teaches(page: Page, url: string, pages: readonly Nothing[]) {
  for (const [path, says, next, leads] of pages) {
    await page.goto(url + path);
    const empty = page.getByRole('region', { name: says });
    await expect(empty.getByText(/On the command line: team6 /)).toBeVisible();
    await empty.getByRole('link', { name: next }).or(empty.getByRole('button', { name: next })).click();
    await expect(page, `${next} on ${path}`).toHaveURL(leads);
  }
}

test.describe('before there is a project', () => {
  test.use({ beside: { bare: true } });

  test('every page says what it is for and what to do next', async ({ place, signedIn }) => {
    const page = await signedIn();
    await teaches(page, place.url, [
      ['/inbox', 'Nothing waits for you', 'See what runs', /\/sprints$/],
      ['/inbox?whose=everyone', 'Nothing waits for anybody', 'See what runs', /\/sprints$/],
      ['/sprints', 'No sprint is open', 'Plan a sprint', /\/plan\/new$/],
      ['/sprints?phase=closed', 'No sprint is closed', 'Show the open ones', /\/sprints$/],
      ['/plan/new', 'There is no project yet', 'New project', /\/repos\?add=true/],
      ['/workers', 'There is no project yet', 'New project', /\/repos\?add=true/],
      ['/memory', 'There is no project yet', 'New project', /\/repos\?add=true/],
      ['/repos', 'There is no project yet', 'New project', /\/repos\?add=true/],
      ['/costs', 'Nothing was spent', 'See the sprints', /\/sprints$/],
      ['/settings?q=nothing-like-it', 'Nothing is called so', 'Show all of it', /\/settings$/],
      ['/audit?kind=nothing', 'Nothing of this kind happened', 'Show everything', /\/audit$/],
    ]);
  });
});

test('where a sprint or a task has nothing yet, it says what comes', async ({ place, signedIn }) => {
  atWork(place);
  const page = await signedIn();
  await teaches(page, place.url, [
    ['/tasks/7', 'No agent has worked on it yet', 'See what is planned', /tab=plan/],
    ['/tasks/7?tab=changes', 'Nothing is delivered yet', 'See what is planned', /tab=plan/],
    ['/tasks/7?tab=checks', 'No check was run on it', 'See the checks of its repository', /repo=app/],
    ['/tasks/7?tab=memory', 'No memory was used', 'See what the project remembers', /\/memory/],
    ['/tasks/7?tab=attempts', 'No attempt was made yet', 'See what is planned', /tab=plan/],
    ['/tasks/7?tab=cost', 'Nothing was spent yet', 'See what is planned', /tab=plan/],
    ['/tasks/7/review', 'T-7 has delivered nothing to review yet', 'Watch it at work', /\/tasks\/7$/],
    ['/memory', 'Nothing is remembered yet', 'Add the first one', /add=true/],
    ['/memory?q=nothing', 'No memory is like this', 'Show all of them', /project=shop/],
    ['/workers?show=stalled', 'Nothing is there now', 'See the sprints', /\/sprints$/],
    ['/sprints/1/replay?at=1', 'There was no task yet', 'To the last event', /at=\d\d/],
  ]);
  await page.goto(`${place.url}/tasks/7?tab=subtasks`);
  await expect(page.getByRole('region', { name: 'Nothing of it is delegated' })).toBeVisible();
  await page.getByRole('button', { name: 'Delegate a part' }).click();
  await expect(page.getByRole('form', { name: 'Delegate a part' })).toBeVisible();
});
