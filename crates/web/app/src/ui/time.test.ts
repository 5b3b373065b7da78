import { expect, it } from 'vitest';
import { span, stopwatch, when } from './time';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

it.each([
  [0, '0 s'],
  [-5_000, '0 s'],
  [59_999, '59 s'],
  [MINUTE, '1 min'],
  [HOUR, '1 h'],
  [2 * HOUR + 5 * MINUTE, '2 h 5 min'],
  [30 * HOUR, '30 h'],
  [72 * HOUR, '3 d'],
])('a span of %i ms is told as %s', (milliseconds, told) => {
  expect(span(milliseconds)).toBe(told);
});

it('a stopwatch shows hours only when there are some', () => {
  expect(stopwatch(249_000)).toBe('4:09');
  expect(stopwatch(HOUR + 249_000)).toBe('1:04:09');
});

it('a time of today is told with the hour', () => {
  const noon = new Date(2026, 10, 26, 12).getTime();
  expect(when(noon + HOUR, noon)).toMatch(/^today 13:00$/);
  expect(when(noon + 24 * HOUR, noon)).toMatch(/^tomorrow/);
});
