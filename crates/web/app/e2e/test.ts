// What every test of the browser has: a server of its own, a person who is signed in, and a page that may not break its
// own rules. Whatever goes wrong in the page itself fails the test.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test as base, expect, type Page } from '@playwright/test';
import type { RunOnly } from 'axe-core';
import { openPlace, type Beside, type Place } from './place.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Fixtures {
  /** What the agents play: the name of a file of `stories/`, or its text. */
  story: string;
  /** What the place has beside it. */
  beside: Beside;
  /** A server with the project `shop`, whose agents play the story. */
  place: Place;
  /** Opens the app signed in, as `team6 open` does, at a path. */
  signedIn: (path?: string, person?: string) => Promise<Page>;
}

export const test = base.extend<Fixtures>({
  story: ['house', { option: true }],
  beside: [{}, { option: true }],
  place: async ({ story, beside, context }, use, info) => {
    const place = await openPlace(story, beside);
    await use(place);
    try {
      // Where only the log is kept, it says what was to be seen.
      if (info.status !== info.expectedStatus)
        for (const page of context.pages()) console.log(`a page of "${info.title}":\n${await page.ariaSnapshot({ timeout: 5_000 })}`);
      // Pages go before their server, or they would tell of its end.
      await Promise.all(context.pages().map((page) => page.close()));
    } finally {
      await place.close();
    }
  },
  page: async ({ page }, use) => {
    const wrong: string[] = [];
    page.on('pageerror', (error) => wrong.push(`error: ${error.message}`));
    page.on('console', (said) => {
      if (/content security policy|^violates /i.test(said.text())) wrong.push(said.text());
    });
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (violation) => {
        console.error(`violates ${violation.effectiveDirective}: ${violation.blockedURI}`);
      });
    });
    await use(page);
    expect(wrong, 'the page broke its own rules').toEqual([]);
  },
  signedIn: async ({ page, place }, use) => {
    await use(async (path = '/inbox', person = 'ada') => {
      await page.goto(link(place, person).replace('/#', `${path}#`));
      await expect(page.getByRole('navigation', { name: 'Places' })).toBeVisible();
      return page;
    });
  },
});

export { expect, type Page };

/** A link that signs one browser in. */
export function link(place: Place, person = 'ada'): string {
  return place.team6('open', '--print', '--as', person).split('\n')[0] ?? '';
}

export const WIDTHS = [1280, 390] as const;

const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
/** The rules among them that look at colours: all by which one theme can differ from another. */
const COLOURS = ['color-contrast', 'link-in-text-block'];

/** What axe finds wrong on a page as it is, in both themes, a line each. */
export async function troubles(page: Page): Promise<string[]> {
  // By the debugger, since the page lets no foreign script in.
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE);
  await page.emulateMedia({ colorScheme: 'light' });
  const light = await axe(page, { type: 'tag', values: RULES });
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await axe(page, { type: 'rule', values: COLOURS });
  await page.emulateMedia({ colorScheme: 'light' });
  return [...light.map((trouble) => `light: ${trouble}`), ...dark.map((trouble) => `dark: ${trouble}`)];
}

function axe(page: Page, runOnly: RunOnly): Promise<string[]> {
  return page.evaluate(async (runOnly) => {
    const axe = (window as unknown as { axe: typeof import('axe-core') }).axe;
    // What passes is not described, which would take most of the time.
    const { violations } = await axe.run(document, { runOnly, resultTypes: ['violations'] });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')}: ${node.failureSummary}`));
  }, runOnly);
}

/** Whether the page can be moved sideways, which it must not at any width. */
export function overflows(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
}

/** What has moved by itself since the page was loaded, if it is more than this altogether, a line each. */
export function jumped(page: Page, most: number): Promise<string[]> {
  return page.evaluate((most) => {
    type Shift = PerformanceEntry & { value: number; hadRecentInput: boolean; sources: { node: Node | null }[] };
    const observer = new PerformanceObserver(() => undefined);
    observer.observe({ type: 'layout-shift', buffered: true });
    const shifts = (observer.takeRecords() as Shift[]).filter(({ hadRecentInput }) => !hadRecentInput);
    observer.disconnect();
    const nameOf = (node: Node | null) => (node instanceof Element ? node.outerHTML.slice(0, 100) : (node?.textContent ?? 'what is gone'));
    if (shifts.reduce((sum, { value }) => sum + value, 0) <= most) return [];
    return shifts.map(({ value, sources }) => `${value.toFixed(3)} by ${sources.map(({ node }) => nameOf(node)).join(' and ')}`);
  }, most);
}
