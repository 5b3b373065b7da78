// How smoothly a page runs, and how soon it answers: frames that were drawn and tasks that blocked it, beside what the
// same browser draws at rest and how long it takes for work of a known size.
import type { Locator, Page } from '@playwright/test';

export interface Pace {
  /** Frames in a second. */
  frames: number;
  /** The time between frames that 99 of 100 stay under, in milliseconds. */
  slowest: number;
  /** Tasks that blocked the page for more than 50 ms. */
  long: number;
  /** For how long they blocked it beyond these 50 ms, in milliseconds. */
  blocked: number;
}

/** Measures a page for a while. */
export function paceOf(page: Page, milliseconds: number): Promise<Pace> {
  return page.evaluate(async (span) => {
    let [long, blocked] = [0, 0];
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) [long, blocked] = [long + 1, blocked + duration - 50];
    });
    observer.observe({ type: 'longtask' });
    const times: number[] = [];
    const start = performance.now();
    await new Promise<void>((over) => {
      const frame = (now: number) => {
        times.push(now);
        if (now - start < span) requestAnimationFrame(frame);
        else over();
      };
      requestAnimationFrame(frame);
    });
    observer.disconnect();
    const gaps = times.slice(1).map((time, at) => time - (times[at] ?? time));
    const all = gaps.reduce((sum, gap) => sum + gap, 0);
    const sorted = [...gaps].sort((one, other) => one - other);
    return { frames: (gaps.length / all) * 1000, slowest: sorted[Math.floor(sorted.length * 0.99)] ?? 0, long, blocked };
  }, milliseconds);
}

/** How long the known work takes on the machine of the limits, in milliseconds. */
const KNOWN = 60;

/** How many times slower than the machine of the limits this one is just now; at least 1. */
export async function slowness(page: Page): Promise<number> {
  const took = await page.evaluate(() => {
    const began = performance.now();
    let sum = 0;
    for (let n = 0; n < 2e7; n++) sum = (sum + Math.imul(n, 2654435761)) | 0;
    return performance.now() - began + (sum & 0);
  });
  return Math.max(1, took / KNOWN);
}

/** How long the page itself is at work for something, in milliseconds, whatever else the machine does meanwhile. */
export async function workOf(page: Page, what: () => Promise<unknown>): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const spent = async () => (await session.send('Performance.getMetrics')).metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
  const before = await spent();
  await what();
  const took = (await spent()) - before;
  await session.detach();
  return took * 1_000;
}

/** Has the page count from now on how long it takes to answer what somebody does. */
export async function countAnswers(page: Page) {
  await page.evaluate(() => {
    const slowest = new Map<number, number>();
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as PerformanceEventTiming[]) {
        if (entry.interactionId) slowest.set(entry.interactionId, Math.max(entry.duration, slowest.get(entry.interactionId) ?? 0));
      }
    }).observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit);
    Object.assign(window, { slowest });
  });
}

/** The slowest answer since, in milliseconds, until it was drawn; what is drawn with the next frame is not told. */
export async function slowestAnswer(page: Page): Promise<number> {
  return page.evaluate(async () => {
    await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn, 100)));
    const { slowest } = window as unknown as { slowest: Map<number, number> };
    return Math.max(16, ...slowest.values());
  });
}

/** How many milliseconds pass from a click to what it leads to. */
export async function fromClick(page: Page, link: Locator, selector: string): Promise<number> {
  await page.evaluate((wanted) => {
    const arrival = new Promise<number>((seen) => {
      const clicked = ({ timeStamp }: Event) => {
        const look = () => (document.querySelector(wanted) ? seen(performance.now() - timeStamp) : requestAnimationFrame(look));
        look();
      };
      addEventListener('click', clicked, { once: true, capture: true });
    });
    Object.assign(window, { arrival });
  }, selector);
  await link.click();
  return page.evaluate(() => (window as unknown as { arrival: Promise<number> }).arrival);
}

/** How many milliseconds pass in the page from now until this is to be seen there. */
export function until(page: Page, selector: string): Promise<number> {
  return page.evaluate(
    (wanted) =>
      new Promise<number>((seen) => {
        const start = performance.now();
        const look = () => (document.querySelector(wanted) ? seen(performance.now() - start) : requestAnimationFrame(look));
        look();
      }),
    selector,
  );
}

/** Prints figures a line each. */
export function table(title: string, rows: [string, string][]) {
  console.log([title, ...rows.map(([name, value]) => `  ${name.padEnd(44)} ${value}`)].join('\n'));
}
