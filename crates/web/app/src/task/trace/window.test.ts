import { expect, it } from 'vitest';
import { isAtEnd, windowOf } from './window';

it('as many rows are drawn of a hundred thousand as of a hundred', () => {
  const drawn = (top: number, count: number) => {
    const { from, to } = windowOf(top, 600, 26, count);
    return to - from;
  };
  expect(drawn(26 * 50_000, 100_000)).toBeLessThan(60);
  expect(drawn(0, 10)).toBe(10);
  expect(drawn(26 * 99_990, 100_000)).toBeLessThan(60);
});

it('every row that can be seen is drawn', () => {
  for (let top = 0; top < 26 * 500; top += 7) {
    const { from, to } = windowOf(top, 600, 26, 500);
    expect(from * 26).toBeLessThanOrEqual(top);
    expect(to * 26).toBeGreaterThanOrEqual(Math.min(top + 600, 26 * 500));
  }
});

it('the end is left by a row, and not by a pixel', () => {
  expect(isAtEnd(26 * 100 - 600, 600, 26, 100)).toBe(true);
  expect(isAtEnd(26 * 100 - 605, 600, 26, 100)).toBe(true);
  expect(isAtEnd(26 * 99 - 600, 600, 26, 100)).toBe(false);
});
