// How smoothly a page runs: frames that were drawn and tasks that blocked it, beside what the same browser draws at rest.
import type { Page } from '@playwright/test';

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
