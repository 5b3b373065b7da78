// Every page there is, with each of its panels, and a place in which each of them has something to show.
import type { Place } from './place.ts';
import { atRest } from './story.ts';
import { type Page, expect, jumped, overflows, troubles } from './test.ts';

/** How much may move while a page loads, as browsers count it: a part of the page times how far. */
const CALM = 0.02;

/** A sprint at work in which everything waits that can, and a long chat. */
export function anywhere(place: Place) {
  atRest(place);
  for (const at of [1, 2, 3, 4]) place.team6('task', 'chat', '2', 'A line of it.\n'.repeat(at * 2));
}

export const PAGES = [
  '/inbox',
  '/inbox?item=task/1',
  '/inbox?item=task/4',
  '/sprints',
  '/sprints/1',
  '/sprints/1?over=critical',
  '/sprints/1?over=merges',
  '/sprints/1?view=list',
  '/sprints/1?view=board',
  '/sprints/1?view=timeline',
  '/plan/new',
  '/plan/1/goal',
  '/plan/1/questions',
  '/plan/1/prd',
  '/plan/1/prd?panel=versions&version=1',
  '/plan/1/prd?panel=revise',
  '/plan/1/prd?panel=revision',
  '/plan/1/prd?panel=conflicts',
  '/plan/1/tasks',
  '/plan/1/tasks?task=roof',
  '/plan/1/owners',
  '/plan/1/approve',
  '/tasks/2',
  '/tasks/2?entry=8',
  '/tasks/2?tab=plan',
  '/tasks/2?tab=attempts',
  '/tasks/1/review',
  '/tasks/5/review',
  '/tasks/1?tab=changes',
  '/tasks/2?tab=subtasks',
  '/tasks/2?tab=checks',
  '/tasks/2?tab=memory',
  '/tasks/2?tab=cost',
  '/agents',
  '/agents?agent=scripted',
  '/workers',
  '/memory',
  '/memory?add=true',
  '/repos',
  '/repos?repo=app',
  '/repos?connect=shop',
  '/repos?add=true',
  '/costs',
  '/costs?by=task',
  '/audit',
  '/audit?event=5',
  '/audit?event=999999',
  '/settings',
  '/sprints/1/replay',
  '/sprints/1/replay?at=3&view=list',
  '/nowhere',
  '/sprints/9/replay',
];

/** What is wrong on any page, as wide as it is: what axe finds in both themes, what jumps, and what reaches over the edge. */
export async function wrongAnywhere(page: Page, place: Place, more: (page: Page) => Promise<string[]> = async () => []): Promise<string[]> {
  const found: string[] = [];
  for (const path of PAGES) {
    await page.goto(place.url + path);
    await expect(page.getByRole('main')).toBeVisible();
    await expect(page.getByRole('status', { name: /^Loading/ })).toHaveCount(0);
    for (const trouble of await troubles(page)) found.push(`${path} ${trouble}`);
    for (const jump of await jumped(page, CALM)) found.push(`${path}: ${jump}`);
    if (await overflows(page)) found.push(`${path}: it can be moved sideways`);
    for (const each of await more(page)) found.push(`${path}: ${each}`);
  }
  return found;
}
