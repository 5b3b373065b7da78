// Verbs of the stories about reviews.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Place } from './place.ts';
import type { Page } from './test.ts';

/** Adds a repository `lib` to the project, which begins as `app` did. */
export function addLib(place: Place) {
  const lib = join(place.folder, 'lib.git');
  execFileSync('git', ['clone', '-q', '--bare', join(place.folder, 'app.git'), lib]);
  place.team6('repo', 'add', 'shop', lib, '--name', 'lib');
}

/** Closes the base of a repository to merges; gives what opens it again. */
export function closed(place: Place, repository: string): () => void {
  const hook = join(place.folder, `${repository}.git`, 'hooks', 'pre-receive');
  mkdirSync(dirname(hook), { recursive: true });
  writeFileSync(hook, "#!/bin/sh\n! grep -q ' refs/heads/main$' || { echo 'main is closed'; exit 1; }\n", { mode: 0o755 });
  return () => rmSync(hook);
}

/** Plans and approves a sprint of so many tasks, and waits until something waits for ada. */
export function delivered(place: Place, tasks: number) {
  place.team6('sprint', 'plan', 'shop', 'Something to review');
  place.team6('sprint', 'watch', '1', '--until', 'person');
  place.team6('sprint', 'owners', '1', ...Array.from({ length: tasks }, (_, at) => `${at + 1}=ada`));
  place.team6('sprint', 'approve', '1');
  place.team6('sprint', 'watch', '1', '--until', 'person');
}

/** A file as it is shown, by the end of its name. */
export function fileOf(page: Page, name: string) {
  return page.locator('diffs-container').filter({ has: page.getByRole('heading', { name, exact: false }) });
}

/** The cell with the number of a line as it is now. */
export function numberOf(page: Page, name: string, line: number) {
  const side = fileOf(page, name).locator('code[data-additions], code[data-unified]');
  return side.locator('[data-column-number]').filter({ hasText: new RegExp(`^${line}$`) }).last();
}

/** Drags over the numbers of lines. */
export async function drag(page: Page, name: string, first: number, last: number) {
  const [from, to] = [await numberOf(page, name, first).boundingBox(), await numberOf(page, name, last).boundingBox()];
  if (!from || !to) throw new Error(`lines ${first} to ${last} of ${name} are not shown`);
  await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
  await page.mouse.down();
  await page.mouse.move(to.x + to.width / 2, to.y + to.height / 2, { steps: 5 });
  await page.mouse.up();
}
